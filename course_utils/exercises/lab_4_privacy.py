"""The exercises of lab 4_privacy: an attack, and whom it finds. Functions are tried on fixed data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from course_utils.exercises import Exercise, Mistake, always, workbook
from course_utils.exercises.lesson_4 import same_percent

Function = Callable[..., Any]


def same_order(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two attacks put records into the same order: only that counts for an attack."""
    rng = np.random.default_rng(4)
    generated, records = rng.normal(size=(30, 5)), rng.normal(size=(12, 5))
    ours, theirs = (np.asarray(each(generated.copy(), records.copy())) for each in (answer, other))
    if ours.shape != (len(records),):
        raise ValueError(f"one score for each of {len(records)} records was expected, not shape {ours.shape}")
    return np.array_equal(np.argsort(ours), np.argsort(theirs))


def found(members: np.ndarray, others: np.ndarray) -> float:
    """Members, in %, with a score above the 99th percentile of the others': the second exercise's answer."""
    return 100 * float(np.mean(np.asarray(members) > np.quantile(others, 0.99)))


def _scores() -> list[tuple[np.ndarray, np.ndarray]]:
    """Scores of more others than members, of a good attack and of a poor one."""
    rng = np.random.default_rng(5)
    return [(rng.normal(gap, 1, 150), rng.normal(0, 1, 700)) for gap in (2.0, 0.5)]


def same_finds(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions find as many, for both attacks."""
    return all(
        same_percent(*(each(members.copy(), others.copy()) for each in (answer, other)))
        for members, others in _scores()
    )


exercises = workbook(
    Exercise(
        "4_privacy.1",
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
    Exercise(
        "4_privacy.2",
        "Who is found?",
        solution=always(found),
        mistakes=(
            Mistake(
                always(lambda members, others: found(members, others) / 100),
                "That is the share between 0 and 1. The question asks for %.",
            ),
            Mistake(
                always(lambda members, others: 100 * np.mean(members > np.quantile(members, 0.99))),
                "That is always 1 %: the threshold comes from the *others*.",
            ),
            Mistake(
                always(lambda members, others: 100 * np.mean(others > np.quantile(members, 0.99))),
                "You swapped the two: the threshold comes from the others, counted are the members.",
            ),
            Mistake(
                always(lambda members, others: 100 * np.mean(members > np.quantile(others, 0.01))),
                "That threshold accuses 99 % of the others. Only 1 % may lie above it.",
            ),
            Mistake(
                always(lambda members, others: 100 * np.mean(members > others.max())),
                "Above the highest other there are no false alarms at all. 1 % of the others may lie above.",
            ),
            Mistake(
                always(lambda members, others: np.sum(members > np.quantile(others, 0.99))),
                "That is a number of members. Divide by how many there are, and give %.",
            ),
        ),
        hints=(
            "Which score do 99 % of the others stay below?",
            "threshold = np.quantile(others, 0.99). Which share of the members is above it?",
            "return 100 * np.mean(members > np.quantile(others, 0.99)).",
        ),
        same=same_finds,
        expects="a function of (members, others) that returns a number in %",
    ),
)
