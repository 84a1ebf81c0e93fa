"""The longest passage that two collections of texts have in common, found exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

BATCH = 1_000_000
"""Characters of the second collection that are looked at in one go; bounds the memory."""
BITS = 22
SHIFT = np.uint64(64 - BITS)
"""A first, cheap look compares so many bits of two hashes."""
BASE = np.uint64(0x9E3779B97F4A7C15)
"""Base of the rolling hash: odd, so that it has an inverse modulo 2**64."""
INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))
GAPS = (0x110000, 0x110001)
"""What stands between the texts of each side: two numbers that are no letters, so that no window agrees."""


def longest_shared_passage(first: Iterable[str], second: Iterable[str]) -> str:
    """The longest run of characters that a text of one collection shares with a text of the other.

    Windows of one length are compared by rolling hashes (Karp & Rabin 1987), and what agrees is compared
    letter by letter. The length is found by bisection: whoever shares a passage shares all shorter ones.

    Parameters
    ----------
    first, second : iterable of str
        The texts of each side; a passage never goes on from one text to the next. Time grows with both;
        memory mostly with `first`, so give the smaller collection first.

    Returns
    -------
    str
        The passage, '' when not even a letter is shared; ``len`` gives its length in characters. Of
        several with the same length, one of those met first in `second`.
    """
    known = _Windows(first, GAPS[0])
    best = ""
    for batch in _batches(second):
        best = _longer(known, _Windows(batch, GAPS[1]), best)
    return best


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in lists of about a million characters."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _longer(known: _Windows, batch: _Windows, best: str) -> str:
    """A passage longer than `best` that both have, the longest there is; else `best`."""
    step = 1
    while found := _shared(known, batch, len(best) + step):
        best, step = found, step * 2
    low, high = len(best), len(best) + step  # a passage of length `low` is shared, none of length `high`
    while high - low > 1:
        middle = (low + high) // 2
        if found := _shared(known, batch, middle):
            best, low = found, middle
        else:
            high = middle
    return best


def _shared(known: _Windows, batch: _Windows, length: int) -> str:
    """A passage of this length that both have, or ''."""
    theirs, (ours, table) = batch.hashes(length), known.index(length)
    candidates = np.flatnonzero(table[theirs >> SHIFT])
    places = np.searchsorted(ours, theirs[candidates])
    within = places < len(ours)
    candidates, places = candidates[within], places[within]
    for candidate in candidates[ours[places] == theirs[candidates]]:
        passage = batch.letters[candidate : candidate + length]
        for start in np.flatnonzero(known.hashes(length) == theirs[candidate]):
            if np.array_equal(known.letters[start : start + length], passage):
                return passage.tobytes().decode("utf-32-le", "surrogatepass")
    return ""


class _Windows:
    """Some texts one after the other, and the hash of every window of one length.

    Modulo 2**64, and with a scrambled number w for each letter: the hash of the window at i is the sum
    of w(letter j) · base**(j − i) over its letters, which two prefix sums give.
    """

    def __init__(self, texts: Iterable[str], gap: int):
        gap_bytes = np.array([gap], "<u4").tobytes()
        joined = gap_bytes.join(text.encode("utf-32-le", "surrogatepass") for text in texts)
        self.letters = np.frombuffer(joined, "<u4")
        numbers = _scrambled(self.letters.astype(np.uint64)) * _powers(BASE, len(self.letters))
        self._sums = np.concatenate([[np.uint64(0)], np.cumsum(numbers, dtype=np.uint64)])
        self._inverse = _powers(INVERSE, len(self.letters))
        self._indexed, self._index = -1, (self._sums[:0], np.zeros(2**BITS, bool))

    def hashes(self, length: int) -> np.ndarray:
        """Hash of the window at each place, shape (max(0, n − length + 1),), uint64."""
        n = max(0, len(self.letters) - length + 1)
        return (self._sums[length : length + n] - self._sums[:n]) * self._inverse[:n]

    def index(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """The hashes of this length sorted, and for each value of their first bits whether it occurs."""
        if length != self._indexed:  # the next batch begins with the length at which the last one ended
            table = np.zeros(2**BITS, bool)
            hashes = np.sort(self.hashes(length))
            table[hashes >> SHIFT] = True
            self._indexed, self._index = length, (hashes, table)
        return self._index


def _powers(base: np.uint64, n: int) -> np.ndarray:
    """1, base, base**2, … modulo 2**64, shape (n,), uint64."""
    return np.cumprod(np.concatenate([[np.uint64(1)], np.full(n, base)]), dtype=np.uint64)[:n]


def _scrambled(numbers: np.ndarray) -> np.ndarray:
    """Other 64-bit numbers, one for each, without a pattern (the finaliser of splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
