"""What a results file holds, as types, and the one place where a file's content is checked against them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from course_utils import CourseError
from course_utils.claims import cards
from course_utils.claims.estimates import Estimate
from course_utils.models.costs import Cost

Answer = Estimate | str
"""What answers a prediction: a measured effect, or a verdict's word."""


@dataclass(frozen=True)
class Measured:
    """An `Outcome` as the file keeps it; `timed` when a clock has measured it."""

    test: str
    group: str
    effect: float
    low: float
    high: float
    n: int
    outcome: str
    timed: bool


@dataclass(frozen=True)
class Judged:
    """A `Verdict` as the file keeps it."""

    claim: str
    verdict: str
    outcomes: list[Measured]


@dataclass(frozen=True)
class Conditions:
    """What the notebook was run with."""

    profile: str
    device: str
    seed: int


@dataclass(frozen=True)
class Environment:
    """Versions and kind of machine; no name of a person, host or folder."""

    course_utils: str
    python: str
    system: str
    machine: str
    lock: str
    packages: dict[str, str]


@dataclass(frozen=True)
class Times:
    """When the notebook ended and what it took: seconds by the clock and of the processor, memory."""

    finished: str
    wall_s: float
    cpu_s: float
    peak_memory_mb: float


@dataclass(frozen=True)
class Record:
    """All that a notebook's results file holds.

    Attributes
    ----------
    notebook : str
        '2_deep_cnn' or '2_depth'.
    run, environment, times
        The conditions, the machine, and what it took.
    verdicts : list of Judged
        In the notebook's order.
    costs : list of Cost
        What models cost; only lab 0_cost measures it.
    predictions, answers : dict
        What the student expected and what came out, by question.
    exercises : dict of str
        'correct', 'not yet' or 'not attempted' by exercise.
    mistakes : dict of str
        By exercise that is 'not yet': the hint to the typical mistake that the answer looks like, or ``""``.
        Nothing of the answer itself. Empty in a file of version 3.

    Raises
    ------
    CourseError
        A cost is negative, or an answer is no verdict's word.
    """

    notebook: str
    run: Conditions
    verdicts: list[Judged]
    costs: list[Cost]
    predictions: dict[str, str | float | bool | None]
    answers: dict[str, Answer]
    exercises: dict[str, str]
    mistakes: dict[str, str]
    environment: Environment
    times: Times

    def __post_init__(self) -> None:
        rows = [asdict(cost) for cost in self.costs] + [asdict(self.times)]
        if any(value < 0 for row in rows for value in row.values() if not isinstance(value, str)):
            raise CourseError("a cost or a time is negative")
        words = {answer for answer in self.answers.values() if isinstance(answer, str)}
        if unknown := sorted(words - {"", *cards.SYMBOLS}):
            raise CourseError(f"'{unknown[0]}' is no verdict's word")


def parse(content: Mapping[str, Any]) -> Record:
    """A record from what its file holds as JSON.

    Raises
    ------
    CourseError
        A field is missing, unknown or of another type; names it, what was expected and what came.
    """
    return _typed(Record, content, "it")


def _typed(kind: Any, value: Any, where: str) -> Any:
    """A value from JSON as `kind`, which may be a dataclass, list, dict or union of such.

    Raises
    ------
    CourseError
        It is something else; names the place, what was expected and what came.
    """
    of, parts = get_origin(kind), get_args(kind)
    if is_dataclass(kind) and isinstance(value, dict):
        hints = get_type_hints(kind)
        if odd := sorted(set(value) ^ set(hints)):
            raise CourseError(f"{where} {'has an unknown' if odd[0] in value else 'lacks'} '{odd[0]}'")
        return kind(**{name: _typed(hint, value[name], f"'{name}'") for name, hint in hints.items()})
    if of is list and isinstance(value, list):
        return [_typed(parts[0], each, where) for each in value]
    if of is dict and isinstance(value, dict):
        return {key: _typed(parts[1], each, f"{where} of '{key}'") for key, each in value.items()}
    if of is UnionType:
        fitting = [part for part in parts if _fits(part, value)]
        return _typed(fitting[0], value, where) if fitting else _refuse(kind, value, where)
    return value if _fits(kind, value) and not is_dataclass(kind) else _refuse(kind, value, where)


def _fits(kind: Any, value: Any) -> bool:
    """Whether a value from JSON can be of this plain kind; whole numbers are floats, too."""
    if is_dataclass(kind):
        return isinstance(value, dict)
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is kind if isinstance(kind, type) else False


def _refuse(kind: Any, value: Any, where: str) -> None:
    expected = getattr(kind, "__name__", str(kind))
    raise CourseError(f"{where} should be {expected}, came {str(value)[:30]!r}")
