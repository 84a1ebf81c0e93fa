"""The reader's own text: one file, or the text files of a folder.

`text_file` says what is done to each file. Of more text than `AT_MOST`, some files are drawn, and of large
ones the beginning is taken.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course_utils import CourseError
from course_utils.data import text_file
from course_utils.data.documents import (
    MIN_CHARACTERS,
    Document,
    Texts,
    by_file,
    digest,
    divide,
    has_enough_files,
)
from course_utils.data.registry import Source
from course_utils.files import shown

ENDINGS = (".txt", ".md", ".rst", ".py")
LEAST, AT_MOST = 100_000, 20_000_000
"""Characters of cleaned text that a lesson needs; bytes of files that it reads."""
MIN_DOCUMENTS = 5
"""Fewest documents that the validation and the test part must keep."""
MAX_FILES = 200_000
"""Most files of any kind that a folder may have."""
N_EXAMPLES = 3
"""Names that the report gives for each reason."""


def load(path: Path, general: Texts) -> Texts:
    """The reader's own text in three parts: a file, or the .txt, .md, .rst and .py files of a folder.

    With 20 files or more, of which none has more than a tenth of the text, all of a file goes into the
    same part. Otherwise the parts are three stretches: the first eight tenths, a tenth and a tenth.

    Raises
    ------
    CourseError
        As `read`; or too little is left after what is also in `general` was cut out.
    """
    documents, about = read(path)
    key = by_file if has_enough_files(documents) else None
    source = Source("own_text", "Your own text", "known to you", "files of yours", digest(documents))
    texts = divide(documents, source, about, general, key=key)
    if min(len(texts.validation), len(texts.test)) < MIN_DOCUMENTS or not texts.train:
        raise CourseError(
            f"too little is left of your text: validation and test need {MIN_DOCUMENTS} documents each, have "
            f"{len(texts.validation)} and {len(texts.test)}: give more text, or one that repeats itself less"
            f"\n{texts.report}"
        )
    return texts


def read(path: Path) -> tuple[list[Document], str]:
    """The documents of a file or folder, in the order of the names, and what to report about them.

    Raises
    ------
    CourseError
        As `find`; or a file cannot be opened, is not UTF-8, or is no text; or there is too little in all.
    """
    found, left_out = find(path)
    chosen = _drawn(found)
    everything: list[Document] = []
    n_characters = 0
    for name, n_bytes in tqdm(chosen.items(), desc="reading text", unit="file", delay=2, leave=False):
        text = text_file.read(found[name], name, n_bytes)
        pieces = text_file.documents(text, name)
        if not pieces:
            left_out[f"shorter than {MIN_CHARACTERS} characters"].append(name)
        n_characters += len(text)
        everything += pieces
    if n_characters < LEAST:
        raise CourseError(
            f"'{shown(path.name)}' has {n_characters:,} characters of text in {len(found):,} file(s), but "
            f"the lesson needs {LEAST:,}: give more"
        )
    return everything, _report(found, chosen, left_out)


def find(path: Path) -> tuple[dict[str, Path], dict[str, list[str]]]:
    """The files to read, by the names that a report may show, and those left out, by reason.

    A file given by itself may have any ending. In a folder, hidden files are ignored, and links to folders
    are not followed.

    Raises
    ------
    CourseError
        There is no such file or folder, or there is no text file in it.
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
    return found, left_out


def _drawn(found: Mapping[str, Path]) -> dict[str, int]:
    """How many bytes to read of which files: all, or of drawn ones as much as makes `AT_MOST`."""
    sizes = {name: path.stat().st_size for name, path in found.items()}
    if sum(sizes.values()) <= AT_MOST:
        return sizes
    each = AT_MOST // min(len(sizes), 10)  # no file fills it alone
    names, budget, left = list(sizes), {}, AT_MOST
    for i in np.random.default_rng(0).permutation(len(names)):
        budget[names[i]] = min(sizes[names[i]], each, left)
        left -= budget[names[i]]
    return {name: budget[name] for name in names if budget[name]}


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


def _report(found: Mapping[str, Path], chosen: Mapping[str, int], left_out: Mapping[str, list[str]]) -> str:
    """How many files were read, whether they were drawn, and what was left out."""
    n_bytes, n_read = sum(path.stat().st_size for path in found.values()), sum(chosen.values())
    lines = [f"own text: {len(chosen):,} file(s) read"]
    if n_read < n_bytes:
        lines.append(
            f"drawn: {n_read / 1e6:,.0f} MB, of {n_bytes / 1e6:,.0f} MB in {len(found):,} file(s); of large "
            "files the beginning"
        )
    for reason, names in left_out.items():
        if names:
            more = f" and {len(names) - N_EXAMPLES} more" if len(names) > N_EXAMPLES else ""
            lines.append(f"left out, {reason} ({len(names)}): {', '.join(names[:N_EXAMPLES])}{more}")
    return "\n".join(lines)
