"""What two samples of a table make a reader say."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from course_utils import CourseError
from course_utils.models import readings


def table(rows=4000, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    kind = rng.choice(["red", "blue"], rows)
    y = 2 * x[:, 0] - x[:, 1] + 3 * (kind == "red") + rng.normal(size=rows)
    numbers = pd.DataFrame(x, columns=["big_one", "small_one", "noise"])
    return numbers.assign(kind=kind, y=y, above=(y > 1.5).astype(float), day=rng.integers(40, size=rows))


def test_no_two_samples_of_any_pair_share_a_day():
    rows = table()
    pairs = readings.disjoint(rows, "day", 6, 3, seed=1)
    days = [set(sample["day"]) for both in pairs for sample in both]
    assert [len(each) for each in days] == [6] * 6
    assert len(set.union(*days)) == 36
    assert all(len(sample) == rows["day"].isin(sample["day"]).sum() for both in pairs for sample in both)
    assert days[0] != set(readings.disjoint(rows, "day", 6, 3, seed=2)[0][0]["day"])
    with pytest.raises(CourseError, match="has 40 of day, 42 were asked for"):
        readings.disjoint(rows, "day", 7, 3, seed=1)


@pytest.mark.parametrize("target", ["y", "above"])
def test_a_reading_finds_what_was_put_in(target):
    numbers = ["big_one", "small_one", "noise"]
    rows = table()
    rows.loc[::50, "noise"] = np.nan
    pairs = readings.disjoint(rows, "day", 20, 1, seed=0)
    (read,) = readings.read_all(pairs, (["kind"], numbers, target))
    assert list(read.names) == ["kind: blue", "kind: red", *numbers]
    for sample in read.coefficients:
        blue, red, big, small, noise = sample
        assert red == pytest.approx(-blue) and red > 0 and big > -small > 10 * abs(noise) and small < 0
        assert readings.large(sample).tolist() == [True] * 4 + [False]
    assert read.asked[0] <= {"kind", *numbers} and {"kind", "big_one"} <= read.asked[0]
    assert readings.signs_kept(read.coefficients) == 100


def test_a_common_constant_gives_categories_no_sign_and_one_that_a_sample_lacks_has_none():
    rows = table()
    rows["above"] = (rows["y"] > rows["y"].quantile(0.9)).astype(float)  # rare: a large negative intercept
    rows["kind"] = np.random.default_rng(1).choice(["red", "blue", "green"], len(rows))  # tells nothing
    without = rows[rows["kind"] != "green"]
    read = readings.read([rows, without], ["kind"], ["big_one"], "above")
    assert list(read.names) == ["kind: blue", "kind: green", "kind: red", "big_one"]
    assert read.coefficients[:, [0, 1, 2]].sum(axis=1) == pytest.approx(0, abs=1e-9)
    assert abs(read.coefficients[:, [0, 1, 2]]).max() < 0.3 < read.coefficients[:, 3].min()
    assert read.coefficients[1, 1] == 0


def test_signs_are_counted_both_ways_among_the_large():
    one, other = np.array([1.0, 0.5, 0.05, -0.2]), np.array([1.0, -0.5, -0.3, -0.05])
    assert readings.signs_kept(np.array([one, other])) == pytest.approx((100 * 2 / 3 + 100 / 3) / 2)


def test_turns_counts_signs_of_large_coefficients_by_name():
    names = np.array(["a", "b", "c"])
    pairs = [
        readings.Readings(names, np.array([[1.0, 0.5, 0.01], [1.0, -0.5, -0.9]]), ({"a"}, {"a"})),
        readings.Readings(names[:2], np.array([[1.0, 0.5], [2.0, 0.4]]), ({"a"}, {"a"})),
    ]
    assert readings.turns(pairs, least=2) == [("a", 0, 4), ("b", 2, 4)]
    assert readings.turns(pairs, least=1)[-1] == ("c", 1, 1)


def test_shared_columns_is_100_for_the_same_and_0_on_average_for_random_ones():
    assert readings.shared_columns({"a", "b"}, {"b", "a"}, 9) == pytest.approx(100)
    assert readings.shared_columns({"a", "b"}, {"c", "d"}, 9) < 0
    fixed = {0, 1, 2}
    every = [readings.shared_columns(fixed, set(other), 7) for other in combinations(range(7), 4)]
    assert np.mean(every) == pytest.approx(0, abs=1e-9)
    with pytest.raises(CourseError, match="sets of 1 to 8 columns"):
        readings.shared_columns(set(), {"a"}, 9)
