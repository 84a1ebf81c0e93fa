"""The exercises of lab 1_causes, carriers compared like with like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from course_utils.exercises import Exercise, Mistake, always, workbook

Within = Callable[..., float]
UNITED, SOUTHWEST = "United Air Lines Inc.", "Southwest Airlines Co."


def _gap(two: pd.DataFrame) -> float:
    """United minus Southwest in these flights, in points."""
    share = 100 * two.groupby("carrier")["late"].mean()
    return float(share[UNITED] - share[SOUTHWEST])


def _from(airport: str, two: pd.DataFrame) -> pd.DataFrame:
    return two[two["origin"] == airport]


def _united_at_newark(two: pd.DataFrame) -> float:
    return _gap(two[(two["origin"] == "EWR") | (two["carrier"] == SOUTHWEST)])


def _weighted(weights: Callable[..., np.ndarray]) -> Within:
    """Mean difference within cells, with weights of their own; empty cells have none."""

    def within(n_a: np.ndarray, late_a: np.ndarray, n_b: np.ndarray, late_b: np.ndarray) -> float:
        both = (n_a > 0) & (n_b > 0)
        n_a, late_a, n_b, late_b = n_a[both], late_a[both], n_b[both], late_b[both]
        weight = weights(n_a, n_b)
        return float(np.sum(weight * (late_a / n_a - late_b / n_b)) / np.sum(weight))

    return within


_within = _weighted(lambda n_a, n_b: n_a * n_b / (n_a + n_b))


def _empty_cells_too(n_a: np.ndarray, late_a: np.ndarray, n_b: np.ndarray, late_b: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        weight = n_a * n_b / (n_a + n_b)
        return float(np.sum(weight * (late_a / n_a - late_b / n_b)) / np.sum(weight))


CELLS = [
    np.array(each, dtype=float)
    for each in (
        [[10, 90], [1, 27], [80, 20], [12, 8]],  # the lab's example
        [[10, 90, 50, 0], [1, 27, 25, 0], [80, 20, 0, 30], [12, 8, 0, 3]],  # and with empty cells
        [[4, 30, 7, 100, 12], [1, 6, 7, 22, 0], [9, 3, 40, 50, 2], [0, 2, 11, 9, 1]],
    )
]
"""Flights of a, late ones, flights of b, late ones, by cell."""


def _same_everywhere(answer: Within, other: Within, **context: Any) -> bool:
    """Whether two functions give the same number for each of these cells; nan is the same as nan."""
    pairs = [[float(each(*map(np.copy, cells))) for each in (answer, other)] for cells in CELLS]
    return all(np.isclose(*pair, rtol=1e-5, atol=1e-7, equal_nan=True) for pair in pairs)


exercises = workbook(
    Exercise(
        "1_causes.1",
        "The same airport",
        solution=lambda two: _gap(_from("LGA", two)),
        mistakes=(
            Mistake(
                lambda two: -_gap(_from("LGA", two)),
                "The sign is turned round: United minus Southwest.",
            ),
            Mistake(
                lambda two: _gap(_from("LGA", two)) / 100,
                "That is a difference of shares. In points it is a hundred times as much.",
            ),
            Mistake(
                lambda two: _gap(two), "These are the flights from all airports. Keep those from LGA first."
            ),
            Mistake(
                _united_at_newark,
                "That takes United's flights from Newark. Both airlines' flights must be those from LGA.",
            ),
        ),
        hints=(
            'Keep the flights from LaGuardia: two[two.origin == "LGA"].',
            "Group what is left by carrier and take the mean of late.",
            'share = 100 * two[two.origin == "LGA"].groupby("carrier").late.mean(), then subtract.',
        ),
        expects="a number of percentage points",
    ),
    Exercise(
        "1_causes.2",
        "Like with like",
        solution=lambda: _within,
        mistakes=(
            Mistake(
                always(
                    lambda n_a, late_a, n_b, late_b: (
                        np.sum(late_a) / np.sum(n_a) - np.sum(late_b) / np.sum(n_b)
                    )
                ),
                "That is the raw difference: it pours all cells together. Subtract inside each cell first.",
            ),
            Mistake(
                always(_weighted(lambda n_a, n_b: np.ones_like(n_a))),
                "Each cell counts the same here. Weight it with n_a * n_b / (n_a + n_b).",
            ),
            Mistake(
                always(_weighted(lambda n_a, n_b: n_a + n_b)),
                "The weight is all flights of the cell here. One flight of b beside a thousand of a tells "
                "little: take n_a * n_b / (n_a + n_b).",
            ),
            Mistake(
                always(lambda *cells: -_within(*cells)),
                "The sign is turned round: a minus b.",
            ),
            Mistake(
                always(lambda *cells: 100 * _within(*cells)),
                "These are points. Give the difference of shares, without the hundred.",
            ),
            Mistake(
                always(
                    lambda n_a, late_a, n_b, late_b: (
                        _within(n_a, late_a, n_b, late_b) * np.sum(n_a * n_b / np.maximum(n_a + n_b, 1))
                    )
                ),
                "A weighted mean divides by the sum of the weights at the end.",
            ),
            Mistake(
                always(_empty_cells_too),
                "Right where both fly everywhere. Where one has no flight, 0 / 0 makes everything nan: keep "
                "only the cells with n_a > 0 and n_b > 0.",
            ),
        ),
        hints=(
            "Keep the cells where both fly: both = (n_a > 0) & (n_b > 0), then n_a[both] and so on.",
            "In each cell: late_a / n_a - late_b / n_b. Its weight: n_a * n_b / (n_a + n_b).",
            "np.sum(weight * gap) / np.sum(weight)",
        ),
        same=_same_everywhere,
        expects="a function of (n_a, late_a, n_b, late_b) that gives one number",
    ),
)
