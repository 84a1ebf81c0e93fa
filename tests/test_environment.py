"""The files that make the environment agree with one another."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

from course_utils import ROOT
from course_utils.authoring import doctor

LOCK, SITE_LOCK = ROOT / "requirements.lock", ROOT / "requirements-site.lock"


def pins(lock=LOCK):
    lines = (line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["dev"]]


def for_the_site():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in project["optional-dependencies"]["site"]]


def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def pip_part():
    (part,) = [entry["pip"] for entry in conda()["dependencies"] if isinstance(entry, dict)]
    return part


def test_the_lock_pins_exactly_and_leaves_torchs_cuda_packages_to_pip():
    for pin in pins():
        assert [specifier.operator for specifier in pin.specifier] == ["=="], pin
        assert not re.match(r"(nvidia|cuda|triton)", pin.name), pin
    assert [str(pin) for pin in pins() if pin.name == "torch"] == ["torch==2.13.0"]


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_the_lock_is_inside_the_declared_ranges(requirement):
    versions = [next(iter(pin.specifier)).version for pin in pins() if pin.name == requirement.name]
    assert versions and all(requirement.specifier.contains(version) for version in versions)


def test_the_sites_lock_comes_on_top_of_the_other():
    on_top, locked = ({pin.name: pin for pin in pins(*lock)} for lock in ((SITE_LOCK,), ()))
    assert not set(on_top) & set(locked)
    for pin in on_top.values():
        assert [specifier.operator for specifier in pin.specifier] == ["=="], pin
    for requirement in for_the_site():
        pin = on_top.get(requirement.name) or locked[requirement.name]  # some are in the course's own lock
        assert requirement.specifier.contains(next(iter(pin.specifier)).version)


def test_every_declared_package_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for requirement in declared() + for_the_site():
        (line,) = [line for line in text.splitlines() if line.strip().startswith(f'"{requirement}"')]
        assert re.search(r"# \S", line), line


def test_the_environment_is_the_lock():
    assert doctor.packages().remedy == ""


def test_conda_gets_a_python_that_the_project_allows():
    versions = [entry for entry in conda()["dependencies"] if str(entry).startswith("python=")]
    assert versions == ["python=3.11"]
    assert conda()["channels"] == ["conda-forge", "nodefaults"]


def test_condas_pip_part_takes_its_pins_from_the_lock():
    assert pip_part() == ["-r requirements.lock", "-e ."]


def test_condas_pip_part_installs(tmp_path):
    """pip accepts it as conda hands it over, and finds every pin satisfied by this environment."""
    requirements = tmp_path / "from-conda.txt"
    requirements.write_text(pip_part()[0].replace("-r ", f"-r {ROOT}/") + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "--no-deps", "-r", requirements]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout


def test_ci_calls_the_readmes_test_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [
        line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line and line[0] not in "#"
    ]
    assert commands[-1] == "make test" and "make test" in readme
    workflow = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    assert any(
        "make PYTHON=python test" in step.get("run", "") for step in workflow["jobs"]["locked"]["steps"]
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no make of its own")
def test_make_help_lists_every_target():
    help_text = subprocess.run(
        ["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True
    ).stdout
    targets = re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text()).group(1).split()
    assert all(f"make {target} " in help_text for target in targets)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no make of its own")
def test_an_environment_that_worked_survives_when_no_new_one_can_be_made(tmp_path):
    """Without a network, say: the lock is touched, pip finds nothing."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "worked").touch()
    (tmp_path / ".venv" / ".ready").touch()
    os.utime(tmp_path / ".venv" / ".ready", (0, 0))
    (tmp_path / "requirements.lock").write_text("no-such-package==1\n")
    command = ["make", "-C", tmp_path, f"PYTHON={sys.executable}", ".venv/.ready"]
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "The one before is back" in done.stdout
    assert sorted(path.name for path in (tmp_path / ".venv").iterdir()) == [".ready", "worked"]
    assert not (tmp_path / ".venv.old").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no make of its own")
def test_wheels_on_a_stick_install_without_a_network(tmp_path):
    """The recipe on a project of one package that depends on another, downloaded from a folder."""
    package = '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "{0}"\nversion = "1"\n'
    package += '[tool.setuptools]\npackages = ["{0}"]\n'
    project, other, room = (tmp_path / name for name in ("project", "other", "room"))
    for folder, name in ((project, "course_utils"), (other, "tiny")):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").touch()
        (folder / "pyproject.toml").write_text(package.format(name), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path / "shelf", other]
    subprocess.run(wheel, check=True, capture_output=True)
    shutil.copy(ROOT / "Makefile", project)
    (project / "requirements.lock").write_text("tiny==1\n", encoding="utf-8")
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (project / ".venv" / ".ready").touch()
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "shelf")}
    done = subprocess.run(
        ["make", "-C", project, "wheels"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (said,) = [line.strip() for line in done.stdout.splitlines() if line.startswith("  pip install")]
    told = said.replace("STICK", str(project / "build")).split()[1:]
    subprocess.run([*pip, *told, "--target", room], check=True, capture_output=True)
    assert {path.name for path in room.iterdir()} >= {"course_utils", "tiny"}
