"""Several runs of the course side by side: a class's laptops, or a processor and a graphics card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils import CourseError, comparison, files, measured, report, results
from course_utils.verdicts import Outcome, Verdict


@dataclass(frozen=True)
class Claimed:
    """A claim's verdict word in each run, ``""`` where it was not measured."""

    claim: str
    words: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs that measured it disagree."""
        return len({word for word in self.words if word}) > 1


@dataclass
class Runs:
    """The runs that are compared.

    Attributes
    ----------
    courses : dict
        What each run measured, by the run's name.
    notices : list of str
        What is missing or does not compare.
    """

    courses: dict[str, measured.Course]
    notices: list[str]

    def claims(self) -> list[Claimed]:
        """Each claim that a run measured, with its words."""
        verdicts = [{v.claim.id: v for v in course.all_verdicts()} for course in self.courses.values()]
        words = {
            claim: tuple(v[claim].word if claim in v else "" for v in verdicts)
            for claim in _in_order(verdicts)
        }
        return [Claimed(claim, each) for claim, each in words.items()]

    def tests(self) -> list[dict[str, Any]]:
        """Each test and group with its outcome in each run, None where it was not measured."""
        found = [_outcomes(course.all_verdicts()) for course in self.courses.values()]
        rows = []
        for key in _in_order(found):
            outcomes = [each.get(key) for each in found]
            test = next(outcome for outcome in outcomes if outcome).test
            label = f"{test.metric} ({key[2]})" if key[2] else test.metric
            rows.append({"claim": key[0], "label": label, "rule": test.rule, "outcomes": outcomes})
        return rows

    def settings(self) -> list[dict[str, Any]]:
        """Conditions, minutes and memory of each lesson in each run, ``""`` where it was not run."""
        rows = []
        for lesson in measured.TITLES:
            of = [
                _setting(course.records[lesson]) if lesson in course.records else {}
                for course in self.courses.values()
            ]
            for what in _in_order(of):
                found = [each.get(what, "") for each in of]
                differs = what not in MEASURED and len({value for value in found if value}) > 1
                rows.append({"lesson": lesson, "what": what, "found": found, "differs": differs})
        return rows


MEASURED = ("minutes", "peak memory (MB)")


def _setting(record: Mapping[str, Any]) -> dict[str, str]:
    times = record["times"]
    values = (f"{times['wall_s'] / 60:.1f}", str(times["peak_memory_mb"]))
    return comparison.conditions(record) | dict(zip(MEASURED, values, strict=True))


def _outcomes(verdicts: Iterable[Verdict]) -> dict[tuple[str, str, str], Outcome]:
    return {(v.claim.id, o.test.id, o.group): o for v in verdicts for o in v.outcomes}


def _in_order(found: Sequence[Mapping[Any, Any]]) -> list[Any]:
    """All keys, in the order in which they are met first."""
    return list(dict.fromkeys(key for each in found for key in each))


def read(paths: Sequence[Path]) -> Runs:
    """Read runs, each from a folder of results or from one results file.

    Raises
    ------
    CourseError
        Fewer than two paths, or one that has no results that can be read.
    """
    if len(paths) < 2:
        raise CourseError(f"comparing takes two or more results files or folders, got {len(paths)}")
    courses: dict[str, measured.Course] = {}
    notices = []
    for path in paths:
        course = measured.read(path) if path.is_dir() else _one_file(path)
        if not course.records:
            raise CourseError(
                f"'{path}' holds no results of a lesson: give a results file or a folder of them"
            )
        name = _name(path, courses)
        courses[name] = course
        notices += [f"{name}: {notice}" for notice in course.notices if path.is_dir()]
    for lesson in measured.TITLES:
        records = {
            name: course.records[lesson] for name, course in courses.items() if lesson in course.records
        }
        for condition, values in comparison.differing(records).items():
            if condition in ("profile", "lock", "seed"):  # a device or a system is what one compares
                found = ", ".join(f"{name} {value}" for name, value in values.items())
                notices.append(f"{lesson} ran with different settings of '{condition}': {found}.")
    return Runs(courses, notices)


def write(runs: Runs, path: Path) -> Path:
    """Write the comparison as one HTML file, all of it or nothing."""
    data = {
        "runs": list(runs.courses),
        "notices": runs.notices,
        "rows": runs.claims(),
        "tests": runs.tests(),
        "settings": runs.settings(),
    }
    files.write_text(path, report.render("compare.html.jinja", data))
    return path


def _one_file(path: Path) -> measured.Course:
    record = results.load(path)
    lesson = record["lesson"]
    if lesson not in measured.TITLES:
        raise CourseError(f"'{path}' is of lesson '{lesson}', which this course does not have")
    return measured.Course({lesson: record}, {lesson: measured.read_verdicts(record)})


def _name(path: Path, taken: Mapping[str, Any]) -> str:
    """A run's short name, or more of its path where two would have the same."""
    parts = path.resolve().with_suffix("").parts if path.is_file() else path.resolve().parts
    names = ("/".join(parts[-count:]) for count in range(1, len(parts) + 1))
    return next((name for name in names if name not in taken), f"{path} ({len(taken) + 1})")
