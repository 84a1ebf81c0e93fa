"""A normal installation (`pip install .`, a wheel) brings the data sheets, notebooks and lock along."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest

from course_utils import ROOT, resource
from course_utils.authoring import runner


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A folder with the package as a wheel installs it; nothing of the checkout is on the path."""
    copy, wheels, site = (tmp_path_factory.mktemp(name) for name in ("checkout", "wheels", "site"))
    ours = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, ours.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", wheels, copy], check=True, cwd=wheels)
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


@pytest.fixture
def python(installed, tmp_path):
    """Runs code with the installed package from a folder that has nothing to do with the course."""

    def run(code):
        environment = {**os.environ, "PYTHONPATH": str(installed)}
        return subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    return run


def test_in_a_checkout_things_lie_where_they_are_edited():
    assert resource("datasets", "registry.toml") == ROOT / "datasets" / "registry.toml"
    assert (ROOT / "pyproject.toml").is_file()


def test_the_installed_package_has_its_own_files(installed, python):
    code = "import course_utils as c; print(c.__file__, c.resource('datasets', 'registry.toml'), sep='\\n')"
    package, registry = python(code).split()
    assert package == str(installed / "course_utils" / "__init__.py")
    assert registry.startswith(str(installed))
    for folder in ("datasets", "notebooks"):
        carried = {path.name for path in (installed / "course_utils" / "_files" / folder).iterdir()}
        left = {".ipynb_checkpoints", "__pycache__"}
        assert carried == {path.name for path in (ROOT / folder).iterdir()} - left
    lock = installed / "course_utils" / "_files" / "requirements.lock"
    assert lock.read_bytes() == (ROOT / "requirements.lock").read_bytes()


def test_the_installed_package_brings_the_trained_language_model_along(installed, python):
    code = "from course_utils.models import language; model, tokenizer = language.shipped()\n"
    code += "print(language.SHIPPED, sum(each.numel() for each in model.parameters()), len(tokenizer))"
    place, parameters, n_tokens = python(code).rsplit(maxsplit=2)
    assert place == str(installed / "course_utils" / "_files" / "datasets" / "pretrained")
    record = json.loads((ROOT / "datasets" / "pretrained" / "training.json").read_text(encoding="utf-8"))
    assert (int(parameters), int(n_tokens)) == (record["parameters"], record["recipe"]["n_tokens"])


def test_every_command_works_from_any_folder(installed, python, tmp_path):
    """A tiny lesson stands for the real ones; results go to the reader's home, and say so."""
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    cell = nbformat.v4.new_code_cell(
        "from course_utils.run import start\nrun = start('1_labels')\nprint(run.out)"
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), notebooks / "1_labels.ipynb")
    code = f"""
import pathlib
from course_utils import cli
from course_utils.authoring import runner
pathlib.Path.home = classmethod(lambda cls: pathlib.Path({str(tmp_path / "home")!r}))
print([cli.main([*command.split()]) for command in ("claims", "data", "doctor")])
print(len(runner.names()), len(runner.labs()))
runner.NOTEBOOKS = pathlib.Path({str(notebooks)!r})
print(cli.main(["run", "1_labels", "--profile", "smoke", "--device", "cpu"]), cli.main(["report", "--results",
      str(pathlib.Path.home() / "put-to-the-test" / "results" / "smoke")]))
"""
    lines = python(code).splitlines()
    assert "[0, 0, 0]" in lines or "[0, 0, 1]" in lines  # a doctor may find too little memory
    assert f"{len(runner.names())} {len(runner.labs())}" in lines
    assert lines[-1] == "1 0"  # the tiny lesson writes no results, and the page says so
    folder = tmp_path / "home" / "put-to-the-test" / "results" / "smoke"
    copy = nbformat.read(folder / "1_labels.ipynb", as_version=4)
    assert str(folder) in copy.cells[0].outputs[0].text


def test_the_installed_package_loads_data_that_it_checks(python):
    code = "import course_utils; from course_utils.data import registry, tables; table = tables.load_wine()\n"
    code += "there = course_utils.resource(table.source.datasheet).is_file()\n"
    code += "print(len(table.y), len(registry.registry()), there)"
    from course_utils.data import registry

    assert python(code).split() == ["178", str(len(registry.registry())), "True"]


def test_the_installed_package_makes_an_instructors_edition(python, tmp_path):
    code = "from pathlib import Path; from course_utils.authoring import instructor, slides\n"
    code += "print(instructor.write(Path('edition'), ['1_rare'])[0])\n"
    code += "print(Path(slides.__file__).with_name('templates').joinpath('slides.html').is_file())"
    assert python(code).split() == ["edition/1_rare.ipynb", "True"]
    edition = (tmp_path / "edition" / "1_rare.ipynb").read_text("utf-8")
    assert "BEGIN SOLUTION" in edition and "What students stumble over" in edition
