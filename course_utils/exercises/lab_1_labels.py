"""The exercises of lab 1_labels, more labelled examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, workbook

SIZES_TO_TRY = (20, 60, 150)


def learns_from(
    new_model: Callable[[], Any],
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_test: np.ndarray,
    y_test: np.ndarray,
    take: Callable[[int], slice] = slice,
) -> Callable[[int], float]:
    """The right function, which learns from the first n rows, or another that takes other rows."""

    def accuracy_after(n: int) -> float:
        rows = take(n)
        return 100 * new_model().fit(X_train[rows], y_train[rows]).score(X_test, y_test)

    return accuracy_after


def _tested_on_its_own(new_model, X_train, y_train, X_test, y_test) -> Callable[[int], float]:
    return lambda n: 100 * new_model().fit(X_train[:n], y_train[:n]).score(X_train[:n], y_train[:n])


def same_at_sizes(answer: Callable[[int], float], other: Callable[[int], float], **data: Any) -> bool:
    """Whether two functions give the same accuracy after learning from a few numbers of rows."""
    return all(np.isclose(float(answer(n)), other(n), atol=0.01) for n in SIZES_TO_TRY)


exercises = workbook(
    Exercise(
        "1_labels.1",
        "Learn from a few",
        solution=learns_from,
        mistakes=(
            Mistake(
                lambda **data: learns_from(**data, take=lambda n: slice(None)),
                "It learns from all training patients, whatever n is: cut X_train and y_train to [:n].",
            ),
            Mistake(
                _tested_on_its_own,
                "It is tested on the patients that it learned from. Ask it about X_test and y_test.",
            ),
            Mistake(
                lambda **data: lambda n: learns_from(**data)(n) / 100,
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "Three steps: a new model, fit, score.",
            "X_train[:n] are the first n rows; y_train needs the same.",
            "100 * new_model().fit(X_train[:n], y_train[:n]).score(...) on the test part.",
        ),
        same=same_at_sizes,
        expects="a function of n that returns an accuracy in %",
    ),
    Exercise(
        "1_labels.2",
        "Points a doubling",
        solution=lambda sizes, mean_accuracy: np.polyfit(np.log2(sizes), mean_accuracy, deg=1)[0],
        mistakes=(
            Mistake(
                lambda sizes, mean_accuracy: np.polyfit(sizes, mean_accuracy, deg=1)[0],
                "That is points a *patient*. Count doublings: take np.log2 of the sizes.",
            ),
            Mistake(
                lambda sizes, mean_accuracy: np.polyfit(np.log(sizes), mean_accuracy, deg=1)[0],
                "That is the natural logarithm, whose step is 2.7 times as many. A doubling is np.log2.",
            ),
            Mistake(
                lambda sizes, mean_accuracy: np.polyfit(np.log2(sizes), mean_accuracy, deg=1)[1],
                "That is the offset: np.polyfit gives the slope first.",
            ),
            Mistake(
                lambda sizes, mean_accuracy: (mean_accuracy[-1] - mean_accuracy[0]) / (len(sizes) - 1),
                "That joins the two ends only. The line goes through the middle of all points: np.polyfit.",
            ),
        ),
        hints=(
            "x is the number of doublings, y the accuracy.",
            "np.log2(sizes) turns a doubling into a step of 1.",
            "np.polyfit(np.log2(sizes), mean_accuracy, deg=1)[0]",
        ),
        expects="a number of points",
    ),
)
