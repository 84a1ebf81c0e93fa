"""What a folder of results holds: lessons, their verdicts, and what is missing or wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_utils import CourseError, claims, comparison, results
from course_utils.verdicts import Estimate, Verdict

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
    """

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def all_verdicts(self) -> Iterator[Verdict]:
        """Every verdict, lesson by lesson."""
        for verdicts in self.verdicts.values():
            yield from verdicts


def read(folder: Path) -> Course:
    """Read the results of all lessons from a folder; what is wrong with one becomes a notice."""
    course = Course()
    for lesson in TITLES:
        try:
            record = results.load(folder / f"{lesson}.json")
            verdicts = read_verdicts(record)
            comparison.model_costs({lesson: record})
            comparison.conditions(record)
        except CourseError as error:
            reason = (
                "has no results yet" if not (folder / f"{lesson}.json").exists() else f"is left out: {error}"
            )
            course.notices.append(f"Lesson {lesson} {reason}. Run it: course run {lesson[0]}")
            continue
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
        ) as error:  # JSON, but not what a lesson writes
            course.notices.append(
                f"Lesson {lesson} is left out: its results are damaged ({type(error).__name__}: {error}). "
                f"Run it anew: course run {lesson[0]}"
            )
            continue
        course.records[lesson], course.verdicts[lesson] = record, verdicts
    course.notices += _out_of_date(course.records) + _mixed(course.records)
    across = comparison.judge(course.records)
    if across is not None:
        course.verdicts[""] = [across]
    return course


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
        claim = claims.get(claim_id)
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
    """A notice for each lesson that ran with other packages than those of today's lock."""
    lock = results.environment()["lock"]
    return [
        f"Lesson {lesson} ran with another requirements.lock than today's "
        f"({record['environment']['lock'][:12] or 'none'} instead of {lock[:12]}). "
        f"To measure it anew: course run {lesson[0]}"
        for lesson, record in records.items()
        if lock and record["environment"]["lock"] != lock
    ]


def _mixed(records: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A notice for each condition in which the lessons differ: their figures do not compare."""
    return [
        f"The lessons ran with different settings of '{condition}': "
        + ", ".join(f"{lesson} {value}" for lesson, value in values.items())
        + ". Their figures stand side by side but do not compare, and cmp-compute is not judged."
        for condition, values in comparison.differing(records).items()
    ]
