import importlib.metadata
import os
import runpy
import shlex
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import nbformat
import psutil
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from course_utils import ROOT, cli
from course_utils import run as runtime
from course_utils.authoring import execute, runner
from course_utils.claims import ledger
from course_utils.data import registry
from course_utils.report import folder, results

# argv: folder of lessons, then the command's own arguments
PROGRAM = """
import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job would ignore it
from course_utils import cli
from course_utils.authoring import runner
runner.NOTEBOOKS = pathlib.Path(sys.argv[1])
sys.exit(cli.main(sys.argv[2:]))
"""
SLEEPS = "import os, pathlib, time\npathlib.Path('started').write_text(str(os.getpid()))\ntime.sleep(120)"

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs the signals and pipes of Unix")


@pytest.fixture
def fake_run(monkeypatch, shelf, record):
    """Three lessons whose execution is only pretended; a lesson's answer is what it does."""
    shelf(lesson_1_a=[], lesson_2_b=[], lesson_3_c=[])

    def pretend(**answers):
        seen = []

        def run(lesson, job):
            out, answer = job.target.parent, answers.get("lesson_" + lesson[0], "good")
            settings = {name: text for name, text in job.environment.items() if name != "COURSE_RESULTS"}
            seen.append((lesson, settings))
            (out / f"{lesson}.json").unlink(missing_ok=True)
            if answer == "good":
                (out / f"{lesson}.json").write_text(record(lesson), encoding="utf-8")
            elif answer == "no verdicts":
                results.save(runtime.Run(lesson, "laptop", "cpu", 0, out), [])
            failure = answer if isinstance(answer, execute.Failure) else None
            return runner.Execution(lesson, 1.25, failure)

        def side_by_side(work, jobs):
            done = {}
            for lesson, job in work.items():
                done[lesson] = run(lesson, job)
                if answers.get("lesson_" + lesson[0]) is KeyboardInterrupt:
                    del done[lesson]
                    raise runner.Interrupted([lesson], [each for each in work if each not in done])
            return done

        monkeypatch.setattr(runner, "side_by_side", side_by_side)
        return seen

    return pretend


def only_line(capsys):
    """The single line on stderr, with nothing on stdout."""
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert len(lines) == 1, captured.err
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "4"], "course: unknown lesson '4': choose from 1_a, 2_b, 3_c, 'labs', or a lesson's number"),
        (
            ["run", "1", "deep"],
            "course: unknown lesson 'deep': choose from 1_a, 2_b, 3_c, 'labs', or a lesson's number",
        ),
        (["run", "--profile", "fast"], "course: unknown profile 'fast': choose one of smoke, laptop, full"),
        (["run", "--device", "gpu"], "course: unknown device 'gpu': choose one of auto, cpu, cuda, mps"),
        (["run", "--device", "cuda"], "course: device 'cuda' was asked for, but torch sees no NVIDIA GPU"),
        (["run", "--seed", "one"], "course: seed must be a whole number from 0 to 4294967295, got 'one'"),
        (["run", "--seed", "-1"], "course: seed must be a whole number from 0 to 4294967295, got '-1'"),
        (["data", "nothing"], "course: unknown data set 'nothing': those to download are fashion_mnist, "),
        (
            ["run", "--images", "cats"],
            "course: unknown images 'cats': choose mnist, digits, fashion_mnist, cifar10",
        ),
        (
            ["run", "--text", "poems"],
            "course: unknown text 'poems': choose docstrings, tiny_shakespeare, sms_",
        ),
        (["run", "--text", ""], "course: unknown text '': choose docstrings, tiny_shakespeare, sms_spam"),
    ],
)
def test_a_wrong_word_is_answered_in_one_line(fake_run, capsys, tmp_path, monkeypatch, arguments, message):
    seen = fake_run()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(runtime, "ROOT", tmp_path)
    assert cli.main(arguments) == 2
    assert only_line(capsys).startswith(message)
    assert seen == []
    assert not (tmp_path / "results").exists()


