"""The exercises of lab 3_tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from course_utils.exercises import Exercise, Mistake, workbook

Pair = tuple[str, str]
Cut = Callable[[str, Sequence[Pair]], Sequence[str]]

MERGES = (("u", "g"), ("h", "u"), ("hu", "b"), ("p", "ug"), ("b", "b"))
WORDS = ("hub", "hug", "pug", "hubhub", "hubbub", "bug", "bbb", "pugh", "a")


def same_cut(answer: Cut, other: Cut) -> bool:
    """Whether two functions cut some words into the same pieces.

    Raises
    ------
    ValueError
        The pieces do not make the word.
    """
    same = []
    for word in WORDS:
        pieces = answer(word, list(MERGES))
        if "".join(pieces) != word:
            raise ValueError(f"the pieces must make the word again: {word!r} became {list(pieces)}")
        same.append(list(pieces) == list(other(word, MERGES)))
    return all(same)


def _joined(pieces: Sequence[str], pair: Pair, once: bool = False) -> list[str]:
    merged: list[str] = []
    done = False
    for piece in pieces:
        if merged and (merged[-1], piece) == pair and not (once and done):
            merged[-1] += piece
            done = True
        else:
            merged.append(piece)
    return merged


def _cut(word: str, merges: Sequence[Pair]) -> list[str]:
    pieces = list(word)
    for pair in merges:
        pieces = _joined(pieces, pair)
    return pieces


def _once(word: str, merges: Sequence[Pair]) -> list[str]:
    pieces = list(word)
    for pair in merges:
        pieces = _joined(pieces, pair, once=True)
    return pieces


def _longest(word: str, merges: Sequence[Pair]) -> list[str]:
    """The longest known piece first, from left to right."""
    known = {a + b for a, b in merges}
    pieces = []
    while word:
        size = next((n for n in range(len(word), 1, -1) if word[:n] in known), 1)
        pieces.append(word[:size])
        word = word[size:]
    return pieces


exercises = workbook(
    Exercise(
        "3_tokens.1",
        "Cutting a new word",
        solution=lambda: _cut,
        mistakes=(
            Mistake(
                lambda: lambda word, merges: list(word),
                "Those are the single letters, and nothing is merged yet.",
            ),
            Mistake(
                lambda: lambda word, merges: _cut(word, merges[:1]),
                "You used the first merge only. Go on with all of them, one after the other.",
            ),
            Mistake(
                lambda: lambda word, merges: _cut(word, merges[::-1]),
                "You began with the last merge. What was learned first is applied first.",
            ),
            Mistake(
                lambda: _once,
                "A merge is applied wherever its pair stands, not only at the first place: look at 'hubhub'.",
            ),
            Mistake(
                lambda: _longest,
                "You looked for the longest known piece from the left. Byte-pair encoding repeats its merges "
                "in their order.",
            ),
        ),
        hints=(
            "Begin with list(word). Then go through the merges in the order in which they were learned.",
            "For each merge build a new list: if the last piece of it and the next one are the pair, join "
            "them, else append.",
            "The lesson's function merge(pieces, pair) does one merge: call it for each pair in turn.",
        ),
        same=same_cut,
        expects="a function of (word, merges) that gives a list of pieces",
    ),
    Exercise(
        "3_tokens.2",
        "Perplexity and bytes",
        solution=lambda: np.log2(45) / 3.9,
        mistakes=(
            Mistake(
                lambda: np.log2(3.1),
                "That is model A, the one with the lower perplexity. But A has to guess once for each byte, "
                "B only once for 3.9.",
            ),
            Mistake(lambda: np.log2(45), "Those are B's bits per token. A token stands for 3.9 bytes."),
            Mistake(lambda: 45 / 3.9, "Perplexity is no number of bits: take its logarithm to the base 2."),
            Mistake(
                lambda: np.log(45) / 3.9,
                "You took the natural logarithm, which gives nats. Bits want np.log2.",
            ),
            Mistake(
                lambda: np.log2(3.1) / 3.9,
                "You divided A's bits by B's bytes per token. One token of A is one byte.",
            ),
        ),
        hints=(
            "How many bits is a perplexity of 8? 2 to the power of what is 8?",
            "A needs np.log2(3.1) bits for a token, which is one byte.",
            "B needs np.log2(45) bits for a token of 3.9 bytes. Who needs fewer for a byte?",
        ),
        expects="a number of bits per byte",
    ),
)
