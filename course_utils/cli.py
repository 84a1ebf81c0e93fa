"""The command ``course``."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate

from course_utils import ROOT, CourseError, __version__
from course_utils.claims import ledger as claims
from course_utils.report import results

if TYPE_CHECKING:
    from course_utils.data.registry import Source

LAPTOP = ROOT / "results" / "laptop"
PROFILES_HELP = "smoke: seconds, no verdict; laptop (default): minutes, no network; full: downloads data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 fine, 1 something failed, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        code = options.command(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # 'course claims | head' has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="course", description="Put to the Test: run and inspect the course."
    )
    parser.add_argument("--version", action="version", version=f"course {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    doctor = commands.add_parser("doctor", help="check that this machine is ready")
    doctor.set_defaults(command=_doctor)

    run = commands.add_parser("run", help="execute lessons and print their verdicts")
    run.add_argument("lessons", nargs="*", metavar="LESSON", help="name or number; all when none is given")
    run.add_argument("--profile", default="laptop", help=PROFILES_HELP)
    run.add_argument("--device", default="auto", help="auto (default), cpu, cuda or mps")
    run.add_argument("--seed", default="0", help="whole number that all random choices follow from")
    run.add_argument(
        "--images", help="the pictures of lessons 2 and 4: digits, fashion_mnist, cifar10 or your own folder"
    )
    run.add_argument(
        "--text", help="lesson 3's text: docstrings, tiny_shakespeare, sms_spam or your own file or folder"
    )
    run.add_argument("--out", type=Path, help="folder for results (default: results/PROFILE)")
    run.add_argument(
        "--jobs",
        type=int,
        choices=range(1, 5),
        help="lessons side by side (default: 2 on a processor of two cores or more, else 1)",
    )
    run.set_defaults(command=_run)

    report = commands.add_parser(
        "report", help="write what was measured as one page, or compare several runs"
    )
    which = report.add_mutually_exclusive_group()
    which.add_argument("--results", type=Path, default=LAPTOP, help="folder of results (results/laptop)")
    which.add_argument("--compare", type=Path, nargs="+", metavar="RUN", help="results files or folders")
    report.add_argument("--out", type=Path, help="the page (default: results/report.html or compare.html)")
    report.set_defaults(command=_report)

    ledger = commands.add_parser("claims", help="list every claim and its verdict on this machine")
    ledger.add_argument("--out", type=Path, default=LAPTOP, help="folder of results")
    ledger.set_defaults(command=_claims)

    data = commands.add_parser("data", help="list the data sets, or download some")
    data.add_argument("names", nargs="*", metavar="NAME", help="data sets to download")
    data.set_defaults(command=_data)
    return parser


def _doctor(options: argparse.Namespace) -> int:
    from course_utils.authoring import doctor

    rows = doctor.examine()
    table = [("FAIL" if row.remedy else "ok", row.what, row.found, row.remedy) for row in rows]
    print(tabulate(table, headers=("", "checked", "found", "what helps"), maxcolwidths=[None, None, 60, 50]))
    return int(any(row.remedy for row in rows))


def _run(options: argparse.Namespace) -> int:
    from course_utils import files
    from course_utils import run as runtime
    from course_utils.authoring import execute
    from course_utils.data import documents as text
    from course_utils.data import pictures as images

    chosen = execute.select(options.lessons)
    runtime.one_of("profile", options.profile, runtime.PROFILES)
    device = runtime.choose_device(options.device)
    seed = str(runtime.whole_number("seed", options.seed))
    settings = {"COURSE_PROFILE": options.profile, "COURSE_DEVICE": device, "COURSE_SEED": seed}
    pictures = os.environ.get("COURSE_IMAGES") or None if options.images is None else options.images
    if pictures is not None:
        settings["COURSE_IMAGES"] = images.resolve(pictures)  # a kernel has another current folder
    words = os.environ.get("COURSE_TEXT") or None if options.text is None else options.text
    if words is not None:
        settings["COURSE_TEXT"] = text.resolve(words)
    model = os.environ.get("COURSE_MODEL", "")
    if os.path.isdir(model):  # anything else the lesson refuses in its first cells, or knows by name
        settings["COURSE_MODEL"] = os.path.abspath(model)
    out = options.out or ROOT / "results" / options.profile
    files.require_writable(out)  # shows now, not after minutes
    shared = device == "cpu" and (os.cpu_count() or 1) > 1  # a graphics card is not shared
    jobs = options.jobs or (2 if shared else 1)

    try:
        executions = execute.run(chosen, out, settings, min(jobs, len(chosen)))
    except execute.Interrupted as stop:
        where = " and ".join(stop.begun) or "the beginning"
        print(f"\nInterrupted in {where}. Lessons finished before are kept, nothing is half-written.")
        print(f"To go on: course run {' '.join(stop.unfinished)} {_options_text(options)}")
        return 130
    from course_utils.report import page as report
    from course_utils.report import printed  # they load what judges and what draws

    table, problems = printed.verdicts(out, executions)
    print(table)
    page = LAPTOP.parent if out.resolve() == LAPTOP.resolve() else out
    try:
        print(f"\nThe report, to open in a browser: {report.write(out, page / 'report.html')}")
    except CourseError as error:
        problems.append(f"FAILED the report: {error}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


def _options_text(options: argparse.Namespace) -> str:
    """The options of `course run` as they were given, to go on with the same."""
    text = f"--profile {options.profile} --device {options.device} --seed {options.seed}"
    text += "" if options.images is None else f" --images {shlex.quote(options.images)}"
    text += "" if options.text is None else f" --text {shlex.quote(options.text)}"
    text += "" if options.jobs is None else f" --jobs {options.jobs}"
    return text if options.out is None else f"{text} --out {shlex.quote(str(options.out))}"


def _report(options: argparse.Namespace) -> int:
    from course_utils.report import compare, printed
    from course_utils.report import page as report

    if options.compare is None:
        if not options.results.is_dir():
            raise CourseError(
                f"there is no folder '{options.results}': run 'course run', or give another one"
            )
        print(report.write(options.results, options.out or LAPTOP.parent / "report.html"))
        return 0
    runs = compare.read(options.compare)
    path = compare.write(runs, options.out or LAPTOP.parent / "compare.html")
    print("\n\n".join([*printed.side_by_side(runs), *runs.notices, str(path)]))
    return 0


def _claims(options: argparse.Namespace) -> int:
    from course_utils.report import printed

    verdicts = {}
    for path in sorted(options.out.glob("*.json")):
        for verdict in results.load(path)["verdicts"]:
            verdicts[verdict["claim"]] = verdict["verdict"]
    for verdict in printed.across(options.out):
        verdicts[verdict.claim.id] = verdict.word
    rows = [
        (
            claim.id + (" *" if claim.headline else ""),
            claim.text,
            claim.cited,
            claim.lesson or "all",
            verdicts.get(claim.id) or {"tested": "not run here"}.get(claim.status, claim.status),
        )
        for claim in claims.load_ledger().values()
    ]
    width = max(os.get_terminal_size().columns if sys.stdout.isatty() else 160, 100)
    widths = [None, (width - 50) // 2, (width - 50) // 3, None, None]
    print(
        tabulate(rows, headers=("id", "claim", "document: section", "lesson", "verdict"), maxcolwidths=widths)
    )
    print("* the claim a lesson is built around")
    return 0


def _data(options: argparse.Namespace) -> int:
    from course_utils.data import registry

    for name in options.names:
        for path in registry.fetch(name):
            print(f"{name}: {path}")
    if not options.names:
        rows = [(s.name, s.title, s.licence, _comes(s)) for s in registry.registry().values()]
        print(
            tabulate(rows, headers=("name", "what", "licence", "comes"), maxcolwidths=[None, 60, None, None])
        )
    return 0


def _comes(source: Source) -> str:
    """How a data set reaches this machine."""
    if source.package:
        return f"with {source.package}"
    files = f" in {len(source.files)} files" if len(source.files) > 1 else ""
    return f"download, {source.size_mb:.1f} MB{files}"


if __name__ == "__main__":
    sys.exit(main())
