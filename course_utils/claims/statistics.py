"""Intervals and tests for repeated experiments, as thin layers over scipy.

Every function returns an :class:`~course_utils.claims.Estimate` with a 95 % interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from course_utils import CourseError
from course_utils.claims.estimates import Estimate

CONFIDENCE = 0.95


def corrected_resampled_t(differences: ArrayLike, test_share: float) -> Estimate:
    """Mean of paired differences over the folds of a repeated cross-validation.

    The folds of a cross-validation share most of their training rows, so their results are not
    independent, and the ordinary t interval is too narrow. The correction adds n_test / n_train to
    the variance's factor 1 / n.

    Parameters
    ----------
    differences : array_like, shape (n_folds,)
        One paired difference a fold, in any unit.
    test_share : float
        Share of the rows that each fold tests on, between 0 and 1 (0.2 for five folds).

    Returns
    -------
    Estimate
        Mean and 95 % interval, in the unit of `differences`.

    Raises
    ------
    CourseError
        Fewer than two folds, a value that is not finite, or a share outside (0, 1).

    References
    ----------
    Nadeau, C., & Bengio, Y. (2003). Inference for the generalization error. Machine Learning, 52,
    239-281.
    """
    values = _finite(differences)
    if not 0 < test_share < 1:
        raise CourseError(f"test_share must lie between 0 and 1, got {test_share}: give 0.2 for 5 folds")
    n = values.size
    scale = np.sqrt((1 / n + test_share / (1 - test_share)) * values.var(ddof=1))
    half_width = stats.t.ppf((1 + CONFIDENCE) / 2, df=n - 1) * scale
    mean = float(values.mean())
    return Estimate(mean, float(mean - half_width), float(mean + half_width), n)


def corrected_resampled_ratio(numerators: ArrayLike, denominators: ArrayLike, test_share: float) -> Estimate:
    """Geometric mean of paired ratios, with the interval computed on their logarithms.

    A ratio of 10 and one of 1/10 should average to 1, which the arithmetic mean does not give.

    Parameters
    ----------
    numerators, denominators : array_like, shape (n_folds,)
        Paired positive values, same unit.
    test_share : float
        As in `corrected_resampled_t`.

    Raises
    ------
    CourseError
        A value that is not positive, or lengths that differ.
    """
    numerators, denominators = _finite(numerators), _finite(denominators)
    if numerators.shape != denominators.shape or min(numerators.min(), denominators.min()) <= 0:
        raise CourseError(
            "a ratio needs pairs of positive values, "
            f"got {numerators.size} and {denominators.size} values, "
            f"the smallest {min(numerators.min(), denominators.min()):g}"
        )
    log_ratio = corrected_resampled_t(np.log(numerators / denominators), test_share)
    return Estimate(
        *(float(np.exp(end)) for end in (log_ratio.effect, log_ratio.low, log_ratio.high)),
        log_ratio.n,
    )


def percentile_interval(resampled: ArrayLike) -> Estimate:
    """Mean of a statistic over bootstrap resamples, with the middle 95 % of its values.

    Parameters
    ----------
    resampled : array_like, shape (n_resamples,)
        The statistic, computed anew on each resample of the data.
    """
    values = _finite(resampled)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Estimate(float(values.mean()), float(low), float(high), values.size)


def bootstrap(
    values: ArrayLike,
    statistic: Callable[..., float] = np.mean,
    seed: int = 0,
    n_resamples: int = 9999,
) -> Estimate:
    """A statistic of independent items, with its percentile bootstrap interval.

    Parameters
    ----------
    values : array_like, shape (n_items,)
        One value an item (an image, a document); paired comparisons pass the differences.
    statistic : callable
        Maps an array and an `axis` to a number, as `numpy.mean` does.
    seed : int
        Of the resampling.
    n_resamples : int
        How often the items are drawn anew.

    References
    ----------
    Efron, B., & Tibshirani, R. (1993). An Introduction to the Bootstrap, chapter 13.
    """
    values = _finite(values)
    interval = stats.bootstrap(
        (values,),
        statistic,
        confidence_level=CONFIDENCE,
        n_resamples=n_resamples,
        method="percentile",  # unlike BCa also defined when a resample seldom changes the statistic
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(float(statistic(values, axis=-1)), float(interval.low), float(interval.high), values.size)


def two_level_bootstrap(runs: Sequence[ArrayLike], seed: int = 0, n_resamples: int = 2000) -> Estimate:
    """Mean over runs of the mean over their items, with a bootstrap interval that draws both anew.

    Items of one run (the test pictures of one trained network) share what that run had by chance, so
    first the runs are drawn with replacement, then the items within each. With few runs the interval is
    somewhat too narrow.

    Parameters
    ----------
    runs : sequence of array_like, each (n_items,)
        One value an item; paired comparisons pass the differences.
    seed : int
        Of the resampling.
    n_resamples : int
        How often both are drawn anew.

    Returns
    -------
    Estimate
        Mean and percentile interval; `n` counts the items of all runs.

    Raises
    ------
    CourseError
        Fewer than two runs, or a run with fewer than two finite values.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). Bootstrap Methods and their Application, section 3.8.
    """
    values = [_finite(run) for run in runs]
    if len(values) < 2:
        raise CourseError(f"a two-level bootstrap needs at least two runs, got {len(values)}: add seeds")
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(values), size=(n_resamples, len(values)))
    means = [np.mean([rng.choice(values[run], values[run].size).mean() for run in runs]) for runs in drawn]
    interval = percentile_interval(means)
    effect = float(np.mean([run.mean() for run in values]))
    return Estimate(effect, interval.low, interval.high, sum(run.size for run in values))


def half_sampling(
    statistic: Callable[..., float],
    runs: Sequence[Sequence[ArrayLike]],
    seed: int = 0,
    n_resamples: int = 200,
) -> Estimate:
    """A positive statistic of whole groups of items, its mean over runs, with an interval.

    For what is no mean over items and gets worse when an item stands in a group twice, as a bootstrap
    would have it: a distance between groups, or an area under a curve. Runs are drawn with replacement;
    of each group half of the items are drawn without. As the statistic may be larger or smaller for
    halves, the interval takes from them only the spread, in proportion to their median.

    Parameters
    ----------
    statistic : callable
        ``statistic(*groups)`` gives a positive number.
    runs : sequence of sequences of array_like
        For each run its groups, each (n_items, ...) with four items or more.
    seed : int
        Of the draws.
    n_resamples : int
        How often the halves are drawn.

    Raises
    ------
    CourseError
        There is no run, a group is too small, or the statistic is not positive.

    References
    ----------
    Politis, D. N., & Romano, J. P. (1994). Large sample confidence regions based on subsamples under
    minimal assumptions. The Annals of Statistics, 22, 2031-2050. Halves of independent items vary as
    the whole does (Shao, J., & Wu, C. F. J. (1989). A general theory for jackknife variance estimation.
    The Annals of Statistics, 17, 1176-1197).
    """
    groups = [[np.asarray(group) for group in run] for run in runs]
    if not groups or any(len(group) < 4 for run in groups for group in run):
        sizes = [[len(group) for group in run] for run in groups]
        raise CourseError(f"expected runs whose groups have four items or more, got {sizes}")
    rng = np.random.default_rng(seed)

    def half(group: np.ndarray) -> np.ndarray:
        return group[rng.permutation(len(group))[: len(group) // 2]]

    whole = np.array([statistic(*run) for run in groups], dtype=float)
    drawn = _finite(
        [
            np.mean([statistic(*map(half, groups[i])) for i in rng.integers(len(groups), size=len(groups))])
            for _ in range(n_resamples)
        ]
    )
    if min(whole.min(), drawn.min()) <= 0:
        raise CourseError(f"expected a positive statistic, got {min(whole.min(), drawn.min()):g}")
    spread = percentile_interval(drawn / np.median(drawn))
    effect = float(whole.mean())
    return Estimate(effect, effect * spread.low, effect * spread.high, sum(len(run[0]) for run in groups))


def ratio_of_totals(
    numerators: ArrayLike, denominators: ArrayLike, seed: int = 0, n_resamples: int = 2000
) -> Estimate:
    """Total of one quantity over that of another, such as bits per byte, with a bootstrap interval.

    Every run was measured on the same items (each trained model on the same test documents), so runs and
    items are both drawn anew, each with replacement, which keeps both kinds of chance. With few runs the
    interval is somewhat too narrow.

    Parameters
    ----------
    numerators, denominators : array_like, each (n_runs, n_items)
        Not negative; row and column of both belong together. One row is a single run.
    seed : int
        Of the resampling.
    n_resamples : int
        How often both are drawn anew.

    Returns
    -------
    Estimate
        In the unit of numerators over that of denominators; `n` counts the items.

    Raises
    ------
    CourseError
        The shapes differ or are not (runs, items), there are fewer than two items, a value is negative
        or not finite, or a denominator is zero.

    References
    ----------
    Owen, A. B. (2007). The pigeonhole bootstrap. Annals of Applied Statistics, 1, 386-411.
    """
    above, below = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)
    if above.shape != below.shape or above.ndim != 2 or above.shape[0] < 1 or above.shape[1] < 2:
        raise CourseError(
            "expected two tables of one shape, a row a run and a column an item, at least two items; got "
            f"{above.shape} and {below.shape}"
        )
    usable = np.isfinite(above) & np.isfinite(below) & (above >= 0) & (below > 0)
    if not usable.all():
        run, item = (int(where[0]) for where in np.nonzero(~usable))
        raise CourseError(
            "expected finite numbers, none negative and no zero to divide by; "
            f"got {above[run, item]:g} over {below[run, item]:g} in run {run}, item {item}"
        )
    (n_runs, n_items), rng = above.shape, np.random.default_rng(seed)
    runs = rng.multinomial(n_runs, np.full(n_runs, 1 / n_runs), n_resamples)  # how often each was drawn
    items = rng.multinomial(n_items, np.full(n_items, 1 / n_items), n_resamples)
    totals = [((runs @ table) * items).sum(axis=1) for table in (above, below)]
    drawn = percentile_interval(totals[0] / totals[1])
    return Estimate(float(above.sum() / below.sum()), drawn.low, drawn.high, n_items)


def percent_saved(ours: ArrayLike, theirs: ArrayLike, seed: int = 0, n_resamples: int = 2000) -> Estimate:
    """How much less the total of `ours` is than that of `theirs`, in %; negative when it is more.

    Parameters and errors are those of `ratio_of_totals`.
    """
    ratio = ratio_of_totals(ours, theirs, seed, n_resamples)
    effect, low, high = (100 * (1 - end) for end in (ratio.effect, ratio.high, ratio.low))
    return Estimate(effect, low, high, ratio.n)


def power_law(x: ArrayLike, y: ArrayLike) -> Estimate:
    """Exponent b of y = a * x**b, fitted by least squares on the logarithms, with its t interval.

    Parameters
    ----------
    x, y : array_like, each (n_points,)
        Positive; at least two different x and three points.

    Raises
    ------
    CourseError
        A value is not positive, the lengths differ, or there are too few points.
    """
    x, y = _finite(x), _finite(y)
    if x.shape != y.shape or x.size < 3 or np.unique(x).size < 2 or min(x.min(), y.min()) <= 0:
        raise CourseError(
            "a power law needs three points or more with positive x and y and different x, got "
            f"{x.size} and {y.size} values"
        )
    line = stats.linregress(np.log(x), np.log(y))
    error = line.stderr if np.ptp(y) > 0 else 0.0  # scipy gives nan for a level line
    half_width = stats.t.ppf((1 + CONFIDENCE) / 2, df=x.size - 2) * error
    return Estimate(float(line.slope), float(line.slope - half_width), float(line.slope + half_width), x.size)


def paired_permutation_p(differences: ArrayLike, seed: int = 0, n_resamples: int = 9999) -> float:
    """Two-sided p-value of 'the sign of each paired difference is a coin toss'.

    Parameters
    ----------
    differences : array_like, shape (n_pairs,)

    Returns
    -------
    float
        Between 0 and 1.
    """
    result = stats.permutation_test(
        (_finite(differences),),
        np.mean,
        permutation_type="samples",
        n_resamples=n_resamples,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def _finite(values: ArrayLike) -> np.ndarray:
    """A one-dimensional float array of at least two finite values."""
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or array.size < 2 or not np.isfinite(array).all():
        raise CourseError(
            "expected a list of at least two finite numbers, "
            f"got shape {array.shape} with {int((~np.isfinite(array)).sum())} that are not finite"
        )
    return array
