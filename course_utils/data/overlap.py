"""What two texts have in common: near-duplicates, shared runs of words, the longest shared passage.

A language model that has seen a test text while it was trained is tested on its memory. Long runs of
words that occur on both sides give such a leak away (Brown et al. 2020, 'Language Models are Few-Shot
Learners', appendix C, counts runs of 13 words).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np

LEAK_WORDS = 13
"""A run of so many words in a training text and a held-out text counts as a leak."""
DUPLICATE_WORDS = 8
"""Near-duplicates are found by runs of so many words."""
MIX = np.uint64(0x9E3779B97F4A7C15)
"""Odd 64-bit multiplier of the rolling hashes (2**64 divided by the golden ratio)."""


def words(text: str) -> list[str]:
    """The words of a text: runs of letters, digits and underscores, in small letters.

    In a script without spaces, a word is all that stands between two punctuation marks.
    """
    return re.findall(r"\w+", text.lower())


def run_hashes(texts: Iterable[str], n: int) -> tuple[np.ndarray, np.ndarray]:
    """A number for every run of `n` words in each text.

    Parameters
    ----------
    texts : iterable of str
        A text of fewer than `n` words counts as one run.
    n : int
        Words in a run.

    Returns
    -------
    hashes : ndarray, shape (n_runs,), uint64
        Equal runs have equal numbers, on every machine; different ones practically never do.
    owner : ndarray, shape (n_runs,), int64
        Index of the text that a run is in.
    """
    codes = [_padded(_word_codes(text), n) for text in texts]
    if not codes:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    owner = np.repeat(np.arange(len(codes)), [len(part) for part in codes])
    flat = np.concatenate(codes)
    n_runs = len(flat) - n + 1
    hashes = np.zeros(n_runs, np.uint64)
    for i in range(n):
        hashes = hashes * MIX + flat[i : i + n_runs]
    inside = owner[:n_runs] == owner[n - 1 :]  # a run does not go on in the next text
    return hashes[inside], owner[:n_runs][inside]


def _padded(codes: np.ndarray, at_least: int) -> np.ndarray:
    missing = at_least - len(codes)
    return codes if missing <= 0 else np.append(codes, np.zeros(missing, np.uint64))


@lru_cache(maxsize=20_000)
def _word_codes(text: str) -> np.ndarray:
    """A number for each word; kept, because several questions are asked about the same text."""
    return np.array([_word_code(word) for word in words(text)], np.uint64)


@lru_cache(maxsize=2**18)
def _word_code(word: str) -> int:
    """64 bits that stand for a word, the same on every machine."""
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def near_duplicates(texts: Sequence[str]) -> np.ndarray:
    """Which texts have more than half of their runs of 8 words in texts before them.

    Returns
    -------
    ndarray, shape (n_texts,), bool
        A text of fewer than 8 words is a duplicate only when the same words were there before.
    """
    hashes, owner = run_hashes(texts, DUPLICATE_WORDS)
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    seen = owner[first][which] < owner
    n_seen = np.bincount(owner, weights=seen, minlength=len(texts))
    return n_seen > np.bincount(owner, minlength=len(texts)) / 2


def longest_shared_passage(first: Iterable[str], second: Iterable[str]) -> str:
    """The longest run of words that a text of one side has in common with a text of the other.

    Found by bisection: two texts that share a run share all shorter ones.

    Returns
    -------
    str
        The passage as it stands in `first`; '' when not even a word is shared.
    """
    sides = [list(first), list(second)]
    best, low, high = "", 0, 1
    while found := _shared_run(sides, high):
        best, low, high = found, high, 2 * high
    while high - low > 1:  # runs of `low` words are shared, of `high` words none
        middle = (low + high) // 2
        if found := _shared_run(sides, middle):
            best, low = found, middle
        else:
            high = middle
    return best


def _shared_run(sides: Sequence[Sequence[str]], n: int) -> str:
    """A run of `n` words that both sides have, as it stands in the first, or ''."""
    mine, theirs = ([text for text in side if len(_word_codes(text)) >= n] for side in sides)
    hashes, owner = run_hashes(mine, n)
    shared = np.flatnonzero(_among(hashes, np.sort(run_hashes(theirs, n)[0])))
    if not len(shared):
        return ""
    text, start = mine[owner[shared[0]]], shared[0] - np.searchsorted(owner, owner[shared[0]])
    small = text.lower()
    spans = [match.span() for match in re.finditer(r"\w+", small)]
    # a few letters of other languages become two in small letters
    return (text if len(small) == len(text) else small)[spans[start][0] : spans[start + n - 1][1]]


def _among(hashes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which numbers are among known ones, which are sorted; shape (n,), bool."""
    if not len(known):
        return np.zeros(len(hashes), bool)
    places = np.searchsorted(known, hashes)
    return known[np.minimum(places, len(known) - 1)] == hashes


