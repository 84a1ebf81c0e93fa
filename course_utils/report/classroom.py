"""A class's results: a folder with one folder a student, read and judged once.

A student's results may lie anywhere in the student's folder, as a collector or a learning platform leaves
them; files that lie beside the folders belong to the student that their name begins with.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course_utils import CourseError
from course_utils.claims.estimates import Verdict
from course_utils.files import shown
from course_utils.report import folder, results
from course_utils.report.record import Record

SKIPPED = ("__MACOSX", "node_modules", "site-packages")
"""Folders that hold nobody's results."""

ADDED = re.compile(
    r"^\d+-\d+ ?- | ?- [^-]*\d{4} \d{3,4} [AP]M$"  # Brightspace
    r"|_assignsubmission_file_?$|[ _-]attempt[ _-]?\d.*$| ?\(\d+\)$",  # Moodle, Blackboard, a browser
    re.IGNORECASE,
)
"""What learning platforms and downloads put around a student's name: two attempts are one student's."""

CANVAS = re.compile(r"(.+?)(?:_late)?(_\d+)_\d+_$", re.IGNORECASE)
"""What Canvas puts before a file's name: the student, the student's number, the file's number."""

JUDGED, OTHER_LEDGER, SMOKE, DAMAGED, MISSING = (
    "judged",
    "of another ledger",
    "only a smoke run",
    "cannot be read",
    "not handed in",
)
"""What can be said of a student and a notebook; the first of these that holds is said."""


@dataclass(frozen=True)
class HandIn:
    """One student's results of one notebook; without verdicts where they are of another ledger."""

    record: Record
    verdicts: list[Verdict]


@dataclass
class Classroom:
    """What a class handed in.

    Attributes
    ----------
    students : list of str
        Names of folders, or 'student 1' …; those who handed in nothing stand here, too.
    names : list of str
        The notebooks that somebody handed in, in the course's order.
    hand_ins : dict
        By 'judged', 'of another ledger' and 'only a smoke run', by notebook, by student.
    states : dict of dict of str
        One of the five words for each notebook and student.
    notices : list of str
        What is damaged, of another ledger, of a smoke run, handed in twice or alike.
    """

    students: list[str]
    names: list[str] = field(default_factory=list)
    hand_ins: dict[str, dict[str, dict[str, HandIn]]] = field(default_factory=dict)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    @property
    def judged(self) -> dict[str, dict[str, HandIn]]:
        """What counts for verdicts and predictions: by notebook, by student."""
        return self.hand_ins[JUDGED]

    def of(self, state: str, name: str) -> list[str]:
        """The students of whom this is said for a notebook."""
        return [student for student in self.students if self.states[name][student] == state]


@dataclass(frozen=True)
class _File:
    """A results file: whose, its content, and what is known of it."""

    student: str
    digest: bytes
    notebook: str
    problem: str = ""
    state: str = DAMAGED
    hand_in: HandIn | None = None


def read(path: Path, names: bool = True) -> Classroom:
    """Read the results of a class; damage in one file costs only that one.

    Without `names` students are numbered, in an order that depends on names and on all that was handed in:
    the same for the same folder, and not to be worked out from a list of the class.

    Raises
    ------
    CourseError
        There is no such folder, or no student in it.
    """
    if not path.is_dir():
        raise CourseError(f"there is no folder '{path}': give one that holds a folder for each student")
    path = path / "submitted" if (path / "submitted").is_dir() else path  # nbgrader's course
    try:
        found, beside = _find(path)
    except OSError as error:
        raise CourseError(
            f"cannot look into '{path}' ({error.strerror}): give a folder that is yours"
        ) from error
    if not found:
        raise CourseError(
            f"there is no student in '{path}': give a folder that holds a folder for each student"
            + (f"; this one holds {beside} results of one student itself" if beside else "")
        )
    files = [
        file for student, paths in found.items() for each in paths if (file := _file(student, each, names))
    ]
    labels = {student: student for student in sorted(found)} if names else _numbered(found, files)
    room = _sorted_out(files, labels)
    if beside:
        room.notices.append(
            f"Left out: {counted(beside, 'file')} beside the students' folders, of no student."
        )
    return room


def _find(path: Path) -> tuple[dict[str, list[Path]], int]:
    """The files of each student, and how many of a notebook's name belong to nobody."""
    found: dict[str, list[Path]] = {}
    beside = 0
    for each in sorted(path.iterdir()):
        if each.name.startswith(".") or each.name in SKIPPED:
            continue
        if each.is_dir():
            found.setdefault(_student(each.name), []).extend(_walk(each))
        elif each.suffix == ".json" and (notebook := _notebook_in(each.stem)):
            before = CANVAS.sub(r"\1\2", each.stem.rpartition(notebook)[0])
            if student := before.strip(" _-"):
                found.setdefault(_student(student), []).append(each)
            beside += not student
    return found, beside


def _student(name: str) -> str:
    """A folder's name without what a platform puts around it."""
    name = unicodedata.normalize("NFC", name)  # an archive from a Mac has letters and accents apart
    return shown(ADDED.sub("", name) or name)


def _walk(path: Path) -> Iterator[Path]:
    """Every JSON file below a folder; not the reference run, which lies in a checkout of the course."""
    closed: list[Path] = []  # told as a file that cannot be opened is
    for here, folders, names in os.walk(path, onerror=lambda error: closed.append(Path(error.filename))):
        in_docs = Path(here).name == "docs"
        folders[:] = sorted(
            each
            for each in folders
            if not each.startswith(".") and each not in SKIPPED and not (in_docs and each == "reference")
        )
        yield from (
            Path(here, name) for name in sorted(names) if name.endswith(".json") and not name.startswith(".")
        )
    yield from closed


