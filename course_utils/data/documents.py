"""Text in documents, and documents divided so that nothing is in training and in a held-out part."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
from tabulate import tabulate

from course_utils.data.overlap import SharedRuns, longest_shared_passage, near_duplicates, words
from course_utils.data.registry import Source

MIN_CHARACTERS = 200
"""Shorter documents are left out."""
MIN_FILES, MAX_SHARE = 20, 0.1
"""Fewest files, and the largest share of one, that are divided file by file."""


@dataclass(frozen=True)
class Document:
    """A piece of text that belongs together.

    Attributes
    ----------
    text : str
        Lines end with a line feed; no line ends with spaces.
    file : str
        Where it comes from, with slashes: ``numpy/linalg/_linalg.py``, or below the reader's folder.
    name : str
        What it describes, as ``numpy.linalg._linalg.norm``; '' for other texts.
    code : str
        Source of the function that it describes, without the docstring; '' elsewhere.
    """

    text: str
    file: str
    name: str = ""
    code: str = ""

    @property
    def opening(self) -> str:
        """The first paragraph, on one line."""
        return " ".join(self.text.split("\n\n")[0].split())


@dataclass(frozen=True)
class Texts:
    """Documents in three parts.

    Attributes
    ----------
    train, validation, test : tuple of Document
        No run of 13 words of a validation or test document occurs in a training document.
    source : Source
        Where they come from.
    report : str
        What a reader should know: sizes, what was left out and why, the longest shared passage.
    """

    train: tuple[Document, ...]
    validation: tuple[Document, ...]
    test: tuple[Document, ...]
    source: Source
    report: str


def drawn(documents: Sequence[Document], limit: int, seed: int) -> list[Document]:
    """At most so many of the documents, drawn at random, none twice."""
    return [documents[i] for i in np.random.default_rng(seed).permutation(len(documents))[:limit]]


Parts = tuple[Sequence[Document], Sequence[Document], Sequence[Document]]
"""Train, validation and test documents."""


def by_file(document: Document) -> str:
    """The file of a document, as a key for `divide`: all of a file goes into the same part."""
    return document.file


def divide(
    documents: Sequence[Document],
    source: Source,
    about: str,
    general: Texts | None = None,
    *,
    key: Callable[[Document], str] | None = by_file,
    shares: tuple[float, float] = (0.1, 0.1),
    min_characters: int = MIN_CHARACTERS,
) -> Texts:
    """Leave out near-duplicates, make three parts, and cut out what they would share.

    Parameters
    ----------
    documents : sequence of Document
    source : Source
    about : str
        What the report says first.
    general : Texts, optional
        Another collection that a model learns from too. It stays as it is: documents that it has nearly the
        same are left out here, training documents lose what they share with its validation and test
        documents, and validation and test documents what they share with its training documents.
    key : callable or None
        Documents with the same key go into the same part, which the SHA-256 of the key decides on. With None
        the parts are three stretches in the order of the documents.
    shares : tuple of float
        Shares of the characters for validation and test.
    min_characters : int
        Documents that are shorter after the cutting are left out.
    """
    learned, measured = ((), ()) if general is None else (general.train, general.validation + general.test)
    before = [document.text for document in (*learned, *measured)]
    twins = near_duplicates([*before, *(document.text for document in documents)])[len(before) :]
    distinct = [document for document, twin in zip(documents, twins, strict=True) if not twin]
    parts = _stretches(distinct, shares) if key is None else _by_key(distinct, key, shares)
    train = _without(parts[0], SharedRuns(document.text for document in measured), min_characters)
    training = [document.text for document in (*learned, *train)]
    known = SharedRuns(training)
    validation, test = (_without(part, known, min_characters) for part in parts[1:])
    texts = Texts(train, validation, test, source, "")
    counts = len(documents), sum(twins), len(distinct) - sum(map(len, (train, validation, test)))
    return replace(texts, report="\n".join(filter(None, _report(texts, training, about, counts))))


def has_enough_files(documents: Iterable[Document]) -> bool:
    """Whether documents can be divided file by file, so that the parts get about their shares."""
    sizes: Counter[str] = Counter()
    for document in documents:
        sizes[document.file] += len(document.text)
    return len(sizes) >= MIN_FILES and max(sizes.values()) <= MAX_SHARE * sizes.total()


def _by_key(
    documents: Sequence[Document], key: Callable[[Document], str], shares: tuple[float, float]
) -> Parts:
    """Keys in the order of their SHA-256: to the test part until it has its share, then to validation."""
    sizes: Counter[str] = Counter()
    for document in documents:
        sizes[key(document)] += len(document.text)
    in_test, held_out = shares[1] * sizes.total(), sum(shares) * sizes.total()
    taken, part_of = 0, {}
    for name in sorted(sizes, key=_sha256):
        part_of[name] = 2 if taken < in_test else 1 if taken < held_out else 0
        taken += sizes[name]
    chosen = [[each for each in documents if part_of[key(each)] == part] for part in range(3)]
    return chosen[0], chosen[1], chosen[2]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _stretches(documents: Sequence[Document], shares: tuple[float, float]) -> Parts:
    """The first documents for training, then validation, the last for testing."""
    total = sum(len(document.text) for document in documents)
    ends = [(1 - sum(shares)) * total, (1 - shares[1]) * total]
    taken, parts = 0, ([], [], [])
    for document in documents:
        parts[sum(taken >= end for end in ends)].append(document)
        taken += len(document.text)
    return parts


def _without(documents: Iterable[Document], known: SharedRuns, min_characters: int) -> tuple[Document, ...]:
    """Documents without the known runs, except those that are too short then."""
    cut = (replace(document, text=known.cut(document.text)) for document in documents)
    return tuple(document for document in cut if len(document.text) >= min_characters)


def _report(texts: Texts, training: Sequence[str], about: str, counts: tuple[int, int, int]) -> Iterator[str]:
    """The lines of a report; `counts` are documents read, near-duplicates, and those left too short."""
    n_documents, n_twins, n_short = counts
    yield about
    parts = {"train": texts.train, "validation": texts.validation, "test": texts.test}
    rows = [(name, f"{len(part):,}", f"{n_bytes(part) / 1e3:,.0f}") for name, part in parts.items()]
    yield tabulate(
        rows, ("part", "documents", "kB"), colalign=("left", "right", "right"), disable_numparse=True
    )
    yield (
        f"of {n_documents:,} documents, left out {n_twins:,} that have more than half of their runs of 8 "
        f"words in others before them, and {n_short:,} of which cutting left too little"
    )
    yield "cut out: paragraphs and entries with 13 words in a row that a training and a held-out part share"
    passage = longest_shared_passage([document.text for document in texts.test], training)
    yield f"longest passage that the test part shares with a training part: {len(words(passage))} words"


def n_bytes(documents: Iterable[Document]) -> int:
    """Size of the text in UTF-8."""
    return sum(len(document.text.encode("utf-8", "surrogatepass")) for document in documents)


def as_lines(documents: Iterable[Document]) -> bytes:
    """Documents as JSON, one a line: text, file, name and code."""
    rows = (json.dumps(astuple(document), separators=(",", ":")) for document in documents)
    return "\n".join(rows).encode("ascii")


def digest(documents: Iterable[Document]) -> str:
    """SHA-256 over documents."""
    return hashlib.sha256(as_lines(documents)).hexdigest()
