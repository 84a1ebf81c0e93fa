"""The exercises of lab 4_why, on tracing a made picture. Functions are tried on fixed data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from course_utils.exercises import Exercise, Mistake, always, same_number, workbook

Function = Callable[..., Any]


def _influence(gradients: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    return gradients @ gradient


def _cosine(gradients: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    return gradients @ gradient / np.linalg.norm(gradients, axis=1) / np.linalg.norm(gradient)


def same_influence(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions give each training picture the same number.

    Raises
    ------
    ValueError
        There is not one number for each training picture.
    """
    rng = np.random.default_rng(4)
    for n, width in ((4, 3), (6, 10)):
        gradients, gradient = rng.normal(size=(n, width)), rng.normal(size=width)
        ours = np.asarray(answer(gradients.copy(), gradient.copy()), dtype=float)
        if ours.shape != (n,):
            raise ValueError(
                f"{n} numbers should come back for {n} training pictures, not shape {ours.shape}"
            )
        if not np.allclose(ours, other(gradients, gradient)):
            return False
    return True


def _agreement(influence: np.ndarray, kept: np.ndarray, losses: np.ndarray) -> float:
    return stats.spearmanr(kept @ influence, -losses).statistic


def _linear(influence: np.ndarray, kept: np.ndarray, losses: np.ndarray) -> float:
    return stats.pearsonr(kept @ influence, -losses).statistic


def same_agreement(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions find the same agreement, for several made-up experiments."""
    rng = np.random.default_rng(4)
    for n_halves in (8, 20):
        influence = rng.normal(size=30)
        kept = np.array([rng.permutation(30) < 15 for _ in range(n_halves)])
        losses = np.exp(rng.normal(size=n_halves) - 0.2 * kept @ influence)
        ours = answer(influence.copy(), kept.copy(), losses.copy())
        if not same_number(ours, other(influence, kept, losses), rel_tol=0, abs_tol=0.005):
            return False
    return True


exercises = workbook(
    Exercise(
        "4_why.1",
        "The pull",
        solution=always(_influence),
        mistakes=(
            Mistake(
                always(lambda gradients, gradient: -_influence(gradients, gradient)),
                "The sign is wrong. Two gradients that point the same way: a step that helps the one picture "
                "helps the other, and that pull should be above 0.",
            ),
            Mistake(
                always(_cosine),
                "You divided by the lengths. A training picture with a long gradient moves the weights more, "
                "and that should count.",
            ),
            Mistake(
                always(lambda gradients, gradient: np.abs(_influence(gradients, gradient))),
                "Without its sign a pull no longer says whether a picture helps or hinders.",
            ),
            Mistake(
                always(lambda gradients, gradient: -np.linalg.norm(gradients - gradient, axis=1)),
                "That is how near the gradients lie to each other. The pull is the sum of the products of "
                "their numbers.",
            ),
        ),
        hints=(
            "By hand: (1, 1) and (2, −1) give 1 · 2 + 1 · (−1) = 1. The same for each row of `gradients`.",
            "For one row that is np.sum(row * gradient); a product of matrices does all rows at once.",
            "gradients @ gradient",
        ),
        same=same_influence,
        expects="a function of gradients (n, weights) and gradient (weights,) that returns n numbers",
    ),
    Exercise(
        "4_why.2",
        "Was it predicted?",
        solution=always(_agreement),
        mistakes=(
            Mistake(
                always(lambda influence, kept, losses: -_agreement(influence, kept, losses)),
                "The sign is wrong. Pictures that help make the loss fall: compare with −losses.",
            ),
            Mistake(
                always(_linear),
                "That is the correlation of the numbers. Asked for is the one of their ranks: "
                "stats.spearmanr.",
            ),
        ),
        hints=(
            "First the prediction for each half: the sum of the influence of the pictures that it kept. "
            "`kept` is True (1) or False (0).",
            "kept @ influence has one prediction a half. High is: this half knows what the picture needs, so "
            "its loss should be low.",
            "stats.spearmanr(kept @ influence, -losses).statistic",
        ),
        same=same_agreement,
        expects="a function of influence (n,), kept (halves, n) and losses (halves,) that returns a number",
    ),
)
