"""The exercises of the lab on stereotypes. Functions are tried on fixed data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, workbook
from course_utils.exercises.lesson_4 import same_percent

Function = Callable[..., Any]


def same_guess(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions give the same guess, for arrays."""
    u, c = np.array([0.2, -0.5]), np.array([0.5, 0.1])
    return np.allclose(answer(u.copy(), c.copy(), 3), other(u, c, 3))


DIGITS = {"A": np.array([3, 3, 8, 3, 8]), "B": np.array([8, 8, 3, 8, 8])}
"""What the pictures show that are made when exercise 2 is tried."""


def _make(profession: str) -> np.ndarray:
    """Stands for the generator: pictures of one pixel, as bright as the digit is high."""
    return DIGITS[profession].reshape(-1, 1, 1, 1) / 10


def _judge(pictures: np.ndarray) -> np.ndarray:
    """Stands for the judge."""
    return np.rint(10 * np.reshape(pictures, -1)).astype(int)


def same_shares(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions find the same shares, for both professions."""
    frequent = {"A": 3, "B": 8}
    return all(
        same_percent(*(each(_make, _judge, name, dict(frequent)) for each in (answer, other)))
        for name in frequent
    )


def _share(make: Function, judge: Function, profession: str, frequent: dict[str, int]) -> float:
    return 100 * np.mean(judge(make(profession)) == frequent[profession])


exercises = workbook(
    Exercise(
        "4_stereotype.1",
        "Guidance by hand",
        solution=always(lambda u, c, w: u + w * (c - u)),
        mistakes=(
            Mistake(
                always(lambda u, c, w: w * c),
                "You made the guess with the class larger. Guidance enlarges the difference between the two "
                "guesses.",
            ),
            Mistake(
                always(lambda u, c, w: c + w * (c - u)),
                "The step is right, the start is not: go from the guess without the class, u.",
            ),
            Mistake(
                always(lambda u, c, w: u - w * (c - u)),
                "You went the other way round, away from the class. The step is + w (c − u).",
            ),
            Mistake(
                always(lambda u, c, w: c + w * (u - c)),
                "You swapped u and c. Start from the guess without the class, and go towards the class.",
            ),
            Mistake(
                always(lambda u, c, w: w * (c - u)),
                "That is the step alone. Add it to the guess without the class.",
            ),
            Mistake(
                always(lambda u, c, w: c),
                "That is the guess with the class, as w = 1 would give it. Let w do something.",
            ),
        ),
        hints=(
            "How far is it from the guess without the class to the one with it?",
            "It is c − u. Take w such steps, and start from u.",
            "return u + w * (c - u).",
        ),
        same=same_guess,
        expects="a function of (u, c, w) that returns a guess",
    ),
    Exercise(
        "4_stereotype.2",
        "The experiment",
        solution=always(_share),
        mistakes=(
            Mistake(
                always(
                    lambda make, judge, profession, frequent: 100 - _share(make, judge, profession, frequent)
                ),
                "Those are the pictures with the rare digit. The question asks for the frequent one.",
            ),
            Mistake(
                always(
                    lambda make, judge, profession, frequent: _share(make, judge, profession, frequent) / 100
                ),
                "That is the share between 0 and 1. The question asks for %.",
            ),
            Mistake(
                always(lambda make, judge, profession, frequent: _share(make, judge, "A", frequent)),
                "For A that is right, for B it is not: ask `make` for the profession that is given.",
            ),
            Mistake(
                always(
                    lambda make, judge, profession, frequent: np.sum(
                        judge(make(profession)) == frequent[profession]
                    )
                ),
                "That is a number of pictures. Divide by how many there are, and give %.",
            ),
        ),
        hints=(
            "Three steps: make the pictures, let the judge say what they show, count.",
            "judge(make(profession)) == frequent[profession] is True for each frequent digit.",
            "return 100 * np.mean(judge(make(profession)) == frequent[profession]).",
        ),
        same=same_shares,
        expects="a function of (make, judge, profession, frequent) that returns a number in %",
    ),
)