class SharedRuns:
    """Knows every run of 13 words of some texts, and cuts other texts so that they share none.

    Parameters
    ----------
    texts : iterable of str
        The texts on the other side.
    """

    def __init__(self, texts: Iterable[str]):
        self._known = np.sort(run_hashes(texts, LEAK_WORDS)[0])

    def count(self, text: str) -> int:
        """How many runs of 13 words of a text are known; a shorter text counts as one run."""
        return int(_among(run_hashes([text], LEAK_WORDS)[0], self._known).sum())

    def cut(self, text: str) -> str:
        """The text without the paragraphs and entries that a known run lies in or touches.

        Titles of sections stay as long as something is left below them. A text of fewer than 13 words
        stays as it is, unless a known text is the same.
        """
        parts = pieces(text)
        while parts:
            text = "\n".join(parts).strip("\n")
            touched = self._touched(parts)
            if not touched.any():
                return text
            titles = np.array([_is_title(part) for part in parts])
            doomed = touched & ~titles if (touched & ~titles).any() else touched
            parts = _without_bare_titles([part for part, out in zip(parts, doomed, strict=True) if not out])
        return ""

    def _touched(self, parts: Sequence[str]) -> np.ndarray:
        """Which parts a known run lies in or touches, shape (n_parts,), bool."""
        part_of = np.repeat(np.arange(len(parts)), [len(words(part)) for part in parts])
        found = np.flatnonzero(_among(run_hashes(["\n".join(parts)], LEAK_WORDS)[0], self._known))
        touched = np.zeros(len(parts), bool)
        for start in found:
            touched[part_of[start : start + LEAK_WORDS]] = True
        if len(found) and not touched.any():  # no words at all
            touched[:] = True
        return touched


def pieces(text: str) -> list[str]:
    """A text in paragraphs and entries, which joined by line ends give it back.

    A piece begins after an empty line, where a line is less indented than the one before it, and at and
    after a section's title, which is underlined.
    """
    lines = text.split("\n")
    parts: list[list[str]] = [[lines[0]]]
    for i in range(1, len(lines)):
        previous, line = lines[i - 1], lines[i]
        starts = line.strip() and (not previous.strip() or _indent(line) < _indent(previous))
        title = i + 1 < len(lines) and line.strip() and _is_underline(lines[i + 1])
        if starts or title or (_is_underline(previous) and len(parts[-1]) == 2):
            parts.append([])
        parts[-1].append(line)
    return ["\n".join(part) for part in parts]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_underline(line: str) -> bool:
    return re.fullmatch(r"\s*(-{3,}|={3,}|~{3,})\s*", line) is not None


def _is_title(part: str) -> bool:
    lines = part.split("\n")
    return len(lines) >= 2 and _is_underline(lines[1]) and not any(line.strip() for line in lines[2:])


def _without_bare_titles(parts: Sequence[str]) -> list[str]:
    """The parts without titles that have nothing below them."""
    kept: list[str] = []
    for part in reversed(parts):
        if not _is_title(part) or (kept and not _is_title(kept[-1])):
            kept.append(part)
    return kept[::-1]
