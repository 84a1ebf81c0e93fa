import asyncio
import json
import os
import queue
import sys
import time

import nbformat
import psutil
import pytest

from course_utils import ROOT, CourseError
from course_utils.authoring import execute as lessons

DEAD_KERNEL = "import os\nos._exit(1)"


@pytest.fixture
def execute(tmp_path):
    """Executes a notebook in a folder of its own; gives the failure and what on_cell was told."""

    def call(notebook, timeout_s=300, **environment):
        told = []
        failure = lessons.execute(
            notebook, tmp_path, environment, timeout_s, lambda done, total: told.append((done, total))
        )
        return failure, told

    return call


def text(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_lessons_are_found_in_order(shelf):
    folder = shelf(lesson_2_b=[], lesson_1_a=[], notes=[])
    (folder / "3_c.py").write_text("")
    assert lessons.names() == ["1_a", "2_b"]


def test_lessons_lie_in_the_checkout():
    assert lessons.NOTEBOOKS == ROOT / "notebooks"


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ([], ["1_a", "2_b"]),
        (["2"], ["2_b"]),
        (["1_a"], ["1_a"]),
        (["2", "1"], ["2_b", "1_a"]),
        (["2", "2_b"], ["2_b"]),
    ],
)
def test_lessons_are_chosen_by_name_or_number(shelf, wanted, chosen):
    shelf(lesson_1_a=[], lesson_2_b=[])
    assert lessons.select(wanted) == chosen


@pytest.mark.parametrize("word", ["3", "1_b", "a", "", "1_a.ipynb"])
def test_an_unknown_lesson_gets_the_list(shelf, word):
    shelf(lesson_1_a=[], lesson_2_b=[])
    with pytest.raises(CourseError, match=f"unknown lesson '{word}': choose from 1_a, 2_b, or the number"):
        lessons.select(["1", word])


def test_every_profile_has_a_time_limit():
    from course_utils.run import PROFILES

    limits = [lessons.CELL_TIMEOUT_S[profile] for profile in PROFILES]
    assert limits == sorted(limits)
    assert limits[0] > 0


def test_cells_are_executed_in_order_in_the_folder(execute, notebook, tmp_path):
    made = notebook("import os\nx = 2", "print(x + 1, os.environ['COURSE_SEED'])", "print(os.getcwd())")
    assert execute(made, COURSE_SEED="7") == (None, [(1, 3), (2, 3), (3, 3)])
    assert text(made.cells[2]) == "3 7\n"
    assert tmp_path.samefile(text(made.cells[3]).strip())
    clock = made.cells[1].metadata.execution  # for whoever wants to know where a lesson's time goes
    assert clock["iopub.status.busy"] < clock["iopub.status.idle"]


def test_a_failing_cell_is_named(execute, notebook):
    made = notebook("x = 1", "raise ValueError('no such luck\\nsecond line')", "print('never')")
    failure, told = execute(made)
    assert failure == lessons.Failure(2, "ValueError: no such luck")
    assert told[0] == (1, 3)
    assert made.cells[2].outputs[0].ename == "ValueError"
    assert made.cells[3].outputs == []


def test_an_empty_cell_counts_among_the_code_cells(execute, notebook):
    failure, _ = execute(notebook("x = 1", "", "print(y)"))
    assert failure == lessons.Failure(3, "NameError: name 'y' is not defined")


def test_a_notebook_is_executed_where_an_event_loop_runs_already(execute, notebook):
    async def inside():
        return execute(notebook("x = 1"))

    assert asyncio.run(inside()) == (None, [(1, 1)])


def test_a_cell_that_hangs_is_stopped(execute, notebook):
    started = time.monotonic()
    failure, told = execute(notebook("import time", "time.sleep(60)"), timeout_s=1)
    assert failure == lessons.Failure(2, "took longer than the limit of 1 s")
    assert told == [(1, 2)]
    assert time.monotonic() - started < 40


def test_a_kernel_that_dies_is_noticed_long_before_the_limit(execute, notebook):
    started = time.monotonic()
    failure, _ = execute(notebook("x = 1", DEAD_KERNEL, "x"), timeout_s=300)
    assert time.monotonic() - started < 20
    assert failure.cell == 2
    assert failure.error == "the kernel died; the machine may have run out of memory"


def test_a_kernel_that_does_not_start_is_a_failure(execute, notebook, tmp_path):
    (tmp_path / "ipykernel_launcher.py").write_text("raise SystemExit(1)")  # found before the real one
    failure, told = execute(notebook("x = 1"))
    assert "kernel" in failure.error
    assert told == []


