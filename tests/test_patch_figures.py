"""Figures of pictures with patches."""

import numpy as np
import pytest

from course_utils.show import patch_figures

pytestmark = pytest.mark.usefixtures("closed_figures")


PICTURE = np.zeros((1, 12, 12), dtype=np.float32)


def corners(ax):
    """(top, left) of the first pixel in each frame."""
    return [(box.get_y() + 0.5, box.get_x() + 0.5) for box in ax.patches]


def test_each_patch_bears_its_number_in_its_middle():
    fig = patch_figures.numbered(PICTURE, [(0, 4), (8, 0)], 4, title="said $ 9")
    (ax,) = fig.axes
    assert corners(ax) == [(0, 4), (8, 0)]
    assert [(text.get_text(), text.get_position()) for text in ax.texts] == [
        ("0", (5.5, 1.5)),
        ("1", (1.5, 9.5)),
    ]
    assert ax.get_title() == r"said \$ 9"


def test_a_picture_without_patches_gets_no_frame():
    fig = patch_figures.framed([PICTURE] * 3, [(), [(4, 4)], np.array([[0, 0], [8, 8]])], 4, ["a", "b", "c"])
    assert [corners(ax) for ax in fig.axes] == [[], [(4, 4)], [(0, 0), (8, 8)]]
    assert [ax.get_title() for ax in fig.axes] == ["a", "b", "c"]


def test_a_heat_map_has_each_value_in_its_patch():
    picture = patch_figures.heat(PICTURE, [(0, 4), (8, 0)], [0.5, -2], 4)
    assert picture.shape == (12, 12) and picture.sum() == 16 * (0.5 - 2)
    assert picture[3, 7] == 0.5 and picture[8, 0] == -2 and picture[4, 4] == 0
