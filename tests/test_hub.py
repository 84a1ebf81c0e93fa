"""The recipe for a JupyterHub says what is so: its variables, its memory figure, its files."""

import json
import re
import shlex
from collections import defaultdict

import pytest

from course_utils import ROOT, cli, variables

TEXT = (ROOT / "docs" / "hub.md").read_text("utf-8")
SETTINGS = ROOT / "docs" / "hub" / "jupyterhub_config.py"


class Recorded:
    """Stands for JupyterHub's `c`: keeps what is set."""

    def __init__(self):
        self.Spawner = type("Spawner", (), {})()
        self.Spawner.environment = {}


@pytest.fixture
def spawner():
    recorded = Recorded()
    exec(compile(SETTINGS.read_text("utf-8"), SETTINGS, "exec"), {"get_config": lambda: recorded})
    return recorded.Spawner


def test_the_variables_of_the_recipe_exist_and_have_values_that_are_read(spawner, monkeypatch):
    named = set(re.findall(r"\bCOURSE_[A-Z_]+", TEXT)) | {
        each for each in spawner.environment if each.startswith("COURSE_")
    }
    assert {"COURSE_DATA", "COURSE_OFFLINE"} <= named <= set(variables.VARIABLES)
    for name, value in spawner.environment.items():
        monkeypatch.setenv(name, value)
        if name != "COURSE_DATA":
            assert f"{name}={value}" in TEXT or name.endswith("_NUM_THREADS")
    assert variables.switched_on("COURSE_OFFLINE")
    assert variables.read("COURSE_DATA") == "/srv/course/data"


def test_a_student_gets_one_core(spawner):
    assert spawner.cpu_limit == 1
    threads = {name: value for name, value in spawner.environment.items() if name.endswith("_NUM_THREADS")}
    assert "OMP_NUM_THREADS" in threads and set(threads.values()) == {"1"}


def test_the_memory_of_a_student_is_enough_for_every_recorded_notebook(spawner):
    peaks = {}
    for path in (ROOT / "docs" / "reference").glob("*.json"):
        record = json.loads(path.read_text("utf-8"))
        peaks[record["notebook"]] = record["times"]["peak_memory_mb"]
    hungriest = max(peaks, key=peaks.get)
    told = re.search(r"`(\w+)`,\s+takes (\d\.\d) GB, its server (\d\.\d) GB", TEXT)
    assert told[1] == hungriest and float(told[2]) == round(peaks[hungriest] / 1000, 1)
    (limit,) = re.fullmatch(r"(\d+)G", spawner.mem_limit).groups()
    assert f"**{limit} GB** of memory" in TEXT
    typical = sorted(peaks.values())[len(peaks) // 2]  # of the notebook that stays open beside it
    assert peaks[hungriest] + typical + 1000 * float(told[3]) <= 1000 * int(limit)


def test_the_room_adds_up():
    each, machine, n_word, total = re.search(
        r"Count (\d+) GB for each student\s.*?and (\d+) GB for the machine: (\w+) at once need (\d+) GB",
        TEXT,
        re.DOTALL,
    ).groups()
    assert n_word == "thirty" and 30 * int(each) + int(machine) == int(total)


def test_the_commands_and_files_of_the_recipe_exist(capsys):
    for path in (
        "requirements.lock",
        "notebooks/.jupyterlab/overrides.json",
        "docs/hub/jupyterhub_config.py",
    ):
        assert path in TEXT and (ROOT / path).is_file()
    known = defaultdict(int)
    for command in re.findall(r"`course ([^`]+)`", TEXT):
        name = shlex.split(command)[0]
        with pytest.raises(SystemExit) as stop:
            cli.main([name, "--help"])
        known[name] = stop.value.code
    assert {"start", "update", "data", "class"} <= set(known) and not any(known.values())
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    assert "--jobs" in capsys.readouterr().out


def test_the_recipe_can_be_read_at_one_sitting():
    assert TEXT.count("\n") <= 80
