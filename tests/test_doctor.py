import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import psutil
import pytest
import torch
from packaging.requirements import Requirement

from course_utils import CourseError, cli, run
from course_utils.authoring import doctor
from course_utils.data import chosen, docstrings, registry


@pytest.fixture
def installed(monkeypatch):
    """Pretends that exactly these packages are installed."""
    versions = {"numpy": "2.2.1", "torch": "2.13.0+cpu", "ruff": "0.12.0rc1"}

    def version(name):
        if name not in versions:
            raise doctor.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(doctor, "version", version)


@pytest.fixture
def lock(tmp_path):
    def write(text):
        path = tmp_path / "requirements.lock"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def good_machine(monkeypatch):
    """A machine with everything that the course needs, apart from its packages."""
    memory = SimpleNamespace(total=8e9, available=5.5e9)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=20e9))
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(doctor, "packages", lambda: doctor.Row("packages", "all 9 as in requirements.lock"))


def test_a_good_machine_needs_nothing(good_machine, capsys):
    rows = doctor.examine()
    assert [row.what for row in rows] == [
        *("Python", "packages", "device", "cores", "memory", "free disk"),
        *(f"data: {name}" for name in chosen.EMBEDDED),
        "language model",
        "picture generators",
    ]
    assert [row.remedy for row in rows] == [""] * len(rows)
    found = {row.what: row.found for row in rows}
    assert found["Python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["device"] == "CPU (no NVIDIA GPU: fine)"
    assert found["cores"] == "4"
    assert found["memory"] == "8.0 GB, 5.5 GB of it free"
    assert found["free disk"] == "20 GB"
    assert found["data: wine"] == f"178 rows, SHA-256 {registry.registry()['wine'].sha256[:12]}…"
    assert found["data: digits"].startswith("1797 pictures, SHA-256 ")
    if docstrings.installed_versions() == docstrings.locked_versions():
        corpus = registry.registry()["docstrings"].sha256
        assert found["data: docstrings"] == f"6010 documents, SHA-256 {corpus[:12]}…"
    assert cli.main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert out.count("ok ") >= 9
    assert "FAIL" not in out


@pytest.fixture
def shipped(tmp_path):
    return shutil.copytree(doctor.MODEL, tmp_path / "pretrained")


def test_the_language_model_is_there(shipped):
    known = registry.registry()["pretrained"].sha256
    row = doctor.language_model(shipped)
    assert row.found.endswith(f" weights, SHA-256 {known[:12]}…") and row.remedy == ""


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors", "training.json"])
def test_a_language_model_that_is_damaged_or_not_whole_is_reported(shipped, name):
    content = (shipped / name).read_bytes()
    (shipped / name).write_bytes(content[:-20] + bytes(19) + content[-1:])
    row = doctor.language_model(shipped)
    assert row.found == f"{name} was changed or damaged"
    assert row.remedy == "restore it: 'git checkout datasets/pretrained', or install the course again"
    (shipped / name).unlink()
    row = doctor.language_model(shipped)
    assert row.found == f"{name} cannot be read (No such file or directory)" and row.remedy


@pytest.mark.parametrize("content", ["{}", "[]", '{"sha256": {}}'])
def test_a_record_that_is_none_is_reported(shipped, content):
    (shipped / "training.json").write_text(content)
    assert doctor.language_model(shipped).found == "training.json was changed or damaged"


@pytest.fixture
def generators(tmp_path):
    return shutil.copytree(doctor.GENERATORS, tmp_path / "generators")


def test_the_generators_are_there(generators):
    known = registry.registry()["generators"].sha256
    row = doctor.picture_generators(generators)
    assert row.found == f"6 generators, SHA-256 {known[:12]}…" and row.remedy == ""


def test_a_generator_that_is_damaged_or_missing_is_reported(generators):
    path = generators / "20-1.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + bytes(4))
    row = doctor.picture_generators(generators)
    assert row.found == "20-1.safetensors was changed or damaged"
    assert row.remedy == "restore it: 'git checkout datasets/generators', or install the course again"
    path.unlink()
    row = doctor.picture_generators(generators)
    assert row.found == "20-1.safetensors cannot be read (No such file or directory)" and row.remedy


def test_one_failing_row_fails_the_command(good_machine, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1e9))
    assert cli.main(["doctor"]) == 1
    failing = [line for line in capsys.readouterr().out.splitlines() if "FAIL" in line]
    assert len(failing) == 1
    assert "free 3 GB on the disk of this folder" in failing[0]


def test_an_old_python_is_reported(monkeypatch):
    monkeypatch.setattr(doctor, "MIN_PYTHON", (99, 1))
    assert doctor.python().remedy == "install Python 99.1 or newer, then 'make course'"
    monkeypatch.setattr(doctor, "MIN_PYTHON", sys.version_info[:2])
    assert doctor.python().remedy == ""


def test_a_lock_that_fits(installed, lock):
    row = doctor.packages(
        lock("# made by a tool\nnumpy==2.2.1\n    # via torch\n\ntorch==2.13.0  # no build label\n")
    )
    assert row == doctor.Row("packages", "all 2 as in requirements.lock")


