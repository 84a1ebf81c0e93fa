import numpy as np
import pytest
from scipy import stats

from course_utils import CourseError
from course_utils.claims import intervals, resampling

RNG_VALUES = np.random.default_rng(1).normal(0.5, 2, size=20)
NOT_A_LIST = [[1.0], [], [1.0, np.nan], [1.0, np.inf], [[1.0, 2.0], [3.0, 4.0]], 3.0]


def ends(estimate):
    return estimate.effect, estimate.low, estimate.high


@pytest.mark.parametrize("values", NOT_A_LIST)
@pytest.mark.parametrize(
    "function",
    [
        intervals.t_interval,
        lambda values: intervals.corrected_resampled_t(values, 0.2),
        lambda values: intervals.paired_ratio(values, values),
        lambda values: intervals.power_law(values, [1, 2, 3]),
        lambda values: intervals.power_law([1, 2, 3], values),
        resampling.percentile_interval,
        resampling.bootstrap,
    ],
)
def test_anything_but_a_list_of_numbers_is_refused(function, values):
    with pytest.raises(CourseError, match="expected a list of at least two finite numbers"):
        function(values)


def test_corrected_t_is_the_published_formula():
    estimate = intervals.corrected_resampled_t([1, 2, 3, 4, 5], test_share=0.2)
    # mean 3, variance 2.5, 1/5 + 0.2/0.8 = 0.45, t(0.975; 4) = 2.7764451052
    half_width = 2.7764451052 * np.sqrt(0.45 * 2.5)
    assert ends(estimate) == pytest.approx((3, 3 - half_width, 3 + half_width), rel=1e-8)
    assert estimate.n == 5


def test_the_t_interval_of_independent_values_is_scipys():
    reference = stats.ttest_1samp(RNG_VALUES, 0).confidence_interval(0.95)
    estimate = intervals.t_interval(RNG_VALUES)
    assert ends(estimate) == pytest.approx((RNG_VALUES.mean(), reference.low, reference.high))


def test_corrected_t_is_wider_than_the_ordinary_t():
    widths = [
        estimate.high - estimate.low
        for estimate in (intervals.corrected_resampled_t(RNG_VALUES, share) for share in (0, 0.1, 0.2, 0.5))
    ]
    assert widths == sorted(set(widths))
    # ten folds: 1/20 + 1/9 against 1/20
    assert widths[1] / widths[0] == pytest.approx(np.sqrt((1 / 20 + 1 / 9) * 20))


def test_equal_differences_leave_no_width():
    assert ends(intervals.corrected_resampled_t([2.5] * 6, 0.2)) == (2.5, 2.5, 2.5)


@pytest.mark.parametrize("share", [1, -0.1, 1.5, np.nan])
def test_a_share_outside_0_to_1_is_refused(share):
    with pytest.raises(CourseError, match=r"test_share must lie between 0 and 1.*give 0.2 for 5 folds"):
        intervals.corrected_resampled_t([1, 2, 3], share)


def test_ratio_is_a_geometric_mean():
    assert intervals.paired_ratio([10, 1], [1, 10], 0.2).effect == pytest.approx(1)
    assert intervals.paired_ratio([2, 4, 8], [1, 1, 1], 0.2).effect == pytest.approx(4)


def test_ratio_interval_is_the_t_interval_of_the_logarithms():
    numerators, denominators = np.exp(RNG_VALUES), np.arange(1, 21)
    estimate = intervals.paired_ratio(numerators, denominators, 0.2)
    logs = intervals.corrected_resampled_t(np.log(numerators / denominators), 0.2)
    assert ends(estimate) == pytest.approx(tuple(np.exp(ends(logs))))
    assert estimate.n == 20


def test_turning_a_ratio_round_turns_its_interval_round():
    ratio = intervals.paired_ratio([2, 3, 9], [1, 2, 4], 0.2)
    inverse = intervals.paired_ratio([1, 2, 4], [2, 3, 9], 0.2)
    assert ends(inverse) == pytest.approx((1 / ratio.effect, 1 / ratio.high, 1 / ratio.low))


