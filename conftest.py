"""What the notebooks need when pytest executes them with nbval."""

import os
import time
from queue import Empty

import pytest
from nbval.kernel import RunningKernel
from xdist.scheduler import LoadScopeScheduling

ALIVE_CHECK_S = 1.0


def get_message_while_alive(self: RunningKernel, stream: str, timeout: float | None = None) -> dict:
    """Wait for a kernel's message in short turns, and look in between whether the kernel still lives.

    nbval alone waits for the whole cell timeout before it sees that a kernel has died.
    """
    receive = {"iopub": self.kc.get_iopub_msg, "shell": self.kc.get_shell_msg}[stream]
    deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
    while True:
        try:
            return receive(timeout=max(0.0, min(ALIVE_CHECK_S, deadline - time.monotonic())))
        except Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died; the machine may have run out of memory") from None
            if time.monotonic() >= deadline:
                raise


RunningKernel.get_message = get_message_while_alive


if "PYTEST_XDIST_WORKER" in os.environ:
    # Tests that run side by side get a core each: several threads on shared cores wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


class SideBySide(LoadScopeScheduling):
    """Which tests go to the same worker: a notebook's cells, which share a kernel, and a file's tests.

    Only the tests that each execute a whole lesson are dealt out one by one.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return nodeid if file.endswith("test_notebooks.py") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> SideBySide:
    """Used when pytest is called with ``-n``."""
    return SideBySide(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: a packed file holds its time, and workers must agree on the names."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def results_apart(tmp_path_factory):
    """Lessons that the tests execute must not overwrite the reader's own results."""
    os.environ["COURSE_RESULTS"] = str(tmp_path_factory.mktemp("results"))
    yield
    del os.environ["COURSE_RESULTS"]


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory):
    """Where downloads and the text corpus are kept, for kernels too; the corpus is made once in a session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "data"  # workers share it
    folder.mkdir(exist_ok=True)
    os.environ["COURSE_DATA"] = str(folder)
    yield folder
    del os.environ["COURSE_DATA"]
