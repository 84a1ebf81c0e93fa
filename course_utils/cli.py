"""The command ``course``."""

from __future__ import annotations

import argparse
import codecs
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate

from course_utils import CourseError, __version__, files, run, variables

if TYPE_CHECKING:
    from course_utils.authoring.runner import Execution
    from course_utils.data.registry import Source


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 fine, 1 something failed, 2 wrong usage."""
    _print_everywhere()
    options = _parser().parse_args(arguments)
    try:
        for sentence in variables.unknown():
            print(f"course: {sentence}", file=sys.stderr)
        code = options.command(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # 'course claims | head' has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncourse: interrupted", file=sys.stderr)
        return 130


PLAIN = {"✔": "+", "✘": "x", "−": "-", "×": "x", "·": "-", "…": "...", "≥": ">=", "≤": "<=", "≠": "!="}
"""What a terminal that cannot show a sign gets instead; every verdict stands beside its sign as a word."""


def _print_everywhere() -> None:
    """Let every text be printed on any terminal and into any file; a closed output is none."""
    codecs.register_error("plain", lambda error: (PLAIN.get(error.object[error.start], "?"), error.start + 1))
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell: '>&-'
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open until the end
        elif hasattr(getattr(sys, name), "reconfigure"):  # a notebook's output has none
            getattr(sys, name).reconfigure(errors="plain")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="course", description="Put to the Test: run and inspect the course."
    )
    parser.add_argument("--version", action="version", version=f"course {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    doctor = commands.add_parser("doctor", help="check that this machine is ready")
    doctor.set_defaults(command=_doctor)

    wanted = "number of a lesson, name of a lesson or lab, or 'labs' for all of them"
    start = commands.add_parser("start", help="copy lessons or labs into work/, to work in")
    start.add_argument("lessons", nargs="*", metavar="NAME", help=f"{wanted}; nothing: all lessons")
    start.add_argument("--from", type=Path, dest="source", help="a notebook that you have worked on already")
    start.set_defaults(command=_start)
    update = commands.add_parser("update", help="bring a new edition of the course into work/")
    update.add_argument("lessons", nargs="*", metavar="NAME", help=f"{wanted}; nothing: all in work/")
    update.add_argument("--dry-run", action="store_true", help="only say what would change")
    update.set_defaults(command=_update)

    run = commands.add_parser("run", help="execute lessons or labs and print their verdicts")
    run.add_argument("lessons", nargs="*", metavar="NAME", help=f"{wanted}; nothing: all lessons")
    run.add_argument("--labs", action="store_true", help="the labs of these lessons instead of the lessons")
    for name in ("profile", "device", "seed", "images", "text"):
        run.add_argument(f"--{name}", help=variables.VARIABLES[f"COURSE_{name.upper()}"])
    run.add_argument("--out", type=Path, help=variables.VARIABLES["COURSE_RESULTS"])
    run.add_argument(
        "--jobs",
        type=int,
        choices=range(1, 5),
        help="how many side by side (default: 2 on a processor of two cores or more, else 1)",
    )
    run.set_defaults(command=_run)

    report = commands.add_parser(
        "report", help="write what was measured as one page, compare several runs, or look at a class"
    )
    which = report.add_mutually_exclusive_group()
    which.add_argument("--results", type=Path, help="folder of results (results/laptop)")
    which.add_argument("--compare", type=Path, nargs="+", metavar="RUN", help="results files or folders")
    which.add_argument(
        "--class",
        type=Path,
        metavar="FOLDER",
        dest="classroom",
        help="a folder with a folder for each student",
    )
    report.add_argument("--no-names", action="store_true", help="with --class: number the students instead")
    report.add_argument(
        "--out", type=Path, help="the page (default: results/report.html, compare.html or class.html)"
    )
    report.set_defaults(command=_report)

    classroom = commands.add_parser(
        "class", help="make a folder in which nbgrader hands out, collects and grades"
    )
    classroom.add_argument("folder", type=Path, metavar="FOLDER", help="where: a new one, or one made before")
    classroom.add_argument(
        "names", nargs="*", metavar="NAME", help="lessons and labs, as for 'course run'; nothing: all of them"
    )
    classroom.set_defaults(command=_class)

    ledger = commands.add_parser("claims", help="list every claim and its verdict on this machine")
    ledger.add_argument("--out", type=Path, help="folder of results (results/laptop)")
    ledger.set_defaults(command=_claims)

    data = commands.add_parser("data", help="list the data sets, or download some")
    data.add_argument(
        "names", nargs="*", metavar="NAME", help="data sets to download; docstrings are made and kept"
    )
    data.set_defaults(command=_data)
    return parser


def _doctor(options: argparse.Namespace) -> int:
    from course_utils.authoring import doctor

    rows = doctor.examine()
    table = [("FAIL" if row.remedy else "ok", row.what, row.found, row.remedy) for row in rows]
    print(tabulate(table, headers=("", "checked", "found", "what helps"), maxcolwidths=[None, None, 60, 50]))
    return int(any(row.remedy for row in rows))


def _start(options: argparse.Namespace) -> int:
    from course_utils.authoring import runner, work

    print(work.start(runner.select(options.lessons), options.source))
    return 0


def _update(options: argparse.Namespace) -> int:
    from course_utils.authoring import runner, work

    told, problems = work.update(options.lessons and runner.select(options.lessons), options.dry_run)
    print(told, end="\n" if told else "")
    for problem in problems:
        print(f"course: {problem}", file=sys.stderr)
    return int(bool(problems))


def _run(options: argparse.Namespace) -> int:
    from course_utils.authoring import conditions, runner

    names = runner.select(options.lessons, options.labs)
    settings, out = conditions.of(options)
    try:
        files.require_writable(out)  # shows now, not after minutes
    except CourseError as error:
        raise CourseError(f"{error}, with --out or COURSE_RESULTS") from error
    shared = settings["COURSE_DEVICE"] == "cpu" and (os.cpu_count() or 1) > 1  # a graphics card is not shared
    jobs = options.jobs or (2 if shared else 1)
    signal.signal(signal.SIGTERM, _interrupt)  # what a service manager sends is Ctrl-C here, too
    try:
        executions = runner.run(names, out, settings, min(jobs, len(names)))
    except runner.Interrupted as stop:
        where = " and ".join(stop.begun) or "the beginning"
        print(f"\nInterrupted in {where}. What was finished before is kept, nothing is half-written.")
        print(f"To go on: course run {' '.join(stop.unfinished)} {conditions.text(options)}".rstrip())
        return 130
    return _tell(out, executions)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _tell(out: Path, executions: Sequence[Execution]) -> int:
    """Print what came out, and write the page; 1 when something failed."""
    from course_utils.report import folder, page, tables  # they load what judges and what draws

    course = folder.read(out, names=[execution.lesson for execution in executions])
    table, problems = tables.of_run(course, executions, out)
    print(table)
    beside = out.parent if out.name == "laptop" and out.parent.name == "results" else out
    try:
        print(f"\nThe report, to open in a browser: {page.write(course, beside / 'report.html')}")
    except CourseError as error:
        problems.append(f"FAILED the report: {error}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


def _report(options: argparse.Namespace) -> int:
    from course_utils.report import class_page, classroom, compare, folder, page

    if options.no_names and options.classroom is None:
        raise CourseError("--no-names goes with --class FOLDER")
    beside = run.results_folder("laptop").parent
    if options.classroom is not None:
        view = class_page.View(classroom.read(options.classroom, names=not options.no_names))
        print(class_page.printed(view))
        path = class_page.write(view, options.out or beside / "class.html")
        print(f"\nThe class, to open in a browser: {path}")
        return 0
    if options.compare is None:
        course = folder.read(_results(options.results))
        print(page.write(course, options.out or beside / "report.html"))
        return 0
    runs = compare.read(options.compare)
    print(compare.printed(runs))
    print(f"\n{compare.write(runs, options.out or beside / 'compare.html')}")
    return 0


def _class(options: argparse.Namespace) -> int:
    from course_utils.authoring import runner

    try:
        from course_utils.authoring import build, grading, instructor
    except ModuleNotFoundError as error:
        raise CourseError(f"'course class' needs {error.name}: pip install -r requirements.lock") from error
    names = runner.select(options.names) if options.names else [*runner.names(), *runner.labs()]
    written = grading.write(options.folder, [each for each in build.sources() if each.stem in names])
    instructor.write(options.folder / "instructor", names)
    print(f"{len(written)} assignments in {options.folder / 'source'}")
    print(f"For you, with solutions, minutes and plans: {options.folder / 'instructor' / 'index.md'}")
    print(f"What to do next: {options.folder / 'README.md'}")
    return 0


def _claims(options: argparse.Namespace) -> int:
    from course_utils.report import folder, tables

    course = folder.read(_results(options.out))
    print(tables.claims(course, os.get_terminal_size().columns if sys.stdout.isatty() else 160))
    print("* the claim a lesson is built around")
    for notice in course.notices:
        print(notice, file=sys.stderr)
    return int(bool(course.problems))


def _results(given: Path | None) -> Path:
    """The folder of results that was asked for; without one, that of the laptop profile."""
    asked = given or variables.read("COURSE_RESULTS")
    if asked and not Path(asked).is_dir():
        raise CourseError(f"there is no folder '{asked}': run 'course run', or give another one")
    return given or run.results_folder("laptop")


def _data(options: argparse.Namespace) -> int:
    from course_utils.data import registry

    for name in options.names:
        for path in _prepare(name):
            print(f"{name}: {path}")
    if not options.names:
        rows = [(s.name, s.title, s.licence, _comes(s)) for s in registry.registry().values()]
        print(
            tabulate(rows, headers=("name", "what", "licence", "comes"), maxcolwidths=[None, 60, None, None])
        )
    return 0


def _prepare(name: str) -> Sequence[Path]:
    """Where the files of a data set lie, once they are downloaded or, of docstrings, made."""
    from course_utils.data import registry

    if name not in ("docstrings", "docstrings_wide"):
        return registry.fetch(name)
    from course_utils.data import docstrings

    return [docstrings.keep(name)]


def _comes(source: Source) -> str:
    """How a data set reaches this machine."""
    if source.package:
        return f"with {source.package}"
    files = f" in {len(source.files)} files" if len(source.files) > 1 else ""
    return f"download, {source.size_mb:.1f} MB{files}"


if __name__ == "__main__":
    sys.exit(main())