def test_a_wrong_version_is_reported(installed, lock):
    row = doctor.packages(lock("numpy==2.3.0\ntorch==2.13.0\n"))
    assert row.found == "1 of 2 differ: numpy 2.2.1"
    assert row.remedy == "pip install -r requirements.lock"


def test_a_missing_package_is_reported(installed, lock):
    row = doctor.packages(lock("numpy==2.2.1\nscipy==1.15\n"))
    assert row.found == "1 of 2 differ: scipy missing"
    assert row.remedy == "pip install -r requirements.lock"


def test_a_package_for_another_platform_does_not_count(installed, lock):
    row = doctor.packages(lock(f"numpy==2.2.1\nappnope==1.0 ; sys_platform != '{sys.platform}'\n"))
    assert row == doctor.Row("packages", "all 1 as in requirements.lock")
    row = doctor.packages(lock(f"numpy==2.2.1\nappnope==1.0 ; sys_platform == '{sys.platform}'\n"))
    assert row.found == "1 of 2 differ: appnope missing"


def test_many_differences_are_counted(installed, lock):
    row = doctor.packages(lock("".join(f"missing{i}==1.0\n" for i in range(5))))
    assert row.found == "5 of 5 differ: missing0 missing, missing1 missing, missing2 missing and 2 more"


def test_a_missing_lock_is_reported(tmp_path):
    row = doctor.packages(tmp_path / "requirements.lock")
    assert row.found == "no requirements.lock"
    assert row.remedy == "restore it: 'git checkout requirements.lock'"


@pytest.mark.parametrize(
    ("pin", "answer"),
    [
        ("torch==2.13.0", ""),
        ("torch==2.13.1", "2.13.0+cpu"),
        ("ruff==0.12.0rc1", ""),
        ("ruff==0.12.0", "0.12.0rc1"),
        ("scipy==1.0", "missing"),
    ],
)
def test_mismatch_names_what_is_there_instead(installed, pin, answer):
    assert doctor.mismatch(Requirement(pin)) == answer


def test_the_courses_own_lock_can_be_read():
    assert doctor.packages().found.split()[-1]
    pinned = [line for line in doctor.LOCK.read_text(encoding="utf-8").splitlines() if "==" in line]
    assert len(pinned) > 50


def test_a_gpu_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Fast 1000")
    assert doctor.device() == doctor.Row("device", "Fast 1000")


@pytest.mark.parametrize("error", [ImportError, OSError, CourseError])
def test_a_torch_that_does_not_load_is_reported(monkeypatch, error):
    def refuse(name):
        raise error("libtorch is damaged")

    monkeypatch.setattr(run, "choose_device", refuse)
    row = doctor.device()
    assert row.found == "torch does not load: libtorch is damaged"
    assert row.remedy == "pip install -r requirements.lock"


def test_a_missing_torch_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert doctor.device().remedy == "pip install -r requirements.lock"


@pytest.mark.parametrize(("count", "found", "fine"), [(1, "1", False), (None, "1", False), (2, "2", True)])
def test_a_single_core_is_reported(monkeypatch, count, found, fine):
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    row = doctor.cores()
    assert row.found == found
    assert row.remedy == ("" if fine else "expect about twice the stated minutes")


@pytest.mark.parametrize(("total", "fine"), [(3.9e9, False), (4e9, True)])
def test_little_memory_is_reported(monkeypatch, total, fine):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=total, available=1e9))
    row = doctor.memory()
    assert row.found == f"{total / 1e9:.1f} GB, 1.0 GB of it free"
    assert row.remedy == ("" if fine else "use a machine with 4 GB or more")


@pytest.mark.parametrize(("free", "fine"), [(2.9e9, False), (3e9, True)])
def test_a_full_disk_is_reported(monkeypatch, free, fine):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert doctor.disk().remedy == ("" if fine else "free 3 GB on the disk of this folder")


def test_changed_data_are_reported(monkeypatch, tmp_path):
    path = tmp_path / "registry.toml"
    content = registry.REGISTRY_PATH.read_text(encoding="utf-8")
    path.write_text(content.replace(registry.registry()["wine"].sha256, "0" * 64), encoding="utf-8")
    monkeypatch.setattr(registry, "REGISTRY_PATH", path)
    row = doctor.embedded_data("wine")
    assert row.found.startswith("data set 'wine' is not the one this course was written for")
    assert row.remedy == "pip install --force-reinstall -c requirements.lock scikit-learn"
    assert doctor.embedded_data("breast_cancer").remedy == ""


def test_docstrings_of_other_versions_are_told(monkeypatch):
    monkeypatch.setattr(docstrings, "locked_versions", dict)
    row = doctor.embedded_data("docstrings")
    assert " documents, from other versions than those of requirements.lock, SHA-256 " in row.found
    assert row.remedy == ""


def test_docstrings_of_a_package_that_is_missing_are_reported(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(docstrings, "version", missing)
    row = doctor.embedded_data("docstrings")
    assert row.found == "'numpy' is not installed"
    packages = "numpy scipy pandas scikit-learn"
    assert row.remedy == f"pip install --force-reinstall -c requirements.lock {packages}"
