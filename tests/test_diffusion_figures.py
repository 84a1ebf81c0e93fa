"""Lesson 4's figures say what they show."""

import numpy as np
import pytest

from course_utils.claims.estimates import Estimate
from course_utils.models import diffusion
from course_utils.show import diffusion_figures

pytestmark = pytest.mark.usefixtures("course_style", "closed_figures")


def texts(fig):
    return [text.get_text() for ax in fig.axes for text in ax.texts]


def test_the_u_nets_shapes_are_those_of_the_network():
    model = diffusion.UNet((1, 28, 28), 10, seed=0)
    fig, alt = diffusion_figures.unet(model.shape, model.channels, model.patch)
    shapes = {"1 × 28 × 28", "32 × 14 × 14", "64 × 7 × 7"}
    assert shapes <= set(texts(fig)) and all(shape in alt for shape in (*shapes, "4 × 14 × 14"))
    assert model.network.time_embedding.linear_2.out_features == 128  # "128 numbers"
    assert texts(fig).count("skip connection") == 2


def test_copying_shows_each_share_above_its_pictures():
    pictures = np.random.default_rng(0).random((3, 1, 6, 6))
    found = [
        diffusion_figures.Copying(n, Estimate(share, share - 1, share + 1, 9), pictures, 1 - pictures)
        for n, share in ((20, 90.0), (100, 40.0), (2000, 1.5))
    ]
    fig, alt, table = diffusion_figures.copying(found, margin=3)
    curve, *panels = fig.axes
    assert len(panels) == 3 and "training pictures" in alt
    assert [label.get_text() for label in curve.get_xticklabels()] == ["20", "100", "2,000"]
    shown = panels[0].images[0].get_array()
    assert np.allclose(shown[:6, :6], pictures[0, 0]) and np.allclose(shown[6:, :6], 1 - pictures[0, 0])
    assert table.loc[100].tolist() == [40, 39, 41]
    assert {line.get_ydata()[0] for line in curve.lines if line.get_linestyle() in ("--", ":")} == {3, 1}


def test_the_share_is_marked_where_sampling_stops():
    levels = diffusion.sampling_levels(5)
    fig, _, table = diffusion_figures.noise_and_share(diffusion.A.numpy(), levels)
    assert table["t"].tolist() == [999, 799, 599, 399, 199]
    assert fig.axes[0].lines[1].get_xdata().tolist() == levels


def test_a_loss_is_smoothed_from_the_first_step_on():
    fig, _, table = diffusion_figures.falling([4.0, 2.0, 2.0, 2.0], window=2)
    assert fig.axes[0].lines[1].get_ydata().tolist() == [4, 3, 2, 2]
    assert table["loss"].iloc[0] == 4


def test_from_text_to_image_names_every_part():
    fig, alt = diffusion_figures.text_to_image()
    for part in ("text encoder", "noise", "decoder", "image"):
        assert part in texts(fig) and part in alt


def test_distances_have_a_line_at_zero():
    table = {"real": Estimate(0, -1, 1, 9), "made": Estimate(5, 4, 6, 9)}
    fig, alt, numbers = diffusion_figures.distances(table, "kernel distance")
    assert "real, made" in alt and numbers is table
    assert any(list(line.get_xdata()) == [0, 0] for line in fig.axes[0].lines)
