"""Several runs of the course side by side: a class's laptops, or a processor and a graphics card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils import CourseError, files
from course_utils.claims import ledger as claims
from course_utils.claims.estimates import TOO_SMALL, Outcome, Verdict
from course_utils.report import comparison, folder, page


@dataclass(frozen=True)
class Claimed:
    """A claim with its verdict word in each run, ``""`` where it was not judged."""

    claim: claims.Claim
    words: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether runs disagree; one that was too small to judge does not."""
        return len(set(self.words) - {"", TOO_SMALL}) > 1

    @property
    def agreement(self) -> str:
        """Whether they agree, as a sign and a word."""
        judged = [word for word in self.words if word not in ("", TOO_SMALL)]
        if self.differs:
            return "≠ differ"
        return "= agree" if len(judged) > 1 else "– one run" if judged else "… too small"


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

    courses: dict[str, folder.Course]
    notices: list[str]

    def claims(self) -> list[Claimed]:
        """Each claim that a run judged, with its words, lesson by lesson and those of all lessons last."""
        verdicts = [{v.claim.id: v for v in course.all_verdicts()} for course in self.courses.values()]
        found = [
            Claimed(claim, tuple(v[claim.id].word if claim.id in v else "" for v in verdicts))
            for claim in claims.load_ledger().values()
        ]
        return [each for each in found if any(each.words)]

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
        for lesson in folder.TITLES:
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
    values = (f"{times['wall_s'] / 60:.1f}", f"{times['peak_memory_mb']:.0f}")
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
    courses: dict[str, folder.Course] = {}
    notices = []
    for path in paths:
        course = folder.read(path, current=False) if path.is_dir() else _one_file(path)
        if not course.records:
            found = f": {' '.join(course.notices)}" if any(path.glob("*.json")) else ""
            raise CourseError(
                f"'{path}' holds no results of a lesson that can be read; "
                f"give a results file or a folder of them{found}"
            )
        name = _name(path, courses)
        courses[name] = course
        notices += [f"{name}: {notice}" for notice in course.notices]
    return Runs(courses, notices + _different(courses))


def _different(courses: Mapping[str, folder.Course]) -> list[str]:
    """A notice for each condition in which the runs differ; a device or a system is what one compares."""
    found: dict[tuple[str, str], list[str]] = {}
    for lesson in folder.TITLES:
        records = {name: each.records[lesson] for name, each in courses.items() if lesson in each.records}
        for condition, values in comparison.differing(records).items():
            if condition in ("profile", "lock", "seed"):
                text = ", ".join(f"{name} has {value or 'none'}" for name, value in values.items())
                found.setdefault((condition, text), []).append(lesson[0])
    return [
        f"Different settings of '{condition}' in lesson {', '.join(lessons)}: {text}."
        for (condition, text), lessons in found.items()
    ]


def write(runs: Runs, path: Path) -> Path:
    """Write the comparison as one HTML file, all of it or nothing."""
    rows = runs.claims()
    data = {
        "runs": list(runs.courses),
        "notices": runs.notices,
        "rows": rows,
        "groups": [
            (number, [row for row in rows if row.claim.lesson == number]) for number in (1, 2, 3, 4, 0)
        ],
        "differing": [row for row in rows if row.differs],
        "tests": runs.tests(),
        "settings": runs.settings(),
        "titles": folder.TITLES,
        "tones": {int(lesson[0] if lesson else 0): tone for lesson, tone in page.TONES.items()},
    }
    files.write_text(path, page.render("compare.html.jinja", data))
    return path


def _one_file(path: Path) -> folder.Course:
    record, verdicts = folder.read_lesson(path)
    lesson = record["lesson"]
    if lesson not in folder.TITLES:
        raise CourseError(f"'{path}' is of lesson '{lesson}', which this course does not have")
    return folder.Course({lesson: record}, {lesson: verdicts})


def _name(path: Path, taken: Mapping[str, Any]) -> str:
    """A run's short name, or more of its path where two would have the same."""
    parts = path.resolve().with_suffix("").parts if path.is_file() else path.resolve().parts
    names = ("/".join(parts[-count:]) for count in range(1, len(parts) + 1))
    return next((name for name in names if name not in taken), f"{path} ({len(taken) + 1})")
