"""Figures of groups compared as they are, and like with like."""

import pandas as pd
import pytest

from course_utils.claims.estimates import Estimate
from course_utils.show import comparison_figures, plots

pytestmark = pytest.mark.usefixtures("closed_figures")


def estimate(effect, half=1.0):
    return Estimate(effect, effect - half, effect + half, 9)


def test_boxes_are_as_wide_as_a_parts_rows_and_as_high_as_its_share():
    rows = [("A", "x", 1.0)] * 2 + [("A", "x", 0.0)] * 8 + [("A", "y", 1.0)] * 15 + [("A", "y", 0.0)] * 15
    table = pd.DataFrame([*rows, ("B", "x", 0.0), ("B", "x", 1.0)], columns=["group", "part", "late"])
    shares = {"A": [estimate(42.5), estimate(20)], "B": [estimate(50), estimate(50)]}
    places, labels = ["all", "x alone"], {"x": "Here", "y": "There"}
    fig = comparison_figures.taken_apart(table, ("group", "part", "late"), shares, places, labels)
    lines, of_a, of_b = fig.axes
    assert [(box.get_width(), box.get_height()) for box in of_a.patches] == [(25, 20), (75, 50)]
    assert [(box.get_width(), box.get_height()) for box in of_b.patches] == [(100, 50)]
    assert [text.get_text() for text in of_a.texts] == ["Here 20.0 %", "There\n50.0 %"]
    assert [text.get_text() for text in lines.get_legend().texts] == ["A", "B"]
    assert [label.get_text() for label in lines.get_xticklabels()] == places


def test_only_a_pair_that_is_clear_and_turns_is_an_orange_triangle():
    raw = {"unclear": estimate(0.5), "same": estimate(5), "turns": estimate(6)}
    alike = {"unclear": estimate(-2), "same": estimate(4), "turns": estimate(-1)}
    (ax,) = comparison_figures.pairs(raw, alike, named=["turns"]).axes
    drawn = {
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])): (line.get_marker(), line.get_color())
        for line in ax.lines
        if len(line.get_xdata()) == 1
    }
    assert drawn == {
        (0.5, -2.0): (".", plots.GREY),
        (5.0, 4.0): ("o", plots.GOOD),
        (6.0, -1.0): ("v", plots.BAD),
    }
    assert [text.get_text() for text in ax.texts] == ["turns"]