def test_a_folder_that_cannot_be_written_shows_before_anything_runs(fake_run, capsys, blocked):
    seen = fake_run()
    assert cli.main(["run", "1", "--device", "cpu", "--out", str(blocked)]) == 2
    line = only_line(capsys)
    assert line.startswith("course: cannot write '")
    assert line.endswith("choose a folder that you may write to, with --out or COURSE_RESULTS")
    assert seen == []


@pytest.mark.parametrize("arguments", [[], ["dance"], ["run", "--speed", "9"]])
def test_a_command_that_does_not_exist_is_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage: course" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"course {cli.__version__}\n"


def test_run_hands_its_settings_to_every_lesson(fake_run, tmp_path, capsys):
    seen = fake_run()
    arguments = [
        "run",
        "--profile",
        "smoke",
        "--device",
        "cpu",
        "--seed",
        "007",
        "--out",
        str(tmp_path / "out"),
        "--jobs",
        "1",
    ]
    assert cli.main(arguments) == 0
    settings = {"COURSE_PROFILE": "smoke", "COURSE_DEVICE": "cpu", "COURSE_SEED": "7"}
    assert seen == [("1_a", settings), ("2_b", settings), ("3_c", settings)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("1_a.json", "2_b.json", "3_c.json", "report.html")
    ]


def test_run_hands_on_which_pictures_to_use(fake_run, tmp_path, monkeypatch, capsys):
    """A relative folder counts from where the command is run; a kernel runs elsewhere."""
    seen = fake_run()
    (tmp_path / "my pets" / "cat").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for wanted, handed_on in (("cifar10", "cifar10"), ("my pets", str((tmp_path / "my pets").resolve()))):
        assert cli.main(["run", "1", "--device", "cpu", "--images", wanted, "--out", "out"]) == 0
        assert seen.pop()[1]["COURSE_IMAGES"] == handed_on
    monkeypatch.setenv("COURSE_IMAGES", "my pets")
    assert cli.main(["run", "1", "--device", "cpu", "--out", "out"]) == 0
    assert seen.pop()[1]["COURSE_IMAGES"] == str((tmp_path / "my pets").resolve())


def test_a_folder_that_is_no_folder_of_pictures_is_refused_at_once(fake_run, tmp_path, capsys):
    seen = fake_run()
    (tmp_path / "pets").mkdir()
    out = tmp_path / "out"
    assert cli.main(["run", "--device", "cpu", "--images", str(tmp_path / "pets"), "--out", str(out)]) == 2
    assert only_line(capsys) == ("course: the folder 'pets' is empty: put one folder for each class into it")
    assert seen == [] and not out.exists()


def test_run_hands_on_which_text_to_use(fake_run, tmp_path, monkeypatch, capsys):
    """A relative path counts from where the command is run; a kernel runs elsewhere."""
    seen = fake_run()
    (tmp_path / "my novel.txt").write_text("word " * 30_000)
    monkeypatch.chdir(tmp_path)
    own = str((tmp_path / "my novel.txt").resolve())
    for wanted, handed_on in (("sms_spam", "sms_spam"), ("my novel.txt", own)):
        assert cli.main(["run", "3", "--device", "cpu", "--text", wanted, "--out", "out"]) == 0
        assert seen.pop()[1]["COURSE_TEXT"] == handed_on
    monkeypatch.setenv("COURSE_TEXT", "my novel.txt")
    assert cli.main(["run", "3", "--device", "cpu", "--out", "out"]) == 0
    assert seen.pop()[1]["COURSE_TEXT"] == own
    monkeypatch.setenv("COURSE_TEXT", "")
    assert cli.main(["run", "3", "--device", "cpu", "--out", "out"]) == 0
    assert "COURSE_TEXT" not in seen.pop()[1]


def test_run_hands_on_the_whole_path_of_a_model(fake_run, tmp_path, monkeypatch, capsys):
    seen = fake_run()
    (tmp_path / "good").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_MODEL", "good")
    assert cli.main(["run", "3", "--device", "cpu", "--out", "out"]) == 2 and seen == []
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / "good" / name).touch()
    assert cli.main(["run", "3", "--device", "cpu", "--out", "out"]) == 0
    assert seen.pop()[1]["COURSE_MODEL"] == str(tmp_path / "good")


