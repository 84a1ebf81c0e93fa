import itertools

import numpy as np
import pytest
from scipy import stats

from course_utils import CourseError
from course_utils.claims import statistics as st

RNG_VALUES = np.random.default_rng(1).normal(0.5, 2, size=20)
NOT_A_LIST = [[1.0], [], [1.0, np.nan], [1.0, np.inf], [[1.0, 2.0], [3.0, 4.0]], 3.0]


def ends(estimate):
    return estimate.effect, estimate.low, estimate.high


def test_corrected_t_is_the_published_formula():
    estimate = st.corrected_resampled_t([1, 2, 3, 4, 5], test_share=0.2)
    # mean 3, variance 2.5, 1/5 + 0.2/0.8 = 0.45, t(0.975; 4) = 2.7764451052
    half_width = 2.7764451052 * np.sqrt(0.45 * 2.5)
    assert ends(estimate) == pytest.approx((3, 3 - half_width, 3 + half_width), rel=1e-8)
    assert estimate.n == 5


def test_corrected_t_without_a_test_part_is_the_ordinary_t():
    reference = stats.ttest_1samp(RNG_VALUES, 0).confidence_interval(0.95)
    estimate = st.corrected_resampled_t(RNG_VALUES, test_share=1e-12)
    assert ends(estimate) == pytest.approx((RNG_VALUES.mean(), reference.low, reference.high))


def test_corrected_t_is_wider_than_the_ordinary_t():
    widths = [
        estimate.high - estimate.low
        for estimate in (st.corrected_resampled_t(RNG_VALUES, share) for share in (1e-12, 0.1, 0.2, 0.5))
    ]
    assert widths == sorted(set(widths))
    # ten folds: 1/20 + 1/9 against 1/20
    assert widths[1] / widths[0] == pytest.approx(np.sqrt((1 / 20 + 1 / 9) * 20))


def test_equal_differences_leave_no_width():
    assert ends(st.corrected_resampled_t([2.5] * 6, 0.2)) == (2.5, 2.5, 2.5)


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, np.nan])
def test_a_share_outside_0_to_1_is_refused(share):
    with pytest.raises(CourseError, match=r"test_share must lie between 0 and 1.*give 0.2 for 5 folds"):
        st.corrected_resampled_t([1, 2, 3], share)


@pytest.mark.parametrize("values", NOT_A_LIST)
@pytest.mark.parametrize(
    "function",
    [
        lambda values: st.corrected_resampled_t(values, 0.2),
        lambda values: st.corrected_resampled_ratio(values, values, 0.2),
        st.percentile_interval,
        st.bootstrap,
        st.paired_permutation_p,
        lambda values: st.power_law(values, [1, 2, 3]),
        lambda values: st.power_law([1, 2, 3], values),
    ],
)
def test_anything_but_a_list_of_numbers_is_refused(function, values):
    with pytest.raises(CourseError, match="expected a list of at least two finite numbers"):
        function(values)


def test_ratio_is_a_geometric_mean():
    assert st.corrected_resampled_ratio([10, 1], [1, 10], 0.2).effect == pytest.approx(1)
    assert st.corrected_resampled_ratio([2, 4, 8], [1, 1, 1], 0.2).effect == pytest.approx(4)


def test_ratio_interval_is_the_t_interval_of_the_logarithms():
    numerators, denominators = np.exp(RNG_VALUES), np.arange(1, 21)
    estimate = st.corrected_resampled_ratio(numerators, denominators, 0.2)
    logs = st.corrected_resampled_t(np.log(numerators / denominators), 0.2)
    assert ends(estimate) == pytest.approx(tuple(np.exp(ends(logs))))
    assert estimate.n == 20


def test_turning_a_ratio_round_turns_its_interval_round():
    ratio = st.corrected_resampled_ratio([2, 3, 9], [1, 2, 4], 0.2)
    inverse = st.corrected_resampled_ratio([1, 2, 4], [2, 3, 9], 0.2)
    assert ends(inverse) == pytest.approx((1 / ratio.effect, 1 / ratio.high, 1 / ratio.low))


