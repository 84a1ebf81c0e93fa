"""Teaching notes of a lesson or lab: minutes, stumbling blocks, questions; `notebooks/teaching/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_utils import CourseError
from course_utils.authoring import runner


@dataclass(frozen=True)
class Section:
    """A section of a notebook by its heading (``""``: what stands before the first), and its minutes."""

    heading: str
    minutes: int


@dataclass(frozen=True)
class Stumble:
    """What students stumble over, in which section, and what helps."""

    where: str
    what: str
    help: str


@dataclass(frozen=True)
class Question:
    """A question for discussion, and what a good answer has in it."""

    ask: str
    listen: str


@dataclass(frozen=True)
class Notes:
    """What an instructor gets told about a notebook."""

    minutes: int
    sections: tuple[Section, ...]
    stumbles: tuple[Stumble, ...]
    questions: tuple[Question, ...]


PARTS = {"sections": Section, "stumbles": Stumble, "questions": Question}


def path_of(name: str) -> Path:
    """Where the notes of a lesson or lab lie, if there are any."""
    return runner.NOTEBOOKS / "teaching" / f"{name}.toml"


def plan_of(module: str) -> Path:
    """Where the plan of module '1' to '4' lies, if there is one."""
    return runner.NOTEBOOKS / "teaching" / f"module_{module}.md"


def headings(notebook: NotebookNode) -> list[str]:
    """The sections of a notebook, in order: ``""`` for its beginning, then each second-level heading."""
    return ["", *(heading for cell in notebook.cells for heading in headings_in(cell))]


def headings_in(cell: NotebookNode) -> list[str]:
    """The second-level headings of a cell; lines of code in it are none."""
    if cell.cell_type != "markdown":
        return []
    outside = "".join(cell.source.split("```")[::2])
    return [line[3:].strip() for line in outside.splitlines() if line.startswith("## ")]


def read(name: str, notebook: NotebookNode) -> Notes | None:
    """The notes of a lesson or lab; None where there are none.

    Raises
    ------
    CourseError
        They do not have the keys or kinds of values that they should, their sections are not the notebook's,
        or the minutes do not add up. The message names file, key and what was expected.
    """
    path = path_of(name)
    if not path.exists():
        return None
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path}: expected notes in TOML and UTF-8, but: {error}") from error
    _check(path, "the file", found, {"minutes": int, **dict.fromkeys(PARTS, list)})
    parts = {}
    for key, kind in PARTS.items():
        fields = {name: int if name == "minutes" else str for name in kind.__annotations__}
        for number, entry in enumerate(found[key], 1):
            _check(path, f"{key}, number {number}", entry, fields)
        parts[key] = tuple(
            kind(**{field: _line(value) for field, value in entry.items()}) for entry in found[key]
        )
    notes = Notes(found["minutes"], **parts)
    _fits(path, notes, headings(notebook))
    return notes


def _line(value: str | int) -> str | int:
    """A text on one line."""
    return " ".join(value.split()) if isinstance(value, str) else value


def _check(path: Path, where: str, entry: Any, fields: Mapping[str, type]) -> None:
    """Whether an entry has these keys, each with a value of this kind that is not empty."""
    if not isinstance(entry, dict) or set(entry) != set(fields):
        came = ", ".join(entry) if isinstance(entry, dict) else repr(entry)
        raise CourseError(f"{path}: {where}: expected the keys {', '.join(fields)}, got {came}")
    for key, kind in fields.items():
        value = entry[key]
        may_be_empty = key in ("heading", "where")
        if type(value) is not kind or not (may_be_empty or value) or (kind is int and value < 1):
            wanted = {int: "a whole number, 1 or more", str: "a text", list: f"[[{key}]] entries"}[kind]
            raise CourseError(f"{path}: {where}: {key}: expected {wanted}, got {value!r}")


def _fits(path: Path, notes: Notes, wanted: Sequence[str]) -> None:
    """Whether notes fit a notebook with these sections."""
    for number, heading in enumerate(wanted, 1):
        came = notes.sections[number - 1].heading if number <= len(notes.sections) else None
        if came != heading:
            told = "nothing" if came is None else repr(came)
            raise CourseError(
                f"{path}: sections, number {number}: heading: expected {heading!r}, got {told}; "
                "they are the notebook's own, in its order"
            )
    if len(notes.sections) > len(wanted):
        extra = notes.sections[len(wanted)].heading
        raise CourseError(
            f"{path}: sections: expected {len(wanted)}, the notebook has no more; got {extra!r}"
        )
    total = sum(section.minutes for section in notes.sections)
    if total != notes.minutes:
        raise CourseError(f"{path}: minutes: expected {total}, the sum of the sections, got {notes.minutes}")
    for number, stumble in enumerate(notes.stumbles, 1):
        if stumble.where not in wanted:
            raise CourseError(
                f"{path}: stumbles, number {number}: where: expected a heading of the notebook, "
                f"got {stumble.where!r}"
            )
