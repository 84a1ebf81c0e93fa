"""Several runs of the course side by side: a class's laptops, or a processor and a graphics card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from tabulate import tabulate

from course_utils import CourseError, files
from course_utils.claims.cards import SYMBOLS
from course_utils.claims.estimates import TOO_SMALL, effect
from course_utils.report import folder, page

NOT_RUN = "not run"
MEASURED = ("minutes", "peak memory (MB)")
"""What differs from run to run and is no condition."""


@dataclass
class Runs:
    """The runs that are compared.

    Attributes
    ----------
    courses : dict
        What each run measured, by the run's name.
    notices : list of str
        What is damaged or does not compare.
    """

    courses: dict[str, folder.Course]
    notices: list[str]

    def outcomes(self) -> pd.DataFrame:
        """Every outcome of every run, one row each."""
        return pd.DataFrame(
            {
                "run": run,
                "notebook": name,
                "claim": verdict.claim.id,
                "verdict": f"{SYMBOLS[verdict.word]} {verdict.word}",
                "test": f"{outcome.test.metric} ({outcome.group})" if outcome.group else outcome.test.metric,
                "needed": outcome.test.rule,
                "measured": f"{SYMBOLS[outcome.word]} {effect(outcome)}",
            }
            for run, course in self.courses.items()
            for name, verdicts in course.verdicts.items()
            for verdict in verdicts
            for outcome in verdict.outcomes
        )

    def conditions(self) -> pd.DataFrame:
        """Conditions, minutes and memory of each notebook in each run, one row each."""
        return pd.DataFrame(
            {"run": run, "notebook": name, "what": what, "value": value}
            for run, course in self.courses.items()
            for name, record in course.records.items()
            for what, value in {
                **folder.conditions(record),
                "minutes": f"{record.times.wall_s / 60:.1f}",
                "peak memory (MB)": f"{record.times.peak_memory_mb:.0f}",
            }.items()
        )

    def tables(self) -> dict[str, pd.DataFrame]:
        """Verdicts, effects, and conditions: one row each, one column a run."""
        outcomes, runs = self.outcomes(), list(self.courses)
        verdicts = side_by_side(outcomes, ["notebook", "claim"], "verdict", runs)
        verdicts.insert(0, "verdicts", [agreement(row) for row in verdicts.to_numpy()])
        effects = side_by_side(outcomes, ["claim", "test", "needed"], "measured", runs)
        conditions = side_by_side(self.conditions(), ["notebook", "what"], "value", runs)
        differ = [
            "≠ differ" if what not in MEASURED and len({*row} - {NOT_RUN}) > 1 else ""
            for (_, what), row in zip(conditions.index, conditions.to_numpy(), strict=True)
        ]
        conditions.insert(0, "conditions", differ)
        return {"Verdicts": verdicts, "Effects": effects, "Conditions and costs": conditions}


def side_by_side(frame: pd.DataFrame, rows: list[str], value: str, runs: Sequence[str]) -> pd.DataFrame:
    """One row for each of `rows`, in the notebooks' order, and the value of each run beside the others'."""
    if frame.empty:
        return pd.DataFrame(columns=runs, index=pd.MultiIndex.from_tuples([], names=rows))
    order = {name: place for place, name in enumerate(folder.in_order())}
    frame = frame.sort_values("notebook", key=lambda names: names.map(order), kind="stable")
    index = pd.MultiIndex.from_frame(frame[rows].drop_duplicates())
    first = frame.drop_duplicates([*rows, "run"])
    return first.pivot(index=rows, columns="run", values=value).reindex(index, columns=runs).fillna(NOT_RUN)


def agreement(words: Sequence[str]) -> str:
    """Whether runs agree on a verdict; one that was too small to judge does not disagree."""
    judged = [word for word in words if word != NOT_RUN and not word.endswith(TOO_SMALL)]
    if len(set(judged)) > 1:
        return "≠ differ"
    return "= agree" if len(judged) > 1 else "– one run" if judged else "… too small"


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
            raise CourseError(
                f"'{path}' holds no results that can be read; give a results file or a folder of them"
                + "".join(f". {notice}" for notice in course.notices)
            )
        name = _name(path, courses)
        courses[name] = course
        notices += [f"{name}: {notice}" for notice in course.notices]
    return Runs(courses, notices + _different(courses))


def _one_file(path: Path) -> folder.Course:
    record, verdicts = folder.read_file(path)
    if record.notebook not in folder.in_order():
        raise CourseError(f"'{path}' is of '{record.notebook}', a notebook that this course does not have")
    return folder.Course([record.notebook], {record.notebook: record}, {record.notebook: verdicts})


def _different(courses: Mapping[str, folder.Course]) -> list[str]:
    """A notice for each condition in which the runs differ; a device or a system is what one compares."""
    found: dict[tuple[str, str], list[str]] = {}
    for notebook in folder.in_order():
        records = {run: each.records[notebook] for run, each in courses.items() if notebook in each.records}
        for condition, values in folder.differing(records).items():
            if condition in ("profile", "lock", "seed"):
                text = ", ".join(f"{name} has {value or 'none'}" for name, value in values.items())
                found.setdefault((condition, text), []).append(notebook)
    return [
        f"Different settings of '{condition}' in {', '.join(notebooks)}: {text}."
        for (condition, text), notebooks in found.items()
    ]


def _name(path: Path, taken: Mapping[str, Any]) -> str:
    """A run's short name, or more of its path where two would have the same."""
    parts = path.resolve().with_suffix("").parts if path.is_file() else path.resolve().parts
    names = ("/".join(parts[-count:]) for count in range(1, len(parts) + 1))
    return next((name for name in names if name not in taken), f"{path} ({len(taken) + 1})")


def printed(runs: Runs) -> str:
    """The tables as a command prints them: of effects and conditions, only what differs or was measured."""
    tables = runs.tables()
    verdicts, effects = tables["Verdicts"], tables["Effects"]
    differing = verdicts[verdicts["verdicts"] == "≠ differ"].index.get_level_values("claim")
    tables["Effects"] = effects[effects.index.get_level_values("claim").isin(differing)]
    conditions = tables["Conditions and costs"]
    measured = conditions.index.get_level_values("what").isin(MEASURED)
    tables["Conditions and costs"] = conditions[measured | (conditions["conditions"] != "")]
    shown = [table.reset_index() for table in tables.values() if len(table)]
    texts = [tabulate(each, headers="keys", showindex=False, disable_numparse=True) for each in shown]
    return "\n\n".join([*texts, *runs.notices])


def write(runs: Runs, path: Path) -> Path:
    """Write the comparison as one HTML file, all of it or nothing."""
    tables = runs.tables()
    n_differing = int((tables["Verdicts"]["verdicts"] == "≠ differ").sum())
    data = {"runs": list(runs.courses), "notices": runs.notices, "tables": tables, "n_differing": n_differing}
    files.write_text(path, page.render("compare.html.jinja", data))
    return path