def test_a_text_that_is_too_small_is_refused_at_once(fake_run, tmp_path, capsys):
    seen = fake_run()
    (tmp_path / "note.txt").write_text("short")
    out = tmp_path / "out"
    assert cli.main(["run", "--device", "cpu", "--text", str(tmp_path / "note.txt"), "--out", str(out)]) == 2
    assert only_line(capsys) == (
        "course: 'note.txt' has 5 characters of text in 1 file(s), but the lesson needs 100,000: give more"
    )
    assert seen == [] and not out.exists()


def test_run_writes_below_results_unless_told(fake_run, tmp_path, monkeypatch, capsys):
    fake_run()
    monkeypatch.delenv("COURSE_RESULTS", raising=False)
    monkeypatch.setattr(runtime, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    assert cli.main(["run", "2", "--profile", "full", "--device", "cpu"]) == 0
    assert (tmp_path / "results" / "full" / "2_b.json").is_file()


def test_the_page_of_the_default_folder_lies_beside_it(fake_run, tmp_path, monkeypatch, capsys):
    fake_run()
    monkeypatch.setattr(runtime, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    assert cli.main(["run", "2", "--device", "cpu"]) == 0
    assert capsys.readouterr().out.endswith(f" {tmp_path / 'results' / 'report.html'}\n")
    assert (tmp_path / "results" / "report.html").is_file()
    assert cli.main(["run", "2", "--device", "cpu", "--profile", "smoke"]) == 0
    assert (tmp_path / "results" / "smoke" / "report.html").is_file()


def test_a_page_that_cannot_be_written_does_not_hide_the_verdicts(fake_run, tmp_path, capsys):
    fake_run()
    (tmp_path / "report.html").mkdir()
    assert cli.main(["run", "1", "--device", "cpu", "--out", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "SUPPORTED" in captured.out
    assert captured.err.startswith("FAILED the report: cannot write '")


def test_run_prints_a_line_for_each_test(fake_run, tmp_path, capsys):
    fake_run()
    assert cli.main(["run", "1", "--device", "cpu", "--out", str(tmp_path)]) == 0
    header, _, *rows, _, page = capsys.readouterr().out.splitlines()
    assert page == f"The report, to open in a browser: {tmp_path / 'report.html'}"
    assert header.split() == [
        *("claim", "test", "effect", "[95", "%", "interval]", "needed", "verdict", "minutes", "peak", "MB")
    ]
    record = results.load(tmp_path / "1_a.json")
    assert len(rows) == 4
    assert rows[0].startswith("ml-lightweight  flights")
    for text in ("+0.40 [−0.10, 0.90] points, n = 25", "all of it below 1 point ✔", "SUPPORTED", "1.2"):
        assert text in rows[0]
    assert rows[0].split()[-1] == f"{record.times.peak_memory_mb:.0f}"
    assert rows[2].split()[:2] == ["cpu_seconds", "flights"]
    assert "12.00 [9.60, 15.00] ×, n = 25" in rows[2]
    assert not any("SUPPORTED" in row or "ml-lightweight" in row for row in rows[1:])


def test_an_old_result_does_not_pass_for_a_new_one(fake_run, tmp_path, record, capsys):
    fake_run(lesson_1=execute.Failure(3, "ValueError: no"))
    (tmp_path / "1_a.json").write_text(record("1_a"), encoding="utf-8")
    assert cli.main(["run", "1", "--device", "cpu", "--out", str(tmp_path)]) == 1
    assert not (tmp_path / "1_a.json").exists()


def test_a_lesson_without_results_does_not_hide_the_others(fake_run, tmp_path, capsys):
    fake_run(lesson_1="writes nothing")
    assert cli.main(["run", "1", "2", "--device", "cpu", "--out", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "SUPPORTED" in captured.out
    assert "1_a" in captured.err


def test_a_lesson_may_have_no_verdicts(fake_run, tmp_path, capsys):
    fake_run(lesson_1="no verdicts")
    assert cli.main(["run", "1", "2", "--device", "cpu", "--out", str(tmp_path)]) == 0
    assert "SUPPORTED" in capsys.readouterr().out


def test_an_interrupted_run_says_how_to_go_on(fake_run, tmp_path, capsys):
    seen = fake_run(lesson_2=KeyboardInterrupt)
    arguments = ["run", "--profile", "smoke", "--device", "cpu", "--out", str(tmp_path), "--jobs", "1"]
    assert cli.main(arguments) == 130
    out = capsys.readouterr().out
    assert "Interrupted in 2_b. What was finished before is kept, nothing is half-written." in out
    assert "To go on: course run 2_b 3_c --profile smoke" in out
    assert [lesson for lesson, _ in seen] == ["1_a", "2_b"]
    assert (tmp_path / "1_a.json").is_file()


@pytest.mark.parametrize(
    ("cores", "jobs", "apart"), [(1, [], False), (8, [], True), (8, ["--jobs", "1"], False)]
)
def test_two_lessons_share_the_cores_if_there_are_some(fake_run, tmp_path, monkeypatch, cores, jobs, apart):
    seen = fake_run()
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert cli.main(["run", "--profile", "smoke", "--device", "cpu", "--out", str(tmp_path), *jobs]) == 0
    assert all(("OMP_NUM_THREADS" in settings) == apart for _, settings in seen)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_everything_can_be_printed_everywhere(encoding, tmp_path):
    """A file on Windows, an old terminal: words stay, signs become plain ones."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    commands = [["claims", "--out", str(tmp_path)], ["run", "--help"]]
    for command in [*commands, *([["doctor"]] if encoding == "cp437" else [])]:
        done = subprocess.run(
            [sys.executable, "-m", "course_utils.cli", *command], env=environment, capture_output=True
        )
        assert done.returncode in (0, 1) and b"Traceback" not in done.stderr, done.stderr
        assert len(done.stdout) > 500


def test_every_variable_of_the_environment_is_listened_to(fake_run, tmp_path, monkeypatch, capsys):
    seen = fake_run()
    for name, value in {
        "PROFILE": "smoke",
        "DEVICE": "cpu",
        "SEED": "7",
        "RESULTS": tmp_path / "mine",
    }.items():
        monkeypatch.setenv(f"COURSE_{name}", str(value))
    monkeypatch.setenv("COURSE_SED", "1")
    assert cli.main(["run", "1"]) == 0
    settings = {"COURSE_PROFILE": "smoke", "COURSE_DEVICE": "cpu", "COURSE_SEED": "7"}
    assert seen.pop()[1] == settings and (tmp_path / "mine" / "1_a.json").is_file()
    assert "COURSE_SED is no variable of this course: did you mean COURSE_SEED?" in capsys.readouterr().err
    assert cli.main(["run", "1", "--seed", "8", "--out", str(tmp_path / "other")]) == 0  # an option wins
    assert seen.pop()[1]["COURSE_SEED"] == "8" and (tmp_path / "other" / "1_a.json").is_file()


@pytest.mark.parametrize("wrong", ["0", "5", "two"])
def test_a_wrong_number_of_jobs_is_refused(wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run", "--jobs", wrong])
    assert stopped.value.code == 2
    assert "argument --jobs: invalid" in capsys.readouterr().err


def test_the_way_to_go_on_has_the_same_settings(fake_run, tmp_path, capsys):
    """Without them the rest would run with another seed and go to another folder."""
    fake_run(lesson_2=KeyboardInterrupt)
    (tmp_path / "my pets" / "cat").mkdir(parents=True)
    (tmp_path / "my novel.txt").write_text("word " * 30_000)
    own = ["--images", str(tmp_path / "my pets"), "--out", str(tmp_path / "my own")]
    own += ["--text", str(tmp_path / "my novel.txt")]
    cli.main(["run", "--profile", "smoke", "--device", "cpu", "--seed", "7", "--jobs", "1", *own])
    command = capsys.readouterr().out.split("To go on: course ")[1]
    options = cli._parser().parse_args(shlex.split(command))
    assert (options.lessons, options.profile, options.device) == (["2_b", "3_c"], "smoke", "cpu")
    assert (options.seed, options.out, options.jobs) == ("7", tmp_path / "my own", 1)
    assert options.images == str(tmp_path / "my pets")
    assert options.text == str(tmp_path / "my novel.txt")


def test_one_lesson_that_fails_does_not_stop_the_other(shelf, writes_results, tmp_path, capsys):
    settings = {"COURSE_PROFILE": "smoke", "COURSE_DEVICE": "cpu", "COURSE_SEED": "5"}
    check = f"import os\nassert {settings}.items() <= os.environ.items()"
    shelf(
        lesson_1_bad=["x = 1", "raise ValueError('no such luck')", "print('never')"],
        lesson_2_good=[check, writes_results("2_good")],
    )
    out = tmp_path / "out"
    assert cli.main(["run", "--profile", "smoke", "--device", "cpu", "--seed", "5", "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert "FAILED 1_bad, code cell 2: ValueError: no such luck" in captured.err
    assert str(out / "1_bad.ipynb") in captured.err
    assert "Traceback" not in captured.err
    assert [line.split()[:2] for line in captured.out.splitlines()[2:4]] == [
        ["1_bad", "FAILED"],
        ["ml-lightweight", "flights"],
    ]
    assert sorted(path.name for path in out.iterdir()) == [
        *("1_bad.ipynb", "2_good.ipynb", "2_good.json", "report.html")
    ]
    assert nbformat.read(out / "1_bad.ipynb", as_version=4).cells[2].outputs[0].evalue == "no such luck"


def interrupt(folder, lessons_there, launcher=None, jobs=1, sent=signal.SIGINT):
    """Run these lessons, press Ctrl-C once one has started to sleep, and tell what happened."""
    notebooks, out = folder / "notebooks", folder / "out"
    notebooks.mkdir()
    for name, source in lessons_there.items():
        nbformat.write(new_notebook(cells=[new_code_cell(source)]), notebooks / f"{name}.ipynb")
    if launcher:
        (notebooks / "ipykernel_launcher.py").write_text(launcher)  # found before the real one
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    environment |= {name: str(folder / "home") for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR")}
    arguments = ["run", "--profile", "smoke", "--device", "cpu", "--out", str(out), "--jobs", str(jobs)]
    command = [sys.executable, "-c", PROGRAM, str(notebooks), *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )
    try:
        limit = time.monotonic() + 60
        while not (notebooks / "started").exists() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.05)
        time.sleep(0.3)  # the file is there before its text is
        kernels = psutil.Process(process.pid).children(recursive=True)
        assert int((notebooks / "started").read_text()) in [kernel.pid for kernel in kernels]
        process.send_signal(sent)
        stdout, stderr = process.communicate(timeout=30)
        _, alive = psutil.wait_procs(kernels, timeout=10)
    finally:
        process.kill()
    for kernel in alive:
        kernel.kill()
    return SimpleNamespace(code=process.returncode, stdout=stdout, stderr=stderr, alive=alive, out=out)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """Ctrl-C while the second lesson's cell is executed."""
    return interrupt(
        tmp_path_factory.mktemp("interrupted"), {"1_a": "print('done')", "2_b": SLEEPS, "3_c": ""}
    )


@posix_only
def test_ctrl_c_ends_with_130_and_says_how_to_go_on(interrupted):
    assert interrupted.code == 130
    assert "Interrupted in 2_b." in interrupted.stdout
    assert "To go on: course run 2_b 3_c --profile smoke" in interrupted.stdout


@posix_only
def test_ctrl_c_leaves_no_kernel_behind(interrupted):
    assert interrupted.alive == []


@posix_only
def test_ctrl_c_leaves_no_half_written_file(interrupted):
    assert sorted(path.name for path in interrupted.out.iterdir()) == ["1_a.ipynb"]
    copy = nbformat.read(interrupted.out / "1_a.ipynb", as_version=4)
    assert copy.cells[0].outputs[0].text == "done\n"


@posix_only
def test_ctrl_c_shows_no_traceback(interrupted):
    assert "Traceback" not in interrupted.stderr


@posix_only
def test_ctrl_c_while_a_kernel_starts_is_the_same(tmp_path):
    # like ipykernel, this one leaves Ctrl-C to the client
    ignores = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    stopped = interrupt(tmp_path, {"1_a": "print('done')"}, launcher=ignores + SLEEPS)
    assert stopped.alive == []
    assert sorted(path.name for path in stopped.out.iterdir()) == []
    assert "To go on: course run 1_a --profile smoke" in stopped.stdout
    assert stopped.code == 130
    assert "Traceback" not in stopped.stderr


@posix_only
def test_ctrl_c_in_the_only_lesson_is_no_failure_of_it(tmp_path):
    stopped = interrupt(tmp_path, {"1_a": SLEEPS})
    assert stopped.code == 130
    assert "Interrupted in 1_a." in stopped.stdout
    assert "To go on: course run 1_a --profile smoke" in stopped.stdout
    assert stopped.alive == []
    assert sorted(path.name for path in stopped.out.iterdir()) == []
    assert "Traceback" not in stopped.stderr


@posix_only
def test_ctrl_c_stops_both_lessons_that_run_side_by_side(tmp_path):
    waits = "import pathlib, time\nwhile not pathlib.Path('{name}').exists(): time.sleep(0.05)\n"
    meets = "import pathlib\npathlib.Path('3').touch()\nimport time\ntime.sleep(120)"
    stopped = interrupt(
        tmp_path, {"1_a": "print('never')", "2_b": waits.format(name="3") + SLEEPS, "3_c": meets}, jobs=2
    )
    assert stopped.code == 130
    assert "Interrupted in 2_b and 3_c." in stopped.stdout
    assert "To go on: course run 1_a 2_b 3_c --profile smoke" in stopped.stdout
    assert "--jobs 2" in stopped.stdout
    assert stopped.alive == []
    assert sorted(path.name for path in stopped.out.iterdir()) == []
    assert "Traceback" not in stopped.stderr


@posix_only
def test_sigterm_ends_as_ctrl_c_does(tmp_path):
    """A service manager, or a time limit of a class's machine, sends it."""
    stopped = interrupt(tmp_path, {"1_a": SLEEPS}, sent=signal.SIGTERM)
    assert stopped.code == 130 and "To go on: course run 1_a --profile smoke" in stopped.stdout
    assert stopped.alive == [] and "Traceback" not in stopped.stderr


@posix_only
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_output_is_no_error(closed, tmp_path):
    command = f"{shlex.quote(sys.executable)} -m course_utils.cli data {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Traceback" not in done.stderr


def test_ctrl_c_in_any_command_shows_no_traceback(monkeypatch, capsys):
    def press():
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "registry", press)
    assert cli.main(["data"]) == 130
    assert capsys.readouterr().err == "\ncourse: interrupted\n"


def rows_of_claims(capsys):
    """The verdict column of `course claims`, by claim."""
    lines = capsys.readouterr().out.splitlines()
    start = lines[0].index("verdict")
    known = ledger.load_ledger()
    rows = {line.split()[0]: line for line in lines if line and line.split()[0] in known}
    return {name: row[start:].strip() for name, row in rows.items()}


def test_claims_lists_every_claim_with_its_verdict(tmp_path, record, capsys):
    (tmp_path / "1_classic_ml.json").write_text(record("1_classic_ml"), encoding="utf-8")
    (tmp_path / "notes.json").write_text("{}")  # somebody else's
    assert cli.main(["claims", "--out", str(tmp_path)]) == 0
    verdicts = rows_of_claims(capsys)
    assert list(verdicts) == list(ledger.load_ledger())
    assert verdicts["ml-lightweight"] == "supported"
    assert verdicts["ml-normalise"] == "not run here"
    assert verdicts["dl-cnn-best"] == "planned"
    assert verdicts["cmp-transparency"] == "untestable"


@pytest.mark.parametrize(("lift", "word"), [(2, "supported"), (-2, "not supported")])
def test_claims_lists_the_verdicts_of_labs(tmp_path, whole_run, capsys, lift, word):
    course = folder.read(whole_run(tmp_path, lift=lift))
    assert cli.main(["claims", "--out", str(tmp_path)]) == 0
    listed = rows_of_claims(capsys)
    words = {verdict.claim.id: verdict.word for verdict in course.all_verdicts()}
    assert {name: listed[name] for name in words} == words
    assert words["dl-depth"] == words["llm-real-time"] == word


def test_claims_without_results_says_not_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_RESULTS", str(tmp_path / "typo"))
    assert cli.main(["claims"]) == 2
    assert "there is no folder" in only_line(capsys)
    monkeypatch.delenv("COURSE_RESULTS")
    monkeypatch.setattr(runtime, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    assert cli.main(["claims"]) == 0
    assert rows_of_claims(capsys)["ml-lightweight"] == "not run here"


@pytest.mark.parametrize("arguments", [["claims", "--out"], ["report", "--results"]])
def test_a_folder_that_is_not_there_is_told(arguments, tmp_path, capsys):
    assert cli.main([*arguments, str(tmp_path / "typo")]) == 2
    assert "there is no folder" in only_line(capsys)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text[:-40], "is cut short or damaged"),
        (lambda text: text.replace('"supported"', '"not supported"'), "where the ledger gives 'supported'"),
    ],
)
def test_claims_believes_no_file_that_is_damaged_or_edited(tmp_path, whole_run, damage, told, capsys):
    path = whole_run(tmp_path, lift=2) / "1_classic_ml.json"
    path.write_text(damage(path.read_text("utf-8")), encoding="utf-8")
    assert cli.main(["claims", "--out", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert told in captured.err and captured.err.endswith("To measure it: course run 1\n")
    lines = {line.split()[0]: line for line in captured.out.splitlines() if line.strip()}
    assert lines["ml-lightweight"].endswith("not run here")
    assert lines["dl-depth"].endswith("supported")


@posix_only
def test_claims_may_be_cut_off_by_head():
    process = subprocess.Popen(
        [sys.executable, "-m", "course_utils.cli", "claims"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(timeout=30) == 0


def test_data_lists_what_there_is(capsys):
    assert cli.main(["data"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split()[0] for line in lines] == list(registry.registry())
    comes = {line.split()[0]: line for line in lines}
    assert comes["wine"].endswith("with scikit-learn")
    assert comes["docstrings"].endswith("with numpy, scipy, pandas, scikit-learn")
    assert comes["fashion_mnist"].endswith("download, 30.8 MB in 4 files")


def test_data_says_where_each_file_of_a_download_lies(tmp_path, monkeypatch, capsys):
    paths = tmp_path / "a.gz", tmp_path / "b.gz"
    monkeypatch.setattr(registry, "fetch", {"two": paths, "one": paths[:1]}.get)
    assert cli.main(["data", "two", "one"]) == 0
    assert capsys.readouterr().out == f"two: {paths[0]}\ntwo: {paths[1]}\none: {paths[0]}\n"


def test_a_checkout_that_was_never_installed_has_a_version(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    package = runpy.run_path(str(ROOT / "course_utils" / "__init__.py"))
    assert package["__version__"] == "0+uninstalled"
    assert package["ROOT"] == ROOT


@pytest.mark.parametrize("module", ["course_utils", "course_utils.cli"])
def test_importing_the_package_loads_nothing_heavy(module):
    heavy = {"torch", "matplotlib", "sklearn", "PIL"}
    code = f"import sys, {module}; print(*sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "\n"


def test_a_run_leaves_other_files_of_the_folder_alone(fake_run, tmp_path):
    fake_run()
    kept = {".gitignore": "mine\n", "2_depth.json": "of a lab", "1_labels.ipynb": "{}"}
    for name, text in kept.items():
        (tmp_path / name).write_text(text)
    cli.main(["run", "1", "--device", "cpu", "--out", str(tmp_path)])
    assert {name: (tmp_path / name).read_text() for name in kept} == kept
