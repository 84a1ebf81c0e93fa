"""Three-way merging of a notebook, cell by cell: a student's, the edition it came from, the new edition.

nbdime's ``nbmerge`` merges any notebooks, for developers. Where both sides changed or ran a cell it writes
conflict marks into texts and outputs, it does not know an answer from a check, and it would be one package
more in the lock that recorded results are tied to. What a course needs is the rules below; difflib compares.

- What the student wrote stays: answers, predictions, changed cells, cells of their own. All else becomes the
  new edition's, in its order; cells of the student's own follow the cell that they stood behind.
- Checks, and data that the new edition gives otherwise, are always the new edition's. What a student wrote
  into such a cell is quoted behind it.
- Where both changed a cell, the student's stays, and the new one stands behind it as a text, which does not
  run: by itself it would take an answer back, or do a step twice without a word.
- An output stays with a text that stays. Where the text is new, the new edition's stored output comes if the
  student has never run the cell, and none otherwise: no output of another machine stands among theirs.
"""

from __future__ import annotations

import bisect
import copy
import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain

from nbformat import NotebookNode
from nbformat.corpus.words import generate_corpus_id
from nbformat.v4 import new_markdown_cell

from course_utils.authoring import pairing
from course_utils.authoring.pairing import Cells, role, text

NEW_EDITION = (
    "New edition of the cell above. Yours was kept; this text does not run. "
    "To take it, copy it into your cell, then delete this one."
)
NEW_TASK = "New edition of the answer cell that you deleted. This text does not run."
YOURS = "What you had written into the cell above, which has to be the course's. This text does not run."
GONE = "The new edition has no such cell any more. Yours was kept:"


@dataclass
class Changes:
    """What a merge did.

    Attributes
    ----------
    renewed, new, moved, gone : int
        Cells with a new text, new cells, cells at another place, cells that the new edition no longer has.
    own : int
        Cells of the student's own and cells that they changed, answers not counted; all are kept.
    answers : list of str
        Numbers of the exercises whose answers were kept, '1.2'.
    clashes, replaced : list of str
        First lines of cells that both changed: where the student's stayed and the new edition's stands behind
        it, and where it was the other way round, because the cell is a check or gives data.
    """

    renewed: int = 0
    new: int = 0
    moved: int = 0
    gone: int = 0
    own: int = 0
    answers: list[str] = field(default_factory=list)
    clashes: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)


def merge(base: NotebookNode, mine: NotebookNode, new: NotebookNode) -> tuple[NotebookNode, Changes]:
    """The new edition with everything that a student wrote into theirs, and what that changed.

    Parameters
    ----------
    base : NotebookNode
        The edition that the student's came from, as `pristine` keeps it.
    mine, new : NotebookNode
        The student's notebook and the new edition; neither is changed. Every cell has an id.
    """
    to_mine = pairing.pairs(base.cells, mine.cells, pairing.MINE)
    to_new = pairing.pairs(base.cells, new.cells, pairing.NEW)
    changes = Changes(moved=_moved(to_mine, to_new))
    behind = _own_cells(base.cells, mine.cells, to_mine, to_new, changes)
    taken = {cell.id for cell in new.cells}
    for cell in chain(*behind.values()):
        cell["id"] = generate_corpus_id() if cell.id in taken else cell.id
        taken.add(cell.id)
    origin = {place: old for old, place in to_new.items()}
    cells = behind[-1]
    for place, cell in enumerate(new.cells):
        old = origin.get(place)
        theirs = mine.cells[to_mine[old]] if old in to_mine else None
        merged = _merged(None if old is None else base.cells[old], theirs, cell, changes)
        if len(merged) > 1:  # of two new editions of one cell, the newest is enough
            behind[place] = [each for each in behind[place] if not _superseded(each)]
        cells += merged + behind[place]
    metadata = {**new.metadata, **mine.metadata, "course": new.metadata.get("course", {})}
    return copy.deepcopy(NotebookNode({**new, "metadata": NotebookNode(metadata), "cells": cells})), changes


def pristine(edition: NotebookNode) -> NotebookNode:
    """What has to be kept of an edition to merge the next: its cells, with digests in place of outputs."""
    kept = copy.deepcopy(edition)
    for cell in kept.cells:
        if cell.cell_type == "code":
            cell.metadata["stored"] = _output_digest(cell)
            cell.outputs, cell.execution_count = [], None
    return kept


