"""Measures what the course costs and writes it down: ``python benchmarks/run.py``, or ``make benchmarks``.

Parts can be named: ``python benchmarks/run.py import fit``. Each part's figures go into ``results.json`` as
soon as they are there, and from it the table of ``README.md`` is written. A benchmark reports; it never
fails because something took long.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from tabulate import tabulate

from course_utils.files import write_text

HERE = Path(__file__).parent
START, END = "<!-- written by 'make benchmarks' -->", "<!-- end of what 'make benchmarks' writes -->"
PARTS = ("lessons", "import", "fit", "language", "quality")
TITLES = {
    "lessons": "Lessons",
    "import": "Import time",
    "fit": "`training.fit` against a bare loop",
    "language": "Language model",
    "quality": "Time to a given quality",
}
ABOUT = {
    "lessons": "Each stored notebook executed in the laptop profile, and the minutes of each section.",
    "import": "A fresh Python each time; the median of seven, taken in turn.",
    "fit": "The loop that lesson 2 writes out against its tested twin, with as many steps on the same "
    "digits, seven times in turn. The ratio is what checks, history and checkpoints cost.",
    "language": "`language_model.py` for 120 seconds on the course's own text; losses in nats per character.",
    "quality": "How long a model trains until it first is as good as the column says: a CNN by its "
    "accuracy on digits that it does not train on (looked at every 20 steps), lesson 4's diffusion model by "
    "the share of 300 generated digits that a judge recognises (every 100 steps). Looking is not counted.",
}


def machine() -> dict[str, str]:
    """What the figures depend on; no name of a person, host or folder."""
    packages = ("torch", "numpy", "scikit-learn", "transformers", "diffusers")
    return {
        "processor": processor(),
        "cores": f"{psutil.cpu_count(logical=True)} (logical)",
        "memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "versions": f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages),
    }


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", info.read_text()) if info.exists() else []
    return names[0] if names else platform.processor() or "unknown"


def measure(name: str, quick: bool) -> dict[str, Any]:
    """One part's figures, with the conditions that they were measured under."""
    import parts  # loads torch; writing the table does not need it

    load = f"{psutil.getloadavg()[0]:.1f}"
    started = time.perf_counter()
    rows = parts.PARTS[name](quick=quick)
    took = time.perf_counter() - started
    when = time.strftime("%Y-%m-%d", time.gmtime())
    return {"measured": when, "load at start": load, "minutes": took / 60, "machine": machine(), "rows": rows}


def short(value: Any) -> str:
    """A figure with three digits; words stay as they are."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a Markdown table; a row need not have every column."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [[short(row.get(column, "")) for column in columns] for row in rows]
    return tabulate(cells, headers=columns, tablefmt="github", disable_numparse=True)


def text_of(results: dict[str, Any]) -> str:
    """The generated part of the README."""
    if not results:
        return "Nothing has been measured yet: run `make benchmarks`."
    blocks = []
    for name in [name for name in PARTS if name in results]:
        part = results[name]
        took = f"Measured {part['measured']} in {short(part['minutes'])} minutes"
        where = f"load {part['load at start']} at the start, {part['machine']['processor']}"
        blocks.append(f"## {TITLES[name]}\n\n{ABOUT[name]} {took}, {where}.\n\n{table(part['rows'])}")
    last = next(results[name] for name in reversed(PARTS) if name in results)
    described = "\n".join(f"- {what}: {value}" for what, value in last["machine"].items())
    return "\n\n".join([*blocks, f"## The machine\n\n{described}"])


def refreshed(readme: str, results: dict[str, Any]) -> str:
    """The README with a new generated part; what people wrote stays."""
    if readme.count(START) != 1 or readme.count(END) != 1:
        sys.exit(f"benchmarks/README.md needs the lines '{START}' and '{END}', each once: put them back")
    before, rest = readme.split(START)
    return f"{before}{START}\n\n{text_of(results)}\n\n{END}{rest.split(END)[1]}"


def main(arguments: list[str] | None = None, here: Path = HERE) -> None:
    """Measure the parts asked for, keep their figures, write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all when none is given"
    )
    parser.add_argument("--quick", action="store_true", help="a budget of seconds, figures without meaning")
    parser.add_argument(
        "--write-only", action="store_true", help="write the table from what was measured before"
    )
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.parts if name not in PARTS]:
        parser.error(f"unknown part {', '.join(unknown)}: choose from {', '.join(PARTS)}")
    path, readme = here / "results.json", here / "README.md"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in [] if options.write_only else options.parts or PARTS:
        print(f"measuring {name} …", flush=True)
        results[name] = measure(name, options.quick)
        write_text(path, json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    write_text(readme, refreshed(readme.read_text(encoding="utf-8"), results))


if __name__ == "__main__":
    main()
