"""A language model made of counts: n-grams with interpolated modified Kneser-Ney smoothing.

An n-gram is kept as one number whose digits are its tokens: with 10 tokens, the tokens 4, 1, 7 are 417. So
the n-grams of a text are an array, counting them is `np.unique`, looking one up is `np.searchsorted`, and
two operations take one apart: 417 // 10 = 41 is the context of the last token, and 417 % 100 = 17 the
2-gram without the first. Lengths are counted down from the longest, because a shorter n-gram
counts the different longer ones that end with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from course_utils import CourseError

FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)  # where counts of counts give none; the defaults of the toolkit KenLM
NO_KEY = np.iinfo(np.int64).max  # above every n-gram's number: ends a table, so each search ends on a row


class KneserNey:
    """Language model of n-grams, with the modified Kneser-Ney smoothing of Chen & Goodman.

    For a token w after the context h, a sequence of k - 1 tokens::

        p_k(w | h) = (c(h w) - D(c(h w))) / c(h) + g(h) * p_(k-1)(w | h without its first token)
        c(h) = sum over w of c(h w),    g(h) = sum over w of D(c(h w)) / c(h),    p_0(w) = 1 / n_tokens

    g(h) is what the `discounts` D took away, so p_k sums to 1; after a context never seen, p_k is p_(k-1).
    For the longest n-gram in use, c is its number of occurrences. For the shorter ones, c counts the
    *different* tokens seen before it: 'Francisco' may be frequent, yet it comes after one word only, and so
    is a poor guess after any other.

    Both counts are kept for every length: a token with only k - 1 tokens before it, because the document
    begins there or `context` is limited, is predicted by a complete k-gram model. So an n-gram that only ever
    begins documents may have c = 0 as a shorter one: where it is needed, it is the longest in use. (SRILM and
    KenLM instead keep the occurrences of all n-grams that start with their begin symbol.)

    Parameters
    ----------
    order : int
        Length of the longest n-grams, 1 to 5: the model looks at order - 1 tokens.
    n_tokens : int
        Size of the vocabulary; tokens are numbered 0 to n_tokens - 1. n_tokens ** order must stay below
        2^63, so that an int64 can number all n-grams; a CourseError is raised for that and for each range.

    References
    ----------
    Kneser, R., & Ney, H. (1995). Improved backing-off for m-gram language modeling. ICASSP, 181-184.
    Chen, S. F., & Goodman, J. (1999). An empirical study of smoothing techniques for language modeling.
    Computer Speech & Language, 13, 359-394; at length Harvard University, TR-10-98 (1998).
    """

    def __init__(self, order: int, n_tokens: int) -> None:
        if not isinstance(order, Integral) or not 1 <= order <= 5:
            raise CourseError(f"order must be a whole number from 1 to 5, got {order}")
        if not isinstance(n_tokens, Integral) or n_tokens < 1:
            raise CourseError(f"n_tokens must be a whole number and at least 1, got {n_tokens}")
        self.order, self.n_tokens = int(order), int(n_tokens)
        if self.n_tokens**self.order > NO_KEY:
            size = f"{n_tokens} tokens make more {order}-grams than 64-bit integers can number"
            raise CourseError(f"{size}: take a lower order or a smaller vocabulary")
        self._tables: list[_Table] = []  # the k-grams are in the table with index k - 1

    def fit(self, documents: Sequence[np.ndarray]) -> KneserNey:
        """Count the n-grams of the documents; none reaches from one document into the next.

        `documents` are arrays of token numbers, each (n,) int. No begin symbol is added: put one first in
        each document if you want it. Returns this model; what it counted earlier is forgotten. Raises
        CourseError when there is no token, or something that is not a token number.
        """
        texts = [self._checked(document) for document in documents]
        lengths = np.array([text.size for text in texts], dtype=np.int64)
        if lengths.sum() == 0:
            raise CourseError("expected documents with at least one token, got none: pass a list of arrays")
        tokens = np.concatenate(texts)
        place = np.arange(tokens.size) - np.repeat(lengths.cumsum() - lengths, lengths)  # in its document
        tables, longer = [], None
        for k in range(self.order, 0, -1):
            inside = place[k - 1 :] >= k - 1  # the k tokens that end here are of one document
            # the sorted k-grams, and two kinds of count: how often each occurs, and after how many tokens
            grams, occurrences = np.unique(self._grams(tokens, k)[inside], return_counts=True)
            counts = [occurrences] if longer is None else [occurrences, self._befores(grams, longer, k)]
            tables.append(_table(grams, counts, self.n_tokens))
            longer = grams
        self._tables = tables[::-1]
        return self

    def bits(self, document: np.ndarray, context: int | None = None) -> np.ndarray:
        """Bits that each token of a document costs: -log2 p(token | tokens before it), (n,) float64.

        `document` are token numbers, (n,) int. At most `context` tokens before each are used, 0 for none,
        and never more than order - 1. Bits are finite and not negative. Raises CourseError before `fit`,
        for a negative context, or for something that is not a token number.
        """
        tables, tokens = self._fitted(), self._checked(document)
        if context is not None and (not isinstance(context, Integral) or context < 0):
            raise CourseError(f"context must be a whole number of tokens and not negative, got {context}")
        limit = self.order - 1 if context is None else min(int(context), self.order - 1)
        used = np.minimum(np.arange(tokens.size), limit)  # tokens before each that predict it
        p = np.full(tokens.size, 1 / self.n_tokens)  # p_0
        for k in range(1, limit + 2):  # p_1, p_2, ... each from the one before, for all tokens at once
            rest = slice(k - 1, None)  # the tokens with k - 1 or more before them
            p[rest] = tables[k - 1].mixed(self._grams(tokens, k), used[rest] == k - 1, p[rest])
        return np.maximum(-np.log2(p), 0)  # rounding may lift the p of a sure token above 1

    def page_bits(self, pages: Sequence[np.ndarray]) -> np.ndarray:
        """Bits that each page costs behind its first token, where pages begin: (n_pages,), as in `bits`."""
        return np.array([self.bits(page)[1:].sum() for page in pages])

    def probabilities(self, context: np.ndarray) -> np.ndarray:
        """Probability of every token after the given ones, (n_tokens,) float64; each above 0, sum 1.

        `context` are token numbers, (n,) int, of which the last order - 1 are used; it may be empty.
        Raises CourseError before `fit`, or for something that is not a token number.
        """
        tables, before = self._fitted(), self._checked(context)
        before = before[max(before.size - self.order + 1, 0) :]
        grams, p = np.arange(self.n_tokens), np.full(self.n_tokens, 1 / self.n_tokens)
        for k in range(1, before.size + 2):
            p = tables[k - 1].mixed(grams, np.full(self.n_tokens, k == before.size + 1), p)
            if k <= before.size:
                grams = grams + before[-k] * self.n_tokens**k  # one more token in front
        return p

    def _grams(self, tokens: np.ndarray, k: int) -> np.ndarray:
        """Every k tokens in a row as one number whose digits they are, (n - k + 1,) int64."""
        grams = np.zeros(max(tokens.size - k + 1, 0), dtype=np.int64)
        for digit in range(k):
            grams = grams * self.n_tokens + tokens[digit : digit + grams.size]
        return grams

    def _befores(self, grams: np.ndarray, longer: np.ndarray, k: int) -> np.ndarray:
        """How many different tokens stood before each k-gram, from the different (k + 1)-grams."""
        ends, befores = np.unique(longer % self.n_tokens**k, return_counts=True)
        counts = np.zeros_like(grams)
        counts[np.searchsorted(grams, ends)] = befores
        return counts

    def _fitted(self) -> list[_Table]:
        if not self._tables:
            raise CourseError("this model has counted nothing yet: call fit(documents) first")
        return self._tables

    def _checked(self, tokens: np.ndarray) -> np.ndarray:
        array = np.asarray(tokens)
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
            raise CourseError(f"expected a row of whole numbers, got shape {array.shape} of {array.dtype}")
        if array.size and not 0 <= array.min() <= array.max() < self.n_tokens:
            wanted = f"token numbers must lie between 0 and {self.n_tokens - 1}"
            raise CourseError(f"{wanted}, got {array.min()} to {array.max()}: is this another vocabulary?")
        return array.astype(np.int64)


def discounts(counts: np.ndarray) -> np.ndarray:
    """What to take from a count of 0, 1, 2, and 3 or more: (4,) float64, from all counts, (n,) int.

    With n_i the number of n-grams that have the count i, and Y = n_1 / (n_1 + 2 n_2)::

        D_i = i - (i + 1) * Y * n_(i+1) / n_i     for i = 1, 2, 3

    (Chen & Goodman 1998, section 3.) If an n_i is 0 or a D_i not positive, as in a tiny text or among single
    tokens that are all frequent, all three are `FALLBACK_DISCOUNTS`.
    """
    n = np.bincount(np.minimum(counts, 5), minlength=6)[:5].astype(float)
    if n[1:].all():
        i = np.arange(1, 4)
        estimate = i - (i + 1) * n[1] / (n[1] + 2 * n[2]) * n[2:] / n[1:4]
        if (estimate > 0).all():
            return np.array([0, *estimate])
    return np.array([0, *FALLBACK_DISCOUNTS])


@dataclass(frozen=True)
class _Table:
    """The k-grams of one k; the last entry of each array stands for all that were not seen."""

    n_tokens: int
    grams: np.ndarray  # (n_grams + 1,) sorted
    contexts: np.ndarray  # (n_contexts + 1,) sorted: the grams without their last token
    shares: np.ndarray  # (2, n_grams + 1): (c(h w) - D(c(h w))) / c(h), with c the occurrences, the befores
    weights: np.ndarray  # (2, n_contexts + 1): g(h), likewise; for the longest k both have just one row

    def mixed(self, grams: np.ndarray, longest: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """p_k of each gram from its p_(k-1) in `shorter`; `longest` is true where k is the longest in use."""
        kind = np.where(longest, 0, 1)  # occurrences for the longest in use, befores for the shorter
        share = self.shares[kind, _rows(self.grams, grams)]
        return share + self.weights[kind, _rows(self.contexts, grams // self.n_tokens)] * shorter


def _table(grams: np.ndarray, counts: list[np.ndarray], n_tokens: int) -> _Table:
    """Table of the sorted `grams` from the one or two counts of each, every array (n_grams,) int64."""
    context = grams // n_tokens  # sorted too, so the grams of one context are neighbours
    first = np.flatnonzero(np.diff(context, prepend=-1))
    sizes = np.diff(first, append=grams.size)
    shares, weights = np.zeros((len(counts), grams.size + 1)), np.ones((len(counts), first.size + 1))
    for kind, count in enumerate(counts):
        taken = discounts(count)[np.minimum(count, 3)]
        total = np.add.reduceat(count, first)
        divisor = np.maximum(total, 1)  # a context that only begins documents may have no befores at all
        shares[kind, :-1] = (count - taken) / np.repeat(divisor, sizes)
        weights[kind, :-1] = np.where(total > 0, np.add.reduceat(taken, first) / divisor, 1)
    return _Table(n_tokens, np.append(grams, NO_KEY), np.append(context[first], NO_KEY), shares, weights)


def _rows(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where each wanted number stands in the sorted keys; the last row for those that are not there."""
    rows = np.searchsorted(keys, wanted)
    return np.where(keys[rows] == wanted, rows, keys.size - 1)
