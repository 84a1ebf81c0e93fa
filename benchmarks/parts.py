"""The parts of `make benchmarks`: each measures one thing and gives its figures as rows of a table.

Every part takes ``quick=True`` for a budget of seconds: its figures then mean nothing, the code is the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
import torch
from quality import Row, classify, make_cnn, quality_part
from torch import nn

from course_utils import docstrings, images, lessons, training

TELL = """import json, time
from course_utils import runtime
print(json.dumps([time.process_time(), runtime.peak_memory_mb()]))"""
"""A last cell that tells what the kernel itself knows: its CPU seconds and its peak memory."""


def lessons_part(quick: bool = False, names: list[str] | None = None) -> list[Row]:
    """Minutes, CPU seconds and peak memory of each lesson, and its minutes by section.

    The stored notebooks are executed as `course run` does. CPU seconds are those of the kernel's process, all
    its threads, without processes that it starts.
    """
    rows = []
    profile = "smoke" if quick else "laptop"
    for lesson in names or lessons.names():
        notebook = nbformat.read(lessons.NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(TELL))
        ends: list[float] = []
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as out:
            settings = {"COURSE_PROFILE": profile, "COURSE_RESULTS": out, "COURSE_DEVICE": "cpu"}
            failure = lessons.execute(
                notebook,
                lessons.NOTEBOOKS,
                settings,
                900,
                lambda *_, ends=ends: ends.append(time.perf_counter()),
            )
        if failure:
            raise RuntimeError(f"{lesson} failed in code cell {failure.cell}: {failure.error}")
        cpu_s, memory_mb = json.loads(notebook.cells[-1].outputs[-1].text)
        seconds = np.diff([started, *ends])
        whole = {"minutes": seconds.sum() / 60, "CPU s": cpu_s, "peak memory (MB)": memory_mb}
        rows.append({"lesson": lesson, "section": "all", **whole})
        for section, spent in by_section(notebook, seconds).items():
            rows.append({"lesson": lesson, "section": section, "minutes": spent / 60})
    return rows


def by_section(notebook: nbformat.NotebookNode, seconds: np.ndarray) -> dict[str, float]:
    """Seconds of the code cells under each second-level heading; the first has the kernel's start, too."""
    section, spent, left = "Start", {}, list(seconds)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = [line[3:] for line in cell.source.splitlines() if line.startswith("## ")]
            section = headings[-1] if headings else section
        else:
            spent[section] = spent.get(section, 0.0) + left.pop(0)
    return spent


def import_part(quick: bool = False) -> list[Row]:
    """Seconds until a fresh Python has done something, the median of several, and as a ratio."""
    repeats = 1 if quick else 7
    programs = {
        "python -c pass": ["-c", "pass"],
        "import course_utils": ["-c", "import course_utils"],
        "course --help": ["-m", "course_utils.cli", "--help"],
        "import torch": ["-c", "import torch"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(repeats):  # in turn, so that a slow moment meets all of them
        for name, arguments in programs.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=os.environ)
            seconds[name].append(time.perf_counter() - started)
    bare = np.median(seconds["python -c pass"])
    return [
        {"what": n, "seconds": np.median(s), "× python -c pass": np.median(s) / bare}
        for n, s in seconds.items()
    ]


def bare_loop(model: nn.Module, loss: training.BatchLoss, data: list[torch.Tensor], steps: int) -> None:
    """Lesson 2's loop and nothing around it: no checks, no history, no bar."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-2)
    order = training.batches(len(data[0]), 64, seed=0)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * training.rate_factor(step, steps)
        rows = next(order)
        value = loss(model, *(tensor[rows] for tensor in data))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()


def fit_part(quick: bool = False) -> list[Row]:
    """Time of `training.fit` over that of a bare loop of as many steps, in turn: median and range."""
    digits = images.load_digits()
    data = [torch.from_numpy(digits.pixels), torch.from_numpy(digits.labels)]
    models = {
        "MLP, 64-32-10": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)),
        "CNN, 4 convolutions of 32": lambda: make_cnn(0),
    }
    rows, repeats = [], 1 if quick else 7
    for name, make in models.items():
        steps = 5 if quick else 1000 if name.startswith("MLP") else 200
        for saving in (False, True):
            ratios, per_step = [], []
            for _ in range(repeats):
                with tempfile.TemporaryDirectory() as folder:
                    keep = (
                        {"checkpoint": Path(folder, "c.safetensors"), "checkpoint_every": 100}
                        if saving
                        else {}
                    )
                    bare = seconds_of(partial(bare_loop, make(), classify, data, steps))
                    ours = seconds_of(partial(training.fit, make(), classify, data, steps=steps, **keep))
                ratios.append(ours / bare)
                per_step.append(1000 * bare / steps)
            rows.append({
                "model": name, "checkpoints": "every 100 steps" if saving else "none",
                "bare loop (ms a step)": np.median(per_step), "fit over bare loop": np.median(ratios),
                "lowest": min(ratios), "highest": max(ratios),
            })  # fmt: skip
    return rows


def seconds_of(function: Callable[[], object]) -> float:
    """Seconds by the clock."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def language_part(quick: bool = False) -> list[Row]:
    """`language_model.py` on the course's own text, for a fixed time."""
    general, _ = docstrings.load()
    text = "\n\n".join(document.text for document in general.train)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "docstrings.txt")
        path.write_text(text[: 200_000 if quick else 1_100_000], encoding="utf-8")
        size = ["--width", "32", "--depth", "1", "--context", "16"] if quick else []
        command = [sys.executable, str(Path(__file__).with_name("language_model.py")), str(path)]
        command += ["--seconds", "4" if quick else "120", *size]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    kept = ("loss, each sees half a window or more", "seconds", "steps", "characters a second", "parameters")
    return [
        {"text": "docstrings, 1.1 million characters", **{k: found[k] for k in (*kept, "peak memory (MB)")}}
    ]


PARTS = {
    "lessons": lessons_part,
    "import": import_part,
    "fit": fit_part,
    "language": language_part,
    "quality": quality_part,
}
