"""Four parts of `make benchmarks`: lessons, import, fit, language. The fifth is in quality.py."""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import numpy as np
import torch
from figures import LanguageScore, LessonCost, LoopTime, Options, StartTime
from from_lessons import definitions
from threadpoolctl import threadpool_limits
from torch import nn

from course_utils import ROOT, CourseError, docstrings, images, lessons, training

TELL = """import json, os
from course_utils import runtime
print(json.dumps([sum(os.times()[:4]), runtime.peak_memory_mb()]))"""
"""A last cell that tells what the system has counted for the kernel, which polling from outside would miss."""
DEFAULTS = {"COURSE_DEVICE": "cpu", "COURSE_SEED": "0", "COURSE_IMAGES": "", "COURSE_TEXT": "", "COURSE_MODEL": ""}


def lessons_part(options: Options, names: list[str] | None = None) -> list[LessonCost]:
    """Cost of each lesson, executed as `course run` does, into a temporary folder.

    Raises
    ------
    CourseError
        A cell of a lesson fails.
    """
    return [lesson_cost(name, "smoke" if options.tiny else "laptop") for name in names or lessons.names()]


def lesson_cost(name: str, profile: str) -> LessonCost:
    """Execute the stored notebook once."""
    notebook = nbformat.read(lessons.NOTEBOOKS / f"{name}.ipynb", as_version=4)
    # the end of a first cell that does nothing is the moment when the kernel has started
    notebook.cells.insert(0, nbformat.v4.new_code_cell("pass"))
    notebook.cells.append(nbformat.v4.new_code_cell(TELL))
    ends = {0: time.perf_counter()}
    with tempfile.TemporaryDirectory() as out, lessons.progress(name) as show:

        def on_cell(done: int, total: int) -> None:
            ends[done] = time.perf_counter()
            show(done, total)

        environment = {**DEFAULTS, "COURSE_PROFILE": profile, "COURSE_RESULTS": out}
        timeout_s = lessons.CELL_TIMEOUT_S[profile]
        failure = lessons.execute(notebook, lessons.NOTEBOOKS, environment, timeout_s, on_cell)
    if failure:
        raise CourseError(f"{name} failed in code cell {failure.cell - 1}: {failure.error}")
    cpu_s, memory_mb = json.loads(notebook.cells[-1].outputs[-1].text)
    return LessonCost(name, round(cpu_s, 1), round(memory_mb), by_section(notebook, ends))


def by_section(notebook: nbformat.NotebookNode, ends: dict[int, float]) -> dict[str, float]:
    """Seconds of the code cells under each second-level heading; they add up to the whole.

    `ends` has the time at which the n-th code cell was done, from 1, and that of the beginning under 0. Empty
    cells are not executed and have none.
    """
    section, spent, n, since = "start of the kernel", {}, 0, ends[0]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            section = next((line[3:] for line in reversed(cell.source.splitlines()) if line.startswith("## ")), section)
        elif cell.cell_type == "code":
            n += 1
            end = ends.get(n, since)
            spent[section] = spent.get(section, 0.0) + end - since
            since = end
    return {name: round(seconds, 3) for name, seconds in spent.items()}


PROGRAMS = {
    "python -c pass": "pass",
    "import course_utils": "import course_utils",
    "course --help": "from course_utils.cli import main; main(['--help'])",
    "import torch": "import torch",
}


def import_part(options: Options) -> list[StartTime]:
    """Seconds of fresh interpreters, and which of them load torch."""
    seconds: dict[str, list[float]] = {what: [] for what in PROGRAMS}
    loads: dict[str, bool] = {}
    for _ in range(2 if options.tiny else 10):  # in turn, so that a slow moment meets all of them
        for what, code in PROGRAMS.items():
            ends = f"import sys\ntry:\n    {code}\nfinally:\n    print('torch' in sys.modules)"
            started = time.perf_counter()
            done = subprocess.run([sys.executable, "-c", ends], check=True, capture_output=True, text=True, cwd=ROOT)
            seconds[what].append(round(time.perf_counter() - started, 4))
            loads[what] = done.stdout.split()[-1] == "True"
    # the first of each is left out: it reads the files from the disk and writes their bytecode
    return [StartTime(what, each[1:], loads[what]) for what, each in seconds.items()]


@contextmanager
def one_core() -> Iterator[None]:
    """What is computed in this block uses one core, so that another program hardly changes its CPU seconds."""
    before = torch.get_num_threads()
    with threadpool_limits(1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def make_tiny() -> nn.Module:
    """A network so small that what stands around its steps shows."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def fit_part(options: Options) -> list[LoopTime]:
    """Lesson 2's written-out loop and `training.fit`: same steps, batches, seeds and weights, in turn."""
    digits = images.load_digits()
    names = ["settings", "convolution", "Block", "make_cnn", "batch_loss", "train_loop", "to_tensor", "training"]
    lesson = definitions("2_deep_cnn", names[:-1], n_channels=1, n_classes=10)
    data = lesson.to_tensor(digits.pixels), torch.from_numpy(digits.labels)
    models = {"tiny MLP (64, 32, 10)": (make_tiny, 1000), "lesson 2's CNN": (lambda: lesson.make_cnn(0), 300)}
    with one_core():
        return [loop_time(name, *model, lesson, data, options.tiny) for name, model in models.items()]
