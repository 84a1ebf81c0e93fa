"""The exercises of the lab on augmentation. Functions are tried on fixed data."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from sklearn import svm

from course_utils.exercises import Exercise, Mistake, always, workbook
from course_utils.exercises.lesson_4 import same_percent

Function = Callable[..., Any]

STEPS = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
"""The eight directions: down and to the right."""


def _move(pictures: np.ndarray, steps: list[tuple[int, int]] = STEPS) -> np.ndarray:
    """Each picture moved by these steps, empty where it was."""
    height, width = pictures.shape[2:]
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return np.concatenate([padded[:, :, 1 - i : 1 - i + height, 1 - j : 1 - j + width] for i, j in steps])


def _roll(pictures: np.ndarray) -> np.ndarray:
    """What leaves at one side comes back at the other."""
    return np.concatenate([np.roll(pictures, step, axis=(2, 3)) for step in STEPS])


def same_moved(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions give the same pictures, in any order."""
    pictures = np.random.default_rng(4).random((3, 1, 4, 4))
    ours, theirs = (np.asarray(each(pictures.copy())) for each in (answer, other))
    if ours.shape[1:] != pictures.shape[1:]:
        raise ValueError(f"pictures of shape (8 n, 1, 4, 4) were expected, these are {ours.shape}")
    return sorted(map(_rounded, ours)) == sorted(map(_rounded, theirs))


def _rounded(picture: np.ndarray) -> tuple[float, ...]:
    return tuple(np.ravel(picture).round(6).tolist())


@cache
def _digits() -> tuple[np.ndarray, ...]:
    """few, their labels, more, their labels, test, their labels: rows of digits."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    parts = [slice(0, 30), slice(30, 150), slice(1000, 1400)]
    return tuple(each[part] for part in parts for each in (pixels, labels))


def same_gain(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions find the same gain."""
    return same_percent(*(each(*map(np.copy, _digits())) for each in (answer, other)))


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
                always(lambda pictures: _move(pictures, [step for step in STEPS if 0 in step])),
                "Those are four directions: up, down, left, right. The four slanted ones are missing.",
            ),
            Mistake(
                always(lambda pictures: np.concatenate([pictures, _move(pictures)])),
                "The pictures that were not moved are among them. They are in the training set already.",
            ),
            Mistake(
                always(lambda pictures: _move(pictures, STEPS[:1])),
                "That is one direction. Eight are wanted: np.concatenate puts them together.",
            ),
        ),
        hints=(
            "First make each picture larger by an empty rim of one pixel, then cut out windows.",
            "padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1))); a window begins at row 0, 1 or 2 "
            "and at column 0, 1 or 2. Which of the nine is the picture itself?",
            "np.concatenate([padded[:, :, i : i + height, j : j + width] for …]), for all (i, j) but (1, 1).",
        ),
        same=same_moved,
        expects="a function of pictures that returns eight times as many",
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
