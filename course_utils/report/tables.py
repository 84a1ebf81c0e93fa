"""What the report's tables hold: all of it computed from results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from course_utils.claims import ledger
from course_utils.claims.estimates import span
from course_utils.report import comparison, results
from course_utils.report.article import CELLS, DATA_TESTS
from course_utils.report.folder import Course


def comparison_rows(course: Course, costs: Sequence[comparison.ModelCost]) -> list[dict[str, Any]]:
    """The first article's table: in each cell what it says, what was measured, and what was judged."""
    verdicts = {verdict.claim.id: verdict for verdict in course.all_verdicts()}
    rows = []
    for title, cells in CELLS.items():
        row: dict[str, Any] = {"title": title, "cells": {}}
        for technology, cell in cells.items():
            mine = [cost for cost in costs if cost.technology == technology]
            shown = figures(mine, course) if mine else {}
            row["cells"][technology] = {
                "says": cell.says,
                "measured": [(what, shown[name]) for what, name in cell.measured if mine],
                "verdicts": [verdicts[claim] for claim in cell.claims if claim in verdicts],
                "open": [ledger.get(claim) for claim in cell.claims if claim not in verdicts],
            }
        rows.append(row)
    return rows


def figures(costs: Sequence[comparison.ModelCost], course: Course) -> dict[str, str]:
    """What a cell of the comparison may show of one technology's models, by name."""
    times = [course.records[lesson]["times"] for lesson in dict.fromkeys(cost.lesson for cost in costs)]
    return {
        "models": "; ".join(dict.fromkeys(cost.model for cost in costs)),
        "data": ", ".join(dict.fromkeys(cost.data for cost in costs)),
        "parameters": span([cost.parameters for cost in costs], "numbers"),
        "train_operations": span([cost.train_operations for cost in costs], "operations"),
        "train_cpu_s": span([cost.train_cpu_s for cost in costs], "CPU s"),
        "predict_operations": span([cost.predict_operations for cost in costs], "operations"),
        "predict_cpu_ms": span([cost.predict_cpu_ms for cost in costs], "CPU ms"),
        "memory": span([time["peak_memory_mb"] for time in times], "MB"),
        "minutes": span([time["wall_s"] / 60 for time in times], "minutes"),
    }


def data_panels(course: Course) -> list[dict[str, Any]]:
    """What more data did, a panel a lesson: its title, and label, claim and outcome of each test."""
    panels = []
    for lesson, (title, tests) in DATA_TESTS.items():
        outcomes = [(v.claim.id, o) for v in course.verdicts.get(lesson, []) for o in v.outcomes]
        rows = [
            (f"{label} {outcome.group}".strip(), claim_id, outcome)
            for claim_id, test_id, label in tests
            for of_claim, outcome in outcomes
            if (of_claim, outcome.test.id) == (claim_id, test_id)
        ]
        if rows:
            panels.append({"lesson": lesson, "title": title, "rows": rows})
    return panels


def predictions(course: Course, lesson: str) -> list[tuple[str, str, str, str]]:
    """What was asked, the guess, what was measured and how the guess fared, for each prediction."""
    record = course.records[lesson]
    answers = results.answers(record)
    return [
        (question, *results.fared(guess, answers.get(question, "")))
        for question, guess in record["predictions"].items()
    ]


def conditions(course: Course) -> list[tuple[str, list[str], bool]]:
    """How each lesson ran, a row a condition: its name, its value in each lesson, whether they differ."""
    of = []
    for record in course.records.values():
        times = record["times"]
        found = re.fullmatch(r"(.{10})T(.{5}):\d\dZ", times["finished"])
        of.append(
            {
                "finished": f"{found[1]} {found[2]} UTC" if found else times["finished"],
                "minutes": f"{times['wall_s'] / 60:.1f}",
                "peak memory": f"{times['peak_memory_mb']:,.0f} MB",
                **comparison.conditions(record),
                **record["environment"]["packages"],
            }
        )
    rows = []
    for name in dict.fromkeys(name for each in of for name in each):
        values = [each.get(name, "") for each in of]
        timed = name in ("finished", "minutes", "peak memory")
        rows.append((name, values, not timed and len(set(values)) > 1))
    return rows


def missing(course: Course) -> list[tuple[list[str], str]]:
    """Claims that the course tests and that are not judged in these results, with the reason."""
    judged = {verdict.claim.id for verdict in course.all_verdicts()}
    found: dict[int, list[str]] = {}
    for claim in ledger.load_ledger().values():
        if claim.status == "tested" and claim.id not in judged:
            found.setdefault(claim.lesson, []).append(claim.id)
    run = {int(lesson[0]) for lesson in course.records}
    rows = []
    for lesson, ids in found.items():
        if not lesson:
            reason = course.obstacle
        elif lesson in run:
            reason = f"Lesson {lesson} did not judge this in its last run."
        else:
            reason = f"Lesson {lesson} has no results that can be read. To measure: course run {lesson}"
        rows.append((ids, reason))
    return rows
