"""The exercises of lesson 4, generative models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import ClassifierMixin

from course_utils.exercises import Exercise, Mistake, always, same_number, workbook

A, CLEAN, NOISE = 0.64, 0.5, -1.0
"""a, clean pixel and noise of exercise 4.1."""

(M1, M2), (S1, S2) = (1, 3), (2, 5)
"""Means and standard deviations of the two groups in exercise 4.4."""

U, C, W = 0.2, 0.5, 3
"""Guesses without and with the class, and the weight of the guidance, in exercise 4.5."""

MEMBERS, OTHERS = np.array([0.9, 0.4, 0.7]), np.array([0.3, 0.6])
"""Scores of the attack in exercise 4.6."""

AUC = 100 * np.mean(np.greater.outer(MEMBERS, OTHERS))
"""Of that attack, in %: the share of pairs in which the member has the higher score."""


def same_percent(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two numbers in % agree to one decimal, where half a percent of 98.6 would be too much."""
    return same_number(answer, other, rel_tol=0, abs_tol=0.051)


def _flat(pixels: np.ndarray) -> np.ndarray:
    return np.reshape(pixels, (len(pixels), -1))


def _judged(
    judge_pixels: np.ndarray,
    judge_labels: np.ndarray,
    generated: np.ndarray,
    asked: np.ndarray,
    make_classifier: Callable[[], ClassifierMixin],
) -> float:
    """Share of `generated`, in %, that a judge of the first two calls what was asked for."""
    judge = make_classifier().fit(_flat(judge_pixels), judge_labels)
    return 100 * np.mean(judge.predict(_flat(generated)) == asked)