@pytest.mark.parametrize(
    ("numerators", "denominators"), [([1, 0], [1, 1]), ([1, 1], [1, -2]), ([1, 2, 3], [1, 2])]
)
def test_a_ratio_needs_pairs_of_positive_values(numerators, denominators):
    with pytest.raises(CourseError, match="a ratio needs pairs of positive values"):
        st.corrected_resampled_ratio(numerators, denominators, 0.2)


def test_percentile_interval_is_the_middle_95_percent():
    estimate = st.percentile_interval(np.random.default_rng(0).permutation(1001))
    assert ends(estimate) == pytest.approx((500, 25, 975))
    assert estimate.n == 1001


def test_bootstrap_agrees_with_scipy():
    reference = stats.bootstrap(
        (RNG_VALUES,), np.mean, method="percentile", n_resamples=999, rng=np.random.default_rng(5)
    ).confidence_interval
    estimate = st.bootstrap(RNG_VALUES, seed=5, n_resamples=999)
    assert ends(estimate) == pytest.approx((RNG_VALUES.mean(), reference.low, reference.high))
    assert estimate.n == 20


def test_bootstrap_covers_the_true_mean_about_95_times_in_100():
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        estimate = st.bootstrap(rng.normal(7, 2, size=30), n_resamples=300)
        covered += estimate.low <= 7 <= estimate.high
    assert 0.89 <= covered / 200 <= 0.985


