"""The checker of exercises: is an answer right, half right, or which mistake does it look like?

An exercise knows the right answer and the answers that people typically give instead, each with the
hint that helps. Both are *computed* from the data of the lesson, so that they fit every seed and table.

Where grades are given (nbgrader executes, or ``COURSE_CHECKS=strict``) a check is strict: whatever earns
nothing raises, and an answer that is right in part gives its share as the cell's value, which nbgrader
takes as points. An assignment in an answer cell (to the workbook, its module, its exercises, its
statuses, the data) does not change a check: those are read-only or copies. This is not a safe. It does not
stop anyone who puts another module into `sys.modules`, imports the package anew without nbgrader's variable,
writes into `vars` of a module or into a function's code or closure, takes Python itself apart (`gc`,
`ctypes`, patched libraries) or reads this package's source. Such a cell is plain to see for whoever reads it.
"""

from __future__ import annotations

import inspect
import os
import reprlib
import sys
import types
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from typing import Any

from course_utils import CourseError, variables
from course_utils.exercises.exercise import Exercise, is_foreign, plain
from course_utils.exercises.guard import (
    FUNCTIONS,
    SealedClass,
    TimeUp,
    copied,
    on_copies,
    refuse,
    seal,
    time_limit,
)

CORRECT, NOT_YET, NOT_ATTEMPTED = "correct", "not yet", "not attempted"
SYMBOLS = {CORRECT: "✔", NOT_YET: "✘", NOT_ATTEMPTED: "…"}
LIMIT_S = 20
"""Seconds in which an answer must be compared with the right one; nbgrader stops a cell after 30."""


class Workbook(metaclass=SealedClass):
    """The exercises of one lesson or lab, as its notebook sees them: nothing in it can be replaced.

    Attributes
    ----------
    check, given, hint, summary : callable
        See `_Checker`.
    statuses, mistakes, titles : mapping of str to str
        'correct', 'not yet' or 'not attempted' by id; for each that is 'not yet', the hint to the typical
        mistake that it looks like, ``""`` for none of them; a few words on each exercise. Read-only.
    """

    __slots__ = ("check", "given", "hint", "mistakes", "statuses", "summary", "titles")
    check: Callable[..., float | None]
    given: Callable[..., None]
    hint: Callable[[str], None]
    summary: Callable[[], None]
    statuses: Mapping[str, str]
    mistakes: Mapping[str, str]
    titles: Mapping[str, str]

    def __init__(self, checker: _Checker) -> None:
        for name in ("check", "given", "hint", "summary"):
            object.__setattr__(self, name, _closed(getattr(checker, name)))
        titles = {exercise.id: exercise.title for exercise in checker.exercises.values()}
        for name, words in {
            "statuses": checker.statuses,
            "mistakes": checker.mistakes,
            "titles": titles,
        }.items():
            object.__setattr__(self, name, types.MappingProxyType(words))

    __setattr__ = __delattr__ = refuse


class _Checker(metaclass=SealedClass):
    """What lies behind a workbook."""

    __slots__ = ("exercises", "hints_given", "kept", "mistakes", "statuses", "strict")
    exercises: Mapping[str, Exercise]
    hints_given: dict[str, int]
    kept: dict[str, dict[str, Any]]
    statuses: dict[str, str]
    mistakes: dict[str, str]
    strict: bool

    def __init__(self, exercises: Mapping[str, Exercise]) -> None:
        parts = {
            "exercises": types.MappingProxyType(exercises),
            "statuses": dict.fromkeys(exercises, NOT_ATTEMPTED),
            "hints_given": dict.fromkeys(exercises, 0),
            "kept": {},
            "mistakes": {},
            "strict": is_strict(),  # once: an answer cell that changes the environment comes too late
        }
        for name, part in parts.items():
            object.__setattr__(self, name, part)

    __setattr__ = __delattr__ = refuse

    def given(self, exercise_id: str, **data: Any) -> None:
        """State what an exercise is about; the check computes with copies of it.

        So nothing that an answer cell does to the data makes a wrong answer right or a right one wrong.

        Examples
        --------
        In a cell before the exercise (marked ``given="3.1"``), and in the one that checks it:

        >>> p = np.array([0.5, 0.25, 0.125, 0.25])
        >>> exercises.given("3.1", p=p)
        >>> exercises.check("3.1", answer_3_1)
        """
        self._get(exercise_id)
        if not (self.strict and exercise_id in self.kept):  # where grades are given, the first word counts
            self.kept[exercise_id] = copied(data)

    def check(self, exercise_id: str, answer: Any, **context: Any) -> float | None:
        """Print how the answer stands.

        Parameters
        ----------
        exercise_id : str
            '1.2'.
        answer : Any
            The student's; `...` means not attempted.
        **context
            The lesson's data that the right answer is computed from, beside those of `given`.

        Returns
        -------
        float or None
            Where checks are strict and a part of the answer is right: its share, between 0 and 1.

        Raises
        ------
        CourseError
            There is no such exercise; its data are missing; or checks are strict and nothing is right.
        """
        exercise = self._get(exercise_id)
        context |= self.kept.get(exercise_id, {})
        _require_data(exercise, context)
        if answer is ...:
            share, status, message, mistake = 0.0, NOT_ATTEMPTED, "", ""
        else:
            share, message, mistake = _judge(exercise, answer, context)
            status = CORRECT if share == 1 else NOT_YET
        self.statuses[exercise_id] = status
        self.mistakes.pop(exercise_id, None)  # of the answer before
        if status == NOT_YET:
            self.mistakes[exercise_id] = mistake
        print(f"{SYMBOLS[status]} {exercise_id} {exercise.title}: {status}")
        if message:
            print(f"  {message}")
        if self.strict and status != CORRECT:
            if share == 0:
                raise CourseError(f"exercise {exercise_id} is '{status}'. {message}")
            return round(share, 3)
        return None

    def hint(self, exercise_id: str) -> None:
        """Print the next hint; each call tells a little more.

        Raises
        ------
        CourseError
            There is no such exercise.
        """
        exercise = self._get(exercise_id)
        given = min(self.hints_given[exercise_id] + 1, len(exercise.hints))
        self.hints_given[exercise_id] = given
        print(f"Hint {given} of {len(exercise.hints)}: {exercise.hints[given - 1]}")

    def summary(self) -> None:
        """Print one line for each exercise."""
        for exercise_id, status in self.statuses.items():
            print(f"{SYMBOLS[status]} {exercise_id} {self.exercises[exercise_id].title}: {status}")

    def _get(self, exercise_id: str) -> Exercise:
        if exercise_id not in self.exercises:
            raise CourseError(f"unknown exercise '{exercise_id}': there are {', '.join(self.exercises)}")
        return self.exercises[exercise_id]


