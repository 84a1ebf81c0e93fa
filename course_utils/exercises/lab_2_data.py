"""The exercises of lab 2_data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_results, workbook

Draw = Callable[[np.ndarray, int, np.random.Generator], Any]


def of_each(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    """Row numbers (n_classes * n_each,): of each class so many, drawn at random without repeats."""
    rows = [rng.choice(np.flatnonzero(labels == k), n_each, replace=False) for k in np.unique(labels)]
    return np.concatenate(rows)


def _with_repeats(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([rng.choice(np.flatnonzero(labels == k), n_each) for k in np.unique(labels)])


def _blindly(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(len(labels), n_each * len(np.unique(labels)), replace=False)


def _the_first(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([np.flatnonzero(labels == k)[:n_each] for k in np.unique(labels)])


def _in_all(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return of_each(labels, n_each // len(np.unique(labels)), rng)


def _labels_themselves(labels: np.ndarray, n_each: int, rng: np.random.Generator) -> np.ndarray:
    return labels[of_each(labels, n_each, rng)]


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


def level_at(sizes: np.ndarray, gap: np.ndarray) -> float:
    """The size at which a gap first reaches 0, on straight lines over a logarithmic axis.

    Parameters
    ----------
    sizes, gap : ndarray, each (n_sizes,)
        Sizes that rise, and a gap at each; where a later gap is smaller than an earlier one, that one stays.

    Returns
    -------
    float
        The smallest size where the gap is never below 0, the largest where it always is.
    """
    return float(np.exp(np.interp(0, np.maximum.accumulate(gap), np.log(sizes))))


exercises = workbook(
    Exercise(
        "2_data.1",
        "A few of each class",
        solution=always(of_each),
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
        "Where curves meet",
        solution=always(level_at),
        mistakes=(
            Mistake(
                always(lambda sizes, gap: float(np.interp(0, gap, sizes))),
                "That is the straight line on an ordinary axis. The figure's axis is logarithmic.",
            ),
            Mistake(
                always(lambda sizes, gap: float(np.interp(0, gap, np.log(sizes)))),
                "That is still the logarithm. np.exp turns it back into pictures.",
            ),
            Mistake(
                always(lambda sizes, gap: float(np.interp(0, np.log(sizes), gap))),
                "You read off a gap. The question is the other way round: at what size is it 0?",
            ),
            Mistake(
                always(lambda sizes, gap: float(sizes[np.argmax(gap >= 0)])),
                "That is the first measured size at which the gap is 0 or more. Go back along the line.",
            ),
        ),
        hints=(
            "np.interp(x, known_x, known_y): you know the gap, so gaps are known_x.",
            "Give it np.log(sizes) as known_y, and take np.exp of what comes out.",
            "np.exp(np.interp(0, gap, np.log(sizes)))",
        ),
        same=same_results(
            (np.array([10, 100, 1000]), np.array([-10.0, -5.0, 15.0])),
            (np.array([20, 60, 200]), np.array([-3.0, 1.0, 2.0])),
            (np.array([8, 32, 128, 512]), np.array([-20.0, -12.0, -4.0, 2.0])),
            rel_tol=5e-3,
        ),
        expects="a function of (sizes, gap) that returns a number of pictures",
    ),
)
