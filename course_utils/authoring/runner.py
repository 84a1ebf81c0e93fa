"""Which lessons and labs there are, and executing some of them side by side."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

import course_utils
from course_utils import CourseError, resource
from course_utils.authoring import execute
from course_utils.authoring.execute import Failure, kill_tree

NOTEBOOKS = resource("notebooks")
CELL_TIMEOUT_S = {"smoke": 300, "laptop": 900, "full": 6 * 3600}
"""A cell that takes longer than this hangs; without a limit, so would the command."""


def names(folder: str = "") -> list[str]:
    """Names of the lessons there are, in order: ``['1_classic_ml', …]``.

    A reader's own copies (``1_classic_ml-Copy1.ipynb``) are not among them.
    """
    paths = (NOTEBOOKS / folder).glob("*.ipynb")
    return sorted(path.stem for path in paths if re.fullmatch(r"\d_[a-z0-9_]+", path.stem))


def labs() -> list[str]:
    """Names of the labs there are, in order: ``['0_cost', '1_causes', …]``."""
    return names("labs")


def path_of(name: str) -> Path:
    """Where the notebook of a lesson or lab lies."""
    return NOTEBOOKS / ("labs" if name in labs() else "") / f"{name}.ipynb"


def select(wanted: Iterable[str], of_labs: bool = False) -> list[str]:
    """Full names of the lessons and labs asked for.

    Parameters
    ----------
    wanted : iterable of str
        Names, numbers of lessons, or 'labs' for all of them; nothing means all lessons.
    of_labs : bool
        Numbers, and nothing at all, mean the labs of these lessons instead of the lessons.

    Raises
    ------
    CourseError
        There is no such lesson or lab; the message lists those there are.
    """
    numbered = labs() if of_labs else names()
    chosen = []
    for word in wanted:
        found = [name for name in (*names(), *labs()) if name == word]
        found = found or [name for name in numbered if name.split("_")[0] == word]
        found = found or (labs() if word == "labs" else [])
        if not found:
            raise CourseError(
                f"unknown {'lab' if of_labs else 'lesson'} '{word}': choose from "
                f"{', '.join((*names(), *labs()))}, 'labs', or a lesson's number"
            )
        chosen += found
    return list(dict.fromkeys(chosen)) or numbered


@dataclass(frozen=True)
class Execution:
    """How one execution of a lesson or lab went."""

    lesson: str
    minutes: float
    failure: Failure | None


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while notebooks were executed.

    Attributes
    ----------
    begun, unfinished : list of str
        Those that were stopped, and all that are still to do, these included.
    """

    def __init__(self, begun: list[str], unfinished: list[str]) -> None:
        super().__init__()
        self.begun, self.unfinished = begun, unfinished


# --- some of them, each in a process of its own ---


@dataclass(frozen=True)
class Job:
    """A notebook to execute: where it is read from and written to, the kernel's folder and variables."""

    source: Path
    target: Path
    folder: Path
    environment: Mapping[str, str]
    timeout_s: int


def side_by_side(work: Mapping[str, Job], jobs: int) -> dict[str, Execution]:
    """Execute notebooks, so many at a time; how each went, by its name.

    Raises
    ------
    Interrupted
        Ctrl-C was pressed: the kernels are stopped, and what was finished is kept.
    """
    # The later a notebook, the longer it takes: side by side, the longest begin first.
    waiting = list(work if jobs == 1 else reversed(work))
    running: dict[str, tuple[subprocess.Popen[str], float]] = {}
    done: dict[str, Execution] = {}
    told: queue.Queue[tuple[str, dict[str, Any] | None]] = queue.Queue()
    progress = _Progress()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                name = waiting.pop(0)
                running[name] = _start(work[name]), time.perf_counter()
                threading.Thread(target=_listen, args=(name, running[name][0], told), daemon=True).start()
            name, message = _next(told, progress)
            if message and "total" in message:
                progress.tell(name, message["done"], message["total"])
                continue
            process, since = running.pop(name)
            failure = _failure(message)
            process.wait()
            progress.end(name)
            done[name] = Execution(name, (time.perf_counter() - since) / 60, failure)
    except KeyboardInterrupt:
        unfinished = [name for name in work if name not in done]
        raise Interrupted([name for name in unfinished if name in running], unfinished) from None
    finally:
        for process, _ in running.values():
            kill_tree(process.pid)
            process.wait()
        progress.end()
    return {name: done[name] for name in work}