def _nearest(pixels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distance of each picture to the nearest of the others."""
    return cdist(_flat(pixels), _flat(others)).min(axis=1)


def _near_copies(
    generated: np.ndarray,
    train_pixels: np.ndarray,
    held_out: np.ndarray,
    compared_with: np.ndarray | None = None,
) -> float:
    """Share of `generated`, in %, that is nearer to training pictures than real pictures are.

    `compared_with` replaces the training pictures when the generated ones are measured, not in the threshold.
    """
    threshold = np.quantile(_nearest(held_out, train_pixels), 0.01)
    distances = _nearest(generated, train_pixels if compared_with is None else compared_with)
    return 100 * np.mean(distances < threshold)


exercises = workbook(
    Exercise(
        "4.1",
        "Noise by hand",
        solution=always(np.sqrt(A) * CLEAN + np.sqrt(1 - A) * NOISE),
        mistakes=(
            Mistake(
                always(A * CLEAN + (1 - A) * NOISE),
                "The roots are missing: the weights are √a and √(1 − a), which are 0.8 and 0.6.",
            ),
            Mistake(
                always(np.sqrt(A) * CLEAN + (1 - A) * NOISE),
                "Nearly: the noise has a root too. Its weight is √(1 − a), not 1 − a.",
            ),
            Mistake(
                always(np.sqrt(A) * CLEAN - np.sqrt(1 - A) * NOISE),
                "The noise has the wrong sign: it is −1, so the pixel gets darker.",
            ),
            Mistake(
                always(np.sqrt(A) * CLEAN),
                "That is what is left of the clean pixel. Now add its share of noise.",
            ),
            Mistake(
                always(np.sqrt(1 - A) * CLEAN + np.sqrt(A) * NOISE),
                "You swapped the weights: √a belongs to the clean pixel, √(1 − a) to the noise.",
            ),
            Mistake(
                always(0),
                "Did you cut it off at 0? A clean pixel lies between 0 and 1, a noisy one need not.",
            ),
        ),
        hints=(
            "Two weights are needed: one for the clean pixel, one for the noise. How much are they?",
            "√0.64 is 0.8, and √(1 − 0.64) is 0.6.",
            "0.8 · 0.5 + 0.6 · (−1).",
        ),
    ),
    Exercise(
        "4.2",
        "An honest judge",
        solution=_judged,
        mistakes=(
            Mistake(
                lambda generated, asked, make_classifier, **real: _judged(
                    generated, asked, generated, asked, make_classifier
                ),
                "Your classifier was fitted on the generated pictures and then asked about the same ones. It "
                "has seen the answers: the model judges itself. Fit it on the judge's real pictures, "
                "pixels[judge_rows].",
            ),
            Mistake(
                lambda judge_pixels, judge_labels, generated, asked, make_classifier: _judged(
                    generated, asked, judge_pixels, judge_labels, make_classifier
                ),
                "You fitted on generated pictures and asked about real ones. That answers another question: "
                "can one learn from the generated pictures? Here the real ones teach the judge.",
            ),
            Mistake(
                lambda **context: _judged(**context) / 100,
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "A judge should know real digits, and should never have seen the pictures it judges.",
            "Fit a make_svm() on flat(pixels[judge_rows]) and labels[judge_rows]. What does it call the "
            "pictures of `fake`?",
            "honest = make_svm().fit(flat(pixels[judge_rows]), labels[judge_rows]), then "
            "100 * honest.score(flat(fake), asked).",
        ),
        same=same_percent,
        expects="a number in %",
    ),
    Exercise(
        "4.3",
        "New, compared with what?",
        solution=_near_copies,
        mistakes=(
            Mistake(  # always 0, so it comes first: its hint also fits others that happen to be 0
                lambda generated, train_pixels, held_out: _near_copies(generated, train_pixels, train_pixels),
                "Nothing is a copy if you compare with pictures that the model never saw, or if the "
                "threshold is 0, as a training picture's distance to itself is. Measure both to `few`: from "
                "`unseen` for the threshold, from `loot` for the copies.",
            ),
            Mistake(
                lambda generated, train_pixels, held_out: _near_copies(
                    generated, train_pixels, held_out, compared_with=held_out
                ),
                "You measured from the generated pictures to the held-out ones. The model never saw those, "
                "so it cannot copy them. Compare with `few`.",
            ),
            Mistake(
                lambda **context: 100 - _near_copies(**context),
                "Those are the pictures that are no near-copies. The question asks for the others.",
            ),
            Mistake(
                lambda **context: _near_copies(**context) / 100,
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "What could the model copy: pictures that it saw, or pictures that it never saw?",
            "nearest(pictures, few)[0] gives each picture's distance to the nearest of `few`. Use it twice: "
            "for `unseen` and for `loot`.",
            "limit = np.quantile(nearest(unseen, few)[0], 0.01), then "
            "100 * np.mean(nearest(loot, few)[0] < limit).",
        ),
        same=same_percent,
        expects="a number in %",
    ),
    Exercise(
        "4.4",
        "Fréchet by hand",
        solution=always((M1 - M2) ** 2 + (S1 - S2) ** 2),
        mistakes=(
            Mistake(
                always((M1 - M2) ** 2),
                "That compares the means only. One group is also wider than the other.",
            ),
            Mistake(
                always((M1 - M2) ** 2 + (S1**2 - S2**2) ** 2),
                "You took the difference of the variances. Here it is that of the standard deviations.",
            ),
            Mistake(
                always(np.sqrt((M1 - M2) ** 2 + (S1 - S2) ** 2)),
                "You took the root in the end. The Fréchet distance, as it is reported, has none.",
            ),
            Mistake(
                always((M1 - M2) ** 2 + abs(S1**2 - S2**2)),
                "You squared the standard deviations first. Subtract first, then square: (s1 − s2)².",
            ),
            Mistake(
                always(abs(M1 - M2) + abs(S1 - S2)),
                "Those are the two differences. Square each of them before you add.",
            ),
        ),
        hints=(
            "Two differences are needed: how far apart are the means, how far the standard deviations?",
            "They are 2 and 3. Square each.",
            "(1 − 3)² + (2 − 5)².",
        ),
    ),
    Exercise(
        "4.5",
        "Guidance by hand",
        solution=always(U + W * (C - U)),
        mistakes=(
            Mistake(
                always(W * C),
                "You made the guess with the class larger. Guidance enlarges the difference between the two "
                "guesses.",
            ),
            Mistake(
                always(C + W * (C - U)),
                "The step is right, the start is not: go from the guess without the class, u.",
            ),
            Mistake(
                always(U - W * (C - U)),
                "You went the other way round, away from the class. The step is + w (c − u).",
            ),
            Mistake(
                always(C + W * (U - C)),
                "You swapped u and c. Start from the guess without the class, and go towards the class.",
            ),
            Mistake(
                always(W * (C - U)),
                "That is the step alone. Add it to the guess without the class.",
            ),
            Mistake(
                always(C),
                "That is the guess with the class, as w = 1 would give it. Here w is 3.",
            ),
        ),
        hints=(
            "How far is it from the guess without the class to the one with it?",
            "It is 0.3. Take three such steps, and start from u.",
            "0.2 + 3 · 0.3.",
        ),
    ),
    Exercise(
        "4.6",
        "An attack by hand",
        solution=always(AUC),
        mistakes=(
            Mistake(
                always(100 - AUC),
                "Those are the pairs that the attack gets wrong. Count those where the member is higher.",
            ),
            Mistake(
                always(100 * np.mean(np.append(MEMBERS > 0.5, OTHERS <= 0.5))),
                "That is the accuracy at the threshold 0.5. The AUC has no threshold: it counts pairs.",
            ),
            Mistake(
                always(AUC / 100),
                "That is the share between 0 and 1. The question asks for %.",
            ),
            Mistake(
                always(100 * np.mean(np.greater(MEMBERS, OTHERS.mean()))),
                "You compared the members with one number. Compare each member with each of the others.",
            ),
        ),
        hints=(
            "A pair is one member and one of the others. How many pairs are there?",
            "Six. In how many of them has the member the higher score?",
            "Only the member with 0.4 against the other with 0.6 goes wrong: 100 · 5 / 6.",
        ),
        expects="a number in %",
    ),
)
