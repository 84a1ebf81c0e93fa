"""Finding the lessons and executing them outside JupyterLab."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from course_utils import ROOT, CourseError
from course_utils.files import write_text

NOTEBOOKS = ROOT / "notebooks"
CELL_TIMEOUT_S = {"smoke": 300, "laptop": 900, "full": 6 * 3600}
"""A cell that takes longer than this hangs; without a limit, so would the command."""


def names() -> list[str]:
    """Names of the lessons there are, in order: ``['1_classic_ml', …]``."""
    return sorted(path.stem for path in NOTEBOOKS.glob("[0-9]_*.ipynb"))


def select(wanted: Iterable[str]) -> list[str]:
    """Full names of the lessons asked for by name or number; all when none is asked for.

    Raises
    ------
    CourseError
        There is no such lesson; the message lists those there are.
    """
    available = names()
    chosen = []
    for word in wanted:
        matches = [name for name in available if word in (name, name.split("_")[0])]
        if not matches:
            raise CourseError(f"unknown lesson '{word}': choose from {', '.join(available)}, or the number")
        chosen += matches
    return list(dict.fromkeys(chosen)) or available


@dataclass(frozen=True)
class Failure:
    """Where a lesson stopped and why.

    Attributes
    ----------
    cell : int
        Position among the code cells, from 1.
    error : str
        Kind of error and its message, in one line.
    """

    cell: int
    error: str


@dataclass(frozen=True)
class Execution:
    """How one execution of a lesson went."""

    lesson: str
    minutes: float
    failure: Failure | None


def execute(
    notebook: nbformat.NotebookNode,
    folder: Path,
    environment: dict[str, str],
    timeout_s: int,
    on_cell: Callable[[int, int], None] = lambda done, total: None,
) -> Failure | None:
    """Execute a notebook's cells in order, in place.

    Parameters
    ----------
    notebook : NotebookNode
        Gets the outputs, up to the cell that failed.
    folder : Path
        Working directory of the kernel.
    environment : dict
        Variables to set for the kernel, on top of this process's own.
    timeout_s : int
        Limit for one cell, in seconds.
    on_cell : callable
        Called with the number of code cells done and their total.

    Returns
    -------
    Failure or None
        The first cell that failed.
    """
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    done = 0

    def started(notebook: nbformat.NotebookNode) -> None:
        # nbclient catches Ctrl-C and only stops the kernel; we want to know of it
        with suppress(NotImplementedError, RuntimeError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    def executed(cell: nbformat.NotebookNode, **_: Any) -> None:
        nonlocal done
        done += cell.cell_type == "code"
        on_cell(done, total)

    client = NotebookClient(
        notebook,
        timeout=timeout_s,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_notebook_start=started,
        on_cell_executed=executed,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # no warning about Jupyter's usual local TCP connection
    )
    try:
        client.execute(env={**os.environ, **environment})
    except CellExecutionError as error:
        return Failure(done, f"{error.ename}: {error.evalue}".split("\n")[0])
    except CellTimeoutError:
        return Failure(done + 1, f"took longer than the limit of {timeout_s} s")
    except DeadKernelError:
        return Failure(done + 1, "the kernel died; the machine may have run out of memory")
    return None


def run(lesson: str, out: Path, settings: dict[str, str], on_cell: Callable[[int, int], None]) -> Execution:
    """Execute one lesson and keep the executed copy as ``<out>/<lesson>.ipynb``.

    Parameters
    ----------
    lesson : str
        Full name.
    out : Path
        Where the executed copy and the lesson's typed results go.
    settings : dict
        ``COURSE_PROFILE`` and its kin, without ``COURSE_RESULTS``.
    on_cell : callable
        As in `execute`.
    """
    started = time.perf_counter()
    notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
    timeout_s = CELL_TIMEOUT_S[settings["COURSE_PROFILE"]]
    environment = {**settings, "COURSE_RESULTS": str(out.resolve())}
    failure = execute(notebook, NOTEBOOKS, environment, timeout_s, on_cell)
    write_text(out / f"{lesson}.ipynb", nbformat.writes(notebook) + "\n")
    return Execution(lesson, (time.perf_counter() - started) / 60, failure)