def _start(job: Job) -> subprocess.Popen[str]:
    """A process of its own, which Ctrl-C in the terminal does not reach."""
    flag = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows
    apart = {"creationflags": flag} if flag else {"start_new_session": True}
    return subprocess.Popen(
        [sys.executable, "-m", execute.__name__, job.source, job.target, job.folder, str(job.timeout_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env={**os.environ, **job.environment, "PYTHONPATH": _import_path(), "PYTHONIOENCODING": "utf-8"},
        **apart,
    )


def _import_path() -> str:
    """This course before any other that may be installed, then the reader's own."""
    paths = [str(Path(course_utils.__file__).parent.parent), os.environ.get("PYTHONPATH")]
    return os.pathsep.join(filter(None, paths))


def _listen(name: str, process: subprocess.Popen[str], told: queue.Queue[Any]) -> None:
    """Hand on what a process says; the last of it is how it ended, or None where it did not say."""
    last = None
    for line in process.stdout:
        if (last := json.loads(line)) and "total" in last:
            told.put((name, last))
            last = None
    told.put((name, last))


def _next(told: queue.Queue[Any], progress: _Progress) -> tuple[str, dict[str, Any] | None]:
    """What is said next; meanwhile the clock on the screen goes on."""
    while True:
        with suppress(queue.Empty):
            return told.get(timeout=1)
        progress.tick()


def _failure(message: dict[str, Any] | None) -> Failure | None:
    if message is None:
        return Failure(0, "its process ended without a word; the machine may have run out of memory")
    return Failure(message["cell"], message["error"]) if message["error"] else None


LOG_EVERY_S = 20
"""A log file gets a line a notebook at most this often, and one at its end."""


class _Progress:
    """'lesson  cell n of m  time' for each notebook that runs, live or in a log file."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.bars: dict[str, tqdm] = {}
        self.logged: dict[str, tuple[float, float]] = {}

    def tell(self, name: str, done: int, total: int) -> None:
        """So many of its code cells are done."""
        if self.live:
            form = "{desc}  cell {n_fmt} of {total_fmt}  {elapsed} |{bar:24}|"
            bar = self.bars.setdefault(name, tqdm(desc=name, total=total, bar_format=form))
            bar.update(done - bar.n)
            return
        now = time.monotonic()
        started, last = self.logged.setdefault(name, (now, now))
        if now - last >= LOG_EVERY_S or done == total:
            self.logged[name] = started, now
            print(f"{name}  cell {done} of {total}  {tqdm.format_interval(now - started)}", file=sys.stderr)

    def tick(self) -> None:
        """Let the clocks go on while a long cell runs."""
        for bar in self.bars.values():
            bar.refresh()

    def end(self, name: str | None = None) -> None:
        """This one is over, or all are."""
        for each in [name] if name in self.bars else list(self.bars) if name is None else []:
            self.bars.pop(each).close()


def threads(jobs: int) -> dict[str, str]:
    """The variable that gives each of so many kernels its share of the processor's cores.

    Two small trainings on a core each get further than one after the other on two cores, whose threads
    wait for each other at every step. A number that the reader has set stays as it is.
    """
    share = max((os.cpu_count() or 1) // jobs, 1)
    return {} if jobs == 1 else {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(share))}


def run(chosen: Sequence[str], out: Path, settings: Mapping[str, str], jobs: int = 1) -> list[Execution]:
    """Execute lessons and labs, and keep the executed copies as ``<out>/<name>.ipynb``.

    Parameters
    ----------
    chosen : sequence of str
        Full names.
    out : Path
        Where the executed copies and the typed results go; older results of a notebook are removed when
        it begins.
    settings : mapping
        ``COURSE_PROFILE`` and its kin, without ``COURSE_RESULTS``.
    jobs : int
        How many run side by side.

    Returns
    -------
    list of Execution
        In the order of `chosen`.

    Raises
    ------
    Interrupted
        Ctrl-C was pressed.
    """
    environment = {**settings, **threads(jobs), "COURSE_RESULTS": str(out.resolve())}
    work = {}
    for name in chosen:
        path = path_of(name)
        limit = CELL_TIMEOUT_S[settings["COURSE_PROFILE"]]
        work[name] = Job(path, out / path.name, path.parent, environment, limit)
    return list(side_by_side(work, jobs).values())
