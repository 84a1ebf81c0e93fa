"""Building the notebooks from their sources: ``python -m course_utils.authoring.build``.

A lesson is edited in ``notebooks/source/*.py`` alone. From it come two editions: the *solved* one with
every solution, which the tests execute, and the *student* edition, whose solutions nbgrader's own
preprocessor has cleared, executed and stored in ``notebooks/``.
"""

from __future__ import annotations

import base64
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import jupytext
import nbformat
from nbgrader.preprocessors import ClearSolutions
from traitlets.config import Config

from course_utils import CourseError, run
from course_utils.authoring import address, editions, merge, runner
from course_utils.files import atomic_path, write_text

SOURCES = runner.NOTEBOOKS / "source"
JOBS = 2
"""Lessons side by side, as `course run` has them: a lesson's numbers hang a little on its threads."""
TIMEOUT_S = runner.CELL_TIMEOUT_S["laptop"]
STUB = "# Your code here: replace the line above, in as many lines as you like."
ROLES = {
    "given": {"grade": False, "locked": True, "solution": False},
    "exercise": {"grade": False, "locked": False, "solution": True},
    "check": {"grade": True, "locked": True, "solution": False, "points": 1},
}
"""nbgrader's metadata of a cell with an exercise's data, of a student's answer, and of what grades it."""
IMPORT = re.compile(r"^from course_utils\.exercises\.\w+ import (?=.*\bexercises\b).*$", re.MULTILINE)
SLIDE_MARKS = ("slide", "shows", "ask")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def sources() -> list[Path]:
    """The source files of all lessons, then of all labs, in order."""
    return [*sorted(SOURCES.glob("[0-9]_*.py")), *sorted(SOURCES.glob("labs/[0-9]_*.py"))]


def solved_edition(source: Path, *, guarded: bool = True) -> nbformat.NotebookNode:
    """The notebook of a source file with all its solutions, not executed: what a class edition is made from.

    Parameters
    ----------
    source : Path
        One of `sources()`.
    guarded : bool
        Each check cell imports the exercises anew, so that an answer cell that calls something else
        `exercises` earns nothing.

    Raises
    ------
    CourseError
        An exercise without a check, or the other way round.
    """
    notebook = _read(source)
    if not guarded:
        return notebook
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    imports = {line for cell in cells for line in IMPORT.findall(cell.source)}
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = "\n".join([*imports, cell.source])
    return notebook


def with_slides(source: Path) -> nbformat.NotebookNode:
    """The cells of a source file as they stand there, those for the slides alone included.

    Cell ids follow from the text: building twice gives the same file. Cells for the slides have others.
    """
    notebook = jupytext.read(source, fmt="py:percent")
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        if not for_slides_alone(cell):
            digest = merge.digest(cell.source)[:12]
            seen[digest] += 1
            cell.id = f"{digest}-{seen[digest]}"
    return notebook


def for_slides_alone(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is text of a slide: no notebook gets it."""
    return cell.cell_type == "markdown" and "slide" in cell.metadata


def _read(source: Path) -> nbformat.NotebookNode:
    """The notebook of a source file.

    Cells marked ``given="1.2"``, ``exercise="1.2"`` and ``check="1.2"`` get nbgrader's metadata, so that
    the same source serves for a graded class. Marks of the slides are left out.
    """
    notebook = with_slides(source)
    notebook.cells = [cell for cell in notebook.cells if not for_slides_alone(cell)]
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    exercises: dict[str, list[str]] = {role: [] for role in ROLES}
    for cell in notebook.cells:
        for mark in SLIDE_MARKS:
            cell.metadata.pop(mark, None)
        for role, ids in exercises.items():
            if number := cell.metadata.pop(role, None):
                ids.append(number)
                name = f"{role}_{number.replace('.', '_')}"
                cell.metadata["nbgrader"] = {
                    "grade_id": name,
                    "schema_version": 3,
                    "task": False,
                    **ROLES[role],
                }
    if exercises["exercise"] != exercises["check"]:
        raise CourseError(
            f"{source.name}: exercises {exercises['exercise']} but checks {exercises['check']}: "
            "each exercise cell needs its check cell, in the same order"
        )
    return notebook


def student_edition(source: Path) -> nbformat.NotebookNode:
    """The notebook of a source file with a stub in place of each solution, not executed."""
    notebook = _read(source)
    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    notebook, _ = ClearSolutions(config=config).preprocess(notebook, {})
    return address.with_setup(notebook)


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Remove from the outputs what only a running kernel could show: widgets and their state.

    Sliders come back as soon as somebody runs the cell; a progress bar has done its work.
    """
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if WIDGET_VIEW not in output.get("data", {})]
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = re.sub(r".*\r(?!\n)", "", output.text)


