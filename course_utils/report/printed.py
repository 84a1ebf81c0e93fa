"""The tables that the commands print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from course_utils import CourseError
from course_utils.claims import cards
from course_utils.claims.estimates import Verdict, effect
from course_utils.report import folder, results

if TYPE_CHECKING:
    from course_utils.authoring.execute import Execution
    from course_utils.report.compare import Runs


def verdicts(out: Path, executions: Sequence[Execution]) -> tuple[str, list[str]]:
    """A table with one line a test, and what went wrong in the lessons that have no verdicts."""
    rows, problems = [], []
    for execution in executions:
        minutes = f"{execution.minutes:.1f}"
        try:
            if failure := execution.failure:
                where = f"code cell {failure.cell}: {failure.error}"
                raise CourseError(f"{where}\n  the executed copy shows where: {out / execution.lesson}.ipynb")
            record = results.load(out / f"{execution.lesson}.json")
        except CourseError as error:
            problems.append(f"FAILED {execution.lesson}, {error}")
            rows.append((execution.lesson, "", "", "", "FAILED", minutes, ""))
            continue
        lines = _verdict_rows(record) or [(execution.lesson, "", "", "", "")]
        rows.append((*lines[0], minutes, str(record["times"]["peak_memory_mb"])))
        rows += [(*line, "", "") for line in lines[1:]]
    rows += [(*line, "", "") for verdict in across(out) for line in _rows_of(verdict)]
    headers = ("claim", "test", "effect [95 % interval]", "needed", "verdict", "minutes", "peak MB")
    return tabulate(rows, headers=headers, disable_numparse=True), problems


def _verdict_rows(record: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Claim, test, effect, what was needed and verdict of each outcome of a lesson."""
    return [row for verdict in folder.read_verdicts(record) for row in _rows_of(verdict)]


def _rows_of(verdict: Verdict) -> list[tuple[str, str, str, str, str]]:
    """One row an outcome; only the first of them has the claim and the verdict."""
    return [
        (
            verdict.claim.id if row == 0 else "",
            f"{outcome.test.id} {outcome.group}".strip(),
            effect(outcome),
            f"{outcome.test.rule} {cards.SYMBOLS[outcome.word]}",
            verdict.word.upper() if row == 0 else "",
        )
        for row, outcome in enumerate(verdict.outcomes)
    ]


def across(out: Path) -> list[Verdict]:
    """Verdicts on the claims about all lessons, none as long as a lesson is missing."""
    return folder.read(out).verdicts.get("", [])


def side_by_side(runs: Runs) -> list[str]:
    """Three tables: verdicts, effects of the claims whose verdicts differ, conditions and costs."""
    names = list(runs.courses)
    words = [
        (
            row.claim.lesson or "all",
            row.claim.id,
            row.agreement,
            *(f"{cards.SYMBOLS[word]} {word}" if word else "not run" for word in row.words),
        )
        for row in runs.claims()
    ]
    differing = {row.claim.id for row in runs.claims() if row.differs}
    effects = [
        (
            row["claim"],
            row["label"],
            *(
                f"{cards.SYMBOLS[each.word]} {effect(each)}" if each else "not run"
                for each in row["outcomes"]
            ),
        )
        for row in runs.tests()
        if row["claim"] in differing
    ]
    settings = [
        (
            row["lesson"],
            row["what"],
            "≠ differ" if row["differs"] else "",
            *(v or "not run" for v in row["found"]),
        )
        for row in runs.settings()
    ]
    tables = [(("lesson", "claim", "verdicts", *names), words)]
    tables += [(("claim", "where verdicts differ", *names), effects)] if effects else []
    tables += [(("lesson", "condition or cost", "", *names), settings)]
    return [tabulate(rows, headers=headers, disable_numparse=True) for headers, rows in tables]
