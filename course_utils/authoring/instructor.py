"""The instructor's edition: notebooks with solutions and teaching notes, and a plan a module.

`course class` writes it; ``python -m course_utils.authoring.instructor FOLDER [NAME …]`` alone. Nothing is
executed: outputs are those of the stored student edition, where the code is the same.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils import CourseError, resource
from course_utils.authoring import build, editions, merge, runner, teaching
from course_utils.authoring.teaching import Notes
from course_utils.exercises import Exercise
from course_utils.files import require_writable, write_text
from course_utils.run import notebooks

NO_NOTES = (
    "**There are no teaching notes for this notebook**: no minutes, stumbling blocks or questions. Its "
    "solutions and exercises are complete."
)
ABOUT = (
    "Solutions are in place below, so keep this copy from students. Minutes are estimates from reading the "
    "notebook cold, not timed in a class. Outputs are those of the stored student edition, in which no "
    "exercise is answered; nothing was run again."
)
CHECK = re.compile(r'exercises\.check\("([^"]+)"')
SEAL = re.compile(r"\n<!-- as written: ([0-9a-f]{64}) -->\n$")


def write(folder: Path, names: Sequence[str]) -> list[Path]:
    """Write the instructor's edition of these lessons and labs, the plans of their modules and an index.

    Returns
    -------
    list of Path
        The notebooks.

    Raises
    ------
    CourseError
        Notes that are there do not fit, or the folder cannot be written, or somebody has changed a file
        that was written there before: nothing is written.
    """
    require_writable(folder)
    there = {*names, *(path.stem for path in folder.glob("*.ipynb"))}  # of an earlier time, too
    sources = {source.stem: source for source in build.sources() if source.stem in there}
    made, rows = {}, []
    for name, source in sources.items():
        solved = build.solved_edition(source, guarded=False)
        notes = teaching.read(name, solved)
        rows.append(_row(name, notes))
        if name in names:
            made[folder / f"{name}.ipynb"] = edition(name, solved, notes, there)
    modules = sorted({name[0] for name in sources} - {"0"})
    pages = {folder / f"module_{module}.md": _plan(module) for module in modules}
    pages[folder / "index.md"] = _index(modules, rows)
    if changed := [str(path) for path in (*made, *pages) if _is_changed(path)]:
        raise CourseError(
            f"{', '.join(changed)}: changed since it was written, and writing would overwrite that; move it "
            "elsewhere, or choose another folder"
        )
    for path, notebook in made.items():
        write_text(path, nbformat.writes(notebook) + "\n")
    for path, text in pages.items():
        write_text(path, f"{text.rstrip()}\n\n<!-- as written: {merge.digest(text.rstrip())} -->\n")
    write_text(folder / "glossary.md", resource("notebooks", "glossary.md").read_text("utf-8"))
    return list(made)


def _is_changed(path: Path) -> bool:
    """Whether somebody has written into a file since this module did."""
    if path.suffix == ".ipynb":
        return editions.holds_work(path)
    if not path.exists():
        return False
    text = path.read_text("utf-8", errors="replace")
    seal = SEAL.search(text)
    return not seal or seal[1] != merge.digest(text[: seal.start()].rstrip())


# --- a notebook ---


def edition(name: str, solved: NotebookNode, notes: Notes | None, beside: Collection[str]) -> NotebookNode:
    """The instructor's edition of a notebook.

    Parameters
    ----------
    name : str
        Of the lesson or lab.
    solved : NotebookNode
        With its solutions; it is changed.
    notes : Notes, optional
        For its instructor.
    beside : collection of str
        Lessons and labs in the same folder: links to others become plain words.
    """
    stored = {cell.id: cell for cell in nbformat.read(runner.path_of(name), as_version=4).cells}
    exercises = exercises_of(solved)
    minutes = {each.heading: each.minutes for each in notes.sections} if notes else {}
    cells = [_notes_cell("notes", _head(name, notes))]
    for cell in solved.cells:
        cell.metadata.pop("nbgrader", None)
        before = stored.get(cell.id)
        answered = CHECK.findall(cell.source) if cell.cell_type == "code" else []
        if cell.cell_type == "markdown":
            cell.source = with_minutes(cell.source, minutes)
        elif before and before.source == cell.source and not answered:  # a check says: not attempted
            cell.outputs, cell.execution_count = before.outputs, before.execution_count
        cells.append(cell)
        for number in answered:
            cells.append(_notes_cell(f"exercise-{number}", _of_exercise(exercises[number])))
    solved.cells = cells
    editions.relink(solved, lambda target: _place(target, beside))
    solved.metadata["course"] = {"built": editions.digest(solved)}
    return solved


def _notes_cell(name: str, text: str) -> NotebookNode:
    return new_markdown_cell(text, id=re.sub(r"[^\w-]", "-", name), metadata={"tags": ["instructor"]})


def _place(target: Path, beside: Collection[str]) -> str | None:
    there = target.name == "glossary.md" or (target.suffix == ".ipynb" and target.stem in beside)
    return target.name if there else None


def with_minutes(text: str, minutes: Mapping[str, int]) -> str:
    """A cell's text with the minutes of each section below its heading, the beginning's below the title."""

    def lines() -> Iterator[str]:
        code = False
        for line in text.split("\n"):
            yield line
            code ^= line.startswith("```")
            heading = line[3:].strip() if line.startswith("## ") else "" if line.startswith("# ") else None
            if not code and heading is not None and heading in minutes:
                yield from ("", f"*{minutes[heading]} min*")

    return "\n".join(lines())


def _head(name: str, notes: Notes | None) -> str:
    lines = [f"# For the instructor · {name}", ABOUT]
    if notes is None:
        return "\n\n".join([*lines, NO_NOTES, "---"])
    table = ["| section | minutes |", "|---|---:|"]
    table += [f"| {_cell(each.heading) or '(beginning)'} | {each.minutes} |" for each in notes.sections]
    table.append(f"| **together** | **{notes.minutes}** |")
    stumbles = [
        f"- **{each.where or 'Beginning'}** · {each.what} *What helps:* {each.help}"
        for each in notes.stumbles
    ]
    questions = [
        f"{number}. **{each.ask}** *Listen for:* {each.listen}"
        for number, each in enumerate(notes.questions, 1)
    ]
    for title, part in (
        ("Minutes", table),
        ("What students stumble over", stumbles),
        ("Questions for discussion", questions),
    ):
        lines += [f"## {title}", "\n".join(part)]
    return "\n\n".join([*lines, "---"])


def _cell(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|")


# --- exercises ---


def exercises_of(notebook: NotebookNode) -> Mapping[str, Exercise]:
    """The exercises of a notebook by id, with their typical mistakes and hints.

    A workbook hides them from notebooks, on purpose; this takes them from behind it.
    """
    (line,) = {line for cell in notebook.cells for line in build.IMPORT.findall(cell.source)}
    book = importlib.import_module(line.split()[1]).exercises
    return inspect.getclosurevars(book.check).nonlocals["method"].__self__.exercises


def _of_exercise(exercise: Exercise) -> str:
    mistakes = "\n".join(f"- {each.hint}" for each in exercise.mistakes)
    hints = "\n".join(f"{number}. {hint}" for number, hint in enumerate(exercise.hints, 1))
    parts = [
        f"> **For the instructor · {exercise.id} {exercise.title}.** Expected: {exercise.expects}. The "
        "solution stands above.",
        f"<details><summary>{len(exercise.mistakes)} typical mistakes, by the check's answers</summary>",
        mistakes,
        f"</details>\n\n<details><summary>{len(exercise.hints)} hints, for those who ask</summary>",
        f"{hints}\n\n</details>",
    ]
    return "\n\n".join(parts)


# --- the pages ---


def _plan(module: str) -> str:
    path = teaching.plan_of(module)
    if not path.exists():
        return f"# Module {module}\n\nThere is no plan for this module yet."
    return path.read_text("utf-8")


def _row(name: str, notes: Notes | None) -> str:
    minutes = str(notes.minutes) if notes else "no notes"
    return f"| [{name}]({name}.ipynb) | {_cell(notebooks()[name].question)} | {minutes} |"


def _index(modules: Sequence[str], rows: Sequence[str]) -> str:
    plans = [f"- [The plan of module {module}](module_{module}.md)" for module in modules]
    parts = ["# Instructor's edition", ABOUT, *(["\n".join(plans)] if plans else [])]
    return "\n\n".join([*parts, "\n".join(["| notebook | question | minutes |", "|---|---|---:|", *rows])])


def main(arguments: Sequence[str]) -> int:
    """Write it into the folder that comes first, for the lessons and labs that follow; else for all."""
    if not arguments:
        raise CourseError("expected a folder, then names of lessons or labs, or none for all of them")
    folder, names = Path(arguments[0]), arguments[1:]
    chosen = runner.select(names) if names else [*runner.names(), *runner.labs()]
    print(f"{len(write(folder, chosen))} notebooks; begin with {folder / 'index.md'}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CourseError as error:
        sys.exit(f"authoring: {error}")
