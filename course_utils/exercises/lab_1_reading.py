"""The exercises of lab 1_reading, what two readers of a model have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, workbook

Signs = Callable[[np.ndarray, np.ndarray], float]
Sets = Callable[[set[str], set[str]], float]


def _kept(one: np.ndarray, other: np.ndarray, size: Callable[[np.ndarray], np.ndarray] = np.abs) -> float:
    """Coefficients of `one` of at least a tenth of the largest whose sign is the same in `other`, in %."""
    large = size(one) >= 0.1 * size(one).max()
    return float(100 * np.mean((np.sign(one) == np.sign(other))[large]))


def _large_in_both(one: np.ndarray, other: np.ndarray) -> float:
    large = np.logical_and(*[np.abs(each) >= 0.1 * np.abs(each).max() for each in (one, other)])
    return float(100 * np.mean((np.sign(one) == np.sign(other))[large]))


def _of_all(one: np.ndarray, other: np.ndarray) -> float:
    large = np.abs(one) >= 0.1 * np.abs(one).max()
    return float(100 * np.mean((np.sign(one) == np.sign(other)) & large))


def _jaccard(one: set[str], other: set[str]) -> float:
    return 100 * len(one & other) / len(one | other)


COEFFICIENTS = [
    (np.array([0.5, -0.2, 0.02, 0.1, -0.3]), np.array([0.4, 0.1, 0.03, 0.01, 0.0])),
    (np.array([-1.0, 0.3, 0.06, -0.04, 0.2, 0.12]), np.array([-0.9, 0.2, 0.3, -0.2, -0.1, 0.02])),
    (np.array([0.2, -3.0, 0.4, 0.25]), np.array([0.1, -2.0, -0.5, -0.3])),
]
"""From one sample, from the other."""
ASKED = [
    ({"grade", "lat", "sqft_living"}, {"grade", "lat", "yr_built", "view"}),
    ({"grade", "lat"}, {"grade", "lat"}),
    ({"grade"}, {"lat", "view"}),
]
"""The columns that one tree asks for, those that the other does."""


def _same_signs(answer: Signs, other: Signs, **context: Any) -> bool:
    pairs = [[float(each(*map(np.copy, two))) for each in (answer, other)] for two in COEFFICIENTS]
    return all(np.isclose(*pair, equal_nan=True) for pair in pairs)


def _same_sets(answer: Sets, other: Sets, **context: Any) -> bool:
    pairs = [[float(each(*map(set, two))) for each in (answer, other)] for two in ASKED]
    return all(np.isclose(*pair, equal_nan=True) for pair in pairs)


exercises = workbook(
    Exercise(
        "1_reading.1",
        "Same sign",
        solution=lambda: _kept,
        mistakes=(
            Mistake(
                always(lambda one, other: float(100 * np.mean(np.sign(one) == np.sign(other)))),
                "All coefficients count here. Keep those that are large in one first.",
            ),
            Mistake(
                always(lambda one, other: _kept(one, other, size=lambda each: each)),
                "Negative coefficients can be large, too: compare np.abs(one) with a tenth of its largest.",
            ),
            Mistake(
                always(_large_in_both),
                "Large in one is enough here; in the other a coefficient may be small.",
            ),
            Mistake(
                always(_of_all),
                "Divide by the number of large coefficients, not by that of all.",
            ),
            Mistake(
                always(lambda one, other: 100 - _kept(one, other)),
                "These are those that turn. Asked are those that keep their sign.",
            ),
            Mistake(
                always(lambda one, other: _kept(one, other) / 100),
                "That is a share. In % it is a hundred times as much.",
            ),
        ),
        hints=(
            "Large: np.abs(one) >= 0.1 * np.abs(one).max(). That is an array of True and False.",
            "The same sign: one * other > 0, which is False where one of them is 0.",
            "100 * (one[large] * other[large] > 0).mean()",
        ),
        same=_same_signs,
        expects="a function of (one, other) that gives a number from 0 to 100",
    ),
    Exercise(
        "1_reading.2",
        "The same columns",
        solution=lambda: _jaccard,
        mistakes=(
            Mistake(
                always(lambda one, other: 100 * len(one & other) / len(one)),
                "Divide by the columns in either set, not by those of the first alone.",
            ),
            Mistake(
                always(lambda one, other: 100 * len(one & other) / (len(one) + len(other))),
                "The columns in both are counted twice below: len(one | other) counts each column once.",
            ),
            Mistake(
                always(lambda one, other: 200 * len(one & other) / (len(one) + len(other))),
                "That is Dice's index, a cousin. Jaccard divides by the number of columns in either.",
            ),
            Mistake(
                always(lambda one, other: _jaccard(one, other) / 100),
                "That is a share. In % it is a hundred times as much.",
            ),
            Mistake(
                always(lambda one, other: 100 - _jaccard(one, other)),
                "That is how much they differ. Asked is how much they share.",
            ),
        ),
        hints=(
            "one & other is the set of columns in both, one | other that of columns in either.",
            "100 * len(...) / len(...)",
        ),
        same=_same_sets,
        expects="a function of two sets that gives a number from 0 to 100",
    ),
)
