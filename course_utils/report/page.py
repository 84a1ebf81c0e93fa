"""The course's report: what the lessons and labs measured on this machine, on one page.

The page is made of results files alone. It comes whatever is missing, damaged or out of date, and says so.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from course_utils import files
from course_utils.claims import cards, estimates, ledger
from course_utils.claims.estimates import Outcome, Test, Verdict
from course_utils.models.costs import TECHNOLOGIES, Cost
from course_utils.report import tables
from course_utils.report.drawings import NAMES, Axis, cost_figure, inline, interval_svg
from course_utils.report.folder import Course, command, title

TONES = dict(zip("12340", [*NAMES.values(), "all"], strict=True))
"""The colour of a lesson and its labs by their number: that of its technology; 0 stands for all lessons."""

SIGNS = {"classic": "●", "deep": "■", "llm": "▲", "generative": "◆", "all": "○"}
"""The same marks as in the figure."""


def write(course: Course, path: Path) -> Path:
    """Write the report of a folder of results as one HTML file, all of it or nothing.

    Raises
    ------
    CourseError
        The file cannot be written.
    """
    files.write_text(path, html(course))
    return path


def html(course: Course) -> str:
    """The page."""
    costs = course.costs
    conditions = tables.conditions(course)
    alike = [name for name in conditions if name not in tables.MEASURED and conditions[name].nunique() == 1]
    data = {
        "course": course,
        "technologies": TECHNOLOGIES,
        "names": NAMES,
        "verdicts": {
            name: sorted(of, key=lambda verdict: not verdict.claim.headline)
            for name, of in course.verdicts.items()
        },
        "counts": Counter(verdict.word for verdict in course.all_verdicts()),
        "rows": tables.comparison(course),
        "costs": costs,
        "cost_figure": inline(cost_figure(costs), _in_words(costs)) if costs else "",
        "panels": tables.data_panels(course),
        "predictions": {name: tables.predictions(course, name) for name in course.records},
        "not_judged": tables.not_judged(course),
        "untested": [claim for claim in ledger.load_ledger().values() if claim.status != "tested"],
        "documents": ledger.documents(),
        "alike": {name: conditions[name].iloc[0] for name in alike},
        "conditions": conditions.drop(columns=alike),
        "measured": tables.MEASURED,
    }
    return render("report.html.jinja", data)


def render(template: str, data: Mapping[str, Any]) -> str:
    """A page of the course from its template."""
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return _environment().get_template(template).render(made=made, **data)


@cache
def _environment() -> jinja2.Environment:
    """Templates, in which everything from a file is escaped."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates", encoding="utf-8")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(
        symbols=cards.SYMBOLS, signs=SIGNS, tones=TONES, axis=Axis, drawing=interval_svg
    )
    environment.globals.update(by_test=by_test, command=command, title=title)
    environment.filters.update(number=estimates.number, effect=estimates.effect, notice=_notice)
    return environment


def by_test(verdict: Verdict) -> list[tuple[Test, list[Outcome], Axis]]:
    """The outcomes of each test, with the axis that they share."""
    tests = dict.fromkeys(outcome.test for outcome in verdict.outcomes)
    groups = {test: [outcome for outcome in verdict.outcomes if outcome.test == test] for test in tests}
    return [(test, outcomes, Axis(outcomes)) for test, outcomes in groups.items()]


def _notice(text: str) -> Markup:
    """A notice whose last words are a command, with the command set apart."""
    said, found, options = text.rpartition(": course run")
    return Markup("{}: <code>course run{}</code>").format(said, options) if found else escape(text)


def _in_words(costs: Sequence[Cost]) -> str:
    """The figure of costs for those who cannot see it."""
    parts = []
    for key, name in TECHNOLOGIES.items():
        mine = [cost for cost in costs if cost.technology == key]
        if mine:
            training = estimates.span([cost.train_operations for cost in mine], "operations")
            answer = estimates.span([cost.predict_cpu_ms for cost in mine], "CPU ms")
            parts.append(f"{name} took {training} to train and {answer} for one prediction.")
    return (
        "Each model as a numbered mark: operations of one training against CPU time of one prediction, "
        f"both axes logarithmic, the mark larger the more numbers the model keeps. {' '.join(parts)} "
        "The table below has the numbers."
    )
