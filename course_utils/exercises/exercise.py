"""What an exercise is, and how an answer is compared with the right one.

Comparisons (`same_...`) get the answer, the right answer and the exercise's data. They give True, False,
or, where an exercise has parts, the share that is right, from 0 to 1.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.exercises.guard import SealedClass

Same = Callable[..., "bool | float"]


def plain(value: Any) -> Any:
    """A value as Python and numpy have it: tensors and tables as arrays, one number as a Python number.

    Looks into tuples, lists, sets and dicts; leaves everything else as it is.
    """
    if hasattr(value, "detach"):  # a torch tensor; numpy has no bfloat16
        value = value.detach().cpu()
        value = (value.float() if "bfloat16" in str(value.dtype) else value).numpy()
    elif hasattr(value, "to_numpy"):  # a pandas table, column or index
        value = value.to_numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.item() if value.ndim == 0 else value
    if type(value) in (tuple, list, set, frozenset):
        return type(value)(map(plain, value))
    if type(value) is dict:
        return {key: plain(each) for key, each in value.items()}
    return value


def is_foreign(value: Any) -> bool:
    """Whether a value, or a part of it, is torch's or pandas' own kind."""
    if isinstance(value, (tuple, list)):
        return any(map(is_foreign, value))
    return hasattr(value, "detach") or hasattr(value, "to_numpy")


def same_number(
    answer: Any, other: Any, *, rel_tol: float = 5e-3, abs_tol: float = 1e-9, **context: Any
) -> bool:
    """Whether two numbers agree, if not told otherwise to half a percent: three digits are enough."""
    answer, other = plain(answer), plain(other)
    if np.size(answer) != 1:
        raise TypeError(f"these are {np.size(answer)} values, not one number")
    number = float(np.ravel(answer)[0] if np.ndim(answer) else answer)
    if isinstance(answer, str):
        raise TypeError(f"'{answer}' is text, not a number: take the quotes away")
    return math.isclose(number, float(other), rel_tol=rel_tol, abs_tol=abs_tol)


def always(value: Any) -> Callable[..., Any]:
    """A solution or mistake that does not depend on the lesson's data."""
    return lambda **context: value


@dataclass(frozen=True, slots=True)
class Mistake(metaclass=SealedClass):
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


@dataclass(frozen=True, slots=True)
class Exercise(metaclass=SealedClass):
    """One exercise.

    Attributes
    ----------
    id : str
        '1.2': lesson and number; in a lab '2_depth.1'.
    title : str
        A few words for the summary.
    solution : callable
        Computes the right answer from the lesson's data, given as keyword arguments.
    mistakes : tuple of Mistake
        Typical wrong answers.
    hints : tuple of str
        For anyone who asks, from a nudge to nearly the answer.
    same : callable
        Compares an answer with another; gets the data as keyword arguments too. Gives whether they are the
        same, or the share that is right, from 0 to 1.
    expects : str
        What an answer looks like: 'a number', 'a function of (X, y)'.
    in_place : bool
        The answer is a function that is meant to change its arguments, such as a training step. Any other
        function gets copies of them, so that it cannot spoil what comes after.
    """

    id: str
    title: str
    solution: Callable[..., Any]
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    same: Callable[..., bool | float] = same_number
    expects: str = "a number"
    in_place: bool = False


def same_whole_number(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two whole numbers are the same, where half a percent would let a wrong one pass."""
    return same_number(answer, other, rel_tol=0, abs_tol=0)


def same_choice(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two words are the same, apart from case and outer spaces."""
    return str(answer).strip().casefold() == str(other).strip().casefold()


def same_set(answer: Any, other: Any, **context: Any) -> float:
    """How much of a collection is right, in any order: a wrong member costs what a right one gives.

    So whoever names everything gains nothing. Words agree apart from case and outer spaces.
    """
    if isinstance(answer, str):
        raise TypeError(f"'{answer}' is one piece of text: put it into braces, {{'{answer}'}}")
    answer, other = ({_word(each) for each in plain(members)} for members in (answer, other))
    if answer == other:
        return 1.0
    return max(0.0, (len(answer & other) - len(answer - other)) / max(len(other), 1))


def _word(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


def same_results(*inputs: Sequence[Any], rel_tol: float = 1e-5, abs_tol: float = 1e-6) -> Same:
    """For a function: the share of these inputs for which it gives the same numbers as the right one.

    Numbers, arrays, tensors and tuples of them are compared, shapes too.

    Parameters
    ----------
    *inputs : sequence
        The arguments of one call each, ``(p, 0.5), (p, 2.0)``. Both functions get copies.
    """

    def compare(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> float:
        def agree(arguments: Sequence[Any]) -> bool:
            expected = other(*copy.deepcopy(arguments))
            return close(answer(*copy.deepcopy(arguments)), expected, rel_tol, abs_tol)

        return _share(lambda arguments=arguments: agree(arguments) for arguments in inputs)

    return compare


def _share(tries: Iterable[Callable[[], bool | float]]) -> float:
    """The mean of what these give. One that raises counts as 0; when all do, the first error is told."""
    found, errors = [], []
    for attempt in tries:
        try:
            found.append(float(attempt()))
        except Exception as error:  # a student's function may raise anything
            errors.append(error)
    if not found:
        raise errors[0]
    return sum(found) / (len(found) + len(errors))


def close(ours: Any, theirs: Any, rel_tol: float = 1e-5, abs_tol: float = 1e-6) -> bool:
    """Whether two results have the same shape and nearly the same numbers; tuples part by part."""
    ours, theirs = plain(ours), plain(theirs)
    if isinstance(theirs, tuple):
        return (
            isinstance(ours, (tuple, list))
            and len(ours) == len(theirs)
            and all(close(*pair, rel_tol, abs_tol) for pair in zip(ours, theirs, strict=True))
        )
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rel_tol, abs_tol)
