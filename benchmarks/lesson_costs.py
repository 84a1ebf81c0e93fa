"""What each lesson costs, and in which section; a part of `make benchmarks`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import nbformat
from figures import LessonCost, Options

from course_utils import CourseError
from course_utils.authoring import runner
from course_utils.report import results

DEFAULTS = {"COURSE_DEVICE": "cpu", "COURSE_SEED": "0"} | dict.fromkeys(
    ("COURSE_IMAGES", "COURSE_TEXT", "COURSE_MODEL"), ""
)


def lessons_part(options: Options, names: list[str] | None = None) -> list[LessonCost]:
    """Cost of each lesson in an earlier run, or in one into a temporary folder, lesson after lesson.

    Raises
    ------
    CourseError
        A cell of a lesson fails, or the earlier run cannot be read.
    """
    names = names or runner.names()
    if options.lessons_from is not None:
        return [read_cost(name, options.lessons_from, "laptop") for name in names]
    profile = "smoke" if options.tiny else "laptop"
    with tempfile.TemporaryDirectory() as folder:
        for done in runner.run(names, Path(folder), {**DEFAULTS, "COURSE_PROFILE": profile}):
            if done.failure:
                raise CourseError(
                    f"{done.lesson} failed in code cell {done.failure.cell}: {done.failure.error}"
                )
        return [read_cost(name, Path(folder), profile) for name in names]


def read_cost(name: str, folder: Path, profile: str) -> LessonCost:
    """Cost of a lesson in a `course run`, whose executed copy holds when each cell ran.

    Raises
    ------
    CourseError
        Results or executed copy are missing or damaged, of another profile or device, or of a version of the
        course that did not record these times.
    """
    record = results.load(folder / f"{name}.json")
    times, conditions = record.times, (record.run.profile, record.run.device)
    remedy = f"run 'course run {name[0]}', or leave --lessons-from out"
    if conditions != (profile, "cpu"):
        raise CourseError(f"{name} ran as {', '.join(conditions)}, {profile}, cpu was expected: {remedy}")
    try:
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        sections = by_section(notebook, recorded_seconds(notebook))
        return LessonCost(name, times.cpu_s, times.peak_memory_mb, sections, times.finished[:10])
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise CourseError(
            f"the run of {name} does not say when its cells ran ({error!r}): {remedy}"
        ) from error


def recorded_seconds(notebook: nbformat.NotebookNode) -> dict[int, float]:
    """Seconds of each code cell, numbered from 1, as nbclient has noted them; empty cells have none."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    clocks = {n: cell.metadata["execution"] for n, cell in enumerate(code, 1) if cell.source.strip()}
    return {
        n: (_time(clock["iopub.status.idle"]) - _time(clock["iopub.status.busy"])).total_seconds()
        for n, clock in clocks.items()
    }


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def by_section(notebook: nbformat.NotebookNode, seconds: Mapping[int, float]) -> dict[str, float]:
    """Seconds below each second-level heading, in order; they add up to the whole.

    Parameters
    ----------
    notebook : NotebookNode
    seconds : mapping of int to float
        Of the code cells, numbered from 1; empty cells are not executed and have none.
    """
    section, spent, n = "before the first heading", {}, 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = [line[3:] for line in cell.source.splitlines() if line.startswith("## ")]
            section = headings[-1] if headings else section
        elif cell.cell_type == "code":
            n += 1
            spent[section] = spent.get(section, 0.0) + seconds.get(n, 0.0)
    return {name: round(whole, 3) for name, whole in spent.items()}
