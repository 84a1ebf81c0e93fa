"""Bootstrap of groups and of stretches of time."""

import numpy as np
import pandas as pd
import pytest

from course_utils import CourseError
from course_utils.claims import dependent, resampling

VALUES = np.random.default_rng(1).normal(2, 1, 20)
GROUPS = np.arange(20) // 2


def ends(estimate):
    return estimate.effect, estimate.low, estimate.high


def test_groups_of_one_item_are_the_plain_bootstrap():
    estimate = dependent.bootstrap_groups(VALUES, range(20), n_resamples=9999)
    plain = resampling.bootstrap(VALUES)
    assert ends(estimate) == pytest.approx(ends(plain), abs=0.05)
    assert estimate.n == 20


def test_a_group_is_drawn_as_a_whole():
    estimate = dependent.bootstrap_groups([0, 0, 0, 6], ["a", "a", "a", "b"])
    assert ends(estimate) == (1.5, 0, 6)  # all of a, all of b, or both
    assert estimate.n == 2


def test_copies_of_items_do_not_make_groups_surer():
    values, groups = VALUES, np.arange(20)
    once = dependent.bootstrap_groups(values, groups)
    often = dependent.bootstrap_groups(np.repeat(values, 50), np.repeat(groups, 50))
    assert ends(often) == pytest.approx(ends(once))