@pytest.mark.parametrize(("numerators", "denominators"), [([1, 0], [1, 1]), ([1, 1], [1, -2])])
def test_a_ratio_needs_positive_values(numerators, denominators):
    with pytest.raises(CourseError, match=r"a ratio needs positive values, the smallest is (0|-2)"):
        intervals.paired_ratio(numerators, denominators)


def test_a_paired_ratio_needs_pairs():
    with pytest.raises(CourseError, match="a ratio needs pairs of values, got 3 and 2 of them"):
        intervals.paired_ratio([1, 2, 3], [1, 2])


def test_a_ratio_of_independent_pairs_has_the_ordinary_t_interval():
    estimate = intervals.paired_ratio([2, 8], [1, 1])  # logarithms log 2 and log 8: mean log 4
    half_width = 12.7062047364 * np.log(8 / 2) / 2  # t(0.975; 1) times the standard error
    assert ends(estimate) == pytest.approx((4, 4 * np.exp(-half_width), 4 * np.exp(half_width)), rel=1e-8)


@pytest.mark.parametrize("exponent", [-0.3, 0.0, 2.0])
@pytest.mark.filterwarnings("error")
def test_an_exact_power_law_gives_its_exponent_back(exponent):
    x = np.array([1e5, 3e5, 1e6, 3e6])
    estimate = intervals.power_law(x, 5 * x**exponent)
    assert ends(estimate) == pytest.approx((exponent,) * 3, abs=1e-6)
    assert estimate.n == 4


def test_power_law_of_three_points_by_hand():
    # logarithms (0, 0), (1, 1), (2, 1): slope 1/2, squared residuals 1/36 + 4/36 + 1/36, spread of x 2
    estimate = intervals.power_law(np.exp([0, 1, 2]), np.exp([0, 1, 1]))
    half_width = 12.7062047364 * np.sqrt(1 / 6 / 1 / 2)  # t(0.975; 1)
    assert ends(estimate) == pytest.approx((0.5, 0.5 - half_width, 0.5 + half_width), rel=1e-8)


def test_power_law_agrees_with_polyfit():
    rng = np.random.default_rng(2)
    x = rng.uniform(1, 50, 6)
    y = 3 * x**-0.4 * np.exp(rng.normal(0, 0.1, 6))
    (slope, _), covariance = np.polyfit(np.log(x), np.log(y), 1, cov=True)
    half_width = 2.7764451052 * np.sqrt(covariance[0, 0])  # t(0.975; 4)
    assert ends(intervals.power_law(x, y)) == pytest.approx((slope, slope - half_width, slope + half_width))
    assert ends(intervals.power_law(1e6 * x, y / 8)) == pytest.approx(
        ends(intervals.power_law(x, y))
    )  # units do not matter


def test_power_law_covers_the_true_exponent_about_95_times_in_100():
    rng, x, covered = np.random.default_rng(4), np.geomspace(1, 20, 5), 0
    for _ in range(200):
        estimate = intervals.power_law(x, 2 * x**0.7 * np.exp(rng.normal(0, 0.2, 5)))
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
        intervals.power_law(x, y)


def test_percent_saved_is_the_ratio_turned_round():
    ours, theirs = [0.9, 0.8, 0.7], [1.0, 1.0, 1.0]
    ratio, saved = (
        intervals.paired_ratio(ours, theirs, 0.2),
        intervals.paired_percent_saved(ours, theirs, 0.2),
    )
    assert saved.effect == pytest.approx(100 * (1 - (0.9 * 0.8 * 0.7) ** (1 / 3)))
    assert (saved.low, saved.high) == pytest.approx((100 * (1 - ratio.high), 100 * (1 - ratio.low)))
    assert intervals.paired_percent_saved(theirs, ours).effect < 0
