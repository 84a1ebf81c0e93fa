"""The course's report: what the four lessons measured on this machine, on one page.

The page is made of results files alone. It comes whatever is missing, damaged or out of date, and says so.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from course_utils import cards, claims, comparison, files, report_figures
from course_utils.measured import TITLES, Course, read
from course_utils.report_text import CELLS, DATA_TESTS, PREDICTIONS
from course_utils.verdicts import Outcome


def write(folder: Path, path: Path) -> Path:
    """Write the report of a folder of results as one HTML file, all of it or nothing.

    Raises
    ------
    CourseError
        The file cannot be written.
    """
    files.write_text(path, html(read(folder)))
    return path


def html(course: Course) -> str:
    """The page."""
    costs = comparison.model_costs(course.records)
    tested = {verdict.claim.id for verdict in course.all_verdicts()}
    data = {
        "course": course,
        "titles": TITLES,
        "colours": dict(zip([*TITLES, ""], ("classic", "deep", "llm", "generative", "all"), strict=True)),
        "technologies": comparison.TECHNOLOGIES,
        "counts": Counter(verdict.word for verdict in course.all_verdicts()),
        "rows": _comparison_rows(course, costs),
        "costs": costs,
        "cost_figure": report_figures.as_svg(report_figures.cost_figure(costs)) if costs else "",
        **_data_figure(course),
        "predictions": {lesson: _predictions(course, lesson) for lesson in course.records},
        "untested": [c for c in claims.load_ledger().values() if c.status != "tested"],
        "not_here": [c for c in claims.load_ledger().values() if c.status == "tested" and c.id not in tested],
        "documents": claims.documents(),
        "conditions": comparison.conditions,
    }
    return render("report.html.jinja", data)


def render(template: str, data: Mapping[str, Any]) -> str:
    """A page of the course from its template."""
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return _environment().get_template(template).render(made=made, **data)


@cache
def _environment() -> jinja2.Environment:
    """Templates, in which everything from a file is escaped."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(symbols=cards.SYMBOLS, drawing=report_figures.interval_svg)
    environment.filters["number"] = number
    return environment


def number(value: float) -> str:
    """Three digits that a person can read: ``'0.0021'``, ``'1,170'``, ``'2.94 × 10¹²'``."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        decimals = max(0, 2 - len(str(int(abs(value))))) + (1 if abs(value) < 10 else 0)
        return f"{value:,.{decimals}f}" if abs(value) >= 1 else f"{value:.2g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def span(values: list[float], unit: str) -> str:
    """The smallest and the largest of these: ``'0.03 to 6.5 s'``."""
    low, high = number(min(values)), number(max(values))
    return f"{low} {unit}".rstrip() if low == high else f"{low} to {high} {unit}".rstrip()


def _comparison_rows(course: Course, costs: list[comparison.ModelCost]) -> list[dict[str, Any]]:
    """The first article's table: in each cell what it says, what was measured, and the verdicts on it."""
    shown = {verdict.claim.id: verdict for verdict in course.all_verdicts()}
    rows = []
    for title, cells in CELLS.items():
        row: dict[str, Any] = {"title": title, "cells": {}}
        for technology, cell in cells.items():
            mine = [cost for cost in costs if cost.technology == technology]
            row["cells"][technology] = {
                "says": cell.says,
                "measured": [line.format(**_figures(mine, course)) for line in cell.measured] if mine else [],
                "verdicts": [shown[claim] for claim in cell.claims if claim in shown],
            }
        rows.append(row)
    return rows


def _figures(costs: list[comparison.ModelCost], course: Course) -> dict[str, str]:
    """Figures of one technology's models that a cell of the comparison may name."""
    lessons = list(dict.fromkeys(cost.lesson for cost in costs))
    memory = [float(course.records[lesson]["times"]["peak_memory_mb"]) for lesson in lessons]
    return {
        "models": ", ".join(dict.fromkeys(cost.model for cost in costs)),
        "data": ", ".join(dict.fromkeys(cost.data for cost in costs)),
        "parameters": span([cost.parameters for cost in costs], "numbers"),
        "train_operations": span([cost.train_operations for cost in costs], "operations"),
        "train_cpu_s": span([cost.train_cpu_s for cost in costs], "CPU s"),
        "predict_operations": span([cost.predict_operations for cost in costs], "operations"),
        "predict_cpu_ms": span([cost.predict_cpu_ms for cost in costs], "CPU ms"),
        "memory": span(memory, "MB"),
    }


def _data_figure(course: Course) -> dict[str, Any]:
    """The figure of data against quality, its outcomes as a table, and nothing when there are none."""
    panels: dict[str, list[tuple[str, Outcome]]] = {}
    for lesson, (title, tests) in DATA_TESTS.items():
        outcomes = [(v.claim.id, o) for v in course.verdicts.get(lesson, []) for o in v.outcomes]
        found = [
            (f"{label} {outcome.group}".strip(), outcome)
            for claim_id, test_id, label in tests
            for of_claim, outcome in outcomes
            if (of_claim, outcome.test.id) == (claim_id, test_id)
        ]
        if found:
            panels[title] = found
    figure = report_figures.as_svg(report_figures.data_figure(panels)) if panels else ""
    return {"data_panels": panels, "data_figure": figure}


def _predictions(course: Course, lesson: str) -> list[tuple[str, str, str]]:
    """What was asked, what the student expected and what was measured, for each prediction of a lesson."""
    verdicts = {verdict.claim.id: verdict for verdict in course.verdicts[lesson]}
    rows = []
    for key, expected in course.records[lesson]["predictions"].items():
        label, unit, claim_id, test_id = PREDICTIONS[lesson].get(key, (key, "", "", ""))
        verdict = verdicts.get(claim_id)
        if verdict is None:
            measured = ""
        elif not test_id:
            measured = f"{cards.SYMBOLS[verdict.word]} {verdict.word}"
        else:
            measured = "; ".join(
                f"{o.group} {o.estimate.text(o.test.unit)}".strip()
                for o in verdict.outcomes
                if o.test.id == test_id
            )
        rows.append((label, f"{expected} {unit}".strip(), measured))
    return rows
