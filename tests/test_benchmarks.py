import csv
import importlib
import json
import math
import platform
import re
import runpy
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import pytest
import torch

from course_utils import ROOT, CourseError
from course_utils.authoring import runner
from course_utils.data import docstrings, documents
from course_utils.models.transformer import Size, Transformer

BENCHMARKS = ROOT / "benchmarks"


def test_the_language_model_learns_in_the_time_it_gets(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat. " * 400, encoding="utf-8")
    size = ["--width", "32", "--depth", "1", "--context", "16", "--batch-size", "4", "--threads", "1"]
    command = [sys.executable, BENCHMARKS / "language_model.py", text, "--cpu-seconds", "2", *size]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert 2 <= found["CPU seconds"] < 4 and found["seconds"] > 0.9 * found["CPU seconds"]
    characters = len(set("the cat sat on the mat. "))
    assert found["loss, window after window (nats per character)"] < math.log(characters)
    assert found["on"] == "the last tenth" and found["steps"] >= 1
    assert 0 <= found["others had (% of all cores)"] <= 100
    assert (found["machine"] == "quiet") == (found["others had (% of all cores)"] <= 5)


def test_the_recorded_trainings_are_those_of_the_script():
    script = runpy.run_path(str(BENCHMARKS / "scaling.py"))
    with script["TABLE"].open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0])[: len(script["COLUMNS"])] == script["COLUMNS"]
    keys = ("width", "depth", "steps", "seed")
    assert sorted(tuple(int(row[key]) for key in keys) for row in rows) == sorted(script["trainings"]())
    assert {each.file for each in docstrings.load()[0].validation} == set(rows[0]) - set(script["COLUMNS"])
    for row in rows[::3]:
        model = Transformer(Size(script["N_TOKENS"], int(row["width"]), int(row["depth"])))
        assert sum(weights.numel() for weights in model.parameters()) == int(row["parameters"])


def test_a_training_is_recorded_file_by_file_and_not_done_again(tmp_path):
    general = docstrings.load()[0]
    few = replace(general, train=general.train[:40], validation=general.validation[:4])
    names = runpy.run_path(str(BENCHMARKS / "scaling.py"))["main"].__globals__
    names |= {"TABLE": tmp_path / "scaling.csv", "N_TOKENS": 300, "CONTEXT": 16, "SEEDS": (0,)}
    names |= {"STEPS": 2, "SIZES": ((32, 1),), "OTHER_STEPS": {(32, 1): (1,)}}
    names["docstrings"] = SimpleNamespace(load=lambda: (few, None))
    names["main"]()
    once = names["TABLE"].read_text()
    rows = list(csv.DictReader(once.splitlines()))
    assert [row["steps"] for row in rows] == ["1", "2"]
    bits = [sum(float(row[name]) for name in {page.file for page in few.validation}) for row in rows]
    assert 8 > bits[0] / documents.n_bytes(few.validation) > bits[1] / documents.n_bytes(few.validation)
    names["main"]()
    assert names["TABLE"].read_text() == once


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("n_tokens", "N_TOKENS"),
        ("context", "CONTEXT"),
        ("batch_size", "BATCH_SIZE"),
        ("steps", "STEPS"),
    ],
)
def test_the_script_has_the_settings_of_lab_3_scale(name, key):
    script = runpy.run_path(str(BENCHMARKS / "scaling.py"))
    source = (ROOT / "notebooks" / "source" / "labs" / "3_scale.py").read_text(encoding="utf-8")
    (value,) = re.findall(rf"^    {name}=(\d+),", source, re.MULTILINE)
    assert int(value) == script[key]


