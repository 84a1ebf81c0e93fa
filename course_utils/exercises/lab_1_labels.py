"""The exercises of lab 1_labels, more labelled examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_results, workbook

Draw = Callable[[int, Sequence[int], np.random.Generator], list[np.ndarray]]


def _nested(n_rows: int, sizes: Sequence[int], rng: np.random.Generator) -> list[np.ndarray]:
    shuffled = rng.permutation(n_rows)
    return [shuffled[:size] for size in sizes]


def _each_anew(n_rows: int, sizes: Sequence[int], rng: np.random.Generator) -> list[np.ndarray]:
    return [rng.permutation(n_rows)[:size] for size in sizes]


def _the_first(n_rows: int, sizes: Sequence[int], rng: np.random.Generator) -> list[np.ndarray]:
    return [np.arange(size) for size in sizes]


def _with_repeats(n_rows: int, sizes: Sequence[int], rng: np.random.Generator) -> list[np.ndarray]:
    drawn = rng.integers(n_rows, size=max(sizes))
    return [drawn[:size] for size in sizes]


def _side_by_side(n_rows: int, sizes: Sequence[int], rng: np.random.Generator) -> list[np.ndarray]:
    return np.split(rng.permutation(n_rows), np.cumsum(sizes))[: len(sizes)]


def _nature(nested: Draw) -> tuple[bool, ...]:
    """What can be said of a way to draw: sizes, no repeats, smaller within larger, other rows, apart.

    Raises
    ------
    ValueError
        It does not give arrays of row numbers.
    """
    sizes = [10, 20, 40, 80]
    draws = [[np.asarray(rows) for rows in nested(1000, sizes, np.random.default_rng(k))] for k in (0, 1, 2)]
    for rows in (rows for drawn in draws for rows in drawn):
        if rows.ndim != 1 or rows.dtype.kind not in "iu" or not ((rows >= 0) & (rows < 1000)).all():
            raise ValueError(f"it should return a list of arrays of row numbers, and one is {rows!r:.60}")
    sets = [[set(rows.tolist()) for rows in drawn] for drawn in draws]
    return (
        all([len(rows) for rows in drawn] == sizes for drawn in draws),
        all(len(set(rows.tolist())) == len(rows) for drawn in draws for rows in drawn),
        all(small <= large for drawn in sets for small, large in pairwise(drawn)),
        len({frozenset(drawn[-1]) for drawn in sets}) == 3,
        all(small.isdisjoint(large) for drawn in sets for small, large in pairwise(drawn)),
    )


def same_nature(answer: Draw, other: Draw, **context: Any) -> bool:
    """Whether two ways to draw keep the same rules; which rows they draw may differ."""
    return _nature(answer) == _nature(other)


def _next_gain(a: float, b: float, c: float) -> float:
    return (c - b) ** 2 / (b - a)


exercises = workbook(
    Exercise(
        "1_labels.1",
        "Nested draws",
        solution=always(_nested),
        mistakes=(
            Mistake(
                always(_each_anew),
                "Each size is drawn anew, so a smaller one does not lie within the larger one. Shuffle once.",
            ),
            Mistake(always(_the_first), "Those are always the first rows. Nothing is drawn: use rng."),
            Mistake(
                always(_with_repeats),
                "Some rows come twice. rng.permutation(n_rows) has each of them once.",
            ),
            Mistake(
                always(_side_by_side),
                "The pieces lie side by side: no row is in two of them. Each smaller one should lie "
                "within the larger one.",
            ),
        ),
        hints=(
            "Shuffle all row numbers once, then cut.",
            "rng.permutation(n_rows) is the shuffle; its first 10 lie within its first 20.",
            "[shuffled[:size] for size in sizes] is the list.",
        ),
        same=same_nature,
        expects="a function of (n_rows, sizes, rng) that returns a list of arrays of row numbers",
    ),
    Exercise(
        "1_labels.2",
        "The next doubling",
        solution=always(_next_gain),
        mistakes=(
            Mistake(
                always(lambda a, b, c: c - b),
                "That is the last gain once more. It should shrink as it did from the first to the second.",
            ),
            Mistake(
                always(lambda a, b, c: c + (c - b) ** 2 / (b - a)),
                "That is the AUC after the next doubling. The question asks for the gain alone.",
            ),
            Mistake(
                always(lambda a, b, c: b - a),
                "That is the first gain. You need the last one, times the factor by which gains shrink.",
            ),
            Mistake(
                always(lambda a, b, c: (c - b) - ((b - a) - (c - b))),
                "Your gain shrinks by the same *number of points*. It should shrink by the same factor.",
            ),
        ),
        hints=(
            "Two gains are known: b - a and c - b.",
            "The factor is the second gain divided by the first: (c - b) / (b - a).",
            "The next gain is (c - b) times that factor.",
        ),
        same=same_results((60.0, 64.0, 66.0), (70.0, 71.0, 71.8), (50.0, 60.0, 66.0)),
        expects="a function of three AUC values that returns a number of points",
    ),
)
