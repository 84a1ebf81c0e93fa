"""What a folder of results holds: read once, judged once, and handed on to whoever prints or draws it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course_utils import CourseError
from course_utils.claims import ledger
from course_utils.claims.estimates import Estimate, Verdict
from course_utils.models.costs import Cost
from course_utils.report import results
from course_utils.report.record import Record
from course_utils.run import notebooks


@dataclass
class Course:
    """What a folder of results holds.

    Attributes
    ----------
    names : list of str
        The notebooks that were looked for.
    records : dict
        Good results, by notebook.
    verdicts : dict
        The claims that each of these has judged.
    problems : dict
        Why a file cannot be used, by notebook.
    notices : list of str
        What is damaged or out of date or does not compare, and what to do about it.
    """

    names: list[str]
    records: dict[str, Record] = field(default_factory=dict)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def all_verdicts(self) -> Iterator[Verdict]:
        """Every verdict, notebook by notebook."""
        for verdicts in self.verdicts.values():
            yield from verdicts

    @property
    def costs(self) -> list[Cost]:
        """What models cost, as lab 0_cost has measured it; empty without its results."""
        return self.records["0_cost"].costs if "0_cost" in self.records else []

    @property
    def missing(self) -> list[str]:
        """The notebooks that have no results here."""
        return [name for name in self.names if name not in self.records and name not in self.problems]


def in_order() -> list[str]:
    """Every notebook: each lesson with its labs behind it, and the labs across all lessons last."""
    found = notebooks()
    return sorted(found, key=lambda name: (name[0] == "0", name[0], found[name].lab))


def title(name: str) -> str:
    """What a notebook is called on the page: ``'Lab 2 · Can a network be too deep to train?'``."""
    known = notebooks().get(name)
    kind = "Lab" if known and known.lab else "Lesson"
    return f"{kind} {name[0]} · {known.question if known else name}"


def command(names: Iterable[str], records: Mapping[str, Record] | None = None) -> str:
    """What measures these notebooks: ``'course run 1 2_depth'``; ``'course run labs'`` for all labs.

    In the profile of these records, if they agree.
    """
    names, known = list(names), notebooks()
    labs = [name for name, each in known.items() if each.lab]
    short = [name[0] for name in names if name not in labs]
    short += ["labs"] if set(labs) <= set(names) else [name for name in names if name in labs]
    profiles = {record.run.profile for record in (records or {}).values()} or {"laptop"}
    profile = f" --profile {profiles.pop()}" if len(profiles) == 1 and "laptop" not in profiles else ""
    return " ".join(["course run", *short]) + profile


def read(folder: Path, current: bool = True, names: Iterable[str] = ()) -> Course:
    """Read the results of all notebooks, and of these, from a folder; damage in one file costs only that one.

    `current` is whether they are held against today's requirements.lock. Other files are left alone.
    """
    course = Course(list(dict.fromkeys([*in_order(), *names])))
    for name in course.names:
        path = folder / f"{name}.json"
        if not path.exists():
            continue
        try:
            course.records[name], course.verdicts[name] = read_file(path, name)
        except CourseError as error:
            course.problems[name] = str(error)
            course.notices.append(f"{name} is left out: {error}. To measure it: {command([name])}")
    course.notices += (_out_of_date(course.records) if current else []) + _mixed(course.records)
    return course


def read_file(path: Path, name: str = "") -> tuple[Record, list[Verdict]]:
    """One notebook's results, with its verdicts.

    Raises
    ------
    CourseError
        Missing, damaged, of another notebook than the one that is expected (if one is), or of another ledger.
    """
    try:
        record = results.load(path)
    except CourseError as error:  # the page must not show where a person keeps files
        raise CourseError(str(error).replace(str(path), path.name).split(": run 'course run")[0]) from error
    if name and record.notebook != name:
        raise CourseError(f"'{path.name}' holds the results of '{record.notebook}'")
    return record, judge(record)


def judge(record: Record) -> list[Verdict]:
    """The verdicts of a results file, held against today's ledger again.

    Raises
    ------
    CourseError
        The file has a claim or a test that the ledger does not have, or another word than the ledger's margin
        gives: it was written with another ledger, or by hand.
    """
    verdicts = []
    for judged in record.verdicts:
        claim = ledger.get(judged.claim)
        measured: dict[str, dict[str, Estimate]] = {}
        for each in judged.outcomes:
            estimate = Estimate(each.effect, each.low, each.high, each.n)
            measured.setdefault(each.test, {})[each.group] = estimate
        given = {
            test: groups if claim.test(test).per else groups.get("", groups)
            for test, groups in measured.items()
        }
        verdict = claim.judge(given, record.run.profile)
        if judged.verdict != verdict.word:
            raise CourseError(
                f"it says '{judged.verdict}' of {claim.id} where the ledger gives '{verdict.word}': "
                "it was written with another ledger, or changed by hand"
            )
        verdicts.append(verdict)
    return verdicts


def conditions(record: Record) -> dict[str, str]:
    """What must be the same for two notebooks' figures to be set side by side, by its name."""
    environment = record.environment
    return {
        "profile": record.run.profile,
        "device": record.run.device,
        "seed": str(record.run.seed),
        "lock": environment.lock[:12],
        "Python": environment.python,
        "system": f"{environment.system} {environment.machine}",
    }


def differing(records: Mapping[str, Record]) -> dict[str, dict[str, str]]:
    """The conditions in which these records differ: by condition, its value by name of the record."""
    all_of = {name: conditions(record) for name, record in records.items()}
    names = next(iter(all_of.values()), {})
    values = {condition: {name: each[condition] for name, each in all_of.items()} for condition in names}
    return {condition: found for condition, found in values.items() if len(set(found.values())) > 1}


def _out_of_date(records: Mapping[str, Record]) -> list[str]:
    """A notice of the notebooks that ran with other packages than those of the current lock."""
    lock = results.environment().lock
    others = [name for name, record in records.items() if record.environment.lock != lock]
    if not lock or not others:
        return []
    return [
        f"Out of date: measured with another requirements.lock than the current one, {lock[:12]} "
        f"({', '.join(others)}). To measure anew: {command(others, records)}"
    ]


def _mixed(records: Mapping[str, Record]) -> list[str]:
    """A notice for each condition in which the notebooks differ: their figures do not compare."""
    notices = []
    for condition, values in differing(records).items():
        of = {value: [name for name in values if values[name] == value] for value in values.values()}
        told = "; ".join(f"{value or 'none'} in {', '.join(names)}" for value, names in of.items())
        notices.append(
            f"Different settings of '{condition}': {told}. "
            "Their figures stand side by side but do not compare."
        )
    return notices
