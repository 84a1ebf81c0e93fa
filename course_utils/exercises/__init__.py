"""Exercises that answer: correct, not yet (with the hint that fits this mistake), not attempted.

An exercise knows the right answer and the answers that people typically give instead, each with the
hint that helps. Both are *computed* from the data of the lesson, so that they fit every seed and
table.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_utils import CourseError

CORRECT, NOT_YET, NOT_ATTEMPTED = "correct", "not yet", "not attempted"
SYMBOLS = {CORRECT: "✔", NOT_YET: "✘", NOT_ATTEMPTED: "…"}


def same_number(
    answer: Any, other: Any, *, rel_tol: float = 5e-3, abs_tol: float = 1e-9, **context: Any
) -> bool:
    """Whether two numbers agree, if not told otherwise to half a percent: three digits are enough."""
    if np.ndim(answer):
        raise TypeError(f"these are {np.size(answer)} values, not one number")
    return math.isclose(float(answer), float(other), rel_tol=rel_tol, abs_tol=abs_tol)


def same_whole_number(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two whole numbers are the same, where half a percent would let a wrong one pass."""
    return same_number(answer, other) and float(answer) == float(other)


def same_choice(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two words are the same, apart from case and outer spaces."""
    return str(answer).strip().casefold() == str(other).strip().casefold()


def same_set(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two collections hold the same things, in any order."""
    return set(answer) == set(other)


def always(value: Any) -> Callable[..., Any]:
    """A solution or mistake that does not depend on the lesson's data."""
    return lambda **context: value


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer and what to say to it.

    Attributes
    ----------
    answer : callable
        Computes the wrong answer from the lesson's data.
    hint : str
        What helps the person who gave it.
    """

    answer: Callable[..., Any]
    hint: str


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    id : str
        '1.2': lesson and number.
    title : str
        A few words for the summary.
    solution : callable
        Computes the right answer from the lesson's data, given as keyword arguments.
    mistakes : tuple of Mistake
        Typical wrong answers.
    hints : tuple of str
        For anyone who asks, from a nudge to nearly the answer.
    same : callable
        Decides whether two answers are the same; gets the data as keyword arguments too.
    expects : str
        What an answer looks like: 'a number', 'a function of (X, y)'.
    """

    id: str
    title: str
    solution: Callable[..., Any]
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    same: Callable[..., bool] = same_number
    expects: str = "a number"


@dataclass
class Workbook:
    """The exercises of one lesson, and how far the student has come.

    Attributes
    ----------
    exercises : mapping of str to Exercise
        By id.
    statuses : dict of str to str
        'correct', 'not yet' or 'not attempted' by id.
    """

    exercises: Mapping[str, Exercise]
    statuses: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.statuses |= dict.fromkeys(self.exercises, NOT_ATTEMPTED)
        self._hints_given = dict.fromkeys(self.exercises, 0)

    def check(self, exercise_id: str, answer: Any, **context: Any) -> None:
        """Print how the answer stands.

        Parameters
        ----------
        exercise_id : str
            '1.2'.
        answer : Any
            The student's; `...` means not attempted.
        **context
            The lesson's data that the right answer is computed from.

        Raises
        ------
        CourseError
            There is no such exercise; or the answer is not correct and ``COURSE_CHECKS=strict``,
            which is how the solved edition is tested and a class edition graded.
        """
        exercise = self._get(exercise_id)
        status, message = self._judge(exercise, answer, context)
        self.statuses[exercise_id] = status
        print(f"{SYMBOLS[status]} {exercise_id} {exercise.title}: {status}")
        if message:
            print(f"  {message}")
        if status != CORRECT and os.environ.get("COURSE_CHECKS") == "strict":
            raise CourseError(f"exercise {exercise_id} is '{status}'. {message}")

    @staticmethod
    def _judge(exercise: Exercise, answer: Any, context: Mapping[str, Any]) -> tuple[str, str]:
        """Status and what to say."""
        if answer is Ellipsis:
            return NOT_ATTEMPTED, ""
        try:
            if exercise.same(answer, exercise.solution(**context), **context):
                return CORRECT, ""
            for mistake in exercise.mistakes:
                if exercise.same(answer, mistake.answer(**context), **context):
                    return NOT_YET, mistake.hint
        except Exception as error:  # whatever a student's answer raises is theirs to read
            return NOT_YET, (
                f"Expected {exercise.expects}; yours could not be checked: {type(error).__name__}: {error}"
            )
        given = answer.item() if isinstance(answer, np.generic) else answer
        given = f" You gave {given!r}." if isinstance(given, (int, float, str)) else ""
        return NOT_YET, (
            f"Expected {exercise.expects}.{given} "
            f"For a nudge, run exercises.hint('{exercise.id}') in a new cell."
        )

    def hint(self, exercise_id: str) -> None:
        """Print the next hint; each call tells a little more.

        Raises
        ------
        CourseError
            There is no such exercise.
        """
        exercise = self._get(exercise_id)
        given = min(self._hints_given[exercise_id] + 1, len(exercise.hints))
        self._hints_given[exercise_id] = given
        print(f"Hint {given} of {len(exercise.hints)}: {exercise.hints[given - 1]}")

    def summary(self) -> None:
        """Print one line for each exercise."""
        for exercise_id, status in self.statuses.items():
            print(f"{SYMBOLS[status]} {exercise_id} {self.exercises[exercise_id].title}: {status}")

    def _get(self, exercise_id: str) -> Exercise:
        if exercise_id not in self.exercises:
            raise CourseError(f"unknown exercise '{exercise_id}': there are {', '.join(self.exercises)}")
        return self.exercises[exercise_id]


def workbook(*exercises: Exercise) -> Workbook:
    """A workbook of these exercises, in this order.

    Raises
    ------
    CourseError
        Two exercises have the same id.
    """
    ids = [exercise.id for exercise in exercises]
    if len(set(ids)) < len(ids):
        raise CourseError(f"two exercises have the same id: {', '.join(ids)}")
    return Workbook({exercise.id: exercise for exercise in exercises})
