"""Measures what the course costs and writes it down: ``python benchmarks/run.py``, or ``make benchmarks``.

Parts can be named: ``python benchmarks/run.py import fit``. Each part's figures go into ``results.json`` as
soon as it is done, and from that file the tables of ``README.md`` are written. A benchmark reports; it never
fails because something took long. Nothing else should run beside it.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import re
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import page
import psutil
from figures import KINDS, Measurement, Options, load, save

from course_utils import CourseError
from course_utils.files import write_text

HERE = Path(__file__).parent
START, END = "<!-- written by 'make benchmarks' -->", "<!-- end of what 'make benchmarks' writes -->"
PACKAGES = ("torch", "numpy", "scikit-learn", "transformers", "diffusers")
BUSY = 0.5
"""Load from which on something else seems to run beside the benchmark."""


def machine() -> dict[str, str]:
    """What the figures depend on; no name of a person, host or folder."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return {
        "processor": processor(),
        "cores": f"{psutil.cpu_count()} (as the system counts them)",
        "memory": f"{psutil.virtual_memory().total / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "versions": f"Python {platform.python_version()}, {packages}",
    }


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", info.read_text()) if info.exists() else []
    return names[0] if names else platform.processor() or "unknown"


def measure(name: str, options: Options, load_at_start: float) -> Measurement:
    """One part's figures and the conditions."""
    # they load torch, which writing the tables does not need
    own = {"lessons": "lesson_costs", "quality": "quality", "generating": "generating"}
    module = importlib.import_module(own.get(name, "parts"))
    started = time.perf_counter()
    found = getattr(module, f"{name}_part")(options)
    minutes = round((time.perf_counter() - started) / 60, 2)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    return Measurement(today, round(load_at_start, 2), minutes, machine(), found)


def refreshed(readme: str, measured: dict[str, Measurement]) -> str:
    """The README with a new generated part; what people wrote stays.

    Raises
    ------
    CourseError
        The marks between which it stands are not there.
    """
    if readme.count(START) != 1 or readme.count(END) != 1 or readme.index(START) > readme.index(END):
        raise CourseError(
            f"benchmarks/README.md needs the lines '{START}' and '{END}', each once: put them back"
        )
    before, rest = readme.split(START)
    return f"{before}{START}\n\n{page.text(measured)}\n\n{END}{rest.split(END)[1]}"


def write_readme(folder: Path, check_only: bool = False) -> None:
    """Write the tables from the figures that are recorded, or only see that this could be done."""
    path = folder / "README.md"
    text = refreshed(path.read_text(encoding="utf-8"), load(folder / "results.json"))
    if not check_only:
        write_text(path, text)


def measure_all(names: Sequence[str], options: Options, folder: Path) -> None:
    """Measure these parts; each is recorded when it is done, a tiny one only printed."""
    load_at_start = psutil.getloadavg()[0]
    if load_at_start > BUSY and not options.tiny:
        print(f"The machine is busy (load {load_at_start:.1f}): times will be longer than they need be.")
    for name in names:
        print(f"measuring {name} …", flush=True)
        part = measure(name, options, load_at_start)
        if options.tiny:
            print(f"{page.block(name, part)}\n\nA trial at a tiny budget: the figures mean nothing.\n")
            continue
        save(folder / "results.json", load(folder / "results.json") | {name: part})
        write_readme(folder)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    made.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(KINDS)}; all when none is given")
    made.add_argument("--missing", action="store_true", help="only parts that have no figures yet")
    made.add_argument(
        "--lessons-from", type=Path, metavar="FOLDER",
        help="read the lessons' costs from the last `course run` (results/laptop) instead of running them",
    )  # fmt: skip
    made.add_argument("--text", type=Path, help="text for the language model, in place of lesson 3's")
    made.add_argument("--seconds", type=float, default=120.0, help="that the language model may take (120)")
    made.add_argument("--tiny", action="store_true", help="a trial in seconds; prints and records nothing")
    made.add_argument("--write-only", action="store_true", help="write the tables from results.json")
    return made


def main(arguments: Sequence[str] | None = None, folder: Path = HERE) -> int:
    """Measure the parts asked for; returns the exit code."""
    options = parser().parse_args(arguments)
    if unknown := [name for name in options.parts if name not in KINDS]:
        parser().error(f"unknown part {', '.join(unknown)}: choose from {', '.join(KINDS)}")
    if options.text and not options.text.is_file():
        parser().error(f"there is no file '{options.text}'")
    seconds = 4.0 if options.tiny else options.seconds
    wanted = Options(options.tiny, options.text, seconds, options.lessons_from)
    try:
        # a missing mark shows now, not after half an hour
        write_readme(folder, check_only=not options.write_only)
        if options.write_only:
            return 0
        done = load(folder / "results.json") if options.missing else {}
        measure_all([name for name in options.parts or KINDS if name not in done], wanted, folder)
    except KeyboardInterrupt:
        print(
            "\nInterrupted. Parts that were done are kept; '--missing' measures those that have no figures."
        )
        return 130
    except CourseError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
