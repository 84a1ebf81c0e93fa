"""What a folder of results holds: lessons, their verdicts, and what is missing or wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_utils import CourseError
from course_utils.claims import ledger
from course_utils.claims.estimates import Estimate, Verdict
from course_utils.report import comparison, results

TITLES = {
    "1_classic_ml": "Classic machine learning",
    "2_deep_cnn": "Deep network",
    "3_small_llm": "Small language model",
    "4_generative_model": "Generative model",
}
"""The lessons, in order, as the page calls them."""


@dataclass
class Course:
    """What a folder of results holds.

    Attributes
    ----------
    records : dict
        Good results, as `results.load` gives them, by lesson.
    verdicts : dict
        The claims judged in each lesson; those about all lessons under ``""``.
    notices : list of str
        What is missing, damaged or out of date, and what to do about it.
    obstacle : str
        Why the claim about all lessons is not judged, ``""`` when it is.
    """

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    obstacle: str = ""

    def all_verdicts(self) -> Iterator[Verdict]:
        """Every verdict, lesson by lesson."""
        for verdicts in self.verdicts.values():
            yield from verdicts


def read(folder: Path, current: bool = True) -> Course:
    """Read the results of all lessons from a folder; what is wrong with one becomes a notice.

    `current` is whether they are held against today's requirements.lock.
    """
    course = Course()
    for lesson in TITLES:
        path = folder / f"{lesson}.json"
        try:
            course.records[lesson], course.verdicts[lesson] = read_lesson(path, lesson)
        except CourseError as error:
            reason = f"is left out: {error}" if path.exists() else "has no results yet"
            course.notices.append(f"Lesson {lesson} {reason}. To measure it: {command([lesson])}")
    course.notices += (_out_of_date(course.records) if current else []) + _mixed(course.records)
    course.obstacle = comparison.obstacle(course.records)
    if not course.obstacle:
        course.verdicts[""] = [comparison.judge(course.records)]
    return course


def command(lessons: Iterable[str], records: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """What measures these lessons (all when there are none): ``'course run 1 3'``.

    In the profile of these records, if they agree.
    """
    profiles = {record["run"]["profile"] for record in (records or {}).values()} or {"laptop"}
    profile = f" --profile {profiles.pop()}" if len(profiles) == 1 and "laptop" not in profiles else ""
    return " ".join(["course run", *(lesson[0] for lesson in lessons)]) + profile


def read_lesson(path: Path, lesson: str = "") -> tuple[dict[str, Any], list[Verdict]]:
    """One lesson's results with its verdicts, checked so far that a page can be made of them.

    Raises
    ------
    CourseError
        Missing, damaged, of another lesson than the one that is expected (if one is), of another ledger,
        or with a model of unknown technology.
    """
    try:
        record = results.load(path)
        verdicts = read_verdicts(record)
        _check(record)
    except CourseError as error:  # the page must not show where a person keeps files
        raise CourseError(str(error).replace(str(path), path.name).split(": run 'course run")[0]) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # JSON, but not of a lesson
        raise CourseError(f"'{path.name}' is damaged ({type(error).__name__}: {error})") from error
    if lesson and record["lesson"] != lesson:
        raise CourseError(f"'{path.name}' holds the results of lesson '{record['lesson']}'")
    return record, verdicts


def _check(record: Mapping[str, Any]) -> None:
    """Look at everything that is shown as a number or named."""
    times, environment = record["times"], record["environment"]
    numbers = [times["wall_s"], times["peak_memory_mb"]]
    for cost in comparison.model_costs({record["lesson"]: record}):
        numbers += [getattr(cost, name) for name in results.COST_FIELDS]
    if not all(isinstance(number, (int, float)) and 0 <= number < math.inf for number in numbers):
        raise ValueError("a cost is not a number, or negative")
    text = [times["finished"], *comparison.conditions(record).values(), *environment["packages"].values()]
    if not all(isinstance(each, str) for each in text):
        raise ValueError("a condition is not a text")
    answers = results.answers(record)
    for question, guess in dict(record["predictions"]).items():
        results.fared(guess, answers.get(question, ""))


def read_verdicts(record: Mapping[str, Any]) -> list[Verdict]:
    """The verdicts of a results file, held against today's ledger again.

    Raises
    ------
    CourseError
        The file has a claim or a test that the ledger does not have, or another outcome than the ledger's
        margin gives: it was written with another ledger.
    """
    measured: dict[str, dict[str, dict[str, Estimate]]] = {}
    for row in results.verdict_outcomes(record):
        estimate = Estimate(*(row[key] for key in ("effect", "low", "high", "n")))
        measured.setdefault(row["claim"], {}).setdefault(row["test"], {})[row["group"]] = estimate
    verdicts = []
    for claim_id, tests in measured.items():
        claim = ledger.get(claim_id)
        given = {name: groups if claim.test(name).per else groups[""] for name, groups in tests.items()}
        verdicts.append(claim.judge(given, record["run"]["profile"]))
    words = {each["claim"]: each["verdict"] for each in record["verdicts"]}
    for verdict in verdicts:
        if words[verdict.claim.id] != verdict.word:
            raise CourseError(
                f"it says '{words[verdict.claim.id]}' of {verdict.claim.id} where the ledger gives "
                f"'{verdict.word}': it was written with another ledger"
            )
    return verdicts


def _out_of_date(records: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A notice of the lessons that ran with other packages than those of the current lock."""
    lock = results.environment()["lock"]
    others = {
        lesson: record["environment"]["lock"][:12] or "none"
        for lesson, record in records.items()
        if record["environment"]["lock"] != lock
    }
    if not lock or not others:
        return []
    found = ", ".join(f"{lesson} {other}" for lesson, other in others.items())
    return [
        f"Out of date: measured with another requirements.lock than the current one, {lock[:12]} ({found}). "
        f"To measure anew: {command(others, records)}"
    ]


def _mixed(records: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A notice for each condition in which the lessons differ: their figures do not compare."""
    return [
        f"The lessons ran with different settings of '{condition}': "
        + ", ".join(f"{lesson} {value}" for lesson, value in values.items())
        + ". Their figures stand side by side but do not compare, and cmp-compute is not judged."
        for condition, values in comparison.differing(records).items()
    ]