def test_groups_follow_their_seed():
    groups = np.arange(20) // 2
    first, again, other = (dependent.bootstrap_groups(VALUES, groups, seed) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("groups", [["a"] * 20, ["a", "b"]])
def test_groups_must_fit_and_be_two(groups):
    with pytest.raises(CourseError, match="a group for each of 20 values, two groups or more"):
        dependent.bootstrap_groups(VALUES, groups)


def test_rows_and_columns_are_both_drawn():
    rows, columns = np.repeat(range(4), 5), np.tile(range(5), 4)
    of_rows = dependent.bootstrap_crossed(rows % 2, rows, columns)
    assert ends(of_rows) == ends(dependent.bootstrap_groups(rows % 2, rows)) == (0.5, 0, 1)
    of_columns = dependent.bootstrap_crossed(columns == 0, rows, columns)
    assert of_columns.low == 0 and of_columns.effect == 0.2 and 0.4 < of_columns.high < 1
    assert of_rows.n == of_columns.n == 4  # the fewer


def test_a_full_table_is_drawn_as_a_ratio_of_totals_is():
    rows, columns = np.repeat(range(4), 5), np.tile(range(5), 4)
    ours = dependent.bootstrap_crossed(VALUES, rows, columns)
    table = np.abs(VALUES).reshape(4, 5)
    plain = resampling.ratio_of_totals(table, np.ones_like(table))
    assert ends(dependent.bootstrap_crossed(np.abs(VALUES), rows, columns)) == pytest.approx(ends(plain))
    less = np.arange(20) % 6 != 0  # without a diagonal
    fewer = dependent.bootstrap_crossed(VALUES[less], rows[less], columns[less])
    assert fewer.effect == pytest.approx(VALUES[less].mean())
    assert fewer.low < fewer.effect < fewer.high != ours.high


@pytest.mark.parametrize("columns", [["a"] * 20, ["a", "b"]])
def test_rows_and_columns_must_fit_and_be_two(columns):
    with pytest.raises(CourseError, match="a row and a column for each of 20 values, two groups"):
        dependent.bootstrap_crossed(VALUES, GROUPS, columns)


def test_saved_in_blocks_counts_from_theirs():
    estimate = dependent.percent_saved_in_blocks([3] * 10, [4] * 10, block=2)
    assert ends(estimate) == (25, 25, 25)
    assert estimate.n == 5


def test_blocks_of_one_agree_with_the_ratio_of_totals():
    rng = np.random.default_rng(2)
    ours, theirs = rng.uniform(1, 2, 200), rng.uniform(2, 4, 200)
    blocks = dependent.percent_saved_in_blocks(ours, theirs, block=1, n_resamples=5000)
    plain = resampling.percent_saved([ours], [theirs], n_resamples=5000)
    assert ends(blocks) == pytest.approx(ends(plain), abs=0.3)


def test_blocks_see_that_neighbours_resemble_each_other():
    """An AR(1) with coefficient 0.8 has three times the standard error of independent values."""
    rng = np.random.default_rng(3)
    values, last = [], 0.0
    for shock in rng.normal(size=4000):
        last = 0.8 * last + shock
        values.append(last)
    ours, theirs = 100 + np.array(values), np.full(4000, 100.0)
    widths = [
        found.high - found.low
        for found in (dependent.percent_saved_in_blocks(ours, theirs, block) for block in (1, 80))
    ]
    assert widths[1] / widths[0] == pytest.approx(3, rel=0.2)


def test_blocks_follow_their_seed():
    first, again, other = (
        dependent.percent_saved_in_blocks(VALUES - VALUES.min(), np.ones(20), 4, seed) for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("ours", "theirs", "block"),
    [([1] * 4, [1] * 5, 1), ([1] * 4, [1] * 4, 3), ([1] * 4, [1] * 4, 0), ([-1] * 4, [1] * 4, 2)],
)
def test_blocks_need_two_series_of_one_length(ours, theirs, block):
    with pytest.raises(CourseError, match="two series of one length, none negative, and blocks of 1 to half"):
        dependent.percent_saved_in_blocks(ours, theirs, block)


def test_any_statistic_of_groups_agrees_with_their_mean():
    of_mean = dependent.bootstrap_groups(VALUES, GROUPS, n_resamples=4000)
    found = dependent.bootstrap_statistic(np.mean, GROUPS, VALUES, n_resamples=4000)
    assert (found.effect, found.n) == (of_mean.effect, of_mean.n)
    assert ends(found) == pytest.approx(ends(of_mean), abs=0.15 * (of_mean.high - of_mean.low))


def test_columns_stay_together_and_follow_their_seed():
    def slope(x, y):
        return np.polyfit(x, y, deg=1)[0]

    x = np.arange(len(GROUPS), dtype=float)
    one = dependent.bootstrap_statistic(slope, GROUPS, x, 2 * x)
    assert ends(one) == pytest.approx((2, 2, 2))
    first, again, other = (
        dependent.bootstrap_statistic(slope, GROUPS, x, VALUES, seed=seed) for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize("columns", [([1, 2], [1, 2, 3]), ([1, 1], [1, 2])])
def test_a_statistic_needs_two_groups_and_columns_of_one_length(columns):
    groups, column = map(np.array, columns)
    with pytest.raises(CourseError, match="columns as long as the 2 groups, and two different groups"):
        dependent.bootstrap_statistic(np.mean, groups, column)


def trained(levels, spread=0.0):
    """Three trainings for each size, with the bits of four files of 10, 20, 30 and 40 bytes."""
    rng, sizes = np.random.default_rng(0), pd.Series([10.0, 20, 30, 40], list("abcd"))
    rows = [
        {"x": x} | (sizes * level * np.exp(rng.normal(0, spread, 4))).to_dict()
        for x, level in levels.items()
        for _ in range(3)
    ]
    return pd.DataFrame(rows), sizes


def test_the_first_levels_are_those_of_the_tables_as_they_are():
    table, sizes = trained({1: 3.0, 2: 2.0})
    ours, theirs = next(dependent.redrawn("x", table, table[table["x"] == 2], sizes=sizes))
    assert (
        ours.tolist() == pytest.approx([3.0] * 3 + [2.0] * 3) and ours.index.tolist() == [1.0] * 3 + [2.0] * 3
    )
    assert theirs.tolist() == pytest.approx([2.0] * 3)


def test_trainings_are_drawn_among_those_alike_and_files_for_all_tables_together():
    table, sizes = trained({1: 3.0, 2: 2.0}, spread=0.3)
    draws = list(dependent.redrawn("x", table, table, sizes=sizes, seed=1, n_resamples=300))
    assert len(draws) == 301 and all(ours.index.tolist() == draws[0][0].index.tolist() for ours, _ in draws)
    means = np.array([[levels.groupby(level=0).mean()[1.0] for levels in pair] for pair in draws[1:]])
    assert means.std(axis=0).min() > 0.05
    assert np.corrcoef(means.T)[0, 1] > 0.2  # the same files; other trainings of the same size
    again = list(dependent.redrawn("x", table, table, sizes=sizes, seed=1, n_resamples=2))
    assert again[2][0].tolist() == draws[2][0].tolist()


def test_percent_more_draws_runs_and_groups():
    rng = np.random.default_rng(0)
    before, groups = rng.uniform(50, 500, 40), np.repeat(np.arange(10), 4)
    worse = np.repeat(rng.normal(1.05, 0.02, 10), 4)  # of one file all pages are worse alike
    after = before * (worse + rng.normal(0, 0.01, (3, 1)))
    found = dependent.percent_more(after, np.tile(before, (3, 1)), groups, n_resamples=4000)
    assert found.effect == pytest.approx(100 * (after.sum() / (3 * before.sum()) - 1))
    assert found.low < found.effect < found.high and found.n == 10
    alone = dependent.percent_more(after, np.tile(before, (3, 1)), np.arange(40), n_resamples=4000)
    assert found.high - found.low > alone.high - alone.low  # pages that are alike count less


def test_percent_more_of_a_constant_factor_has_no_spread():
    before = np.arange(1.0, 9).reshape(2, 4)
    found = dependent.percent_more(0.9 * before, before, list("aabb"))
    assert [found.effect, found.low, found.high] == pytest.approx([-10, -10, -10])
    with pytest.raises(CourseError, match="a column for each of 3 items"):
        dependent.percent_more(before, before, list("aab"))
