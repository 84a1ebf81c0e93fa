"""The exercises of lab 3_scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from course_utils.exercises import Exercise, Mistake, same_number, workbook

Slope = Callable[[np.ndarray, np.ndarray], float]

SIZES = np.array([1e5, 2e5, 4e5, 1e6])
LOSSES = 9 * SIZES**-0.1 * np.array([1.0, 1.02, 0.99, 1.01])  # not quite on one line


def same_slope(answer: Slope, other: Slope) -> bool:
    """Whether two functions find the same exponents.

    Raises
    ------
    TypeError
        The answer gives something else than one number.
    """
    pairs = [(answer(SIZES.copy(), y.copy()), other(SIZES, y)) for y in (LOSSES, 1 / LOSSES**2)]
    return all(same_number(ours, theirs) for ours, theirs in pairs)


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.polyfit(x, y, 1)[0])


def exponent_of(x: np.ndarray, y: np.ndarray) -> float:
    """Exponent of the power law that fits best, as exercise 1 wants it: x and y (n,), both positive."""
    return _slope(np.log(x), np.log(y))


def doublings(levels: pd.Series) -> pd.Series:
    """What a doubling of x saves, in % of the levels, from each x to the next; `levels` has x as index."""
    mean = levels.groupby(level=0).mean()
    left = (mean / mean.shift()).dropna()
    return 100 * (1 - left ** (1 / np.diff(np.log2(mean.index))))


READ = np.array([0.5, 1.0, 2.0, 4.0])
MODEL = np.array([3.0, 2.6, 2.2, 1.9])
COUNTED = np.array([2.7, 2.5, 2.3, 2.1])  # crossed between 1 and 2: a third of the way, in logarithms


def crossing_at(x: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> float:
    """Where our curve crosses theirs, as exercise 2 wants it: all (n,); nan where it does not."""
    lead = np.asarray(theirs) - np.asarray(ours)
    if lead[0] > 0 or lead[-1] < 0:
        return float("nan")
    after = int(np.argmax(lead >= 0))
    if after == 0:
        return float(x[0])
    share = -lead[after - 1] / (lead[after] - lead[after - 1])
    return float(x[after - 1] * (x[after] / x[after - 1]) ** share)


def same_crossing(answer: Callable[..., float], other: Callable[..., float]) -> bool:
    """Whether two functions find the same crossings.

    Raises
    ------
    TypeError
        The answer gives something else than one number.
    """
    cases = [(READ, MODEL, COUNTED), (READ * 3, MODEL - 0.05, COUNTED), (READ[1:], MODEL[1:], COUNTED[1:])]
    return all(same_number(answer(*(each.copy() for each in case)), other(*case)) for case in cases)


def _interpolated(x: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.interp(0, theirs - ours, x))


exercises = workbook(
    Exercise(
        "3_scale.1",
        "The exponent",
        solution=lambda: exponent_of,
        mistakes=(
            Mistake(
                lambda: lambda x, y: _slope(x, y),
                "That is the slope of a line through the points themselves. A power law is a line through "
                "their logarithms.",
            ),
            Mistake(
                lambda: lambda x, y: _slope(np.log(x), y),
                "You took the logarithm of x alone. Both axes are logarithmic.",
            ),
            Mistake(
                lambda: lambda x, y: _slope(x, np.log(y)),
                "You took the logarithm of y alone: that fits exponential growth. Both axes are logarithmic.",
            ),
            Mistake(
                lambda: lambda x, y: _slope(np.log(y), np.log(x)),
                "You swapped the two: the loss depends on the size, so y is the height of the line.",
            ),
            Mistake(
                lambda: lambda x, y: float(np.polyfit(np.log(x), np.log(y), 1)[1]),
                "That is where the line begins. np.polyfit gives the slope first.",
            ),
        ),
        hints=(
            "If y = a · xᵇ, then log y = log a + b · log x. What kind of curve is that in log x and log y?",
            "A line with the slope b. np.polyfit(u, v, 1) fits a line and gives its slope first.",
            "np.polyfit(np.log(x), np.log(y), 1)[0]",
        ),
        same=same_slope,
        expects="a function of (x, y) that gives a number",
    ),
    Exercise(
        "3_scale.2",
        "Where curves cross",
        solution=lambda: crossing_at,
        mistakes=(
            Mistake(
                lambda: _interpolated,
                "You went straight from point to point in x itself. In the figure x is logarithmic: look for "
                "log x, then come back with np.exp.",
            ),
            Mistake(
                lambda: lambda x, ours, theirs: float(np.interp(0, theirs - ours, np.log(x))),
                "That is the logarithm of the place. np.exp leads back.",
            ),
            Mistake(
                lambda: lambda x, ours, theirs: float(x[np.argmax(ours <= theirs)]),
                "That is the first point at which ours lies below. The curves cross before it.",
            ),
            Mistake(
                lambda: lambda x, ours, theirs: float(np.exp(np.interp(0, ours - theirs, np.log(x)))),
                "np.interp wants its second argument to rise. Take theirs - ours.",
            ),
        ),
        hints=(
            "The curves cross where theirs - ours is 0. It is negative at first and rises.",
            "np.interp(0, u, v) reads off v where u is 0, on straight lines between the points. u must rise.",
            "np.exp(np.interp(0, theirs - ours, np.log(x)))",
        ),
        same=same_crossing,
        expects="a function of (x, ours, theirs) that gives a number",
    ),
)
