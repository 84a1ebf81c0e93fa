import numpy as np
import pytest
from scipy import stats

from course_utils import CourseError
from course_utils.claims import resampling

RNG_VALUES = np.random.default_rng(1).normal(0.5, 2, size=20)


def ends(estimate):
    return estimate.effect, estimate.low, estimate.high


def test_percentile_interval_is_the_middle_95_percent():
    estimate = resampling.percentile_interval(np.random.default_rng(0).permutation(1001))
    assert ends(estimate) == pytest.approx((500, 25, 975))
    assert estimate.n == 1001


def test_bootstrap_agrees_with_scipy():
    reference = stats.bootstrap(
        (RNG_VALUES,), np.mean, method="percentile", n_resamples=999, rng=np.random.default_rng(5)
    ).confidence_interval
    estimate = resampling.bootstrap(RNG_VALUES, seed=5, n_resamples=999)
    assert ends(estimate) == pytest.approx((RNG_VALUES.mean(), reference.low, reference.high))
    assert estimate.n == 20


def test_bootstrap_covers_the_true_mean_about_95_times_in_100():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        estimate = resampling.bootstrap(rng.normal(7, 2, size=30), n_resamples=300)
        covered += estimate.low <= 7 <= estimate.high
    assert 0.89 <= covered / 200 <= 0.985


