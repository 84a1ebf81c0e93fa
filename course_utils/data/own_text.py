"""The reader's own text: one file, or the text files of a folder.

Files must be UTF-8. Line ends are made equal, spaces at line ends and more than one empty line in a row
are taken away. Then a file is cut into documents of 1,000 to 2,000 characters, at the ends of paragraphs
where it can be.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from course_utils import CourseError
from course_utils.data.documents import MIN_BYTES, Document
from course_utils.data.text_parts import MIN_CHARACTERS

ENDINGS = (".txt", ".md", ".rst", ".py")
MAX_BYTES = 20_000_000
MAX_FILES = 10_000
"""Most text, and most files of any kind, that a folder may have."""
TARGET = 1_000
"""A document is complete when it has so many characters; twice as many are the most that it gets."""
N_EXAMPLES = 3
"""Names that the report gives for each reason."""


def find(path: Path) -> tuple[dict[str, Path], dict[str, list[str]]]:
    """The files to read, by the names that a report may show, and those left out, by reason.

    A file given by itself may have any ending. In a folder, hidden files are ignored, and links to folders
    are not followed.

    Raises
    ------
    CourseError
        There is no such file or folder, there is no text file in it, or too little or too much.
    """
    left_out: dict[str, list[str]] = defaultdict(list)
    if os.path.isdir(path):
        found = {name: each for name, each in _below(path, left_out) if _is_text(name, each, left_out)}
    elif os.path.isfile(path):
        found = {shown(path.name): path}
    else:
        raise CourseError(f"'{shown(path.name)}' is no file or folder: give the path of one that exists")
    if not found:
        raise CourseError(f"'{shown(path.name)}' has no text in it: put {', '.join(ENDINGS)} files there")
    n_bytes = sum(each.stat().st_size for each in found.values())
    if not MIN_BYTES <= n_bytes <= MAX_BYTES:
        what = f"'{shown(path.name)}' has {n_bytes / 1e3:,.0f} kB of text in {len(found)} file(s)"
        rule = f"the lesson takes {MIN_BYTES / 1e3:,.0f} kB to {MAX_BYTES / 1e6:,.0f} MB"
        raise CourseError(f"{what}, but {rule}: give {'more' if n_bytes < MIN_BYTES else 'less'}")
    return found, left_out


def _below(folder: Path, left_out: dict[str, list[str]]) -> Iterator[tuple[str, Path]]:
    """Every visible file below a folder, sorted, with its name from there on."""

    def refuse(error: OSError) -> None:
        name = shown(Path(error.filename).name)
        raise CourseError(
            f"cannot read the folder '{name}' ({error.strerror}): see to it that you may open it"
        )

    n_files = 0
    for place, folders, files in os.walk(folder, onerror=refuse):
        here = Path(place)
        links = [name for name in folders if os.path.islink(here / name)]
        left_out["link to a folder"] += sorted(_relative(here / name, folder) for name in links)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
        n_files += len(files)
        if n_files > MAX_FILES:
            raise CourseError(
                f"'{shown(folder.name)}' has more than {MAX_FILES:,} files: give a smaller folder"
            )
        for name in sorted(files):
            if not name.startswith("."):
                yield _relative(here / name, folder), here / name


def _is_text(name: str, path: Path, left_out: dict[str, list[str]]) -> bool:
    if path.suffix.lower() not in ENDINGS:
        left_out[f"no {', '.join(ENDINGS)} file"].append(name)
    elif not os.path.isfile(path):
        left_out["no regular file"].append(name)
    elif path.stat().st_size == 0:
        left_out["empty"].append(name)
    else:
        return True
    return False


def _relative(path: Path, folder: Path) -> str:
    return shown(path.relative_to(folder).as_posix())


def shown(name: str) -> str:
    """A name that any screen can print: line breaks and broken letters become question marks."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def read(path: Path) -> tuple[list[Document], str]:
    """The documents of a file or folder, in the order of the names, and what to report about them.

    Raises
    ------
    CourseError
        As `find`; or a file cannot be opened, is not UTF-8, or is no text.
    """
    found, left_out = find(path)
    everything = []
    for name, file in found.items():
        pieces = documents(read_file(file, name), name)
        if not pieces:
            left_out[f"shorter than {MIN_CHARACTERS} characters"].append(name)
        everything += pieces
    return everything, _report(len(found), left_out)


def read_file(path: Path, name: str) -> str:
    """A file's text, cleaned.

    Parameters
    ----------
    path : Path
    name : str
        What messages call it.

    Raises
    ------
    CourseError
        It cannot be opened, is not UTF-8, or has zero bytes.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"cannot read '{name}' ({error.strerror}): see to it that you may open it"
        ) from error
    if (zero := content.find(0)) >= 0:
        raise CourseError(
            f"'{name}' is no plain text (byte {zero} is zero): save it as text in UTF-8, or leave it out"
        )
    try:
        text = content.decode("utf-8-sig")
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


def _report(n_found: int, left_out: Mapping[str, Sequence[str]]) -> str:
    """How many files were read, and what was left out."""
    lines = [f"own text: {n_found} file(s) read"]
    for reason, names in left_out.items():
        if names:
            more = f" and {len(names) - N_EXAMPLES} more" if len(names) > N_EXAMPLES else ""
            lines.append(f"left out, {reason} ({len(names)}): {', '.join(names[:N_EXAMPLES])}{more}")
    return "\n".join(lines)
