"""Groups within cells, against a regression and against a world whose effects are known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from course_utils import CourseError
from course_utils.models import like_with_like

EQUAL = ["place", "month"]


def world(effect, rows=60_000, seed=0):
    """Airline b is `effect` later than a everywhere, but flies mostly from the place where nobody is late."""
    rng = np.random.default_rng(seed)
    place, month, week = rng.integers(2, size=rows), rng.integers(3, size=rows), rng.integers(10, size=rows)
    is_b = rng.random(rows) < np.where(place == 0, 0.9, 0.1)
    p = 0.1 + 0.3 * place + effect * is_b
    table = pd.DataFrame({"place": place, "month": month, "week": week, "late": rng.random(rows) < p})
    return table.assign(airline=np.where(is_b, "b", "a"), late=table["late"].astype(float))


def count(table, least_weeks=5):
    return like_with_like.count(table, "airline", EQUAL, "late", "week", least_weeks)


def test_a_known_effect_is_found_though_the_raw_order_is_the_other_way_round():
    counted = count(world(0.05))
    assert counted.groups == ("a", "b") and counted.pairs == [(0, 1)]
    ((raw, alike),) = counted.differences(np.ones((1, 10)))
    assert raw > 10  # a looks later
    assert alike == pytest.approx(-5, abs=1.5)


def test_within_is_the_coefficient_of_a_regression_with_a_column_for_each_cell():
    table = world(0.05, rows=500)
    cell = pd.get_dummies(table["place"].astype(str) + table["month"].astype(str)).to_numpy(float)
    X = np.column_stack([table["airline"] == "a", cell])
    expected = LinearRegression(fit_intercept=False).fit(X, table["late"]).coef_[0]
    ((_, alike),) = count(table).differences(np.ones((1, 10)))
    assert alike == pytest.approx(100 * expected, abs=1e-3)


def test_a_cell_without_one_of_the_two_adds_nothing():
    shared = np.array([[10, 90], [1, 27], [80, 20], [12, 8]])
    more = np.column_stack([shared, [5, 5, 0, 0], [0, 0, 7, 2], [0, 0, 0, 0]])
    assert like_with_like.within(*more) == pytest.approx(like_with_like.within(*shared))
    assert like_with_like.within(*shared) == pytest.approx(-0.0824, abs=1e-4)  # by hand


def test_a_weight_is_a_week_taken_so_often():
    table = world(0.05, rows=4000)
    weights = np.array([2, 0, 1, 1, 3, 1, 0, 1, 1, 0])
    again = pd.concat([table[table["week"] == week] for week, n in enumerate(weights) for _ in range(n)])
    (weighted,) = count(table).differences(weights[None])
    (taken,) = count(again).differences(np.ones((1, again["week"].max() + 1)))
    assert weighted == pytest.approx(taken, abs=1e-3)


def test_draws_taken_in_parts_are_the_same_as_one_by_one(monkeypatch):
    counted, weights = count(world(0.05, rows=4000)), np.random.default_rng(0).integers(3, size=(7, 10))
    monkeypatch.setattr(like_with_like, "DRAWS_AT_ONCE", 3)
    one_by_one = [counted.differences(each[None])[0] for each in weights]
    assert counted.differences(weights) == pytest.approx(np.array(one_by_one), abs=1e-4)


def test_pairs_that_never_or_seldom_meet_are_left_out_and_counted():
    table = world(0.05, rows=3000)
    elsewhere = table[:50].assign(airline="c", place=9)
    in_two_weeks = table[table["week"] < 2].assign(airline="d")
    counted = count(pd.concat([table, elsewhere, in_two_weeks]))
    assert [{counted.groups[i] for i in pair} for pair in counted.pairs] == [{"a", "b"}]
    assert (counted.never, counted.seldom) == (3, 2)
    with pytest.raises(CourseError, match="no two of airline meet in 11 weeks"):
        count(table, least_weeks=11)


def test_shuffled_keeps_each_cells_values_and_leaves_no_difference_within():
    table = world(0.2)
    mixed = like_with_like.shuffled(table, EQUAL, "late", np.random.default_rng(0))
    assert mixed.groupby(EQUAL)["late"].sum().equals(table.groupby(EQUAL)["late"].sum())
    assert not mixed["late"].equals(table["late"])
    ((raw, alike),) = count(mixed).differences(np.ones((1, 10)))
    assert abs(alike) < 3 and raw > 10  # 20 points before