def test_bootstrap_follows_its_seed():
    first, again, other = (st.bootstrap(RNG_VALUES, seed=seed, n_resamples=200) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_bootstrap_takes_another_statistic():
    assert st.bootstrap(RNG_VALUES, np.median, n_resamples=200).effect == np.median(RNG_VALUES)


@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_bootstrap_of_equal_values_has_no_width(statistic):
    assert ends(st.bootstrap([4.0] * 5, statistic)) == (4, 4, 4)


@pytest.mark.filterwarnings("error")  # a student would see them
def test_bootstrap_of_a_statistic_that_does_not_vary_has_no_width():
    assert ends(st.bootstrap([0.0] * 19 + [1.0], np.median, n_resamples=300)) == (0, 0, 0)


@pytest.mark.filterwarnings("error")
def test_bootstrap_of_a_statistic_that_hardly_varies_has_an_interval():
    """Leaving out any one value changes nothing, but a few resamples differ."""
    estimate = st.bootstrap([0.0] * 6 + [1.0], np.median)
    assert (estimate.effect, estimate.low) == (0, 0)
    assert 0 <= estimate.high <= 1


@pytest.mark.parametrize("differences", [[1, 2, 3, 4, 5, 6], [3, -1, 2, 5, -2, 1.5], [1, -1, 2, -2]])
def test_permutation_p_counts_all_signs(differences):
    values = np.array(differences, dtype=float)
    signs = np.array(list(itertools.product([1, -1], repeat=values.size)))
    share = np.mean(np.abs(signs @ values) >= abs(values.sum()) - 1e-12)
    assert st.paired_permutation_p(differences) == pytest.approx(share)


def test_permutation_p_of_six_positive_differences():
    assert st.paired_permutation_p([1, 2, 3, 4, 5, 6]) == pytest.approx(2 / 64)


def test_permutation_p_of_many_pairs_follows_its_seed():
    first, again, other = (st.paired_permutation_p(RNG_VALUES, seed, n_resamples=199) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert 0 < first < 1


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
    estimate = st.two_level_bootstrap(runs, n_resamples=5000)
    assert (estimate.effect, estimate.n) == (pytest.approx(runs.mean()), 400)
    # 5,000 draws know the width of a nearly normal distribution to about 2 %
    width = 2 * 1.96 * np.sqrt(variance_of_two_levels(runs))
    assert estimate.high - estimate.low == pytest.approx(width, rel=0.06)


def test_two_levels_weigh_runs_of_different_sizes_alike():
    estimate = st.two_level_bootstrap([[1.0, 1.0], [3.0] * 10])
    assert ends(estimate) == (2, 1, 3)
    assert estimate.n == 12


def test_two_levels_draw_items_within_their_run():
    estimate = st.two_level_bootstrap([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert ends(estimate) == (0, 0, 0)


def test_two_levels_follow_their_seed():
    runs = np.random.default_rng(4).normal(size=(5, 20))
    first, again, other = (ends(st.two_level_bootstrap(runs, seed)) for seed in (0, 0, 1))
    assert first == again != other


def test_two_levels_need_two_runs_of_numbers():
    with pytest.raises(CourseError, match="at least two runs, got 1: add seeds"):
        st.two_level_bootstrap([[1.0, 2.0]])
    with pytest.raises(CourseError, match="at least two finite numbers"):
        st.two_level_bootstrap([[1.0, 2.0], [np.nan, 1.0]])


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
    estimate = st.ratio_of_totals([[1, 9]], [[1, 3]])  # 10 over 4; each for itself 1 and 3
    assert ends(estimate) == (2.5, 1, 3)
    assert estimate.n == 2


def test_a_ratio_of_totals_adds_up_all_runs():
    estimate = st.ratio_of_totals([[1, 2, 0], [3, 4, 5]], [[2, 2, 1], [1, 1, 3]])
    assert (estimate.effect, estimate.n) == (1.5, 3)


def test_items_alike_leave_the_chance_of_the_runs():
    assert ends(st.ratio_of_totals([[1, 1], [3, 3]], np.ones((2, 2)))) == (2, 1, 3)


@pytest.mark.filterwarnings("error")
def test_one_ratio_everywhere_has_no_width():
    _, n_bytes = some_tables()
    assert ends(st.ratio_of_totals(3 * n_bytes, n_bytes)) == pytest.approx((3, 3, 3))
    assert ends(st.ratio_of_totals(0 * n_bytes, n_bytes)) == (0, 0, 0)


@pytest.mark.parametrize(("n_runs", "n_items"), [(1, 12), (4, 12), (12, 4)])
def test_ratio_of_totals_agrees_with_a_slow_loop(n_runs, n_items):
    tables = some_tables(n_runs, n_items)
    estimate = st.ratio_of_totals(*tables, n_resamples=4000)
    low, high = slow_ratio(*tables, n_resamples=4000, seed=9)
    # 4,000 draws know each end to about 1 % of the width
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=0.05 * (high - low))
    assert estimate.n == n_items


def test_more_runs_of_the_same_do_not_make_the_items_surer():
    bits, n_bytes = some_tables(n_runs=1)
    widths = [
        estimate.high - estimate.low
        for estimate in (st.ratio_of_totals(np.tile(bits, (k, 1)), np.tile(n_bytes, (k, 1))) for k in (1, 9))
    ]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_ratio_of_totals_covers_the_true_ratio_about_95_times_in_100():
    covered = 0
    for seed in range(150):
        estimate = st.ratio_of_totals(*some_tables(15, 30, seed), n_resamples=300)
        covered += estimate.low <= 2 <= estimate.high
    assert 0.88 <= covered / 150 <= 0.985


def test_ratio_of_totals_follows_its_seed():
    first, again, other = (st.ratio_of_totals(*some_tables(), seed) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("function", [st.ratio_of_totals, st.percent_saved])
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
@pytest.mark.parametrize("function", [st.ratio_of_totals, st.percent_saved])
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
    assert ends(st.percent_saved([[6, 3]], [[10, 5]])) == pytest.approx((40, 40, 40))
    assert ends(st.percent_saved([[10, 5]], [[8, 4]])) == pytest.approx((-25, -25, -25))


def test_percent_saved_turns_the_interval_of_the_ratio_round():
    ours, theirs = some_tables()
    saved, ratio = (each(ours, theirs, 3, 500) for each in (st.percent_saved, st.ratio_of_totals))
    expected = [100 - 100 * end for end in (ratio.effect, ratio.high, ratio.low)]
    assert ends(saved) == pytest.approx(expected)
    assert (saved.n, saved.low < saved.effect < saved.high) == (12, True)


@pytest.mark.parametrize("exponent", [-0.3, 0.0, 2.0])
@pytest.mark.filterwarnings("error")
def test_an_exact_power_law_gives_its_exponent_back(exponent):
    x = np.array([1e5, 3e5, 1e6, 3e6])
    estimate = st.power_law(x, 5 * x**exponent)
    assert ends(estimate) == pytest.approx((exponent,) * 3, abs=1e-6)
    assert estimate.n == 4


def test_power_law_of_three_points_by_hand():
    # logarithms (0, 0), (1, 1), (2, 1): slope 1/2, squared residuals 1/36 + 4/36 + 1/36, spread of x 2
    estimate = st.power_law(np.exp([0, 1, 2]), np.exp([0, 1, 1]))
    half_width = 12.7062047364 * np.sqrt(1 / 6 / 1 / 2)  # t(0.975; 1)
    assert ends(estimate) == pytest.approx((0.5, 0.5 - half_width, 0.5 + half_width), rel=1e-8)


def test_power_law_agrees_with_polyfit():
    rng = np.random.default_rng(2)
    x = rng.uniform(1, 50, 6)
    y = 3 * x**-0.4 * np.exp(rng.normal(0, 0.1, 6))
    (slope, _), covariance = np.polyfit(np.log(x), np.log(y), 1, cov=True)
    half_width = 2.7764451052 * np.sqrt(covariance[0, 0])  # t(0.975; 4)
    assert ends(st.power_law(x, y)) == pytest.approx((slope, slope - half_width, slope + half_width))
    assert ends(st.power_law(1e6 * x, y / 8)) == pytest.approx(
        ends(st.power_law(x, y))
    )  # units do not matter


def test_power_law_covers_the_true_exponent_about_95_times_in_100():
    rng, x, covered = np.random.default_rng(4), np.geomspace(1, 20, 5), 0
    for _ in range(200):
        estimate = st.power_law(x, 2 * x**0.7 * np.exp(rng.normal(0, 0.2, 5)))
        covered += estimate.low <= 0.7 <= estimate.high
    assert 0.9 <= covered / 200 <= 0.99


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2], [1, 2]),
        ([1, 2, 3], [1, 2]),
        ([2, 2, 2], [1, 2, 3]),
        ([0, 1, 2], [1, 2, 3]),
        ([1, 2, 3], [1, 0, 3]),
        ([1, 2, -3], [1, 2, 3]),
        ([1, 2, 3], [1, 2, -3]),
    ],
)
def test_a_power_law_needs_three_positive_points(x, y):
    with pytest.raises(CourseError, match=f"needs three points or more.* got {len(x)} and {len(y)} values"):
        st.power_law(x, y)


