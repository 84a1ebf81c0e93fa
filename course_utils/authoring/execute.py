"""Finding the lessons and executing them outside JupyterLab."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
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


def labs() -> list[str]:
    """Names of the labs there are, in order: ``['0_cost', '1_causes', …]``."""
    return sorted(path.stem for path in (NOTEBOOKS / "labs").glob("[0-9]_*.ipynb"))


def path_of(name: str) -> Path:
    """Where the notebook of a lesson or lab lies."""
    lesson = NOTEBOOKS / f"{name}.ipynb"
    return lesson if lesson.exists() else NOTEBOOKS / "labs" / lesson.name


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


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while lessons were executed.

    Attributes
    ----------
    begun, unfinished : list of str
        The lessons that were stopped, and all that are still to do, these included.
    """

    def __init__(self, begun: list[str], unfinished: list[str]) -> None:
        super().__init__()
        self.begun, self.unfinished = begun, unfinished


def _until_done(main: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that Ctrl-C cancels, so that it can stop its kernels before Ctrl-C is raised.

    Where an event loop runs already, as in a notebook, it gets a thread of its own.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        run = asyncio.run
    else:
        run = _run_in_a_thread
    try:
        return run(main)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _run_in_a_thread(main: Coroutine[Any, Any, Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, main).result()


def _on_ctrl_c(cancel: Callable[[], object]) -> None:
    with suppress(NotImplementedError, RuntimeError):  # Windows, or not in the main thread
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, cancel)


class _Client(NotebookClient):
    """A notebook client that knows where it is, and leaves Ctrl-C to whoever executes it.

    nbclient itself answers Ctrl-C by stopping the kernel, and then reports a dead kernel.
    """

    at: int | None = None
    """Index of the code cell that was started last."""

    cancel: Callable[[], object]
    """Stops everything that is executed."""

    async def async_execute_cell(
        self, cell: nbformat.NotebookNode, cell_index: int, **options: Any
    ) -> nbformat.NotebookNode:
        if cell.cell_type == "code":
            self.at = cell_index
        return await super().async_execute_cell(cell, cell_index, **options)

    async def async_start_new_kernel(self, **kwargs: Any) -> None:
        _on_ctrl_c(self.cancel)  # instead of nbclient's handler, which was set a moment ago
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
    return _until_done(execute_for(notebook, folder, environment, timeout_s, on_cell))


async def execute_for(
    notebook: nbformat.NotebookNode,
    folder: Path,
    environment: dict[str, str],
    timeout_s: int,
    on_cell: Callable[[int, int], None],
    main: asyncio.Task[Any] | None = None,
) -> Failure | None:
    """As `execute`, beside others: Ctrl-C cancels `main`, or this task when none is given."""
    main = main or asyncio.current_task()
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    client = _Client(
        notebook,
        timeout=timeout_s,
        shutdown_kernel="immediate",  # a kernel that is busy would not answer a polite request
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=lambda cell_index, **_: on_cell(code.index(cell_index) + 1, len(code)),
        extra_arguments=["--log-level=ERROR"],  # no warning about Jupyter's usual local TCP connection
    )
    client.cancel = main.cancel
    try:
        await client.async_execute(env={**os.environ, **environment})
    except (CellExecutionError, CellTimeoutError, RuntimeError) as error:
        if asyncio.current_task().cancelling():  # nbclient takes it for the kernel's death
            raise asyncio.CancelledError from None
        position = code.index(client.at) + 1 if client.at is not None else 0
        return Failure(position, _in_one_line(error, timeout_s))
    except (KeyboardInterrupt, asyncio.CancelledError):
        if client.km is not None and client.km.has_kernel:
            await client.km.shutdown_kernel(now=True)
        raise
    finally:
        _on_ctrl_c(main.cancel)  # another lesson may go on, and nbclient has taken the handler away
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
    """Tell 'lesson  cell n of m  time', live or in a log file; gives the callable that moves it on."""
    if not sys.stderr.isatty():
        yield _log(lesson)
        return
    stop = threading.Event()
    with tqdm(desc=lesson, bar_format="{desc}  cell {n_fmt} of {total_fmt}  {elapsed} |{bar:24}|") as bar:

        def on_cell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        def tick() -> None:  # a person sees the time go on while a long cell runs
            while not stop.wait(1):
                bar.refresh()

        threading.Thread(target=tick, daemon=True).start()
        try:
            yield on_cell
        finally:
            stop.set()


LOG_EVERY_S = 20
"""A log file gets a line at most this often, and one at the end."""


def _log(lesson: str) -> Callable[[int, int], None]:
    """Print a line now and then."""
    started = told = time.monotonic()

    def on_cell(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= LOG_EVERY_S or done == total:
            told = now
            print(f"{lesson}  cell {done} of {total}  {tqdm.format_interval(now - started)}", file=sys.stderr)

    return on_cell


Work = Callable[[asyncio.Task[Any]], Coroutine[Any, Any, Any]]
"""What is done for one lesson; gets the task that Ctrl-C cancels."""


def side_by_side(work: Mapping[str, Work], jobs: int) -> dict[str, Any]:
    """Do the work of several lessons, so many at a time; what each returned, by its name.

    Raises
    ------
    Interrupted
        Ctrl-C was pressed; the kernels are stopped, and what was finished is kept.
    """
    begun: list[str] = []
    done: dict[str, Any] = {}

    async def all_of_it() -> None:
        main, turns = asyncio.current_task(), asyncio.Semaphore(jobs)

        async def one(lesson: str) -> None:
            async with turns:
                begun.append(lesson)
                done[lesson] = await work[lesson](main)

        # The later a lesson, the longer it takes: side by side, the longest begin first.
        tasks = [asyncio.create_task(one(each)) for each in (work if jobs == 1 else reversed(work))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    try:
        _until_done(all_of_it())
    except KeyboardInterrupt:
        unfinished = [lesson for lesson in work if lesson not in done]
        raise Interrupted([lesson for lesson in unfinished if lesson in begun], unfinished) from None
    return done


def threads(jobs: int) -> dict[str, str]:
    """The variable that gives each of so many kernels its share of the processor's cores.

    Two small trainings on a core each get further than one after the other on two cores, whose threads
    wait for each other at every step. A number that the reader has set stays as it is.
    """
    share = max((os.cpu_count() or 1) // jobs, 1)
    return {} if jobs == 1 else {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(share))}


def run(chosen: Sequence[str], out: Path, settings: dict[str, str], jobs: int = 1) -> list[Execution]:
    """Execute lessons and keep the executed copies as ``<out>/<lesson>.ipynb``.

    Parameters
    ----------
    chosen : sequence of str
        Full names.
    out : Path
        Where the executed copies and the lessons' typed results go. Older results of a lesson are removed
        when it begins, so that they do not pass for new ones.
    settings : dict
        ``COURSE_PROFILE`` and its kin, without ``COURSE_RESULTS``.
    jobs : int
        How many lessons run side by side.

    Returns
    -------
    list of Execution
        In the order of `chosen`.

    Raises
    ------
    Interrupted
        Ctrl-C was pressed.
    """
    settings = {**settings, **threads(jobs)}
    done = side_by_side({lesson: partial(_run, lesson, out, settings) for lesson in chosen}, jobs)
    return [done[lesson] for lesson in chosen]


async def _run(lesson: str, out: Path, settings: dict[str, str], main: asyncio.Task[Any]) -> Execution:
    """Execute one lesson and keep the executed copy."""
    (out / f"{lesson}.json").unlink(missing_ok=True)
    started = time.perf_counter()
    notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4)
    timeout_s = CELL_TIMEOUT_S[settings["COURSE_PROFILE"]]
    environment = {**settings, "COURSE_RESULTS": str(out.resolve())}
    with progress(lesson) as on_cell:
        failure = await execute_for(notebook, NOTEBOOKS, environment, timeout_s, on_cell, main)
    write_text(out / f"{lesson}.ipynb", nbformat.writes(notebook) + "\n")
    return Execution(lesson, (time.perf_counter() - started) / 60, failure)
