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
        "From bits to odds",
        solution=always(32.0),
        mistakes=(
            Mistake(always(5.0), "That is the difference in bits. Each bit is a factor of 2."),
            Mistake(always(10.0), "Five bits are not five times two: each of them doubles."),
            Mistake(always(1 / 32), "The wrong way round: fewer bits, more probable."),
            Mistake(
                always(46 / 41),
                "You divided the bits. Surprise is a logarithm: a difference of bits is a ratio of "
                "probabilities.",
            ),
            Mistake(always(float(np.exp(5))), "Bits count in powers of 2; those of e belong to nats."),
            Mistake(always(10.0**5), "Bits count in powers of 2, not of 10."),
        ),
        hints=(
            "A token that costs one bit more is half as probable. And one that costs two bits more?",
            "The probabilities are 2 to the power of −41 and of −46. Divide the first by the second.",
        ),
        expects="a number",
    ),
    Exercise(
        "3_grammar.2",
        "Who is right?",
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
            "best[:, 0] says whether the right one is among them; best.sum(axis=1), among how many.",
            "100 * np.mean(best[:, 0] / best.sum(axis=1))",
        ),
        same=same_percent,
        expects="a function of bits (n, 4) that gives a number in %",
    ),
)
