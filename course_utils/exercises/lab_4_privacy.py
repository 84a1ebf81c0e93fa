"""The exercises of the lab on privacy. Functions are tried on fixed data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from course_utils.exercises import Exercise, Mistake, always, workbook
from course_utils.exercises.lesson_4 import same_percent

Function = Callable[..., Any]

MEMBERS, OTHERS = np.array([0.9, 0.4, 0.7]), np.array([0.3, 0.6])
"""Scores of the attack in exercise 1."""

AUC = 100 * np.mean(np.greater.outer(MEMBERS, OTHERS))
"""Of that attack, in %: the share of pairs in which the member has the higher score."""


def same_order(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two attacks put records into the same order: only that counts for an attack."""
    rng = np.random.default_rng(4)
    generated, records = rng.normal(size=(30, 5)), rng.normal(size=(12, 5))
    ours, theirs = (np.asarray(each(generated.copy(), records.copy())) for each in (answer, other))
    if ours.shape != (len(records),):
        raise ValueError(f"one score for each of {len(records)} records was expected, not shape {ours.shape}")
    return np.array_equal(np.argsort(ours), np.argsort(theirs))


exercises = workbook(
    Exercise(
        "4_privacy.1",
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
        same=same_percent,
        expects="a number in %, with one decimal",
    ),
    Exercise(
        "4_privacy.2",
        "Write the attack",
        solution=always(lambda generated, records: -cdist(records, generated).min(axis=1)),
        mistakes=(
            Mistake(
                always(lambda generated, records: cdist(records, generated).min(axis=1)),
                "The nearer, the higher: turn the sign round.",
            ),
            Mistake(
                always(lambda generated, records: -cdist(records, generated).mean(axis=1)),
                "That is the mean distance to all generated rows: it says who is ordinary, not who was "
                "copied. Take the nearest.",
            ),
            Mistake(
                always(lambda generated, records: -cdist(records, generated).max(axis=1)),
                "That is the farthest generated row. Take the nearest.",
            ),
        ),
        hints=(
            "pairwise_distances(records, generated) has one row for each record.",
            "The smallest number of a row is the distance to the nearest generated one.",
            "return -pairwise_distances(records, generated).min(axis=1).",
        ),
        same=same_order,
        expects="a function of (generated, records) that returns one score for each record",
    ),
)
