"""t intervals for repeated experiments, as thin layers over scipy.

Every function returns an :class:`~course_utils.claims.estimates.Estimate` with a 95 % interval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from course_utils import CourseError
from course_utils.claims.estimates import Estimate

CONFIDENCE = 0.95


def t_interval(values: ArrayLike) -> Estimate:
    """Mean of independent values (one a seed, one a repetition), with Student's t interval.

    Parameters
    ----------
    values : array_like, shape (n,)
        In any unit; paired comparisons pass the differences.

    Raises
    ------
    CourseError
        Fewer than two values, or one that is not finite.
    """
    return corrected_resampled_t(values, test_share=0)


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
        Share of the rows that each fold tests on: 0.2 for five folds. With 0 it is `t_interval`.

    Returns
    -------
    Estimate
        Mean and 95 % interval, in the unit of `differences`.

    Raises
    ------
    CourseError
        Fewer than two folds, a value that is not finite, or a share outside [0, 1).

    References
    ----------
    Nadeau, C., & Bengio, Y. (2003). Inference for the generalization error. Machine Learning, 52,
    239-281.
    """
    values = finite(differences)
    if not 0 <= test_share < 1:
        raise CourseError(f"test_share must lie between 0 and 1, got {test_share}: give 0.2 for 5 folds")
    n = values.size
    scale = np.sqrt((1 / n + test_share / (1 - test_share)) * values.var(ddof=1))
    half_width = stats.t.ppf((1 + CONFIDENCE) / 2, df=n - 1) * scale
    mean = float(values.mean())
    return Estimate(mean, float(mean - half_width), float(mean + half_width), n)


def paired_ratio(numerators: ArrayLike, denominators: ArrayLike, test_share: float = 0) -> Estimate:
    """Geometric mean of paired ratios: the t interval of their logarithms, turned back into ratios.

    A ratio of 10 and one of 1/10 should average to 1, which the arithmetic mean does not give.

    Parameters
    ----------
    numerators, denominators : array_like, shape (n,)
        Paired positive values, same unit.
    test_share : float
        As in `corrected_resampled_t`; 0 for pairs that are independent.

    Raises
    ------
    CourseError
        A value that is not positive, or lengths that differ.
    """
    above, below = _logs(numerators), _logs(denominators)
    if above.shape != below.shape:
        raise CourseError(f"a ratio needs pairs of values, got {above.size} and {below.size} of them")
    return _ratio(corrected_resampled_t(above - below, test_share))


def paired_percent_saved(ours: ArrayLike, theirs: ArrayLike, test_share: float = 0) -> Estimate:
    """How much less `ours` is than `theirs`, in %, from `paired_ratio`; negative when it is more."""
    return as_percent_saved(paired_ratio(ours, theirs, test_share))


def as_percent_saved(ratio: Estimate) -> Estimate:
    """A ratio of ours over theirs as how much less ours is, in %."""
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
    x, y = finite(x), finite(y)
    if x.shape != y.shape or x.size < 3 or np.unique(x).size < 2 or min(x.min(), y.min()) <= 0:
        raise CourseError(
            "a power law needs three points or more with positive x and y and different x, got "
            f"{x.size} and {y.size} values"
        )
    line = stats.linregress(np.log(x), np.log(y))
    error = line.stderr if np.ptp(y) > 0 else 0.0  # scipy gives nan for a level line
    half_width = stats.t.ppf((1 + CONFIDENCE) / 2, df=x.size - 2) * error
    return Estimate(float(line.slope), float(line.slope - half_width), float(line.slope + half_width), x.size)


def _logs(values: ArrayLike) -> np.ndarray:
    """Logarithms of positive values."""
    values = finite(values)
    if values.min() <= 0:
        raise CourseError(f"a ratio needs positive values, the smallest is {values.min():g}")
    return np.log(values)


def _ratio(of_logs: Estimate) -> Estimate:
    """A difference of logarithms as a ratio."""
    effect, low, high = np.exp([of_logs.effect, of_logs.low, of_logs.high]).tolist()
    return Estimate(effect, low, high, of_logs.n)


def finite(values: ArrayLike) -> np.ndarray:
    """A one-dimensional float array of at least two finite values."""
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or array.size < 2 or not np.isfinite(array).all():
        raise CourseError(
            "expected a list of at least two finite numbers, "
            f"got shape {array.shape} with {int((~np.isfinite(array)).sum())} that are not finite"
        )
    return array
