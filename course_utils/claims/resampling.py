"""Intervals from drawing the data anew.

Every function returns an :class:`~course_utils.claims.estimates.Estimate` with a 95 % interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from course_utils import CourseError
from course_utils.claims.estimates import Estimate
from course_utils.claims.intervals import CONFIDENCE, as_percent_saved, finite


def percentile_interval(resampled: ArrayLike) -> Estimate:
    """Mean of a statistic over bootstrap resamples, with the middle 95 % of its values.

    Parameters
    ----------
    resampled : array_like, shape (n_resamples,)
        The statistic, computed anew on each resample of the data.
    """
    values = finite(resampled)
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
    values = finite(values)
    interval = stats.bootstrap(
        (values,),
        statistic,
        confidence_level=CONFIDENCE,
        n_resamples=n_resamples,
        method="percentile",  # unlike BCa also defined when a resample seldom changes the statistic
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(float(statistic(values, axis=-1)), float(interval.low), float(interval.high), values.size)


def simultaneous(effects: ArrayLike, resampled: ArrayLike) -> list[Estimate]:
    """Intervals for many effects at once: in 95 of 100 experiments not one of them is wrong.

    Each effect is measured in units of its own spread over the resamples. The largest of these distances
    in a resample, over all effects, stays below the critical value in 95 of 100 resamples (max-t).

    Parameters
    ----------
    effects : array_like, shape (n_effects,)
        From the data as they are.
    resampled : array_like, shape (n_resamples, n_effects)
        The same, computed anew on each resample.

    Raises
    ------
    CourseError
        The shapes do not fit, a value is not finite, or an effect does not vary.

    References
    ----------
    Westfall, P. H., & Young, S. S. (1993). Resampling-Based Multiple Testing. Wiley.
    """
    effects, resampled = np.asarray(effects, dtype=float), np.asarray(resampled, dtype=float)
    if effects.ndim != 1 or resampled.shape[1:] != effects.shape or len(resampled) < 2:
        raise CourseError(
            "expected one number an effect, and two or more resamples of them; got shapes "
            f"{effects.shape} and {resampled.shape}"
        )
    spread = resampled.std(axis=0, ddof=1)
    if not (np.isfinite(effects).all() and np.isfinite(spread).all() and (spread > 0).all()):
        raise CourseError("expected finite effects that vary over the resamples: leave the others out")
    farthest = (np.abs(resampled - effects) / spread).max(axis=1)  # (resample,)
    reach = np.quantile(farthest, CONFIDENCE) * spread
    ends = zip(effects, effects - reach, effects + reach, strict=True)
    return [Estimate(*map(float, each), len(resampled)) for each in ends]


def two_level_bootstrap(
    runs: Sequence[ArrayLike],
    seed: int = 0,
    n_resamples: int = 2000,
    over: Sequence[ArrayLike] | None = None,
) -> Estimate:
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
    over : sequence of array_like, each (n_items,), optional
        Another quantity of the same items in the same runs: the ratio of the two means is given instead.

    Returns
    -------
    Estimate
        Mean or ratio, and percentile interval; `n` counts the items of all runs.

    Raises
    ------
    CourseError
        Fewer than two runs, a run with fewer than two finite values, or `over` has other shapes or a mean
        that may be zero.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). Bootstrap Methods and their Application, section 3.8.
    """
    quantities = [[finite(run) for run in each] for each in ([runs] if over is None else [runs, over])]
    sizes, *others = ([run.size for run in each] for each in quantities)
    if len(sizes) < 2:
        raise CourseError(f"a two-level bootstrap needs at least two runs, got {len(sizes)}: add seeds")
    if others not in ([], [sizes]):
        raise CourseError("`over` needs a value for each value of `runs`, run by run")

    def statistic(chosen: Sequence[int], items: Sequence[np.ndarray | slice]) -> float:
        pairs = list(zip(chosen, items, strict=True))
        mean, *below = (np.mean([each[run][rows].mean() for run, rows in pairs]) for each in quantities)
        return float(mean if not below else mean / below[0] if below[0] else np.inf)

    rng = np.random.default_rng(seed)
    drawn = [
        statistic(chosen, [rng.integers(sizes[run], size=sizes[run]) for run in chosen])
        for chosen in rng.integers(len(sizes), size=(n_resamples, len(sizes)))
    ]
    if not np.isfinite(drawn).all():
        raise CourseError("`over` is zero in some of the resamples, and nothing can be divided by it")
    interval = percentile_interval(drawn)
    effect = statistic(range(len(sizes)), [slice(None)] * len(sizes))
    return Estimate(effect, interval.low, interval.high, sum(sizes))


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
    runs = [[np.asarray(group) for group in run] for run in runs]
    sizes = [[len(group) for group in run] for run in runs]
    if not sizes or any(size < 4 for run in sizes for size in run):
        raise CourseError(f"expected runs whose groups have four items or more, got {sizes}")
    rng = np.random.default_rng(seed)
    of_halves = []  # the statistic's mean over the runs of a draw, for each draw
    for _ in range(n_resamples):
        values = []
        for run in rng.integers(len(runs), size=len(runs)):
            values.append(statistic(*[_half(group, rng) for group in runs[run]]))
        of_halves.append(np.mean(values))
    of_whole = [float(statistic(*run)) for run in runs]
    if (smallest := min(*of_whole, *finite(of_halves))) <= 0:
        raise CourseError(f"expected a positive statistic, got {smallest:g}")
    spread = percentile_interval(of_halves / np.median(of_halves))  # around 1
    effect = float(np.mean(of_whole))
    return Estimate(effect, effect * spread.low, effect * spread.high, sum(run[0] for run in sizes))


def _half(group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half of the items, drawn without replacement."""
    return group[rng.permutation(len(group))[: len(group) // 2]]


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
    return as_percent_saved(ratio_of_totals(ours, theirs, seed, n_resamples))