def build(
    chosen: list[Path], environment: Mapping[str, str], jobs: int, *, force: bool = False
) -> list[Path]:
    """Execute student editions, so many side by side, and store them; where they are stored.

    Raises
    ------
    CourseError
        A cell of one fails; its stored notebook stays as it was, and the others are stored. Or somebody has
        written into a stored notebook, and `force` is not set: nothing is built.
    """
    if not force and (
        kept := [str(_target(source)) for source in chosen if editions.holds_work(_target(source))]
    ):
        raise CourseError(
            f"{', '.join(kept)}: somebody has written into it since it was built (answers?), and building "
            "would overwrite that: copy it elsewhere, then build again with --force"
        )
    results = run.results_folder("laptop")
    built, failed = [], []
    with tempfile.TemporaryDirectory() as temporary:
        work = {}
        for source in chosen:
            target = _target(source)
            target.parent.mkdir(exist_ok=True)
            fresh, executed = (Path(temporary, part, target.name) for part in ("fresh", "executed"))
            write_text(fresh, nbformat.writes(student_edition(source)) + "\n")
            work[source.stem] = runner.Job(fresh, executed, target.parent, environment, TIMEOUT_S)
            # of a build that was interrupted
            shutil.rmtree(results / "checkpoints" / source.stem, ignore_errors=True)
        for source, execution in zip(chosen, runner.side_by_side(work, jobs).values(), strict=True):
            if failure := execution.failure:
                failed.append(f"{source.name}, code cell {failure.cell}: {failure.error}")
                continue
            notebook = nbformat.read(work[source.stem].target, as_version=4)
            tidy(notebook)
            notebook.metadata["course"] = {"built": editions.digest(notebook)}
            _store_picture(notebook, runner.NOTEBOOKS.parent / "docs" / f"{source.stem}.png")
            write_text(_target(source), nbformat.writes(notebook) + "\n")
            built.append(_target(source))
    if failed:
        raise CourseError("; ".join(failed))
    return built


def _target(source: Path) -> Path:
    """Where the student edition of a source is stored."""
    return runner.NOTEBOOKS / source.relative_to(SOURCES).with_suffix(".ipynb")


def picture(notebook: nbformat.NotebookNode) -> bytes | None:
    """The PNG that the cell tagged ``readme-picture`` has drawn, for the README."""
    for cell in notebook.cells:
        if "readme-picture" in cell.metadata.get("tags", ()):
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    return base64.b64decode(output.data["image/png"])
    return None


def _store_picture(notebook: nbformat.NotebookNode, path: Path) -> None:
    if png := picture(notebook):
        with atomic_path(path) as temporary:
            temporary.write_bytes(png)


def main(wanted: list[str]) -> int:
    """Build the lessons and labs whose names begin with one of these words; all when there is none.

    With ``--force`` among the words also those that somebody has written into.
    """
    force = "--force" in wanted
    wanted = [word for word in wanted if word != "--force"]
    chosen = [source for source in sources() if source.stem.startswith(tuple(wanted) or "")]
    environment = {"COURSE_PROFILE": "laptop", "COURSE_DEVICE": "cpu", "COURSE_SEED": "0"}
    environment |= runner.threads(JOBS)  # for a single one, too
    for path in build(chosen, environment, JOBS, force=force):
        print(f"built {path.name}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CourseError as error:
        sys.exit(f"authoring: {error}")
