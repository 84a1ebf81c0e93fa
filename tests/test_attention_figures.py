import numpy as np
import pytest
import torch
from matplotlib.patches import Arc

from course_utils import CourseError
from course_utils.models import transformer
from course_utils.show import attention_figures as figures

pytestmark = pytest.mark.usefixtures("course_style")


def test_clock_hands_stand_where_the_rotation_turns_them():
    fig, alt, degrees = figures.rotations(transformer.rotate)
    assert degrees.index.tolist() == ["numbers 0 and 16", "numbers 4 and 20"]
    assert degrees.loc["numbers 0 and 16"].tolist() == [round(np.rad2deg(place)) for place in range(8)]
    assert degrees.loc["numbers 4 and 20", 7] == round(np.rad2deg(0.7))
    clocks = fig.axes[0]
    assert len(clocks.patches) == 16 and "place 7" in [text.get_text() for text in clocks.texts]
    hand = clocks.texts[2]  # annotations are texts, too: of the fast pair at place 2
    assert np.subtract(hand.xy, (2 * 2.6, 0)) == pytest.approx([np.cos(2), np.sin(2)], abs=1e-5)
    assert "turns by 57 degrees a place" in alt and "by 6" in alt


def test_another_layout_of_pairs_is_found():
    def neighbours(x):
        turned = transformer.rotate(torch.cat([x[..., ::2], x[..., 1::2]], dim=-1))
        return torch.stack(turned.chunk(2, dim=-1), dim=-1).flatten(-2)

    _, _, degrees = figures.rotations(neighbours, d=8, pairs=(0, 2))
    assert degrees.index.tolist() == ["numbers 0 and 1", "numbers 2 and 3"]


def test_products_lie_on_each_other_only_where_places_are_turned_by_their_distance():
    def spread(rotate):
        points = np.array([line.get_ydata() for line in figures.rotations(rotate)[0].axes[1].lines])
        assert points.shape == (3, 21)
        return np.ptp(points, axis=0).max()

    assert spread(transformer.rotate) < 1e-4
    assert spread(lambda x: transformer.rotate(x) * torch.arange(1.0, len(x) + 1)[:, None]) > 1


def test_arcs_lead_to_where_a_token_looks_the_thicker_the_more():
    looks = np.zeros((4, 4))
    looks[3] = [0.6, 0, 0.3, 0.1]
    looks[1] = [0.2, 0.8, 0, 0]
    fig, alt, table = figures.one_head(looks, ["Return", " the", " mean", " of"], (1, -1))
    first, last = ([patch for patch in ax.patches if isinstance(patch, Arc)] for ax in fig.axes)
    assert len(first) == 1 and len(last) == 2
    far, near = last
    assert far.get_linewidth() > near.get_linewidth() and far.width > near.width and far.height > near.height
    assert [text.get_text() for text in fig.axes[1].texts] == [
        "Return",
        "60%",
        "the",
        "mean",
        "30%",
        "of",
        "10%",
    ]
    assert "“the” looks most at itself (80%); “of” looks most at “Return” (60%)" in alt
    assert table["of"].tolist() == [0.6, 0, 0.3, 0.1]


def test_a_sentence_that_does_not_fit_on_a_line_is_refused():
    with pytest.raises(CourseError, match="a sentence that fits on a line"):
        figures.one_head(np.eye(15), ["x" * 10] * 15)
    with pytest.raises(CourseError, match="expected weights"):
        figures.one_head(np.eye(3), ["a"])
