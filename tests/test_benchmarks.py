import csv
import importlib
import json
import math
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

from course_utils import ROOT, language

BENCHMARKS = ROOT / "benchmarks"


def test_the_language_model_learns_in_the_time_it_gets(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat. " * 400, encoding="utf-8")
    size = ["--width", "32", "--depth", "1", "--context", "16", "--batch-size", "4", "--threads", "1"]
    command = [sys.executable, BENCHMARKS / "language_model.py", text, "--seconds", "4", *size]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    characters = len(set("the cat sat on the mat. "))
    assert found["loss, window after window (nats per character)"] < math.log(characters) / 2
    assert found["on"] == "the last tenth" and found["steps"] > 10 and found["seconds"] < 60


def test_the_recorded_trainings_are_those_of_the_script():
    script = runpy.run_path(str(BENCHMARKS / "scaling.py"))
    with script["TABLE"].open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == script["COLUMNS"]
    per_step = script["BATCH_SIZE"] * script["CONTEXT"]
    expected = [(width, depth, steps * per_step, seed) for width, depth, steps, seed in script["trainings"]()]
    found = [tuple(int(row[key]) for key in ("width", "depth", "tokens", "seed")) for row in rows]
    assert sorted(found) == sorted(expected)
    for row in rows[::3]:
        model = language.make_llama(script["N_TOKENS"], int(row["width"]), int(row["depth"]), seed=0)
        assert sum(weights.numel() for weights in model.parameters()) == int(row["parameters"])


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("n_tokens", "N_TOKENS"),
        ("context", "CONTEXT"),
        ("batch_size", "BATCH_SIZE"),
        ("pretrain_steps", "STEPS"),
    ],
)
def test_the_script_has_the_settings_of_lesson_3(name, key):
    script = runpy.run_path(str(BENCHMARKS / "scaling.py"))
    source = (ROOT / "notebooks" / "source" / "3_small_llm.py").read_text(encoding="utf-8")
    (line,) = [line for line in source.splitlines() if line.strip().startswith(f'"{name}":')]
    laptop = line.split("laptop=")[1].split(",")[0] if "laptop=" in line else line.split(":")[1].split(",")[0]
    assert int(laptop) == script[key]


@pytest.fixture
def benchmark(monkeypatch):
    """Loads a script of the benchmarks folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return lambda name: importlib.import_module(name)


@pytest.fixture
def copied(tmp_path):
    """A benchmarks folder with a README and no figures."""
    for name in ("README.md", "language_model.py"):
        shutil.copy(BENCHMARKS / name, tmp_path)
    return tmp_path


def test_the_readmes_tables_are_the_recorded_figures(benchmark):
    run = benchmark("run")
    path = BENCHMARKS / "results.json"
    recorded = json.loads(path.read_text("utf-8")) if path.exists() else {}
    readme = (BENCHMARKS / "README.md").read_text("utf-8")
    assert run.refreshed(readme, recorded) == readme, "run 'python benchmarks/run.py --write-only'"


def test_quick_parts_give_figures_and_what_people_wrote_stays(benchmark, copied):
    run = benchmark("run")
    before = (copied / "README.md").read_text("utf-8")
    run.main(["--quick", "import", "fit", "quality"], copied)
    found = json.loads((copied / "results.json").read_text("utf-8"))
    assert list(found) == ["import", "fit", "quality"]
    imports = {row["what"]: row["seconds"] for row in found["import"]["rows"]}
    assert 0 < imports["import course_utils"] < imports["import torch"]
    assert (
        all(row["fit over bare loop"] > 0 for row in found["fit"]["rows"]) and len(found["fit"]["rows"]) == 4
    )
    svm, cnn, diffusion = found["quality"]["rows"]
    assert svm["at the end (%)"] > 95 and cnn["until 98 %"] == "not in 6 steps"
    assert 0 <= diffusion["at the end (%)"] < 95
    after = (copied / "README.md").read_text("utf-8")
    assert after.split(run.START)[0] == before.split(run.START)[0]
    assert after.split(run.END)[1] == before.split(run.END)[1]
    assert "| import course_utils |" in after
    run.main(["--write-only"], copied)
    assert (copied / "README.md").read_text("utf-8") == after


def test_minutes_of_the_sections_add_up(benchmark):
    parts = benchmark("parts")
    v4 = nbformat.v4
    cells = [v4.new_code_cell("a"), v4.new_markdown_cell("## One\ntext"), v4.new_code_cell("b")]
    cells += [v4.new_markdown_cell("### part of one"), v4.new_code_cell("c"), v4.new_markdown_cell("## Two")]
    notebook = v4.new_notebook(cells=[*cells, v4.new_code_cell("d")])
    spent = parts.by_section(notebook, np.array([1.0, 2.0, 4.0, 8.0]))
    assert spent == {"Start": 1, "One": 6, "Two": 8}


def test_a_lesson_is_timed_and_asked_what_it_used(benchmark, shelf):
    parts = benchmark("parts")
    shelf(lesson_1_a=["x = 1", "sum(range(3_000_000))"])
    whole, section = parts.lessons_part(quick=True, names=["1_a"])
    assert whole["minutes"] == pytest.approx(section["minutes"]) and whole["CPU s"] > 0
    assert 20 < whole["peak memory (MB)"] < 5000


def test_a_lesson_that_fails_is_said(benchmark, shelf):
    shelf(lesson_1_a=["1 / 0"])
    with pytest.raises(RuntimeError, match="1_a failed in code cell 1: ZeroDivisionError"):
        benchmark("parts").lessons_part(quick=True, names=["1_a"])


def test_when_a_quality_was_reached(benchmark):
    quality = benchmark("quality")
    looks = [{"step": 20, "quality": 70, "cpu_s": 1.0}, {"step": 40, "quality": 96, "cpu_s": 2.0}]
    found = quality.reached(SimpleNamespace(validations=looks), 40)
    assert found["until 80 %"] == found["until 95 %"] == "2.0 CPU s (40 steps)"
    assert found["until 97 %"] == "not in 40 steps"


@pytest.mark.parametrize("problem", ["no marks", "unknown part"])
def test_wrong_use_is_refused(benchmark, copied, problem):
    if problem == "no marks":
        (copied / "README.md").write_text("nothing")
    with pytest.raises(SystemExit):
        benchmark("run").main(["--write-only"] if problem == "no marks" else ["speed"], copied)