@pytest.fixture
def benchmark(monkeypatch):
    """Loads a script of the benchmarks folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return lambda name: importlib.import_module(name)


@pytest.fixture
def tiny(benchmark):
    """The smallest budget."""
    return benchmark("figures").Options(tiny=True, seconds=2.0)


@pytest.fixture
def copied(tmp_path):
    """A benchmarks folder with a README and no figures."""
    shutil.copy(BENCHMARKS / "README.md", tmp_path)
    return tmp_path


@pytest.fixture
def measured(benchmark):
    """One measurement of each part, with figures that nobody has measured."""
    figures = benchmark("figures")
    trained = [figures.Trained("example", 0, 800, [[100, 20.0, 94.0], [200, 40.0, 96.5]])]
    for seed, at in enumerate((1.0, 2.0, 6.0)):
        trained.append(figures.Trained("CNN", seed, 400, [[10, at, 95.0], [20, 2 * at, 96.0 + seed]]))
    generated = [
        figures.Generated("real", 98.5, -0.12),
        figures.Generated("ours", 96.4, 12.3, 1_500, 150.4, 636_932, 15.2),
    ]
    found = {
        "lessons": [
            figures.LessonCost("1_a", 90.0, 512, {"Data": 40.0, "Verdict": 19.8, "Recap": 0.2}, "2026-01-02")
        ],
        "import": [
            figures.StartTime("python -c pass", [0.02, 0.03, 0.02], False),
            figures.StartTime("import torch", [2.0, 2.1, 1.9], True),
        ],
        "fit": [figures.LoopTime("MLP", 50, 100, [1.0, 2.0, 1.0], [1.5, 2.2, 1.4], [2.0, 3.0, 2.0])],
        "language": [figures.LanguageScore("docstrings", 2.0, 2.5, 120.0, 1200, 15_000.0, 800_000, 900.0)],
        "quality": trained,
        "generating": generated,
    }
    machine = {"processor": "a processor", "cores": "2"}
    return {name: figures.Measurement("2026-01-31", 0.1, 1.5, machine, rows) for name, rows in found.items()}


def test_the_readmes_tables_are_the_recorded_figures(benchmark):
    run, figures = benchmark("run"), benchmark("figures")
    readme = (BENCHMARKS / "README.md").read_text("utf-8")
    recorded = figures.load(BENCHMARKS / "results.json")
    assert run.refreshed(readme, recorded) == readme, "run 'python benchmarks/run.py --write-only'"
    assert recorded or benchmark("page").NOTHING in readme


def test_what_people_wrote_stays(benchmark, copied, measured):
    run, figures, path = benchmark("run"), benchmark("figures"), copied / "README.md"
    before = path.read_text("utf-8")
    figures.save(copied / "results.json", measured)
    assert run.main(["--write-only"], copied) == 0
    after = path.read_text("utf-8")
    assert after.split(run.START)[0] == before.split(run.START)[0]
    assert after.split(run.END)[1] == before.split(run.END)[1]
    assert benchmark("page").NOTHING not in after and all(
        t in after for t in benchmark("page").TITLES.values()
    )
    assert run.main(["--write-only"], copied) == 0
    assert path.read_text("utf-8") == after


def test_figures_are_read_back_as_they_were_written(benchmark, copied, measured):
    figures = benchmark("figures")
    figures.save(copied / "results.json", measured)
    assert figures.load(copied / "results.json") == measured
    assert figures.load(copied / "none.json") == {}


def test_the_tables_say_what_was_measured(benchmark, measured):
    text = re.sub(" +", " ", benchmark("page").text(measured))
    assert "| 1_a | 1.0 | 90 | 1.5 | 512 |" in text
    assert "| 1_a | Data | 40.0 | 67 % |" in text and "| 1_a | 1 more, each below 1 % | 0.2 | 0 % |" in text
    assert "| `import torch` | 2.00 (1.90 to 2.10) | 100.0 | yes |" in text
    assert "| none | 1.00 | 0.400 | 1.40 (1.10 to 1.50) |" in text
    assert "| 0.80 | 15,000 | 1,200 | 800,000 | 900 |" in text
    assert "| 95 % | 3 of 3 | 2.00 (1.00 to 6.00) | 10 (10 to 10) | 40.0 | 20.0 |" in text
    never = "not reached in 400 steps"
    assert f"| 97 % | 2 of 3 | 12.0 (4.00 to {never}) | 20 (20 to {never}) | > 40.0 | > 3.3 |" in text
    assert f"| 98 % | 1 of 3 | {never} (12.0 to {never}) | {never} (20 to {never}) | > 40.0 | |" in text
    assert "| real | | | | 98.5 | −0.1 | |" in text
    assert "| ours | 636,932 | 150 | 1,500 | 96.4 | 12.3 | 15.2 |" in text
    assert "- processor: a processor" in text and "load at the start 0.10" in text


def test_other_machines_and_missing_parts_are_said(benchmark, measured):
    figures, page = benchmark("figures"), benchmark("page")
    other = figures.Measurement("2026-02-01", 0.0, 1.0, {"cores": "64"}, measured["fit"].figures)
    text = page.text({"import": measured["import"], "fit": other})
    assert "import:\n\n- processor: a processor" in text and "fit:\n\n- cores: 64" in text
    assert "`python benchmarks/run.py lessons language quality generating`" in text


def test_the_machine_has_no_name(benchmark):
    found = benchmark("run").machine()
    assert list(found) == ["processor", "cores", "memory", "system", "versions"]
    assert platform.node() not in json.dumps(found) and str(ROOT) not in json.dumps(found)
    assert platform.python_version() in found["versions"] and all(found.values())


def test_a_measurement_has_its_conditions(benchmark, tiny, monkeypatch):
    run, figures = benchmark("run"), benchmark("figures")
    monkeypatch.setattr(benchmark("quality"), "quality_part", lambda options: [options])
    part = run.measure("quality", tiny, 0.25)
    assert part.figures == [tiny] and part.load_at_start == 0.25 and part.machine == run.machine()
    assert 0 <= part.minutes < 1 and re.fullmatch(r"20\d\d-\d\d-\d\d", part.date)
    assert set(figures.KINDS) == set(benchmark("page").TITLES)


def test_fresh_interpreters_are_timed(benchmark, tiny):
    bare, package, command, torch = benchmark("parts").import_part(tiny)
    assert 0 < bare.seconds[0] < torch.seconds[0] and len(bare.seconds) == 1
    assert torch.loads_torch and not (package.loads_torch or command.loads_torch)


def test_both_loops_end_at_the_same_weights_and_are_timed(benchmark, tiny):
    parts = benchmark("parts")
    for figure in parts.fit_part(tiny):
        assert figure.steps == 4 and all(t > 0 for t in figure.bare_ms + figure.fit_ms + figure.fit_saving_ms)
    for make in (parts.make_tiny, lambda: parts.make_cnn(0)):
        bare, *others = (loop().state_dict() for loop in parts.loops_of(make, steps=3))
        for name, weights in bare.items():
            assert all(weights.equal(other[name]) for other in others)


def test_one_core_is_given_back(benchmark):
    before = torch.get_num_threads()
    with benchmark("parts").one_core():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_the_language_part_measures_a_text_of_the_readers_own(benchmark, tiny, tmp_path):
    parts, path = benchmark("parts"), tmp_path / "private_name.txt"
    path.write_text("the cat sat on the mät. " * 1500, encoding="utf-8")
    (found,) = parts.language_part(replace(tiny, text=path))
    assert found.text == "a file of 36,000 characters" and found.steps >= 1  # on a busy machine
    assert 0 < found.bits_per_byte < 8
    assert 0 <= found.xz_bits_per_byte < 0.5 and found.peak_memory_mb > 50


def test_the_language_part_reads_lesson_3s_text(benchmark, tiny, monkeypatch):
    parts = benchmark("parts")
    of = {
        name: [SimpleNamespace(text=f"{name} {i}") for i in (1, 2)]
        for name in ("train", "validation", "test")
    }
    monkeypatch.setattr(parts.docstrings, "load", lambda: (SimpleNamespace(**of), None))
    text, *pieces = parts.texts(tiny)
    assert "lesson 3" in text and pieces == ["train 1\n\ntrain 2", "validation 1\n\nvalidation 2"]


@pytest.mark.parametrize(
    ("printed", "said"), [("Traceback\nValueError: short\n", "ValueError: short"), ("", "exit status 9")]
)
def test_a_language_model_that_fails_is_said(benchmark, tiny, tmp_path, monkeypatch, printed, said):
    (tmp_path / "text.txt").write_text("some text", encoding="utf-8")
    failed = SimpleNamespace(returncode=9, stderr=printed)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(CourseError, match=rf"language_model\.py failed: {said}$"):
        benchmark("parts").language_part(replace(tiny, text=tmp_path / "text.txt"))


def test_text_that_is_no_text_is_refused(benchmark, tiny, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    with pytest.raises(CourseError, match=r"'picture\.png' is no UTF-8 text"):
        benchmark("parts").language_part(replace(tiny, text=tmp_path / "picture.png"))


def test_quality_is_looked_at_along_the_training(benchmark, tiny):
    cnn, example = benchmark("quality").quality_part(tiny)
    for training in (cnn, example):
        assert [step for step, *_ in training.looks] == [2, 4] and training.steps == 4
        assert 0 < training.looks[0][1] < training.looks[1][1]
        assert all(0 <= quality < 95 for *_, quality in training.looks)


def test_generators_get_as_many_cpu_seconds(benchmark, tiny):
    real, *made = benchmark("generating").generating_part(tiny)
    assert [each.model for each in made] == ["ours", "theirs"] * 2 and real.steps == 0
    for ours, theirs in zip(made[::2], made[1::2], strict=True):
        assert ours.steps >= 2 and theirs.steps >= 1 and theirs.cpu_s >= ours.cpu_s > 0
    assert all(0 <= each.agreement <= 100 and each.sampling_ms > 0 for each in made)


def test_their_network_guesses_noise_for_a_class(benchmark, torch_as_before):
    model = benchmark("generating").TheirUNet(0).eval()
    noisy, t = torch.randn(2, 1, 28, 28), torch.tensor([3, 999])
    with torch.no_grad():
        guesses = [model(noisy, t, torch.tensor([k, k])) for k in (1, 7)]
    assert guesses[0].shape == noisy.shape and not torch.equal(*guesses)


def test_looking_is_not_counted(benchmark):
    def work(seconds):
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass

    def fit(steps, validate, validate_every):
        validations = []
        for step in (1, 2):
            work(0.02)
            validations.append({"step": step, **validate(None)})
        return SimpleNamespace(validations=validations)

    looks = benchmark("quality").look(fit, lambda model: work(0.3) or 50.0, steps=2, every=1)
    assert [step for step, *_ in looks] == [1, 2]
    assert 0.02 <= looks[0][1] < 0.15 and 0.04 <= looks[1][1] < 0.15


def test_seconds_of_the_sections_add_up(benchmark):
    heading, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [code("a"), heading("## One\ntext"), code("b"), code(""), heading("### part of one"), code("c")]
    notebook = nbformat.v4.new_notebook(cells=[*cells, heading("## Two"), code("d"), heading("## Three")])
    spent = benchmark("lesson_costs").by_section(notebook, {1: 1.0, 2: 2.0, 4: 4.0, 5: 8.0})
    assert spent == {"before the first heading": 1, "One": 6, "Two": 8}


def test_lessons_are_executed_where_there_is_no_earlier_run(benchmark, tiny, shelf):
    saves = "from course_utils import run\nfrom course_utils.report import results\n"
    saves += "results.save(run.start('1_classic_ml'), [])"
    folder = shelf(lesson_1_classic_ml=["import time; time.sleep(0.3)", "", saves])
    notebook = nbformat.read(folder / "1_classic_ml.ipynb", as_version=4)
    notebook.cells.insert(2, nbformat.v4.new_markdown_cell("## Rest"))
    nbformat.write(notebook, folder / "1_classic_ml.ipynb")
    before = (folder / "1_classic_ml.ipynb").read_bytes()
    (found,) = benchmark("lesson_costs").lessons_part(tiny)
    assert list(found.sections) == ["before the first heading", "Rest"]
    assert 0.3 < found.sections["before the first heading"] < 60
    assert found.cpu_s > 0 and 20 < found.peak_memory_mb < 5000 and found.finished.startswith("20")
    assert (folder / "1_classic_ml.ipynb").read_bytes() == before


def test_a_lesson_that_fails_is_said(benchmark, tiny, shelf):
    shelf(lesson_1_a=["1 / 0"])
    with pytest.raises(CourseError, match="1_a failed in code cell 1: ZeroDivisionError"):
        benchmark("lesson_costs").lessons_part(tiny)


def executed(source, began, ended):
    """A code cell that ran from one second of a minute to another."""
    clock = {
        f"iopub.status.{n}": f"2026-01-01T00:00:{s:02}.500000Z" for n, s in (("busy", began), ("idle", ended))
    }
    return nbformat.v4.new_code_cell(source, metadata={"execution": clock})


def test_lessons_can_be_read_from_the_last_run(benchmark, whole_run, tmp_path):
    whole_run(tmp_path)
    heading = nbformat.v4.new_markdown_cell
    cells = [executed("a", 0, 1), heading("## One\ntext"), executed("b", 1, 3), nbformat.v4.new_code_cell("")]
    cells += [heading("### part of one"), executed("c", 3, 7), heading("## Two"), executed("d", 7, 15)]
    for lesson in runner.names():
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{lesson}.ipynb")
    figures, part = benchmark("figures"), benchmark("lesson_costs").lessons_part
    found = part(figures.Options(lessons_from=tmp_path))
    assert [cost.lesson for cost in found] == runner.names()
    assert list(found[0].sections.values()) == pytest.approx([1, 6, 8])
    assert found[0].cpu_s > 0 and found[0].peak_memory_mb > 0 and found[0].finished.startswith("20")
    text = benchmark("page").body("lessons", found)
    assert f"on the CPU that finished on {found[0].finished}" in text


def test_an_executed_copy_says_when_its_cells_ran(benchmark, shelf, tmp_path):
    shelf(lesson_1_a=["x = 1", "import time; time.sleep(0.3)"])
    out = tmp_path / "out"
    out.mkdir()
    runner.run(["1_a"], out, {"COURSE_PROFILE": "smoke"})
    copy = nbformat.read(out / "1_a.ipynb", as_version=4)
    seconds = benchmark("lesson_costs").recorded_seconds(copy)
    assert list(seconds) == [1, 2] and 0.3 < seconds[2] < 60


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ("no clocks", "does not say when its cells ran"),
        ("no copy", "does not say when its cells ran"),
        ("smoke", "ran as smoke, cpu"),
        ("nothing", "there is no results file"),
    ],
)
def test_a_run_that_cannot_be_read_is_said(benchmark, whole_run, notebook, tmp_path, problem, message):
    if problem != "nothing":
        whole_run(tmp_path, profile="smoke" if problem == "smoke" else "laptop")
    if problem == "no clocks":
        nbformat.write(notebook("a"), tmp_path / "1_classic_ml.ipynb")
    with pytest.raises(CourseError, match=message):
        benchmark("lesson_costs").lessons_part(benchmark("figures").Options(lessons_from=tmp_path))


def test_a_name_that_a_lesson_no_longer_has_is_said(benchmark):
    with pytest.raises(CourseError, match=r"4_generative_model\.py no longer defines make_pizza"):
        benchmark("from_lessons").definitions("4_generative_model", ["settings", "make_pizza"])


def fake_parts(run, monkeypatch, measured, fails=None, error=KeyboardInterrupt):
    """Measuring takes no time; the part `fails` raises. The names measured so far."""
    names = []

    def measure(name, options, load_at_start):
        if name == fails:
            raise error
        names.append(name)
        return measured[name]

    monkeypatch.setattr(run, "measure", measure)
    return names


def test_an_interrupted_run_keeps_what_was_done_and_can_go_on(
    benchmark, copied, measured, monkeypatch, capsys
):
    run, figures = benchmark("run"), benchmark("figures")
    fake_parts(run, monkeypatch, measured, fails="fit")
    assert run.main([], copied) == 130
    assert "--missing" in capsys.readouterr().out
    assert list(figures.load(copied / "results.json")) == ["lessons", "import"]
    assert "| `import torch`" in (copied / "README.md").read_text("utf-8")
    names = fake_parts(run, monkeypatch, measured)
    assert run.main(["--missing"], copied) == 0
    assert names == ["fit", "language", "quality", "generating"]
    assert figures.load(copied / "results.json") == measured


def test_a_part_that_fails_is_said_and_the_others_kept(benchmark, copied, measured, monkeypatch, capsys):
    run = benchmark("run")
    fake_parts(run, monkeypatch, measured, fails="fit", error=CourseError("no cores left"))
    assert run.main(["import", "fit"], copied) == 1
    assert "no cores left" in capsys.readouterr().err
    assert list(benchmark("figures").load(copied / "results.json")) == ["import"]


def test_a_tiny_trial_records_nothing(benchmark, copied, measured, monkeypatch, capsys):
    before = (copied / "README.md").read_bytes()
    fake_parts(benchmark("run"), monkeypatch, measured)
    assert benchmark("run").main(["--tiny", "import"], copied) == 0
    printed = capsys.readouterr().out
    assert "| `import torch`" in printed and "figures mean nothing" in printed
    assert [path.name for path in copied.iterdir()] == ["README.md"]
    assert (copied / "README.md").read_bytes() == before


@pytest.mark.parametrize("damaged", ['{"format": "other"}', "{", '{"parts": {"lessons": {}}}', "[]"])
def test_damaged_figures_are_refused(benchmark, copied, damaged, capsys):
    (copied / "results.json").write_text(damaged)
    assert benchmark("run").main(["--write-only"], copied) == 1
    assert "delete it and measure again" in capsys.readouterr().err


def test_a_readme_without_marks_is_refused(benchmark, copied, capsys):
    (copied / "README.md").write_text("nothing")
    assert benchmark("run").main(["import"], copied) == 1
    assert "put them back" in capsys.readouterr().err and (copied / "README.md").read_text() == "nothing"


@pytest.mark.parametrize("arguments", [["speed"], ["language", "--text", "no/such/file"]])
def test_wrong_use_is_refused(benchmark, copied, arguments):
    with pytest.raises(SystemExit, match="2"):
        benchmark("run").main(arguments, copied)