def reconstructed(mine: NotebookNode, new: NotebookNode) -> NotebookNode:
    """What can be told of an unknown edition from a student's notebook and another edition.

    Ids of the course's cells follow from their text, so that one says whether the cell was changed. A cell
    that was, and is not in the other edition, stands here without its text.
    """
    known = {cell.id: cell for cell in pristine(new).cells}
    stubs = {role(cell): cell for cell in known.values() if pairing.answer_name(cell)}
    base = copy.deepcopy(mine)
    base.cells = []
    for cell in mine.cells:
        unchanged = digest(cell.source)[:12] == cell.id.partition("-")[0]
        if unchanged or cell.id in known:
            base.cells.append(copy.deepcopy(cell if unchanged else known[cell.id]))
        elif role(cell) in stubs and pairing.answer_name(stubs[role(cell)]) in cell.source:
            base.cells.append(copy.deepcopy(stubs[role(cell)]))
        elif re.fullmatch(r"[0-9a-f]{12}-\d+", cell.id) or role(cell):
            base.cells.append(copy.deepcopy(NotebookNode({**cell, "source": ""})))
    return base


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _merged(
    old: NotebookNode | None, mine: NotebookNode | None, new: NotebookNode, changes: Changes
) -> list[NotebookNode]:
    """The cells that stand in place of one cell of the new edition."""
    renewed = old is None or text(new) != text(old)
    if mine is None:  # new, or deleted by the student, which holds until the course changes the cell
        comes = old is None or role(new, "locked") or (renewed and not role(new, "solution"))
        changes.new += bool(comes)
        return [new] if comes else [_quoted(new, NEW_TASK)] if renewed else []
    touched, same = text(mine) != text(old), text(mine) == text(new)
    kept = {"id": new.id, "metadata": {**_own_metadata(mine, old), **new.metadata}}
    if not touched or role(new, "locked") or (renewed and "exercises.given(" in new.source):
        changes.renewed += not same
        course = NotebookNode({**new, **kept, **_output_of(new, old, mine)})
        if same or not touched:
            return [course]
        changes.replaced.append(new.source.partition("\n")[0])
        return [course, _quoted(mine, YOURS)]
    if role(new, "solution"):
        changes.answers.append(_number(new))
    else:
        changes.own += 1
    theirs = NotebookNode({**mine, **kept})
    if same or not renewed:
        return [theirs]
    changes.clashes.append(mine.source.strip().partition("\n")[0])
    return [theirs, _quoted(new, NEW_EDITION)]


def _own_cells(
    base: Cells, mine: Cells, to_mine: dict[int, int], to_new: dict[int, int], changes: Changes
) -> dict[int, list[NotebookNode]]:
    """The student's own cells, by the place in the new edition of the cell that they follow; -1: of none."""
    origin = {place: old for old, place in to_mine.items()}
    behind, at = defaultdict(list), -1
    for place, cell in enumerate(mine):
        old = origin.get(place)
        if old in to_new:
            at = to_new[old]
        elif old is not None and text(cell) == text(base[old]):
            changes.gone += 1
        else:
            if old is not None:
                behind[at].append(_note(f"*{GONE}*"))
            if old is not None and role(cell, "solution"):
                changes.answers.append(_number(cell))
            else:
                changes.own += "note" not in cell.metadata.get("course", {})
            behind[at].append(NotebookNode({**cell, "metadata": _own_metadata(cell, None)}))
    return behind


def _moved(to_mine: dict[int, int], to_new: dict[int, int]) -> int:
    """How many of the student's cells get another place among the others: all but the longest rise."""
    places = [to_new[old] for old in sorted(to_mine, key=to_mine.get) if old in to_new]
    rise: list[int] = []
    for place in places:
        at = bisect.bisect(rise, place)
        rise[at : at + 1] = [place]
    return len(places) - len(rise)


def _own_metadata(mine: NotebookNode, old: NotebookNode | None) -> dict[str, object]:
    """What a student or a program added to a cell's metadata; nbgrader's only one cell may have."""
    courses = {"nbgrader", *(old.metadata if old else ())}
    return {name: value for name, value in mine.metadata.items() if name not in courses}


def _number(cell: NotebookNode) -> str:
    """'1.2' from nbgrader's 'exercise_1_2', '2_depth.1' from 'exercise_2_depth_1'."""
    return ".".join(str(role(cell)).removeprefix("exercise_").rsplit("_", 1))


def _output_of(new: NotebookNode, old: NotebookNode, mine: NotebookNode) -> dict[str, object]:
    """The output below a new edition's text, as this module's docstring says."""
    if new.cell_type != "code" or old.metadata.get("stored") == _output_digest(mine):
        return {}  # a stored output for a stored output
    if text(new) == text(mine):
        return {"outputs": mine.outputs, "execution_count": mine.execution_count}
    return {"outputs": [], "execution_count": None}


def _output_digest(cell: NotebookNode) -> str:
    """Of a cell's output and of its number in the order of execution."""
    return digest(json.dumps([cell.get("outputs"), cell.get("execution_count")], sort_keys=True))


def _quoted(cell: NotebookNode, title: str) -> NotebookNode:
    """A text cell that shows another one, every line of it, and says what it is."""
    shown = cell.source
    if cell.cell_type != "markdown":
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", shown)), 3)
        shown = f"{fence}python\n{shown}\n{fence}"
    quoted = _note(f"> **{title}**\n\n{shown}")
    if "attachments" in cell:
        quoted["attachments"] = cell.attachments
    return quoted


def _note(text: str) -> NotebookNode:
    """A text cell that is known as the course's own as long as nobody writes into it."""
    return new_markdown_cell(text, metadata={"course": {"note": digest(text)}})


def _superseded(cell: NotebookNode) -> bool:
    """Whether a cell shows a new edition's text, and nobody has written into it."""
    shown = cell.source.startswith((f"> **{NEW_EDITION}", f"> **{NEW_TASK}"))
    return shown and cell.metadata.get("course", {}).get("note") == digest(cell.source)
