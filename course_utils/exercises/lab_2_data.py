"""The exercises of lab 2_data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, workbook

Draw = Callable[[np.ndarray, int, np.random.Generator], Any]


def _of_each(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    rows = [rng.choice(np.flatnonzero(labels == k), n_each, replace=False) for k in np.unique(labels)]
    return np.concatenate(rows)


def _with_repeats(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([rng.choice(np.flatnonzero(labels == k), n_each) for k in np.unique(labels)])


def _blindly(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(len(labels), n_each * len(np.unique(labels)), replace=False)


def _the_first(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([np.flatnonzero(labels == k)[:n_each] for k in np.unique(labels)])


def _in_all(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return _of_each(labels, n_each // len(np.unique(labels)), rng)


def _labels_themselves(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return labels[_of_each(labels, n_each, rng)]


def _nature(draw: Draw) -> tuple[bool, ...]:
    """What can be said of a way to draw: right counts, in all and a class; no repeats; other rows each time.

    Raises
    ------
    ValueError
        It does not give row numbers.
    """
    labels = np.random.default_rng(1).permutation(np.repeat([0, 1, 2, 5], [60, 45, 70, 50]))
    drawn = [np.asarray(draw(labels.copy(), 40, np.random.default_rng(seed))) for seed in (0, 1, 2)]
    for rows in drawn:
        if rows.ndim != 1 or rows.dtype.kind not in "iu" or not ((rows >= 0) & (rows < len(labels))).all():
            raise ValueError(
                f"it should return row numbers, one array of whole numbers, and gives {rows!r:.60}"
            )
    return (
        all(len(rows) == 160 for rows in drawn),
        all((np.bincount(labels[rows], minlength=6)[[0, 1, 2, 5]] == 40).all() for rows in drawn),
        all(len(set(rows.tolist())) == len(rows) for rows in drawn),
        len({tuple(sorted(rows.tolist())) for rows in drawn}) == 3,
        all(len(rows) and rows.max() > 5 for rows in drawn),
    )


def same_nature(answer: Draw, other: Draw, **context: Any) -> bool:
    """Whether two ways to draw keep the same rules; which rows they draw may differ."""
    return _nature(answer) == _nature(other)


def _needed(sizes: np.ndarray, accuracy: np.ndarray) -> float:
    return float(np.exp(np.interp(80, accuracy, np.log(sizes))))


exercises = workbook(
    Exercise(
        "2_data.1",
        "A few of each class",
        solution=always(_of_each),
        mistakes=(
            Mistake(always(_with_repeats), "Some rows are drawn twice: rng.choice needs replace=False."),
            Mistake(
                always(_blindly),
                "The number in all is right, but some classes have more than others. Draw class by class.",
            ),
            Mistake(
                always(_the_first),
                "Those are always the same rows, the first ones. Nothing is drawn: use rng.",
            ),
            Mistake(
                always(_in_all),
                "You have n_each rows in all. It should be n_each of every class.",
            ),
            Mistake(
                always(_labels_themselves),
                "Those are the labels of the rows that were drawn. Return the row numbers.",
            ),
        ),
        hints=(
            "Take one class: np.flatnonzero(labels == k) gives its rows. Draw n_each of them.",
            "np.concatenate puts the rows of all classes behind each other.",
            "np.concatenate([rng.choice(np.flatnonzero(labels == k), n_each, replace=False) for k in …])",
        ),
        same=same_nature,
        expects="a function of (labels, n_each, rng) that returns an array of row numbers",
    ),
    Exercise(
        "2_data.2",
        "Pictures needed",
        solution=_needed,
        mistakes=(
            Mistake(
                lambda sizes, accuracy: float(np.interp(80, accuracy, sizes)),
                "That is the straight line on an ordinary axis. The figure's axis is logarithmic.",
            ),
            Mistake(
                lambda sizes, accuracy: float(np.interp(80, accuracy, np.log(sizes))),
                "That is still the logarithm. np.exp turns it back into pictures.",
            ),
            Mistake(
                lambda sizes, accuracy: float(np.interp(80, sizes, accuracy)),
                "You read off the accuracy for 80 pictures. The question is the other way round.",
            ),
        ),
        hints=(
            "80 % is two thirds of the way from 60 to 90 %.",
            "Go two thirds of the way from log 40 to log 160, and take np.exp of it.",
            "np.exp(np.interp(80, measured_accuracy, np.log(measured_sizes)))",
        ),
        expects="a number of pictures",
    ),
)
