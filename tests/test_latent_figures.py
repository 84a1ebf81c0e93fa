"""A walk between pictures, and the losses of two games."""

import numpy as np
import pytest

from course_utils.show import latent_figures

pytestmark = pytest.mark.usefixtures("closed_figures")


def test_the_corners_of_the_grid_are_the_four_pictures():
    corners = np.arange(4, dtype=float).reshape(4, 1, 1, 1) / 4 * np.ones((1, 1, 2, 2))
    asked = []

    def unfold(shares):
        asked.append(shares)
        return np.einsum("nk,kchw->nchw", shares, corners)

    fig, alt = latent_figures.grid(unfold, corners, side=3)
    assert np.allclose(asked[0].sum(axis=1), 1) and len(fig.axes) == 12
    shown = [ax.images[0].get_array()[0, 0] for ax in fig.axes]
    assert [shown[i] for i in (0, 2, 6, 8)] == [0, 0.25, 0.5, 0.75]
    assert shown[4] == pytest.approx(0.375)
    assert shown[9:] == pytest.approx([0, 0.125, 0.25])  # the fade
    assert "3 by 3" in alt


def test_two_games_stand_side_by_side():
    histories = {"one": (np.full((40, 1), 2.0), ["both"]), "two": (np.ones((40, 2)), ["a", "b"])}
    fig, table = latent_figures.games(histories, {"two": 1.4})
    assert list(table) == ["one: both", "two: a", "two: b"] and (table["one: both"] == 2).all()
    left, right = fig.axes
    assert len(left.lines) == 1 and [line.get_ydata()[0] for line in right.lines] == [1, 1, 1.4]
    assert right.lines[-1].get_linestyle() == ":"
