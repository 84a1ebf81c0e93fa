"""Finding the lessons and executing them outside JupyterLab."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

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


class _Client(NotebookClient):
    """A notebook client that knows where it is, and lets Ctrl-C through.

    nbclient itself answers Ctrl-C by stopping the kernel, and then reports a dead kernel.
    """

    at: int | None = None
    """Index of the code cell that was started last."""

    async def async_execute_cell(
        self, cell: nbformat.NotebookNode, cell_index: int, **options: Any
    ) -> nbformat.NotebookNode:
        if cell.cell_type == "code":
            self.at = cell_index
        return await super().async_execute_cell(cell, cell_index, **options)

    async def async_start_new_kernel(self, **kwargs: Any) -> None:
        with suppress(NotImplementedError, RuntimeError):  # Windows, or not in the main thread
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        await super().async_start_new_kernel(**kwargs)

    async def async_start_new_kernel_client(self, **kwargs: Any) -> Any:
        client = await super().async_start_new_kernel_client(**kwargs)
        client.shell_channel.get_msg = _looks_again(client.shell_channel.get_msg)
        return client


LOOK_AGAIN_S = 1.0
"""A reply whose arrival was missed waits at most this long."""


def _looks_again(get_msg_once: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Wait for a message in short pieces instead of in one.

    Cells with widgets send on the channel that is waited on. A message that arrives in that moment can
    be there without waking the waiting up (jupyter/nbclient issue 312), until the cell's whole limit of
    many minutes has passed.
    """

    async def get_msg(timeout: float | None = None) -> Any:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LOOK_AGAIN_S if end is None else min(LOOK_AGAIN_S, max(0.0, end - time.monotonic()))
            try:
                return await get_msg_once(timeout=left)
            except Empty:
                if end is not None and time.monotonic() >= end:
                    raise

    return get_msg


@dataclass(frozen=True)
class Failure:
    """Where a lesson stopped and why.

    Attributes
    ----------
    cell : int
        Position among the code cells, from 1; 0 when the kernel did not even start.
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
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    client = _Client(
        notebook,
        timeout=timeout_s,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=lambda cell_index, **_: on_cell(code.index(cell_index) + 1, len(code)),
        extra_arguments=["--log-level=ERROR"],  # no warning about Jupyter's usual local TCP connection
    )
    try:
        client.execute(env={**os.environ, **environment})
    except (CellExecutionError, CellTimeoutError, RuntimeError) as error:
        position = code.index(client.at) + 1 if client.at is not None else 0
        return Failure(position, _in_one_line(error, timeout_s))
    except KeyboardInterrupt:
        if client.km is not None and client.km.has_kernel:
            run_sync(client.km.shutdown_kernel)(now=True)
        raise
    finally:
        atexit.unregister(client._cleanup_kernel)  # nbclient leaves it behind, to fail at the exit
    return None


def _in_one_line(error: Exception, timeout_s: int) -> str:
    """Why the execution stopped."""
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}".split("\n")[0]
    if isinstance(error, CellTimeoutError):
        return f"took longer than the limit of {timeout_s} s"
    if isinstance(error, DeadKernelError):
        return "the kernel died; the machine may have run out of memory"
    return f"the kernel did not start: {error}"


@contextmanager
def progress(lesson: str) -> Iterator[Callable[[int, int], None]]:
    """One live line, 'lesson  cell n of m  time'; gives the callable that moves it on."""
    bar_format = "{desc}  cell {n_fmt} of {total_fmt}  {elapsed} |{bar:24}|"
    seconds = 0.5 if sys.stderr.isatty() else 20  # a log file needs fewer lines
    stop = threading.Event()
    with tqdm(desc=lesson, bar_format=bar_format, mininterval=seconds) as bar:

        def on_cell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        def tick() -> None:
            while not stop.wait(1):
                bar.refresh()

        if sys.stderr.isatty():  # a person sees the time go on while a long cell runs
            threading.Thread(target=tick, daemon=True).start()
        try:
            yield on_cell
        finally:
            stop.set()


def run(lesson: str, out: Path, settings: dict[str, str]) -> Execution:
    """Execute one lesson and keep the executed copy as ``<out>/<lesson>.ipynb``.

    Parameters
    ----------
    lesson : str
        Full name.
    out : Path
        Where the executed copy and the lesson's typed results go.
    settings : dict
        ``COURSE_PROFILE`` and its kin, without ``COURSE_RESULTS``.
    """
    started = time.perf_counter()
    notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
    timeout_s = CELL_TIMEOUT_S[settings["COURSE_PROFILE"]]
    environment = {**settings, "COURSE_RESULTS": str(out.resolve())}
    with progress(lesson) as on_cell:
        failure = execute(notebook, NOTEBOOKS, environment, timeout_s, on_cell)
    write_text(out / f"{lesson}.ipynb", nbformat.writes(notebook) + "\n")
    return Execution(lesson, (time.perf_counter() - started) / 60, failure)
