"""Maps of items that are alike."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils.show import map_figures


@pytest.fixture
def items():
    yield (
        np.repeat([[0.0] * 5, [9.0] * 5, [-9.0] * 5], 20, axis=0)
        + np.random.default_rng(0).normal(size=(60, 5)),
        np.repeat([0, 1, 2], 20),
    )
    plt.close("all")


def test_what_is_alike_stands_together_and_every_item_is_drawn(items):
    points, labels = items
    fig = map_figures.maps({"first": points, "second": points[:, :2]}, labels, seed=0)
    for ax in fig.axes:
        assert [text.get_text() for text in ax.texts] == [str(label) for label in labels]
        places = np.array([text.get_position() for text in ax.texts])
        assert map_figures.same_neighbour(places, labels) > 95
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == ["first", "second"]


def test_the_nearest_other_item_counts():
    points = np.array([[0.0], [1.0], [1.1], [5.0]])
    assert map_figures.same_neighbour(points, np.array([7, 7, 8, 8])) == 50
