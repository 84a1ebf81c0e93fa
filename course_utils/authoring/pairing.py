"""Which cell of one version of a notebook became which of another: by id, text, exercise or likeness."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence

from nbformat import NotebookNode

Cells = Sequence[NotebookNode]
Stage = Callable[[Cells, Cells], Iterator[tuple[int, int]]]

ALIKE = 0.5
"""Of all words of two texts, the share in common from which one may be a new version of the other."""


def pairs(old: Cells, new: Cells, stages: Sequence[Stage]) -> dict[int, int]:
    """Places of cells in `old`, and of what became of them in `new`; the surest stage comes first."""
    found: dict[int, int] = {}
    for stage in stages:
        taken = set(found.values())
        left = [i for i in range(len(old)) if i not in found]
        right = [j for j in range(len(new)) if j not in taken]
        now = stage([old[i] for i in left], [new[j] for j in right])
        found |= {left[i]: right[j] for i, j in now}
    return found


def _by(key: Callable[[NotebookNode], Hashable]) -> Stage:
    """Pairs cells with the same key, in their order; those whose key is None have none."""

    def stage(old: Cells, new: Cells) -> Iterator[tuple[int, int]]:
        places = defaultdict(list)
        for place, cell in enumerate(new):
            places[key(cell)].append(place)
        for place, cell in enumerate(old):
            if key(cell) is not None and places[key(cell)]:
                yield place, places[key(cell)].pop(0)

    return stage


def _in_order(old: Cells, new: Cells) -> Iterator[tuple[int, int]]:
    """Pairs cells with the same text that follow each other in both."""
    texts = [[_key(cell) for cell in cells] for cells in (old, new)]
    for block in difflib.SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks():
        yield from ((block.a + i, block.b + i) for i in range(block.size))


def _alike(old: Cells, new: Cells) -> Iterator[tuple[int, int]]:
    """Pairs cells of the same kind that have most of their words in common, the most alike first."""
    ranked = []
    for i, cell in enumerate(old):
        matcher = difflib.SequenceMatcher(None, b=cell.source.split(), autojunk=False)
        for j, other in enumerate(new):
            apart = role(cell) or role(other) or "course" in other.metadata  # a note of an earlier merge
            if cell.cell_type == other.cell_type and not apart:
                matcher.set_seq1(other.source.split())
                if matcher.quick_ratio() >= ALIKE and (ratio := matcher.ratio()) >= ALIKE:
                    ranked.append((-ratio, i, j))
    paired: tuple[set[int], set[int]] = set(), set()
    for _, i, j in sorted(ranked):
        if i not in paired[0] and j not in paired[1]:
            paired[0].add(i), paired[1].add(j)
            yield i, j


def text(cell: NotebookNode) -> tuple[str, str]:
    """Kind and text of a cell; blanks at line ends do not count."""
    return cell.cell_type, "\n".join(line.rstrip() for line in cell.source.rstrip().splitlines())


def _key(cell: NotebookNode) -> Hashable:
    """The text; of an answer cell, whose text says little, with the id, which follows from its solution."""
    return (*text(cell), cell.id if role(cell, "solution") else "")


def role(cell: NotebookNode, name: str = "grade_id") -> str | bool | None:
    """nbgrader's metadata: whether the cell is 'locked' (a check, given data) or a 'solution', its number."""
    return cell.metadata.get("nbgrader", {}).get(name)


def answer_name(cell: NotebookNode) -> str | None:
    """What an answer cell sets, `my_rule`."""
    name = re.match(r"\w+", cell.source)
    return name.group() if name and role(cell, "solution") else None


def _answer_name_and_number(cell: NotebookNode) -> Hashable:
    name = answer_name(cell)
    return None if name is None else (name, role(cell))


def _check_number(cell: NotebookNode) -> str | None:
    return None if role(cell, "solution") else role(cell)


MINE = (_by(lambda cell: cell.id), _by(role), _in_order, _by(text), _alike)
"""For a student's cells: an id stays when they change the text; other programs may make new ones."""
NEW = (
    *(_in_order, _by(_key), _by(lambda cell: cell.id)),
    *(_by(_answer_name_and_number), _by(answer_name), _by(_check_number), _alike),
)
"""For a new edition's: an id changes with the text, and another exercise may have got an old number. What an
answer belongs to is the name that it sets."""
