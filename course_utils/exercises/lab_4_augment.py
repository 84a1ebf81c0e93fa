"""The exercises of the lab on augmentation. Functions are tried on fixed data."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from sklearn import svm

from course_utils.exercises import Exercise, Mistake, always, same_number, workbook

Function = Callable[..., Any]

STEPS = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
"""Every step of a pixel or none: down and to the right."""


def _move(pictures: np.ndarray, down: int, right: int) -> np.ndarray:
    """The pictures moved by this step, empty where they were."""
    height, width = pictures.shape[2:]
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return padded[:, :, 1 - down : 1 - down + height, 1 - right : 1 - right + width]


def _roll(pictures: np.ndarray, down: int, right: int) -> np.ndarray:
    """What leaves at one side comes back at the other."""
    return np.roll(pictures, (down, right), axis=(2, 3))


def same_moves(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions move pictures alike, by each of the nine steps.

    Raises
    ------
    TypeError
        What comes back is no array of the pictures' shape.
    """
    pictures = np.random.default_rng(4).random((3, 1, 4, 5))
    for step in STEPS:
        ours = answer(pictures.copy(), *step)
        if np.shape(ours) != pictures.shape:
            raise TypeError(f"an array of shape {pictures.shape} should come back, this is {np.shape(ours)}")
        if not np.allclose(ours, other(pictures.copy(), *step)):
            return False
    return True


@cache
def _digits() -> tuple[np.ndarray, ...]:
    """few, their labels, more, their labels, test, their labels: rows of digits."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    parts = [slice(0, 30), slice(30, 150), slice(1000, 1400)]
    return tuple(each[part] for part in parts for each in (pixels, labels))


def same_gain(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions find the same gain, to a tenth of a point."""
    ours, theirs = (each(*map(np.copy, _digits())) for each in (answer, other))
    return same_number(ours, theirs, rel_tol=0, abs_tol=0.051)


def _score(fit: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray) -> float:
    return 100 * svm.SVC(C=10).fit(fit, labels).score(test, test_labels)


def _both(few: np.ndarray, few_labels: np.ndarray, more: np.ndarray, more_labels: np.ndarray, *test) -> float:
    """Score after learning from both."""
    return _score(np.concatenate([few, more]), np.append(few_labels, more_labels), *test)


def _gain(few: np.ndarray, few_labels: np.ndarray, more: np.ndarray, more_labels: np.ndarray, *test) -> float:
    return _both(few, few_labels, more, more_labels, *test) - _score(few, few_labels, *test)


exercises = workbook(
    Exercise(
        "4_augment.1",
        "Move",
        solution=always(_move),
        mistakes=(
            Mistake(
                always(_roll),
                "Ink that leaves at one side comes back at the other (np.roll does that). A 7 with a "
                "piece of itself at the bottom is no 7: what comes in must be empty.",
            ),
            Mistake(
                always(lambda pictures, down, right: _move(pictures, -down, -right)),
                "They move, but the wrong way: down = 1 should move them down. A window that is cut "
                "out lower shows them higher.",
            ),
            Mistake(
                always(lambda pictures, down, right: _move(pictures, right, down)),
                "Down and right have changed places: of (n, C, H, W) the third is the height.",
            ),
            Mistake(
                always(lambda pictures, down, right: pictures),
                "The pictures came back as they were.",
            ),
        ),
        hints=(
            "First make each picture larger by an empty rim of one pixel, then cut a window of its old size "
            "out of it. A window from the middle gives the picture as it was.",
            "padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1))). For the picture as it was, the "
            "window begins at row 1 and column 1. To move it down, begin higher.",
            "top, left = 1 - down, 1 - right; then padded[:, :, top : top + height, left : left + width].",
        ),
        same=same_moves,
        expects="a function of pictures, down and right that returns pictures of the same shape",
    ),
    Exercise(
        "4_augment.2",
        "The gain",
        solution=always(_gain),
        mistakes=(
            Mistake(
                always(lambda *data: -_gain(*data)),
                "You took the difference the other way round: with the added pictures minus without.",
            ),
            Mistake(
                always(lambda *data: _gain(*data) / 100),
                "That is a difference of shares. In points it is a hundred times as much.",
            ),
            Mistake(
                always(_both),
                "That is the score with the added pictures. Subtract the score without them.",
            ),
            Mistake(
                always(
                    lambda few, few_labels, more, more_labels, *test: (
                        _score(more, more_labels, *test) - _score(few, few_labels, *test)
                    )
                ),
                "Your second classifier learns from the added pictures alone. It should have both.",
            ),
        ),
        hints=(
            "Two classifiers: one learns from the few, one from the few and the added ones. Both are tested "
            "on the same pictures.",
            "np.concatenate([few, more]) and np.append(few_labels, more_labels) put the two together.",
            "100 * (score with both − score with the few), each on (test, test_labels).",
        ),
        same=same_gain,
        expects="a function that returns a number of points",
    ),
)
