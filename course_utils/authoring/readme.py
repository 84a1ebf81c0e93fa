"""The README's tables and main figure, refreshed from a run: ``python -m course_utils.authoring.readme``.

The run's results files are kept in ``docs/reference/``, so that a test can hold the README against them.
With ``--address`` (`make address`) nothing is measured anew: the course's address in pyproject.toml comes
into the README and into the first cell of every stored notebook.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt

from course_utils import ROOT, CourseError, files
from course_utils.authoring import address, editions, runner
from course_utils.claims import cards, ledger
from course_utils.report import drawings, folder
from course_utils.run import notebooks

README, REFERENCE, FIGURE = ROOT / "README.md", ROOT / "docs" / "reference", ROOT / "docs" / "comparison.png"


def lessons_table(course: folder.Course) -> str:
    """A Markdown table of the lessons: question, headline claim, minutes and peak memory."""
    headlines = {claim.notebook: claim for claim in ledger.load_ledger().values() if claim.headline}
    lines = [
        "| lesson | the claim put to the test | verdict | minutes | memory | open it on |",
        "|---|---|---|---|---|---|",
    ]
    for name in course.names:
        if notebooks()[name].lab:
            continue
        claim, times = headlines[name], course.records[name].times
        link = f"[{name[0]} · {notebooks()[name].question}](notebooks/{name}.ipynb)"
        cost = f"{max(times.wall_s / 60, 0.1):.1f} | {times.peak_memory_mb / 1000:.2f} GB"
        opens = address.links(f"notebooks/{name}.ipynb")
        lines.append(f"| {link} | {claim.text} (`{claim.id}`) | {_words(course, name)} | {cost} | {opens} |")
    return "\n".join(lines)


def labs_table(course: folder.Course) -> str:
    """A Markdown table of the labs: question, verdicts and minutes."""
    lines = ["| lab | verdict | minutes | open it on |", "|---|---|---|---|"]
    for name in course.names:
        if notebooks()[name].lab:
            link = f"[{name[0]} · {notebooks()[name].question}](notebooks/labs/{name}.ipynb)"
            minutes = f"{max(course.records[name].times.wall_s / 60, 0.1):.1f}"
            opens = address.links(f"notebooks/labs/{name}.ipynb")
            lines.append(f"| {link} | {_words(course, name)} | {minutes} | {opens} |")
    return "\n".join(lines)


def _words(course: folder.Course, name: str) -> str:
    """A notebook's verdicts, the headline's first, each with its claim: ``'✔ supported (`dl-depth`)'``."""
    verdicts = sorted(course.verdicts[name], key=lambda verdict: not verdict.claim.headline)
    return "<br>".join(f"{cards.SYMBOLS[v.word]} {v.word} (`{v.claim.id}`)" for v in verdicts)


def models_line(course: folder.Course) -> str:
    """Which model each number of the figure is."""
    return " · ".join(f"**{n}** {cost.model} ({cost.data})" for n, cost in enumerate(course.costs, 1))


def refreshed(text: str, course: folder.Course) -> str:
    """The README's text with new tables between its marks; everything else stays.

    Raises
    ------
    CourseError
        A pair of marks is not there exactly once.
    """
    parts = {"lessons": lessons_table, "labs": labs_table, "models": models_line}
    for name, make in parts.items():
        start, end = f"<!-- {name}: written by 'make readme' -->", f"<!-- end of {name} -->"
        block = f"{start}\n{make(course)}\n{end}"
        text, found = re.subn(f"(?s){re.escape(start)}.*?{re.escape(end)}", lambda _, b=block: b, text)
        if found != 1:
            raise CourseError(
                f"{README.name} has the marks '{start}' and '{end}' {found} times, expected once"
            )
    return text


def whole(path: Path) -> folder.Course:
    """A folder that has the results of every lesson and lab, all from one kind of run.

    Raises
    ------
    CourseError
        Something is missing, damaged, out of date or of other conditions than the rest.
    """
    course = folder.read(path)
    if course.missing or course.notices:
        missing = [f"{', '.join(course.missing)}: {folder.command(course.missing)}"] if course.missing else []
        raise CourseError("the README shows one whole run: " + " ".join([*course.notices, *missing]))
    return course


def renew_address() -> None:
    """Bring the course's address into the README and the stored notebooks.

    Raises
    ------
    CourseError
        Somebody has written into a stored notebook: nothing is written.
    """
    paths = [runner.path_of(name) for name in (*runner.names(), *runner.labs())]
    if changed := [path.name for path in paths if editions.holds_work(path)]:
        raise CourseError(
            f"somebody has written into {', '.join(changed)}: move your version elsewhere first"
        )
    for path in paths:
        address.renew(path)
    files.write_text(README, refreshed(README.read_text(encoding="utf-8"), folder.read(REFERENCE)))


def main(arguments: list[str] | None = None) -> int:
    """Take a folder of results (default results/laptop) as the reference and refresh the README from it."""
    (path,) = (sys.argv[1:] if arguments is None else arguments) or [ROOT / "results" / "laptop"]
    if path == "--address":
        renew_address()
        return 0
    course = whole(Path(path))
    text = refreshed(README.read_text(encoding="utf-8"), course)
    for name in course.names:
        found = Path(path) / f"{name}.json"
        files.write_text(REFERENCE / found.name, found.read_text(encoding="utf-8"))
    figure = drawings.cost_figure(course.costs)
    with files.atomic_path(FIGURE) as target:
        figure.savefig(target, dpi=120, metadata={"Software": None}, format="png")
    plt.close(figure)
    files.write_text(README, text)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CourseError as error:
        sys.exit(f"readme: {error}")
