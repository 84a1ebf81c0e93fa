"""Executing one notebook outside JupyterLab.

``python -m course_utils.authoring.execute SOURCE TARGET FOLDER SECONDS`` does it in a process of its own
and says on standard output, a JSON line a cell, how far it is; `runner` starts such processes.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets import default

from course_utils import CourseError
from course_utils.files import write_text

LOOK_AGAIN_S = 1.0
"""A reply whose arrival was missed waits at most this long."""


@dataclass(frozen=True)
class Failure:
    """Where a notebook stopped and why.

    Attributes
    ----------
    cell : int
        Number of the code cell, counted from 1; 0 when none was started.
    error : str
        Kind of error and its message, in one line.
    """

    cell: int
    error: str


class _ThisPython(KernelSpecManager):
    """Kernels of the Python that runs this, whatever else is installed under the name 'python3'."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


class _KernelManager(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _this_python(self) -> KernelSpecManager:
        return _ThisPython(parent=self)


class _Client(NotebookClient):
    """A notebook client that knows which code cell it started last, and never waits in one piece."""

    at: int | None = None

    async def async_execute_cell(self, cell: Any, cell_index: int, **options: Any) -> Any:
        if cell.cell_type == "code":
            self.at = cell_index
        return await super().async_execute_cell(cell, cell_index, **options)

    async def async_start_new_kernel_client(self, **kwargs: Any) -> Any:
        client = await super().async_start_new_kernel_client(**kwargs)
        client.shell_channel.get_msg = looks_again(client.shell_channel.get_msg)
        return client


def looks_again(get_msg_once: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
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
            except queue.Empty:
                if end is not None and time.monotonic() >= end:
                    raise

    return get_msg


def execute(
    notebook: nbformat.NotebookNode,
    folder: Path,
    environment: Mapping[str, str],
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
    environment : mapping
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
        kernel_manager_class=_KernelManager,
        timeout=timeout_s,
        coalesce_streams=True,  # of a progress bar only its last state
        shutdown_kernel="immediate",  # a kernel that is busy would not answer a polite request
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=lambda cell_index, **_: on_cell(code.index(cell_index) + 1, len(code)),
        extra_arguments=["--log-level=ERROR"],  # no warning about Jupyter's usual local TCP connection
    )
    try:
        client.execute(env={**os.environ, **environment})
    except (CellExecutionError, CellTimeoutError, RuntimeError) as error:
        position = code.index(client.at) + 1 if client.at is not None else 0
        return Failure(position, _in_one_line(error, timeout_s))
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


def main(source: str, target: str, folder: str, timeout_s: str) -> int:
    """Execute the notebook `source` into `target`, and say on standard output how far it is."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    say = lambda **what: print(json.dumps(what), flush=True)  # noqa: E731
    try:
        notebook = nbformat.read(source, as_version=4)
        Path(target).with_suffix(".json").unlink(missing_ok=True)  # an old result must not pass for a new one
        failure = execute(
            notebook, Path(folder), {}, int(timeout_s), lambda done, total: say(done=done, total=total)
        )
        write_text(Path(target), nbformat.writes(notebook) + "\n")
    except (CourseError, OSError, ValueError, nbformat.ValidationError) as error:
        reason = str(error).split("\n")[0]  # no notebook, or a folder that cannot be written
        failure = Failure(0, reason if isinstance(error, CourseError) else f"cannot read it: {reason}")
    say(cell=failure.cell if failure else 0, error=failure.error if failure else "")
    return 0


def _end_with_parent() -> None:
    """Standard input ends when the process that started this one has ended, however it did."""
    sys.stdin.read()
    kill_tree(os.getpid())


def kill_tree(pid: int) -> None:
    """Stop a process and its kernels, last of all the process itself."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                each.kill()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