def test_an_interrupt_stops_the_kernel_and_gets_through(notebook, tmp_path):
    def press(done, total):
        raise KeyboardInterrupt

    made = notebook("import os, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))", "x")
    with pytest.raises(KeyboardInterrupt):
        lessons.execute(made, tmp_path, {}, 300, press)
    limit = time.monotonic() + 10
    while psutil.pid_exists(int((tmp_path / "pid").read_text())) and time.monotonic() < limit:
        time.sleep(0.05)
    assert time.monotonic() < limit


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_tells_the_lesson_and_how_far_it_is(terminal, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with lessons.progress("1_a") as on_cell:
        on_cell(1, 4)
        on_cell(4, 4)
    told = capsys.readouterr().err
    assert ("\r" in told) == terminal
    assert told.replace("\r", "\n").strip().splitlines()[-1].startswith("1_a  cell 4 of 4  00:0")


def test_a_log_file_gets_few_lines(monkeypatch, capsys):
    with lessons.progress("1_a") as on_cell:
        on_cell(1, 4)
        monkeypatch.setattr(lessons, "LOG_EVERY_S", 0)
        on_cell(2, 4)
        monkeypatch.undo()
        on_cell(3, 4)
    assert [line[:17] for line in capsys.readouterr().err.splitlines()] == ["1_a  cell 2 of 4 "]


def test_run_keeps_the_executed_copy(shelf, tmp_path):
    cell = (
        "import json, os\nprint(json.dumps({k: v for k, v in os.environ.items() if k.startswith('COURSE_')}))"
    )
    folder = shelf(lesson_1_a=[cell])
    stored = (folder / "1_a.ipynb").read_bytes()
    settings = {"COURSE_PROFILE": "smoke", "COURSE_DEVICE": "cpu", "COURSE_SEED": "3"}
    (execution,) = lessons.run(["1_a"], tmp_path / "out", settings)
    assert (execution.lesson, execution.failure) == ("1_a", None)
    assert 0 < execution.minutes < 1
    copy = nbformat.read(tmp_path / "out" / "1_a.ipynb", as_version=4)
    nbformat.validate(copy)
    assert json.loads(text(copy.cells[1])) == settings | {"COURSE_RESULTS": str((tmp_path / "out").resolve())}
    assert (folder / "1_a.ipynb").read_bytes() == stored


MEETS = """
import os, pathlib, time
pathlib.Path(os.environ["COURSE_RESULTS"], "{here}").touch()
while not pathlib.Path(os.environ["COURSE_RESULTS"], "{other}").exists():
    time.sleep(0.05)
print(os.environ.get("OMP_NUM_THREADS"))
"""


def test_lessons_run_side_by_side_and_share_the_cores(shelf, tmp_path, monkeypatch):
    shelf(
        lesson_1_a=[MEETS.format(here="1", other="3")],
        lesson_2_b=[],
        lesson_3_c=[MEETS.format(here="3", other="1")],
    )
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (tmp_path / "2_b.json").write_text("old")
    executions = lessons.run(["1_a", "2_b", "3_c"], tmp_path, {"COURSE_PROFILE": "smoke"}, jobs=2)
    assert [(each.lesson, each.failure) for each in executions] == [
        (name, None) for name in ("1_a", "2_b", "3_c")
    ]
    for name in ("1_a", "3_c"):
        copy = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
        assert text(copy.cells[1]) == "3\n"
    assert not (tmp_path / "2_b.json").exists()


def test_the_readers_own_number_of_threads_is_kept(shelf, tmp_path, monkeypatch):
    shelf(lesson_1_a=["import os\nprint(os.environ['OMP_NUM_THREADS'])"])
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    lessons.run(["1_a"], tmp_path, {"COURSE_PROFILE": "smoke"}, jobs=2)
    assert text(nbformat.read(tmp_path / "1_a.ipynb", as_version=4).cells[1]) == "5\n"


def test_an_error_of_our_own_stops_the_lesson_beside_it(shelf, tmp_path):
    shelf(
        lesson_1_a=["import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)"],
        lesson_2_b=[],
    )
    (tmp_path / "2_b.ipynb").mkdir()  # so its copy cannot be written
    started = time.monotonic()
    with pytest.raises(CourseError, match="2_b"):
        lessons.run(["1_a", "2_b"], tmp_path, {"COURSE_PROFILE": "smoke"}, jobs=2)
    assert time.monotonic() - started < 40


def test_run_takes_the_profiles_limit_and_keeps_the_copy_of_a_failure(shelf, tmp_path, monkeypatch):
    shelf(lesson_1_a=["x = 1", DEAD_KERNEL])
    monkeypatch.setitem(lessons.CELL_TIMEOUT_S, "smoke", 77)
    limits = []
    execute = lessons.execute_for

    async def spy(notebook, folder, environment, timeout_s, on_cell, main):
        limits.append(timeout_s)
        return await execute(notebook, folder, environment, timeout_s, on_cell, main)

    monkeypatch.setattr(lessons, "execute_for", spy)
    (execution,) = lessons.run(["1_a"], tmp_path / "out", {"COURSE_PROFILE": "smoke"})
    assert limits == [77]
    assert execution.failure.cell == 2
    copy = nbformat.read(tmp_path / "out" / "1_a.ipynb", as_version=4)
    assert copy.cells[1].execution_count == 1


class Channel:
    """A channel that has its message from the start, but wakes nobody up the first times."""

    def __init__(self, missed):
        self.missed = missed
        self.waits = []

    async def get_msg(self, timeout):
        self.waits.append(timeout)
        await asyncio.sleep(timeout)
        if len(self.waits) <= self.missed:
            raise queue.Empty
        return "reply"


def test_a_reply_that_woke_nobody_is_found_soon(monkeypatch):
    monkeypatch.setattr(lessons, "LOOK_AGAIN_S", 0.01)
    for timeout in (900, None):
        channel = Channel(missed=2)
        assert asyncio.run(lessons._looks_again(channel.get_msg)(timeout=timeout)) == "reply"
        assert channel.waits == [0.01] * 3


def test_waiting_for_a_reply_ends_at_the_limit(monkeypatch):
    monkeypatch.setattr(lessons, "LOOK_AGAIN_S", 0.02)
    channel = Channel(missed=10**6)
    with pytest.raises(queue.Empty):
        asyncio.run(lessons._looks_again(channel.get_msg)(timeout=0.05))
    assert 3 <= len(channel.waits) <= 5 and sum(channel.waits) <= 0.06


def test_the_client_looks_again(notebook, monkeypatch):
    seen = []
    monkeypatch.setattr(lessons, "_looks_again", lambda get_msg: seen.append(get_msg) or get_msg)
    assert lessons.execute(notebook("1 + 1"), lessons.ROOT, {}, timeout_s=60) is None
    assert len(seen) == 1
