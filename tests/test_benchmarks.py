import csv
import json
import math
import runpy
import subprocess
import sys

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
