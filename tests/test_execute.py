import asyncio
import json
import os
import queue
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from course_utils import ROOT, CourseError
from course_utils.authoring import execute as executing
from course_utils.authoring import runner

DEAD_KERNEL = "import os\nos._exit(1)"


@pytest.fixture
def execute(tmp_path):
    """Executes a notebook in a folder of its own; gives the failure and what on_cell was told."""

    def call(notebook, timeout_s=300, **environment):
        told = []
        failure = executing.execute(
            notebook, tmp_path, environment, timeout_s, lambda done, total: told.append((done, total))
        )
        return failure, told

    return call


def text(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_lessons_are_found_in_order(shelf):
    folder = shelf(lesson_2_b=[], lesson_1_a=[], notes=[], **{"lesson_1_a-Copy1": []})
    (folder / "3_c.py").write_text("")
    assert runner.names() == ["1_a", "2_b"]


def test_lessons_lie_in_the_checkout():
    assert runner.NOTEBOOKS == ROOT / "notebooks"


@pytest.mark.parametrize(
    ("wanted", "of_labs", "chosen"),
    [
        ([], False, ["1_a", "2_b"]),
        (["2"], False, ["2_b"]),
        (["1_a"], False, ["1_a"]),
        (["2", "1"], False, ["2_b", "1_a"]),
        (["2", "2_b"], False, ["2_b"]),
        (["2_depth"], False, ["2_depth"]),
        (["labs"], False, ["0_cost", "2_depth", "2_more"]),
        (["labs", "1"], False, ["0_cost", "2_depth", "2_more", "1_a"]),
        ([], True, ["0_cost", "2_depth", "2_more"]),
        (["2"], True, ["2_depth", "2_more"]),
        (["0"], True, ["0_cost"]),
    ],
)
def test_lessons_and_labs_are_chosen_by_name_or_number(shelf, wanted, of_labs, chosen):
    shelf(lesson_1_a=[], lesson_2_b=[], lab_0_cost=[], lab_2_depth=[], lab_2_more=[])
    assert runner.select(wanted, of_labs) == chosen


@pytest.mark.parametrize("word", ["3", "1_b", "a", "", "1_a.ipynb"])
def test_an_unknown_lesson_gets_the_list(shelf, word):
    shelf(lesson_1_a=[], lab_2_b=[])
    with pytest.raises(CourseError, match=f"unknown lesson '{word}': choose from 1_a, 2_b, 'labs', or"):
        runner.select(["1", word])
    with pytest.raises(CourseError, match="unknown lab '1'"):
        runner.select(["1"], of_labs=True)


def test_a_lab_is_executed_in_its_own_folder(shelf, tmp_path):
    folder = shelf(lab_2_b=["import os\nprint(os.getcwd())"])
    runner.run(["2_b"], tmp_path / "out", {"COURSE_PROFILE": "smoke"})
    copy = nbformat.read(tmp_path / "out" / "2_b.ipynb", as_version=4)
    assert (folder / "labs").samefile(text(copy.cells[1]).strip())


def test_cells_are_executed_in_order_in_the_folder(execute, notebook, tmp_path):
    made = notebook("import os\nx = 2", "print(x + 1, os.environ['COURSE_SEED'])", "print(os.getcwd())")
    assert execute(made, COURSE_SEED="7") == (None, [(1, 3), (2, 3), (3, 3)])
    assert text(made.cells[2]) == "3 7\n"
    assert tmp_path.samefile(text(made.cells[3]).strip())
    clock = made.cells[1].metadata.execution  # for whoever wants to know where a lesson's time goes
    assert clock["iopub.status.busy"] < clock["iopub.status.idle"]


def test_of_a_progress_bar_only_its_last_state_is_kept(execute, notebook):
    bar = "import sys, time\nfor n in range(9):\n    time.sleep(0.05)\n"
    bar += "    print(f'\\r{n} of 8', end='', file=sys.stderr, flush=True)\n"
    made = notebook(bar + "print('done')")
    assert execute(made)[0] is None
    assert sorted(output.text for output in made.cells[1].outputs) == ["8 of 8", "done\n"]


def test_a_failing_cell_is_named(execute, notebook):
    made = notebook("x = 1", "raise ValueError('no such luck\\nsecond line')", "print('never')")
    failure, told = execute(made)
    assert failure == executing.Failure(2, "ValueError: no such luck")
    assert told[0] == (1, 3)
    assert made.cells[2].outputs[0].ename == "ValueError"
    assert made.cells[3].outputs == []


def test_an_empty_cell_counts_among_the_code_cells(execute, notebook):
    failure, _ = execute(notebook("x = 1", "", "print(y)"))
    assert failure == executing.Failure(3, "NameError: name 'y' is not defined")


def test_a_notebook_is_executed_where_an_event_loop_runs_already(execute, notebook):
    async def inside():
        return execute(notebook("x = 1"))

    assert asyncio.run(inside()) == (None, [(1, 1)])


def test_a_cell_that_hangs_is_stopped(execute, notebook):
    failure, told = execute(notebook("import time", "time.sleep(60)"), timeout_s=1)
    assert failure == executing.Failure(2, "took longer than the limit of 1 s")
    assert told == [(1, 2)]


def test_a_kernel_that_dies_is_noticed_long_before_the_limit(execute, notebook):
    failure, _ = execute(notebook("x = 1", DEAD_KERNEL, "x"), timeout_s=300)
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
        executing.execute(made, tmp_path, {}, 300, press)
    wait_until(lambda: not psutil.pid_exists(int((tmp_path / "pid").read_text())))


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_tells_the_lesson_and_how_far_it_is(terminal, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    progress = runner._Progress()
    progress.tell("1_a", 1, 4)
    progress.tick()
    progress.tell("1_a", 4, 4)
    progress.end()
    told = capsys.readouterr().err
    assert ("\r" in told) == terminal
    assert told.replace("\r", "\n").strip().splitlines()[-1].startswith("1_a  cell 4 of 4  00:0")


def test_a_log_file_gets_few_lines(monkeypatch, capsys):
    progress = runner._Progress()
    progress.tell("1_a", 1, 4)
    monkeypatch.setattr(runner, "LOG_EVERY_S", 0)
    progress.tell("1_a", 2, 4)
    monkeypatch.undo()
    progress.tell("1_a", 3, 4)
    assert [line[:17] for line in capsys.readouterr().err.splitlines()] == ["1_a  cell 2 of 4 "]


def test_run_keeps_the_executed_copy(shelf, tmp_path):
    cell = (
        "import json, os\nprint(json.dumps({k: v for k, v in os.environ.items() if k.startswith('COURSE_')}))"
    )
    folder = shelf(lesson_1_a=[cell])
    stored = (folder / "1_a.ipynb").read_bytes()
    settings = {"COURSE_PROFILE": "smoke", "COURSE_DEVICE": "cpu", "COURSE_SEED": "3"}
    (execution,) = runner.run(["1_a"], tmp_path / "out", settings)
    assert (execution.lesson, execution.failure) == ("1_a", None)
    assert 0 < execution.minutes < 1
    copy = nbformat.read(tmp_path / "out" / "1_a.ipynb", as_version=4)
    nbformat.validate(copy)
    seen = json.loads(text(copy.cells[1]))
    del seen["COURSE_DATA"]  # the test session's own
    assert seen == settings | {"COURSE_RESULTS": str((tmp_path / "out").resolve())}
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
    executions = runner.run(["1_a", "2_b", "3_c"], tmp_path, {"COURSE_PROFILE": "smoke"}, jobs=2)
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
    runner.run(["1_a"], tmp_path, {"COURSE_PROFILE": "smoke"}, jobs=2)
    assert text(nbformat.read(tmp_path / "1_a.ipynb", as_version=4).cells[1]) == "5\n"


def test_what_is_wrong_with_one_notebook_does_not_cost_the_other(shelf, tmp_path):
    """Nor its own older results, when it cannot even be read."""
    folder = shelf(lesson_1_a=["x = 1"], lesson_2_b=["x = 1"], lesson_3_c=["x = 1"])
    with (folder / "2_b.ipynb").open("a") as file:
        file.write("<<<<<<< HEAD\n")
    (tmp_path / "3_c.ipynb").mkdir()  # so its copy cannot be written
    for name in ("1_a", "2_b"):
        (tmp_path / f"{name}.json").write_text("old")
    good, unreadable, unwritten = runner.run(
        ["1_a", "2_b", "3_c"], tmp_path, {"COURSE_PROFILE": "smoke"}, jobs=2
    )
    assert good.failure is None and not (tmp_path / "1_a.json").exists()
    assert unreadable.failure.cell == 0 and "cannot read it" in unreadable.failure.error
    assert (tmp_path / "2_b.json").read_text() == "old"
    assert unwritten.failure.error.startswith("cannot write")


def test_run_takes_the_profiles_limit_and_keeps_the_copy_of_a_failure(shelf, tmp_path, monkeypatch):
    shelf(lesson_1_a=["x = 1", "import time\ntime.sleep(60)"])
    monkeypatch.setitem(runner.CELL_TIMEOUT_S, "smoke", 1)
    (execution,) = runner.run(["1_a"], tmp_path / "out", {"COURSE_PROFILE": "smoke"})
    assert execution.failure == executing.Failure(2, "took longer than the limit of 1 s")
    copy = nbformat.read(tmp_path / "out" / "1_a.ipynb", as_version=4)
    assert copy.cells[1].execution_count == 1


def test_a_kernel_of_another_python_is_not_taken(execute, notebook, tmp_path, monkeypatch):
    """A reader may have a kernel of that name which belongs to another Python."""
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = ["no-such-python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    made = notebook("import sys\nprint(sys.executable)")
    assert execute(made)[0] is None
    assert text(made.cells[1]).strip() == sys.executable


def test_a_process_that_ends_without_a_word_is_a_failure(shelf, tmp_path):
    shelf(lesson_1_a=["import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"])
    (execution,) = runner.run(["1_a"], tmp_path / "out", {"COURSE_PROFILE": "smoke"})
    assert "ended without a word" in execution.failure.error


@pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of Unix")
def test_kernels_end_with_the_process_that_wanted_them(shelf, tmp_path):
    """Even where it could not say goodbye."""
    folder = shelf(
        lesson_1_a=["import os\nopen('pid', 'w').write(str(os.getpid()))\nimport time; time.sleep(60)"]
    )
    code = "import pathlib, sys; from course_utils.authoring import runner\n"
    code += f"runner.NOTEBOOKS = pathlib.Path({str(folder)!r})\n"
    code += f"runner.run(['1_a'], pathlib.Path({str(tmp_path / 'out')!r}), {{'COURSE_PROFILE': 'smoke'}})"
    process = subprocess.Popen([sys.executable, "-c", code])
    wait_until((folder / "pid").exists)
    wait_until(lambda: (folder / "pid").read_text())
    process.kill()
    process.wait()
    wait_until(lambda: not psutil.pid_exists(int((folder / "pid").read_text())))


def wait_until(true, limit_s=60):
    limit = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.05)


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
    monkeypatch.setattr(executing, "LOOK_AGAIN_S", 0.01)
    for timeout in (900, None):
        channel = Channel(missed=2)
        assert asyncio.run(executing.looks_again(channel.get_msg)(timeout=timeout)) == "reply"
        assert channel.waits == [0.01] * 3


def test_waiting_for_a_reply_ends_at_the_limit(monkeypatch):
    monkeypatch.setattr(executing, "LOOK_AGAIN_S", 0.02)
    channel = Channel(missed=10**6)
    with pytest.raises(queue.Empty):
        asyncio.run(executing.looks_again(channel.get_msg)(timeout=0.05))
    assert len(channel.waits) >= 2 and max(channel.waits) <= 0.02  # in pieces


def test_the_client_looks_again(notebook, monkeypatch):
    seen = []
    monkeypatch.setattr(executing, "looks_again", lambda get_msg: seen.append(get_msg) or get_msg)
    assert executing.execute(notebook("1 + 1"), ROOT, {}, timeout_s=60) is None
    assert len(seen) == 1
