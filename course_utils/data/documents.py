"""Text for a small language model: what lesson 3 adapts it to, by name or from the reader's own files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils import CourseError, variables
from course_utils.data.registry import Source, fetch, registry

NAMES = ("docstrings", "tiny_shakespeare", "sms_spam")
SMS_LABELS = ("ham", "spam")
MIN_BYTES = 100_000
"""Least text of one's own."""
MIN_DOCUMENTS = 5
"""Fewest documents that the validation and the test part of one's own text must keep."""


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


def wanted() -> str:
    """Name, file or folder of the text for a lesson: ``COURSE_TEXT``, else 'docstrings'."""
    return variables.read("COURSE_TEXT") or "docstrings"


def resolve(wanted: str) -> str:
    """The name itself, or an absolute path, which a kernel that runs elsewhere finds too.

    Raises
    ------
    CourseError
        It is neither, or there are no files that `text_files` could read, or too little or too much.
    """
    if wanted in NAMES:
        return wanted
    from course_utils.data import own_text

    if not os.path.exists(wanted):
        shown = own_text.shown(Path(wanted).name if Path(wanted).is_absolute() else wanted)
        raise CourseError(f"unknown text '{shown}': choose {', '.join(NAMES)}, or a file or folder of text")
    own_text.find(Path(wanted))
    return str(Path(wanted).resolve())


def load_task(wanted: str, general: Texts) -> Texts:
    """The text that a model is adapted to, after it has learned from `general`.

    Documents that are near-duplicates of general ones are left out. No run of 13 words of a validation or
    test document, general or here, occurs in a training document, general or here.

    Parameters
    ----------
    wanted : str
        'docstrings' (those of scikit-learn), 'tiny_shakespeare', 'sms_spam', or a file or folder.
    general : Texts
        What the model learns from first, as `docstrings.load` gives it.

    Raises
    ------
    CourseError
        Neither a name nor a path, or the loader refuses.
    """
    wanted = resolve(wanted)
    if wanted == "docstrings":
        from course_utils.data import docstrings

        return docstrings.load()[1]
    if wanted in NAMES:
        return {"tiny_shakespeare": load_tiny_shakespeare, "sms_spam": load_sms_spam}[wanted](general)
    return load_own(Path(wanted), general)


def load_tiny_shakespeare(general: Texts) -> Texts:
    """Tiny Shakespeare (downloaded): 40,000 lines of his plays, in documents of 1,000 to 2,000 characters.

    The parts are three stretches: the first eight tenths, a tenth and a tenth.

    Raises
    ------
    CourseError
        The file cannot be downloaded.
    """
    from course_utils.data import own_text, text_parts

    (path,) = fetch("tiny_shakespeare")
    documents = own_text.documents(own_text.read_file(path, path.name), path.name)
    return text_parts.make(documents, registry()["tiny_shakespeare"], "", general, key=None)


def load_sms_spam(general: Texts) -> Texts:
    """SMS spam (downloaded): 5,574 text messages; a document is a message, without its label.

    The SHA-256 of a message decides on its part: eight tenths, a tenth and a tenth.

    Raises
    ------
    CourseError
        The file cannot be downloaded, or a line is no message with a label.
    """
    from course_utils.data import own_text, text_parts

    (path,) = fetch("sms_spam")
    lines = [line.partition("\t") for line in own_text.read_file(path, path.name).split("\n") if line]
    if wrong := [label for label, _, message in lines if label not in SMS_LABELS or not message.strip()]:
        raise CourseError(
            f"'{path.name}' has a line that begins with '{wrong[0][:20]}' and is no message with the label "
            "ham or spam: delete the file and run 'course data sms_spam'"
        )
    documents = [Document(message.strip(), path.name) for _, _, message in lines]
    source = registry()["sms_spam"]
    return text_parts.make(documents, source, "", general, key=lambda each: each.text, min_characters=1)


def load_own(path: Path, general: Texts) -> Texts:
    """The reader's own text: a file, or the .txt, .md, .rst and .py files of a folder; `text_files` has more.

    With 20 files or more, of which none has more than a tenth of the text, all of a file goes into the
    same part. Otherwise the parts are three stretches: the first eight tenths, a tenth and a tenth.

    Raises
    ------
    CourseError
        There is nothing to read, too little or too much, or a file is not UTF-8 text.
    """
    from course_utils.data import own_text, text_parts

    documents, about = own_text.read(path)
    key = text_parts.by_file if text_parts.has_enough_files(documents) else None
    texts = text_parts.make(documents, _own_source(documents), about, general, key=key)
    if min(len(texts.validation), len(texts.test)) < MIN_DOCUMENTS or not texts.train:
        raise CourseError(
            f"too little is left of your text: validation and test need {MIN_DOCUMENTS} documents each, have "
            f"{len(texts.validation)} and {len(texts.test)}: give more text, or one that repeats itself less"
            f"\n{texts.report}"
        )
    return texts


def _own_source(documents: Sequence[Document]) -> Source:
    from course_utils.data import text_parts

    return Source("own_text", "Your own text", "known to you", "files of yours", text_parts.digest(documents))
