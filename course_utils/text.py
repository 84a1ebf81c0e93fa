"""Text for a small language model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from tabulate import tabulate

from course_utils.overlap import SharedRuns
from course_utils.registry import Source


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


def split(
    documents: Sequence[Document], validation_share: float, test_share: float
) -> tuple[list[Document], list[Document], list[Document]]:
    """Train, validation and test documents; all documents of a file are in the same part.

    Files are taken in the order of the SHA-256 of their names, so that the parts are the same on every
    machine: into the test part until it has its share of the characters, then into the validation part
    until that has its share. The rest is for training.
    """
    sizes: dict[str, int] = {}
    for document in documents:
        sizes[document.file] = sizes.get(document.file, 0) + len(document.text)
    total, taken, part_of = sum(sizes.values()), 0, {}
    for file in sorted(sizes, key=lambda name: sha256(name.encode("utf-8", "surrogatepass")).hexdigest()):
        in_test = taken < test_share * total
        held_out = taken < (test_share + validation_share) * total
        part_of[file] = "test" if in_test else "validation" if held_out else "train"
        taken += sizes[file]
    train, validation, test = (
        [document for document in documents if part_of[document.file] == part]
        for part in ("train", "validation", "test")
    )
    return train, validation, test


def without_shared(
    documents: Iterable[Document], others: SharedRuns, min_characters: int
) -> tuple[Document, ...]:
    """The documents without what they share with others; those that are too short then are left out."""
    cut = (replace(document, text=others.cut(document.text)) for document in documents)
    return tuple(document for document in cut if len(document.text) >= min_characters)


def table_of_sizes(parts: Mapping[str, Sequence[Document]]) -> str:
    """Documents and kilobytes of each part, as a table."""
    rows = [(name, len(documents), f"{size(documents) / 1e3:,.0f}") for name, documents in parts.items()]
    return tabulate(
        rows, headers=("part", "documents", "kB of text"), stralign="right", disable_numparse=True
    )


def size(documents: Iterable[Document]) -> int:
    """Bytes of text, in UTF-8."""
    return sum(len(document.text.encode("utf-8", "surrogatepass")) for document in documents)
