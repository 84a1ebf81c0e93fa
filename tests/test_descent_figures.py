import numpy as np
import pytest

from course_utils.show import descent_figures

pytestmark = pytest.mark.usefixtures("closed_figures")


def parabola(weight):
    return (weight - 3) ** 2 + 1


def test_each_rate_walks_down_its_own_panel():
    fig, alt, table = descent_figures.descent_paths(parabola, 0.0, [0.05, 0.4], steps=6)
    assert table["weight", "rate 0.4"].astype(float)[1] == pytest.approx(0.4 * 6)  # the slope is −6
    assert table["loss", "rate 0.4"].astype(float)[1] == pytest.approx(parabola(2.4), rel=1e-3)
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == [
        "learning rate 0.05\nafter step 6: loss 3.54",
        "learning rate 0.4\nafter step 6: loss 1",
    ]
    tangent = fig.axes[0].lines[1]
    assert np.diff(tangent.get_ydata()) / np.diff(tangent.get_xdata()) == pytest.approx([-6])
    assert np.interp(0, tangent.get_xdata(), tangent.get_ydata()) == pytest.approx(parabola(0))
    numbers = [text.get_text() for text in fig.axes[0].texts if text.get_text()]
    assert numbers[0] == "0" and numbers == sorted(numbers, key=int)
    assert "with rate 0.05 it is 3.54" in alt


@pytest.mark.parametrize(("rate", "first"), [(1.05, 5), (1.5, 1)])
def test_a_path_that_leaves_ends_at_the_edge(rate, first):
    fig, _, table = descent_figures.descent_paths(parabola, 0.0, [0.4, rate], steps=30)
    ax = fig.axes[1]
    title = ax.get_title(loc="left") or ax.get_title()
    assert f"step {first} leaves" in title
    points = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(points) == first
    end = [text.xy for text in ax.texts if not text.get_text()][-1]
    (left, right), (_, top) = ax.get_xlim(), ax.get_ylim()
    assert end[0] == pytest.approx(right) or end[0] == pytest.approx(left) or end[1] == pytest.approx(top)
    assert len(table) == 31


def test_a_path_without_bounds_stops():
    _, _, table = descent_figures.descent_paths(lambda w: w**4, 1.0, [0.1, 9.0], steps=400)
    assert list(table["weight", "rate 9"])[-1] == ""
