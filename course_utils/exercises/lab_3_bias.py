"""The exercises of lab 3_bias."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_results, workbook

Draw = Callable[[int, float, np.random.Generator], Sequence[str]]
Shares = Callable[[np.ndarray, np.ndarray], np.ndarray]

BITS = np.array([3.0, 2.0, 61.5, 40.0]), np.array([2.0, 2.0, 60.0, 45.0])
"""Bits of four beginnings with she and with he."""


def pronouns(n: int, dose: float, rng: np.random.Generator) -> Sequence[str]:
    """The right answer of exercise 3_bias.1."""
    n_she = round(n * dose / 100)
    return rng.permutation(["she"] * n_she + ["he"] * (n - n_she))


def described(answer: Draw) -> tuple[list[list[int]], list[bool]]:
    """How many are she and how many he, for some doses; and whether the order is another the next time.

    Raises
    ------
    TypeError
        The answer gives something else than words.
    """
    counts = []
    for n, dose in ((8, 75), (200, 25), (10, 0), (10, 100), (40, 50)):
        words = [str(word) for word in answer(n, dose, np.random.default_rng(n))]
        if not set(words) <= {"she", "he"}:
            raise TypeError(f"expected the words 'she' and 'he', got {sorted(set(words))[:3]}")
        counts.append([words.count("she"), words.count("he")])
    first, second = (list(map(str, answer(60, 50, np.random.default_rng(seed)))) for seed in (5, 6))
    return counts, [first == second, first == sorted(first), first == sorted(first, reverse=True)]


def same_draw(answer: Draw, other: Draw, **context: Any) -> bool:
    """Whether two functions draw as many of each word, in an order of chance."""
    return described(answer) == described(other)


def share_of_she(bits_she: np.ndarray, bits_he: np.ndarray) -> np.ndarray:
    """The right answer of exercise 3_bias.2."""
    return 100 / (1 + 2.0 ** (bits_she - bits_he))


def _coins(n: int, dose: float, rng: np.random.Generator) -> Sequence[str]:
    return np.where(rng.random(n) < dose / 100, "she", "he")


def _sorted(n: int, dose: float, rng: np.random.Generator) -> Sequence[str]:
    n_she = round(n * dose / 100)
    return ["she"] * n_she + ["he"] * (n - n_she)


def _other_way(n: int, dose: float, rng: np.random.Generator) -> Sequence[str]:
    return pronouns(n, 100 - dose, rng)


def _as_share(n: int, dose: float, rng: np.random.Generator) -> Sequence[str]:
    n_she = min(n, round(n * dose))
    return rng.permutation(["she"] * n_she + ["he"] * (n - n_she))


exercises = workbook(
    Exercise(
        "3_bias.1",
        "A dose",
        solution=always(pronouns),
        mistakes=(
            Mistake(always(_coins), "Those are coins: their number varies. The dose should be exact."),
            Mistake(always(_sorted), "The number is right. Now mix: all she first is no random order."),
            Mistake(always(_other_way), "The dose is the share of she. You took it for that of he."),
            Mistake(always(_as_share), "The dose is in %: n * dose / 100 words are she."),
        ),
        hints=(
            "First a list with the right number of each, then mix it.",
            '["she"] * 3 is a list of three words; + puts two lists together.',
            'n_she = round(n * dose / 100), then rng.permutation(["she"] * n_she + ...)',
        ),
        same=same_draw,
        expects="a function of (n, dose, rng) that returns n words",
    ),
    Exercise(
        "3_bias.2",
        "From bits to a share",
        solution=always(share_of_she),
        mistakes=(
            Mistake(
                always(lambda bits_she, bits_he: 100 * bits_she / (bits_she + bits_he)),
                "Those are shares of bits. First make probabilities of them: p = 2 ** -bits.",
            ),
            Mistake(
                always(lambda bits_she, bits_he: share_of_she(bits_he, bits_she)),
                "That is the share of he: more bits are less probable.",
            ),
            Mistake(
                always(lambda bits_she, bits_he: share_of_she(bits_she, bits_he) / 100),
                "Give it in %: times 100.",
            ),
            Mistake(
                always(lambda bits_she, bits_he: 100 / (1 + np.exp(bits_she - bits_he))),
                "Bits are logarithms to base 2, so it is 2 ** -bits, not exp.",
            ),
            Mistake(
                always(lambda bits_she, bits_he: share_of_she(bits_she, bits_he).mean()),
                "One share for each beginning, please: an array. The mean comes later.",
            ),
        ),
        hints=(
            "bits = -log2(p), so p = 2 ** -bits.",
            "p_she = 2.0 ** -bits_she, p_he likewise; then p_she / (p_she + p_he), times 100.",
        ),
        same=same_results(BITS, (BITS[1], BITS[0]), rel_tol=1e-4),
        expects="a function of (bits_she, bits_he) that returns an array of shares in %",
    ),
)