def test_bootstrap_follows_its_seed():
    first, again, other = (resampling.bootstrap(RNG_VALUES, seed=seed, n_resamples=200) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_bootstrap_takes_another_statistic():
    assert resampling.bootstrap(RNG_VALUES, np.median, n_resamples=200).effect == np.median(RNG_VALUES)


@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_bootstrap_of_equal_values_has_no_width(statistic):
    assert ends(resampling.bootstrap([4.0] * 5, statistic)) == (4, 4, 4)


@pytest.mark.filterwarnings("error")  # a student would see them
def test_bootstrap_of_a_statistic_that_does_not_vary_has_no_width():
    assert ends(resampling.bootstrap([0.0] * 19 + [1.0], np.median, n_resamples=300)) == (0, 0, 0)


@pytest.mark.filterwarnings("error")
def test_bootstrap_of_a_statistic_that_hardly_varies_has_an_interval():
    """Leaving out any one value changes nothing, but a few resamples differ."""
    estimate = resampling.bootstrap([0.0] * 6 + [1.0], np.median)
    assert (estimate.effect, estimate.low) == (0, 0)
    assert 0 <= estimate.high <= 1


def variance_of_two_levels(runs):
    """Variance of the two-level bootstrap's mean, worked out for runs of one size."""
    n_runs, n_items = len(runs), len(runs[0])
    between = np.var([np.mean(run) for run in runs])
    within = np.mean([np.var(run) for run in runs])
    return between / n_runs + within / (n_runs * n_items)


@pytest.mark.parametrize("spread_of_runs", [0.0, 1.0, 5.0])
def test_two_levels_have_the_variance_of_both(spread_of_runs):
    rng = np.random.default_rng(3)
    runs = rng.normal(size=(8, 50)) + spread_of_runs * rng.normal(size=(8, 1))
    estimate = resampling.two_level_bootstrap(runs, n_resamples=5000)
    assert (estimate.effect, estimate.n) == (pytest.approx(runs.mean()), 400)
    # 5,000 draws know the width of a nearly normal distribution to about 2 %
    width = 2 * 1.96 * np.sqrt(variance_of_two_levels(runs))
    assert estimate.high - estimate.low == pytest.approx(width, rel=0.06)


def test_two_levels_weigh_runs_of_different_sizes_alike():
    estimate = resampling.two_level_bootstrap([[1.0, 1.0], [3.0] * 10])
    assert ends(estimate) == (2, 1, 3)
    assert estimate.n == 12


def test_two_levels_draw_items_within_their_run():
    estimate = resampling.two_level_bootstrap([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert ends(estimate) == (0, 0, 0)


def test_two_levels_follow_their_seed():
    runs = np.random.default_rng(4).normal(size=(5, 20))
    first, again, other = (ends(resampling.two_level_bootstrap(runs, seed)) for seed in (0, 0, 1))
    assert first == again != other


def test_two_levels_need_two_runs_of_numbers():
    with pytest.raises(CourseError, match="at least two runs, got 1: add seeds"):
        resampling.two_level_bootstrap([[1.0, 2.0]])
    with pytest.raises(CourseError, match="at least two finite numbers"):
        resampling.two_level_bootstrap([[1.0, 2.0], [np.nan, 1.0]])


def some_tables(n_runs=4, n_items=12, seed=5):
    """Bits and bytes: documents of different lengths, and each run and each document is hard or easy."""
    rng = np.random.default_rng(seed)
    n_bytes = np.tile(rng.uniform(50, 500, n_items), (n_runs, 1))
    hard = 2 + rng.normal(0, 0.1, (n_runs, 1)) + rng.normal(0, 0.2, n_items)
    return n_bytes * (hard + rng.normal(0, 0.02, (n_runs, n_items))), n_bytes


def slow_ratio(above, below, n_resamples, seed):
    """Both ends of the interval, one resample after the other, each cut out row by row."""
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(n_resamples):
        cells = np.ix_(
            rng.integers(len(above), size=len(above)), rng.integers(len(above[0]), size=len(above[0]))
        )
        drawn.append(above[cells].sum() / below[cells].sum())
    return np.quantile(drawn, [0.025, 0.975])


def test_a_ratio_of_totals_lets_long_items_count_more():
    estimate = resampling.ratio_of_totals([[1, 9]], [[1, 3]])  # 10 over 4; each for itself 1 and 3
    assert ends(estimate) == (2.5, 1, 3)
    assert estimate.n == 2


def test_a_ratio_of_totals_adds_up_all_runs():
    estimate = resampling.ratio_of_totals([[1, 2, 0], [3, 4, 5]], [[2, 2, 1], [1, 1, 3]])
    assert (estimate.effect, estimate.n) == (1.5, 3)


def test_items_alike_leave_the_chance_of_the_runs():
    assert ends(resampling.ratio_of_totals([[1, 1], [3, 3]], np.ones((2, 2)))) == (2, 1, 3)


@pytest.mark.filterwarnings("error")
def test_one_ratio_everywhere_has_no_width():
    _, n_bytes = some_tables()
    assert ends(resampling.ratio_of_totals(3 * n_bytes, n_bytes)) == pytest.approx((3, 3, 3))
    assert ends(resampling.ratio_of_totals(0 * n_bytes, n_bytes)) == (0, 0, 0)


@pytest.mark.parametrize(("n_runs", "n_items"), [(1, 12), (4, 12), (12, 4)])
def test_ratio_of_totals_agrees_with_a_slow_loop(n_runs, n_items):
    tables = some_tables(n_runs, n_items)
    estimate = resampling.ratio_of_totals(*tables, n_resamples=4000)
    low, high = slow_ratio(*tables, n_resamples=4000, seed=9)
    # 4,000 draws know each end to about 1 % of the width
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=0.05 * (high - low))
    assert estimate.n == n_items


def test_more_runs_of_the_same_do_not_make_the_items_surer():
    bits, n_bytes = some_tables(n_runs=1)
    widths = [
        estimate.high - estimate.low
        for estimate in (
            resampling.ratio_of_totals(np.tile(bits, (k, 1)), np.tile(n_bytes, (k, 1))) for k in (1, 9)
        )
    ]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_ratio_of_totals_covers_the_true_ratio_about_95_times_in_100():
    covered = 0
    for seed in range(150):
        estimate = resampling.ratio_of_totals(*some_tables(15, 30, seed), n_resamples=300)
        covered += estimate.low <= 2 <= estimate.high
    assert 0.88 <= covered / 150 <= 0.985


def test_ratio_of_totals_follows_its_seed():
    first, again, other = (resampling.ratio_of_totals(*some_tables(), seed) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("function", [resampling.ratio_of_totals, resampling.percent_saved])
@pytest.mark.parametrize(
    ("above", "below", "shapes"),
    [
        ([[1, 2, 3]], [[1, 2]], r"\(1, 3\) and \(1, 2\)"),
        (np.ones((2, 3)), np.ones((3, 2)), r"\(2, 3\) and \(3, 2\)"),
        (np.ones((2, 3)), np.ones((1, 3)), r"\(2, 3\) and \(1, 3\)"),
        ([1, 2], [1, 2], r"\(2,\) and \(2,\)"),
        ([[[1, 2]]], [[[1, 2]]], r"\(1, 1, 2\)"),
        ([[1], [2]], [[1], [2]], r"\(2, 1\)"),
        (np.ones((0, 3)), np.ones((0, 3)), r"\(0, 3\)"),
    ],
)
def test_a_ratio_of_totals_needs_two_tables_of_runs_and_items(function, above, below, shapes):
    with pytest.raises(CourseError, match=f"two tables of one shape.*at least two items; got .*{shapes}"):
        function(above, below)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("function", [resampling.ratio_of_totals, resampling.percent_saved])
@pytest.mark.parametrize(
    ("above", "below"),
    [(-1, 5), (5, 0), (5, -2), *((x, 5) for x in (np.nan, np.inf)), (5, np.nan), (5, np.inf)],
)
def test_a_ratio_of_totals_says_which_number_it_cannot_take(function, above, below):
    tables = np.ones((2, 2, 3))
    tables[:, 1, 2] = above, below
    with pytest.raises(CourseError, match=f"got {above:g} over {below:g} in run 1, item 2"):
        function(*tables)


def test_percent_saved_counts_from_theirs():
    assert ends(resampling.percent_saved([[6, 3]], [[10, 5]])) == pytest.approx((40, 40, 40))
    assert ends(resampling.percent_saved([[10, 5]], [[8, 4]])) == pytest.approx((-25, -25, -25))


def test_percent_saved_turns_the_interval_of_the_ratio_round():
    ours, theirs = some_tables()
    saved, ratio = (
        each(ours, theirs, 3, 500) for each in (resampling.percent_saved, resampling.ratio_of_totals)
    )
    expected = [100 - 100 * end for end in (ratio.effect, ratio.high, ratio.low)]
    assert ends(saved) == pytest.approx(expected)
    assert (saved.n, saved.low < saved.effect < saved.high) == (12, True)


def test_half_sampling_of_a_mean_agrees_with_the_bootstrap():
    values = np.random.default_rng(0).normal(10, 3, 400)
    halves = resampling.half_sampling(np.mean, [[values]], n_resamples=2000)
    drawn = resampling.bootstrap(values)
    assert halves.effect == pytest.approx(values.mean()) and halves.n == 400
    assert halves.low == pytest.approx(drawn.low, abs=0.1)
    assert halves.high == pytest.approx(drawn.high, abs=0.1)


def test_half_sampling_covers_the_truth_about_as_often_as_it_says():
    rng, covered = np.random.default_rng(1), 0
    for _ in range(200):
        groups = rng.normal(2, 1, 60), rng.normal(1, 1, 60)
        found = resampling.half_sampling(lambda a, b: a.mean() / b.mean(), [groups], n_resamples=100)
        covered += found.low < 2 < found.high
    assert 170 <= covered <= 199  # 95 % is 190


def test_half_sampling_does_not_move_with_a_statistic_that_depends_on_the_size():
    values = np.arange(1.0, 101.0)
    found = resampling.half_sampling(lambda group: 1 / len(group), [[values]])
    assert (found.effect, found.low, found.high) == pytest.approx((0.01, 0.01, 0.01))


def test_half_sampling_draws_runs_too():
    same = [[np.full(10, value)] for value in (1.0, 3.0)]
    found = resampling.half_sampling(np.mean, same)
    assert (found.effect, found.low, found.high) == pytest.approx((2.0, 1.0, 3.0))
    assert found.n == 20
    assert found == resampling.half_sampling(np.mean, same) != resampling.half_sampling(np.mean, same[:1])


@pytest.mark.parametrize("runs", [[], [[np.ones(3)]], [[np.ones(10), np.ones(2)]]])
def test_half_sampling_needs_groups_to_halve(runs):
    with pytest.raises(CourseError, match="four items or more"):
        resampling.half_sampling(lambda *groups: 1.0, runs)


def test_half_sampling_refuses_what_is_not_positive():
    with pytest.raises(CourseError, match="expected a positive statistic, got 0"):
        resampling.half_sampling(lambda group: 0.0, [[np.ones(10)]])


def test_simultaneous_intervals_are_all_right_in_95_of_100_experiments():
    """Ten means of 40 values each, all 0: how often is one of the ten intervals wrong?"""
    rng = np.random.default_rng(0)
    wrong = {"one by one": 0, "together": 0}
    for _ in range(200):
        values = rng.normal(size=(40, 10))
        drawn = np.array([values[rng.integers(40, size=40)].mean(axis=0) for _ in range(200)])
        together = resampling.simultaneous(values.mean(axis=0), drawn)
        wrong["together"] += any(each.low > 0 or each.high < 0 for each in together)
        alone = [resampling.percentile_interval(column) for column in drawn.T]
        wrong["one by one"] += any(each.low > 0 or each.high < 0 for each in alone)
    assert wrong["together"] <= 24 and wrong["one by one"] > 60


def test_a_simultaneous_interval_of_one_effect_is_the_usual_one():
    rng = np.random.default_rng(0)
    (found,) = resampling.simultaneous([3.0], rng.normal(3, 2, size=(20_000, 1)))
    assert found.effect == 3 and found.n == 20_000
    assert (found.low, found.high) == pytest.approx((3 - 1.96 * 2, 3 + 1.96 * 2), abs=0.1)


@pytest.mark.parametrize(
    "resampled", [np.zeros((9, 3)), np.zeros((1, 2)), np.ones((9, 2)), np.full((9, 2), np.nan)]
)
def test_simultaneous_intervals_need_effects_that_vary(resampled):
    with pytest.raises(CourseError, match="expected"):
        resampling.simultaneous([1.0, 2.0], resampled)


def test_a_ratio_of_two_levels_is_that_of_the_means_and_zero_is_refused():
    rng = np.random.default_rng(0)
    theirs = [rng.random(300) < 0.2 for _ in range(4)]
    ours = [wrong & (rng.random(300) < 0.5) for wrong in theirs]
    found = resampling.two_level_bootstrap(ours, over=theirs)
    assert found.effect == pytest.approx(np.mean(ours) / np.mean(theirs)) and found.n == 1200
    assert found.low < 0.5 < found.high < 0.7
    same = resampling.two_level_bootstrap(theirs, over=theirs)
    assert (same.low, same.effect, same.high) == pytest.approx((1, 1, 1))
    with pytest.raises(CourseError, match="is zero in some of the resamples"):
        resampling.two_level_bootstrap(ours, over=[np.zeros(300)] * 4)
    with pytest.raises(CourseError, match="a value for each value of `runs`, run by run"):
        resampling.two_level_bootstrap(ours, over=theirs[:3])