def _notebook_in(text: str) -> str:
    """The notebook that a file's name or its beginning speaks of; ``""`` for none."""
    return max((name for name in folder.in_order() if name in text), key=len, default="")


def _file(student: str, path: Path, names: bool) -> _File | None:
    """What a file holds; None for one that is nothing of the course's. Its path is told to nobody."""
    notebook = _notebook_in(path.stem)
    try:
        with path.open("rb") as file:
            begin = file.read(300)
            notebook = notebook or _notebook_in(begin.decode("utf-8", "replace"))
            if results.FORMAT.encode() not in begin and not notebook:
                return None
            content = begin + file.read()
    except OSError as error:
        return _File(student, b"", notebook or "a file", f"cannot be opened ({error.strerror})")
    digest, notebook = hashlib.sha256(content).digest(), notebook or "a file"
    try:
        record = results.from_text(content.decode("utf-8"))
    except (CourseError, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, CourseError) else "is no text in UTF-8"
        return _File(student, digest, notebook, reason if names else reason.partition(" (")[0])
    if record.notebook not in folder.in_order():
        return _File(student, digest, notebook, "is of a notebook that this course does not have")
    try:
        hand_in = HandIn(record, folder.judge(record))
        state = SMOKE if record.run.profile == "smoke" else JUDGED
    except CourseError:
        hand_in, state = HandIn(record, []), OTHER_LEDGER
    return _File(student, digest, record.notebook, "", state, hand_in)


def _numbered(students: Iterable[str], files: Iterable[_File]) -> dict[str, str]:
    """'student 1' … in an order that nobody can work out who does not have the files."""
    salt = b"".join(sorted(file.digest for file in files))
    order = sorted(students, key=lambda student: hashlib.sha256(salt + student.encode()).digest())
    return {student: f"student {number}" for number, student in enumerate(order, 1)}


def _sorted_out(files: Iterable[_File], labels: Mapping[str, str]) -> Classroom:
    """Of each student and notebook what counts, and what there is to say."""
    room = Classroom(list(labels.values()))
    room.hand_ins = {state: {} for state in (JUDGED, OTHER_LEDGER, SMOKE)}
    together: dict[tuple[str, str], dict[bytes, _File]] = {}
    for file in files:  # copies of one file are one
        together.setdefault((file.notebook, labels[file.student]), {})[file.digest] = file
    said: dict[str, list[tuple[str, str]]] = {}
    owners: dict[tuple[str, bytes], list[str]] = {}
    place = {student: number for number, student in enumerate(room.students)}
    for notebook, student in sorted(together, key=lambda pair: place[pair[1]]):  # numbers, not the alphabet
        group = together[notebook, student]
        attempts, state = _attempts(group.values(), room.hand_ins)
        if notebook in folder.in_order():
            room.states.setdefault(notebook, dict.fromkeys(room.students, MISSING))[student] = state
        if attempts:
            room.hand_ins[state].setdefault(notebook, {})[student] = attempts[-1].hand_in
            owners.setdefault((notebook, attempts[-1].digest), []).append(student)
        for sentence in _sentences(group.values(), attempts, state):
            said.setdefault(sentence, []).append((notebook, student))
    alike = [(notebook, " and ".join(of)) for (notebook, _), of in owners.items() if len(of) > 1]
    said |= {ALIKE: alike} if alike else {}
    room.names = [name for name in folder.in_order() if name in room.states]
    room.notices = [sentence.replace("{}", _of_whom(whose), 1) for sentence, whose in said.items()]
    return room


def _attempts(files: Iterable[_File], states: Iterable[str]) -> tuple[list[_File], str]:
    """A student's files of one notebook of the best kind that there is, in the order of time; which kind."""
    for state in states:
        if found := [file for file in files if file.hand_in and file.state == state]:
            return sorted(found, key=lambda file: file.hand_in.record.times.finished), state
    return [], DAMAGED


TWICE = "Handed in more than once: {}. The one that finished last counts."
ALIKE = "One and the same file from several students, counted for each of them: {}."
SAID_OF = {
    SMOKE: "Smoke runs: {}. Their exercises count, and nothing else of them.",
    OTHER_LEDGER: "Left out: {}. Today's ledger of claims gives other words than the file has: it was "
    "written with another edition of the course, or changed by hand.",
}


def _sentences(files: Iterable[_File], attempts: list[_File], state: str) -> Iterator[str]:
    """What is to be said of a student's files of one notebook; {} stands for notebook and student."""
    yield from (f"Left out: {{}}. The file {file.problem}." for file in files if file.problem)
    if len(attempts) > 1:
        yield TWICE
    if state in SAID_OF:
        yield SAID_OF[state]


def _of_whom(pairs: Iterable[tuple[str, str]]) -> str:
    """``'1_labels of ana, ben; 2_data of carl'``"""
    by_notebook: dict[str, list[str]] = {}
    for notebook, student in pairs:
        by_notebook.setdefault(notebook, []).append(student)
    return "; ".join(f"{name} of {', '.join(dict.fromkeys(of))}" for name, of in by_notebook.items())


def counted(number: int, what: str) -> str:
    """``'1 file'``, ``'2 files'``"""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
