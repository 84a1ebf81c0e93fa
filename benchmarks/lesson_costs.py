"""What each lesson costs, and in which section; a part of `make benchmarks`."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import nbformat
from figures import LessonCost, Options

from course_utils import CourseError, lessons, results

TELL = """import json, os
from course_utils import runtime
print(json.dumps([sum(os.times()[:4]), runtime.peak_memory_mb()]))"""
"""A last cell that tells what the system has counted; polling from outside would miss peaks."""
DEFAULTS = {"COURSE_DEVICE": "cpu", "COURSE_SEED": "0"} | dict.fromkeys(
    ("COURSE_IMAGES", "COURSE_TEXT", "COURSE_MODEL"), ""
)


def lessons_part(options: Options, names: list[str] | None = None) -> list[LessonCost]:
    """Cost of each lesson: executed now into a temporary folder, or read from an earlier run.

    Raises
    ------
    CourseError
        A cell of a lesson fails, or the earlier run cannot be read.
    """
    names = names or lessons.names()
    if options.lessons_from is not None:
        return [read_cost(name, options.lessons_from) for name in names]
    return [measured_cost(name, "smoke" if options.tiny else "laptop") for name in names]


def measured_cost(name: str, profile: str) -> LessonCost:
    """Execute the stored notebook once."""
    notebook = nbformat.read(lessons.NOTEBOOKS / f"{name}.ipynb", as_version=4)
    # the end of a first cell that does nothing is the moment when the kernel has started
    notebook.cells.insert(0, nbformat.v4.new_code_cell("pass"))
    notebook.cells.append(nbformat.v4.new_code_cell(TELL))
    seconds: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as out, lessons.progress(name) as show:
        since = time.perf_counter()

        def on_cell(done: int, total: int) -> None:
            nonlocal since
            now = time.perf_counter()
            seconds[done], since = now - since, now
            show(done, total)

        environment = {**DEFAULTS, "COURSE_PROFILE": profile, "COURSE_RESULTS": out}
        timeout_s = lessons.CELL_TIMEOUT_S[profile]
        failure = lessons.execute(notebook, lessons.NOTEBOOKS, environment, timeout_s, on_cell)
    if failure:
        raise CourseError(f"{name} failed in code cell {failure.cell - 1}: {failure.error}")
    cpu_s, memory_mb = json.loads(notebook.cells[-1].outputs[-1].text)
    return LessonCost(name, round(cpu_s, 1), round(memory_mb), by_section(notebook, seconds))


def read_cost(name: str, folder: Path) -> LessonCost:
    """Cost of a lesson in an earlier `course run`, whose executed copy holds when each cell ran.

    Raises
    ------
    CourseError
        Results or executed copy are missing or damaged, of another profile or device, or of a version of the
        course that did not record these times.
    """
    record = results.load(folder / f"{name}.json")
    times, conditions = record["times"], (record["run"]["profile"], record["run"]["device"])
    remedy = f"run 'course run {name[0]}', or leave --lessons-from out"
    if conditions != ("laptop", "cpu"):
        raise CourseError(f"{name} ran as {', '.join(conditions)}, laptop, cpu was expected: {remedy}")
    try:
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        seconds = recorded_seconds(notebook)
        sections = by_section(notebook, seconds)
        return LessonCost(name, times["cpu_s"], times["peak_memory_mb"], sections, times["finished"][:10])
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
    section, spent, n = "start of the kernel", {}, 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = [line[3:] for line in cell.source.splitlines() if line.startswith("## ")]
            section = headings[-1] if headings else section
        elif cell.cell_type == "code":
            n += 1
            spent[section] = spent.get(section, 0.0) + seconds.get(n, 0.0)
    return {name: round(whole, 3) for name, whole in spent.items()}
