"""The exercises of lab 3_grammar."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_number, workbook

Percent = Callable[[np.ndarray], float]

BITS = np.array([[3.0, 4, 5, 6], [5, 4, 6, 7], [2, 2, 3, 4], [1, 5, 9, 7], [4, 3, 3, 8]])
"""Bits of five functions with four lines each: right are the first, half of the third, and the fourth."""


def same_percent(answer: Percent, other: Percent) -> bool:
    """Whether two functions count the same share of right choices in two tables.

    Raises
    ------
    TypeError
        The answer gives something else than one number.
    """
    pairs = [(answer(bits.copy()), other(bits)) for bits in (BITS, BITS[:, ::-1], BITS[:4] - 1.5)]
    return all(same_number(ours, theirs) for ours, theirs in pairs)


def _right(bits: np.ndarray) -> float:
    best = bits == bits.min(axis=1, keepdims=True)
    return 100 * float(np.mean(best[:, 0] / best.sum(axis=1)))


exercises = workbook(
    Exercise(
        "3_grammar.1",
        "A margin for five",
        solution=always(60.0),
        mistakes=(
            Mistake(always(50.0), "That would be halfway from 0 to 100. Whoever guesses begins at 20."),
            Mistake(always(20.0), "That is guessing. The margin lies halfway from there to always right."),
            Mistake(
                always(40.0), "That is half the way from guessing to always right, added to 0. From 20 on?"
            ),
            Mistake(always(62.5), "That is the margin for four lines."),
            Mistake(always(0.6), "The ledger counts in %: write 60 % as 60."),
        ),
        hints=(
            "How many of 100 does somebody pick right who guesses among five?",
            "20. And halfway between 20 and 100?",
        ),
        expects="a number in %",
    ),
    Exercise(
        "3_grammar.2",
        "Counting who is right",
        solution=lambda: _right,
        mistakes=(
            Mistake(
                lambda: lambda bits: 100 * np.mean(bits.argmin(axis=1) == 0),
                "Nearly: where the right line ties with another, argmin takes the first and calls it right. "
                "A tie between two is half a point.",
            ),
            Mistake(
                lambda: lambda bits: 100 * np.mean(bits[:, 0] < bits[:, 1:].min(axis=1)),
                "Nearly: a tie counts for nothing in yours. Between two it is half a point.",
            ),
            Mistake(
                lambda: lambda bits: 100 * np.mean(bits.argmax(axis=1) == 0),
                "You took the most surprising line. The model prefers the one with the fewest bits.",
            ),
            Mistake(
                lambda: lambda bits: _right(bits) / 100,
                "That is a share. The question asks for %.",
            ),
            Mistake(
                lambda: lambda bits: 100 * np.mean(bits == bits.min(axis=1, keepdims=True)),
                "You counted all the best lines, in every column. Right are only those in column 0.",
            ),
        ),
        hints=(
            "best = bits == bits.min(axis=1, keepdims=True) marks the best lines of each row.",
            "best[:, 0] says whether the right one is among them; best.sum(axis=1), among how many.",
            "100 * np.mean(best[:, 0] / best.sum(axis=1))",
        ),
        same=same_percent,
        expects="a function of bits (n, 4) that gives a number in %",
    ),
)
