"""What the commands' tables and the report's hold: all of it made from a folder that was read and judged."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from tabulate import tabulate

from course_utils.claims import ledger
from course_utils.claims.cards import SYMBOLS
from course_utils.claims.estimates import Verdict, effect, span
from course_utils.models.costs import TECHNOLOGIES, Cost
from course_utils.report import folder, results
from course_utils.report.folder import Course

LESSON_OF = dict(zip(TECHNOLOGIES, "1234", strict=True))
"""The number of the lesson on each technology."""

USES = {"classic": "answer", "deep": "answer", "LLM": "token", "generative": "picture"}
"""What one use of a model of each technology gives."""

MEASURED = ("finished", "minutes", "peak MB")
"""What differs from run to run and is no condition."""


@cache
def article() -> dict[str, list[dict[str, Any]]]:
    """What the page says in words about the first article's comparison: `rows` and `data`."""
    return tomllib.loads(Path(__file__).with_name("article.toml").read_text(encoding="utf-8"))


def of_run(course: Course, executions: Sequence[Any], out: Path) -> tuple[str, list[str]]:
    """What `course run` prints: a table with one line a test, and what went wrong where.

    `executions` are the runner's, each with `lesson`, `minutes` and `failure`.
    """
    rows, problems = [], []
    for execution in executions:
        name, minutes = execution.lesson, f"{execution.minutes:.1f}"
        problem = course.problems.get(name) or ("" if name in course.records else "it saved no results")
        if failure := execution.failure:
            problem = f"code cell {failure.cell}: {failure.error}"
            problem += f"\n  the executed copy shows where: {out / name}.ipynb"
        if problem:
            problems.append(f"FAILED {name}, {problem}")
            rows.append((name, "", "", "", "FAILED", minutes, ""))
            continue
        lines = [row for verdict in course.verdicts[name] for row in _rows_of(verdict)]
        first, *rest = lines or [(name, "", "", "", "")]
        memory = f"{course.records[name].times.peak_memory_mb:.0f}"
        rows += [(*first, minutes, memory), *((*line, "", "") for line in rest)]
    headers = ("claim", "test", "effect [95 % interval]", "needed", "verdict", "minutes", "peak MB")
    return tabulate(rows, headers=headers, disable_numparse=True), problems


def _rows_of(verdict: Verdict) -> list[tuple[str, str, str, str, str]]:
    """One row an outcome; only the first of them has the claim and the verdict."""
    return [
        (
            verdict.claim.id if row == 0 else "",
            f"{outcome.test.id} {outcome.group}".strip(),
            effect(outcome),
            f"{outcome.test.rule} {SYMBOLS[outcome.word]}",
            verdict.word.upper() if row == 0 else "",
        )
        for row, outcome in enumerate(verdict.outcomes)
    ]


def claims(course: Course, width: int) -> str:
    """What `course claims` prints, about so many characters wide: every claim with its verdict."""
    words = {verdict.claim.id: verdict.word for verdict in course.all_verdicts()}
    rows = [
        (
            claim.id + (" *" if claim.headline else ""),
            claim.text,
            claim.cited,
            claim.notebook,
            words.get(claim.id) or {"tested": "not run here"}.get(claim.status, claim.status),
        )
        for claim in ledger.load_ledger().values()
    ]
    headers = ("id", "claim", "document: section", "notebook", "verdict")
    width = max(width, 110)
    widths = [None, (width - 66) // 2, (width - 66) // 3, None, None]
    return tabulate(rows, headers=headers, maxcolwidths=widths)


def comparison(course: Course) -> list[dict[str, Any]]:
    """The first article's table: in each cell what it says, what was measured, and what was judged."""
    verdicts = {verdict.claim.id: verdict for verdict in course.all_verdicts()}
    shown = {technology: figures(course, technology) for technology in TECHNOLOGIES}
    rows = []
    for row in article()["rows"]:
        cells = {
            technology: {
                "says": row[technology]["says"],
                "measured": [
                    (words.format(use=USES[technology]), shown[technology][name])
                    for words, name in row.get("shown", [])
                    if name in shown[technology]
                ],
                "verdicts": [verdicts[claim] for claim in row[technology]["claims"] if claim in verdicts],
                "open": [ledger.get(claim) for claim in row[technology]["claims"] if claim not in verdicts],
            }
            for technology in TECHNOLOGIES
        }
        rows.append({"title": row["title"], "cells": cells})
    return rows


def figures(course: Course, technology: str) -> dict[str, str]:
    """What a cell of the comparison may show of one technology: its models' costs, its lesson's times."""
    costs = [cost for cost in course.costs if cost.technology == technology]
    found = {}
    if costs:
        found = {
            "models": "; ".join(dict.fromkeys(cost.model for cost in costs)),
            "data": ", ".join(dict.fromkeys(cost.data for cost in costs)),
            "parameters": _span(costs, "parameters", "numbers"),
            "train_operations": _span(costs, "train_operations", "operations"),
            "train_cpu_s": _span(costs, "train_cpu_s", "CPU s"),
            "predict_operations": _span(costs, "predict_operations", "operations"),
            "predict_cpu_ms": _span(costs, "predict_cpu_ms", "CPU ms"),
        }
    for name, record in course.records.items():
        if folder.title(name).startswith(f"Lesson {LESSON_OF[technology]}"):
            found["memory"] = span([record.times.peak_memory_mb], "MB")
            found["minutes"] = span([record.times.wall_s / 60], "minutes")
    return found


def _span(costs: Iterable[Cost], field: str, unit: str) -> str:
    return span([getattr(cost, field) for cost in costs], unit)


def data_panels(course: Course) -> list[dict[str, Any]]:
    """What more data did, a panel a technology: its title, and label, claim and outcome of each test."""
    found = {(v.claim.id, o.test.id, o.group): o for v in course.all_verdicts() for o in v.outcomes}
    panels = []
    for panel in article()["data"]:
        rows = [
            (f"{label} {group}".strip(), claim_id, outcome)
            for claim, test, label in panel["lines"]
            for (claim_id, test_id, group), outcome in found.items()
            if (claim_id, test_id) == (claim, test)
        ]
        if rows:
            panels.append({"technology": panel["technology"], "title": panel["title"], "rows": rows})
    return panels


def predictions(course: Course, name: str) -> list[tuple[str, str, str, str]]:
    """What was asked, the guess, what was measured and how the guess fared, for each prediction."""
    record = course.records[name]
    return [
        (question, *results.fared(guess, record.answers.get(question, "")))
        for question, guess in record.predictions.items()
    ]


def conditions(course: Course) -> pd.DataFrame:
    """How each notebook ran, (notebook, condition)."""
    rows = {}
    for name, record in course.records.items():
        times = record.times
        found = re.fullmatch(r"(.{10})T(.{5}):\d\dZ", times.finished)
        rows[name] = {
            "finished": f"{found[1]} {found[2]} UTC" if found else times.finished,
            "minutes": f"{times.wall_s / 60:.1f}",
            "peak MB": f"{times.peak_memory_mb:,.0f}",
            **folder.conditions(record),
            **record.environment.packages,
        }
    return pd.DataFrame.from_dict(rows, orient="index").fillna("")


def not_judged(course: Course) -> list[ledger.Claim]:
    """Claims that a notebook with results tests, but did not judge in its last run."""
    judged = {verdict.claim.id for verdict in course.all_verdicts()}
    return [
        claim
        for claim in ledger.load_ledger().values()
        if claim.notebook in course.records and claim.id not in judged
    ]
