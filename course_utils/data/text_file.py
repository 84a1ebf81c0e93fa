"""One text file, cleaned and cut into documents.

Files must be UTF-8. Line ends are made equal, spaces at line ends and more than one empty line in a row
are taken away. Documents have 1,000 to 2,000 characters and end with a paragraph where they can.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from course_utils import CourseError
from course_utils.data.documents import MIN_CHARACTERS, Document

TARGET = 1_000
"""A document is complete when it has so many characters; twice as many are the most that it gets."""


def read(path: Path, name: str, n_bytes: int | None = None) -> str:
    """A file's text, cleaned.

    Parameters
    ----------
    path : Path
    name : str
        What messages call it.
    n_bytes : int, optional
        Bytes to read from its beginning; without it all.

    Raises
    ------
    CourseError
        It cannot be opened, is not UTF-8, or has zero bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(-1 if n_bytes is None else n_bytes)
            ends = not file.read(1)
    except OSError as error:
        raise CourseError(
            f"cannot read '{name}' ({error.strerror}): see to it that you may open it"
        ) from error
    if (zero := content.find(0)) >= 0:
        raise CourseError(
            f"'{name}' is no plain text (byte {zero} is zero): save it as text in UTF-8, or leave it out"
        )
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(content, final=ends)
    except UnicodeDecodeError as error:
        raise CourseError(
            f"'{name}' is not UTF-8 (byte {error.start} is {content[error.start]:#04x}): save it as UTF-8"
        ) from error
    lines = re.split(r"\r\n|\r|\n", text)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")


def documents(text: str, file: str) -> list[Document]:
    """A cleaned text in documents of 1,000 to 2,000 characters; none if it has fewer than 200.

    The last one may be shorter, or longer by up to 200.
    """
    blocks: list[str] = [""]
    for paragraph in _paragraphs(text):
        if len(blocks[-1]) >= TARGET or len(blocks[-1]) + len(paragraph) > 2 * TARGET:
            blocks.append("")
        blocks[-1] += paragraph
    if len(blocks) > 1 and len(blocks[-1].strip()) < MIN_CHARACTERS:
        blocks[-2:] = ["".join(blocks[-2:])]
    cleaned = (re.sub(r" +$", "", block, flags=re.MULTILINE).strip("\n") for block in blocks)
    return [Document(block, file) for block in cleaned if len(block) >= MIN_CHARACTERS]


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs with the empty line after them; long ones in pieces of up to 1,000 characters.

    A piece ends with a line, else with a word, else after 1,000 characters.
    """
    for paragraph in re.findall(r"(?s).+?(?:\n\n|\Z)", text):
        start = 0
        while len(paragraph) - start > 2 * TARGET:
            ends = [paragraph.rfind(mark, start + TARGET // 2, start + TARGET) + 1 for mark in "\n "]
            end = next((end for end in ends if end), start + TARGET)
            yield paragraph[start:end]
            start = end
        yield paragraph[start:]
