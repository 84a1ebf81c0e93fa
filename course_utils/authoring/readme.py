"""The README's tables and main figure, refreshed from a run: ``python -m course_utils.authoring.readme``.

The run's results files are kept in ``docs/reference/``, so that a test can hold the README against them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt

from course_utils import ROOT, CourseError, files
from course_utils.claims import cards, ledger
from course_utils.report import comparison, drawings
from course_utils.report import folder as measured

README, REFERENCE, FIGURE = ROOT / "README.md", ROOT / "docs" / "reference", ROOT / "docs" / "comparison.png"


def lessons_table(course: measured.Course) -> str:
    """A Markdown table of the lessons: headline claim, minutes and peak memory."""
    headlines = {claim.lesson: claim for claim in ledger.load_ledger().values() if claim.headline}
    lines = [
        "| lesson | claim it is built around | minutes, beside another | peak memory |",
        "|---|---|---|---|",
    ]
    for lesson, record in course.records.items():
        claim, times = headlines[int(lesson[0])], record["times"]
        cost = f"{times['wall_s'] / 60:.1f} | {times['peak_memory_mb'] / 1000:.2f} GB"
        lines.append(f"| [{lesson}](notebooks/{lesson}.ipynb) | {claim.text} (`{claim.id}`) | {cost} |")
    return "\n".join(lines)


def verdicts_table(course: measured.Course) -> str:
    """A Markdown table with one line a verdict."""
    lines = ["| claim, in our words | verdict | lesson |", "|---|---|---|"]
    for verdict in course.all_verdicts():
        word = f"{cards.SYMBOLS[verdict.word]} {verdict.word}"
        lesson = str(verdict.claim.lesson) if verdict.claim.lesson else "all"
        lines.append(f"| {verdict.claim.text} (`{verdict.claim.id}`) | {word} | {lesson} |")
    return "\n".join(lines)


def models_line(course: measured.Course) -> str:
    """Which model each number of the figure is."""
    costs = comparison.model_costs(course.records)
    return " · ".join(f"**{n}** {cost.model} ({cost.data})" for n, cost in enumerate(costs, 1))


def refreshed(text: str, course: measured.Course) -> str:
    """The README's text with new tables between its marks; everything else stays.

    Raises
    ------
    CourseError
        A pair of marks is not there exactly once.
    """
    parts = {"lessons": lessons_table, "verdicts": verdicts_table, "models": models_line}
    for name, make in parts.items():
        start, end = f"<!-- {name}: written by 'make readme' -->", f"<!-- end of {name} -->"
        block = f"{start}\n{make(course)}\n{end}"
        text, found = re.subn(f"(?s){re.escape(start)}.*?{re.escape(end)}", lambda _, b=block: b, text)
        if found != 1:
            raise CourseError(
                f"{README.name} has the marks '{start}' and '{end}' {found} times, expected once"
            )
    return text


def main(arguments: list[str] | None = None) -> int:
    """Take a folder of results (default results/laptop) as the reference and refresh the README from it."""
    (folder,) = (sys.argv[1:] if arguments is None else arguments) or [ROOT / "results" / "laptop"]
    course = measured.read(Path(folder))
    if course.notices:
        raise CourseError("the README shows one whole run: " + " ".join(course.notices))
    text = refreshed(README.read_text(encoding="utf-8"), course)
    for lesson in course.records:
        path = Path(folder) / f"{lesson}.json"
        files.write_text(REFERENCE / path.name, path.read_text(encoding="utf-8"))
    figure = drawings.cost_figure(comparison.model_costs(course.records))
    with files.atomic_path(FIGURE) as path:
        figure.savefig(path, dpi=120, metadata={"Software": None}, format="png")
    plt.close(figure)
    files.write_text(README, text)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CourseError as error:
        sys.exit(f"readme: {error}")