def _closed(method: Callable[..., Any]) -> Callable[..., Any]:
    """A function that does what a method does, and does not have the method's object as an attribute."""

    def call(*arguments: Any, **named: Any) -> Any:
        return method(*arguments, **named)

    call.__name__, call.__doc__ = method.__name__, method.__doc__
    vars(call)["__signature__"] = inspect.signature(method)
    return call


def workbook(*exercises: Exercise) -> Workbook:
    """A workbook of these exercises, in this order; a lesson's module that has one is read-only from then on.

    Raises
    ------
    CourseError
        Two exercises have the same id, or ``COURSE_CHECKS`` has a value that is not valid.
    """
    ids = [exercise.id for exercise in exercises]
    if len(set(ids)) < len(ids):
        raise CourseError(f"two exercises have the same id: {', '.join(ids)}")
    caller = sys._getframe(1).f_globals["__name__"]
    if caller.startswith(f"{__package__}."):
        seal(caller)
    return Workbook(_Checker({exercise.id: exercise for exercise in exercises}))


def is_strict() -> bool:
    """Whether grades are given: nbgrader grades or validates, or ``COURSE_CHECKS=strict``.

    Raises
    ------
    CourseError
        ``COURSE_CHECKS`` has another value.
    """
    return variables.read("COURSE_CHECKS") == "strict" or "NBGRADER_EXECUTION" in os.environ


def _require_data(exercise: Exercise, context: Mapping[str, Any]) -> None:
    """Refuse to judge without the data that the right answer is computed from."""
    parameters = inspect.signature(exercise.solution).parameters.values()
    needed = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD and p.default is p.empty]
    if missing := [name for name in needed if name not in context]:
        raise CourseError(
            f"exercise {exercise.id} needs {', '.join(missing)}: run the cells above it, then check again"
        )


def _judge(exercise: Exercise, answer: Any, context: Mapping[str, Any]) -> tuple[float, str, str]:
    """The share of an answer that is right, what to say to it, and which mistake it is."""
    try:
        right = exercise.solution(**context)
    except Exception as error:
        raise CourseError(
            f"exercise {exercise.id} cannot be judged with these data ({type(error).__name__}: {error}): "
            "restart the kernel and run all cells above"
        ) from error
    if not is_foreign(right):  # or else the exercise is about tensors or tables
        answer = plain(answer)
    if isinstance(answer, FUNCTIONS) and not exercise.in_place:
        answer = on_copies(answer)

    def same(other: Any) -> float:
        share = float(exercise.same(answer, other, **copied(context)))
        return share if 0 <= share <= 1 else 0.0

    share = 0.0
    try:
        # nbgrader takes anything on stderr, a warning or a progress bar too, for a failure
        with redirect_stderr(sys.stdout):
            with time_limit(LIMIT_S):
                share = same(right)
            if share == 1:
                return 1.0, "", ""
            for mistake in exercise.mistakes:
                if same(mistake.answer(**context)) == 1:
                    return share, mistake.hint, mistake.hint
    except TimeUp:
        problem = f"yours did not finish in {LIMIT_S} s: is there a loop that never ends?"
        stopped = "It did not finish in time."
    except MemoryError:
        problem, stopped = "yours needs more memory than there is", "It needs more memory than there is."
    except (Exception, SystemExit) as error:  # whatever a student's answer raises is theirs alone to read
        problem = f"yours could not be checked: {type(error).__name__}: {error}"
        stopped = "It stopped with an error."
    else:
        partly = f" {share:.0%} of yours is right." if share > 0 else ""
        given = f" You gave {reprlib.repr(answer)}." if isinstance(answer, (int, float, str)) else ""
        nudge = f"For a nudge, run exercises.hint('{exercise.id}') in a new cell."
        return share, f"Expected {exercise.expects}.{given}{partly} {nudge}", ""
    return share, f"Expected {exercise.expects}; {problem}", stopped


for _part in ("checker", "exercise", "guard"):
    seal(f"{__package__}.{_part}")
