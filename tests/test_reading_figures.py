"""Figures of coefficients and trees from two samples."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from course_utils.show import plots, reading_figures

pytestmark = pytest.mark.usefixtures("closed_figures")


def points(ax):
    """Name of the row to the colour of its two points, and how they are filled."""
    rows = [label.get_text() for label in ax.get_yticklabels()]
    drawn = {}
    for line in ax.lines:
        if len(line.get_xdata()) == 1 and line.get_marker() in ("o", "s"):
            drawn.setdefault(rows[int(line.get_ydata()[0])], []).append(
                (line.get_color(), line.get_fillstyle())
            )
    return drawn


def test_coefficients_that_turn_are_orange_and_absent_ones_hollow():
    both = np.array([[1.0, 0.4, -0.2], [0.8, -0.1, 0.0]])
    fig = reading_figures.coefficients(["stays", "turns", "absent"], both, "coefficient")
    (ax,) = fig.axes
    good, bad = (plots.GOOD, "full"), (plots.BAD, "full")
    assert points(ax) == {"stays": [good, good], "turns": [bad, bad], "absent": [bad, (plots.BAD, "none")]}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["stays", "turns", "absent"]  # by size


def test_many_coefficients_stand_in_two_columns():
    names = [f"c{i}" for i in range(31)]
    fig = reading_figures.coefficients(names, np.tile(np.arange(31.0) - 15, (2, 1)), "coefficient")
    rows = [[label.get_text() for label in ax.get_yticklabels()] for ax in fig.axes]
    assert [len(each) for each in rows] == [16, 15] and [*rows[0], *rows[1]] == names[::-1]


def test_a_question_that_one_tree_alone_asks_is_orange():
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5, dtype=float)
    of_first = DecisionTreeRegressor(max_depth=1).fit(X, X[:, 0])
    of_both = DecisionTreeRegressor(max_depth=2).fit(X, 2 * X[:, 0] + X[:, 1])
    fig = reading_figures.trees(
        {"A": of_first, "B": of_both}, ["size", "age"], lambda value: f"worth {value:g}"
    )
    drawn = [{text.get_text(): text.get_color() for text in ax.texts} for ax in fig.axes]
    assert drawn[0]["size\n≤ 0.5?"] == plots.GOOD == drawn[1]["size\n≤ 0.5?"]
    assert drawn[1]["age\n≤ 0.5?"] == plots.BAD
    assert {"worth 0", "worth 1"} <= set(drawn[0]) and {"worth 3", "worth 2"} <= set(drawn[1])


def test_by_size_draws_a_point_a_pair_and_a_line_through_the_means():
    of_flights = {
        "signs": {"12 days": [60, 80], "24 days": [90]},
        "columns": {"12 days": [0, 20], "24 days": [40]},
    }
    fig = reading_figures.by_size({"flights": of_flights}, [90, 50])
    (ax,) = fig.axes
    lines = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
    assert lines["signs"] == [70, 90] and lines["columns"] == [10, 40]
    assert sorted(y for line in ax.lines if line.get_linestyle() == "None" for y in line.get_ydata()) == [
        0, 20, 40, 60, 80, 90,
    ]  # fmt: skip
    assert [label.get_text() for label in ax.get_xticklabels()] == ["12 days", "24 days"]