def test_half_sampling_of_a_mean_agrees_with_the_bootstrap():
    values = np.random.default_rng(0).normal(10, 3, 400)
    halves = st.half_sampling(np.mean, [[values]], n_resamples=2000)
    drawn = st.bootstrap(values)
    assert halves.effect == pytest.approx(values.mean()) and halves.n == 400
    assert halves.low == pytest.approx(drawn.low, abs=0.1)
    assert halves.high == pytest.approx(drawn.high, abs=0.1)


def test_half_sampling_covers_the_truth_about_as_often_as_it_says():
    rng, covered = np.random.default_rng(1), 0
    for _ in range(200):
        groups = rng.normal(2, 1, 60), rng.normal(1, 1, 60)
        found = st.half_sampling(lambda a, b: a.mean() / b.mean(), [groups], n_resamples=100)
        covered += found.low < 2 < found.high
    assert 170 <= covered <= 199  # 95 % is 190


def test_half_sampling_does_not_move_with_a_statistic_that_depends_on_the_size():
    values = np.arange(1.0, 101.0)
    found = st.half_sampling(lambda group: 1 / len(group), [[values]])
    assert (found.effect, found.low, found.high) == pytest.approx((0.01, 0.01, 0.01))


def test_half_sampling_draws_runs_too():
    same = [[np.full(10, value)] for value in (1.0, 3.0)]
    found = st.half_sampling(np.mean, same)
    assert (found.effect, found.low, found.high) == pytest.approx((2.0, 1.0, 3.0))
    assert found.n == 20
    assert found == st.half_sampling(np.mean, same) != st.half_sampling(np.mean, same[:1])


@pytest.mark.parametrize("runs", [[], [[np.ones(3)]], [[np.ones(10), np.ones(2)]]])
def test_half_sampling_needs_groups_to_halve(runs):
    with pytest.raises(CourseError, match="four items or more"):
        st.half_sampling(lambda *groups: 1.0, runs)


def test_half_sampling_refuses_what_is_not_positive():
    with pytest.raises(CourseError, match="expected a positive statistic, got 0"):
        st.half_sampling(lambda group: 0.0, [[np.ones(10)]])
