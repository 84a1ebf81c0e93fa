"""What the tests of every lesson's and lab's exercises share.

from exercise_cases import assert_told_apart, assert_well_made, cases, checking

DATA = {"1.1": {"y": np.array([0, 1, 1, 2])}}  # exercises that need none are left out


@pytest.mark.parametrize(("exercise", "context"), cases(lesson_1.exercises, DATA))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lesson_1.exercises, "1")


check = checking(lesson_1.exercises, data=DATA)
"""

import inspect

import pytest

from course_utils import exercises
from course_utils.exercises import checker


def hidden(book):
    """What lies behind a workbook, which the notebooks cannot see: through the closure of its functions."""
    return inspect.getclosurevars(book.check).nonlocals["method"].__self__


def exercises_of(book):
    """The exercises of a workbook by id."""
    return hidden(book).exercises


def cases(book, data):
    """Each exercise with its data, for `pytest.mark.parametrize`."""
    found = exercises_of(book)
    assert set(data) <= set(found), f"data for unknown exercises: {set(data) - set(found)}"
    return [pytest.param(each, data.get(each.id, {}), id=each.id) for each in found.values()]


def checked(exercise, answer, context, capsys):
    """The status of an answer, and what is said to it without the line with the status."""
    capsys.readouterr()
    book = exercises.workbook(exercise)
    book.check(exercise.id, answer, **context)
    return book.statuses[exercise.id], "\n".join(capsys.readouterr().out.splitlines()[1:]).strip()


def checking(*books, data=None):
    """A fixture, to be named `check`: ``check(id, answer)`` is `checked`, with the data of that exercise.

    Named arguments take the place of these data.
    """
    found = {id: each for book in books for id, each in exercises_of(book).items()}
    known = data or {}

    @pytest.fixture
    def check(capsys):
        return lambda id, answer, **own: checked(found[id], answer, own or known.get(id, {}), capsys)

    return check


def assert_told_apart(exercise, context, capsys):
    """The right answer passes; each known mistake does not, and meets its own hint."""
    assert checked(exercise, exercise.solution(**context), context, capsys) == ("correct", "")
    assert checked(exercise, ..., context, capsys) == ("not attempted", "")
    for number, mistake in enumerate(exercise.mistakes):
        said = checked(exercise, mistake.answer(**context), context, capsys)
        assert said == ("not yet", mistake.hint), f"mistake {number} of {exercise.id}"


def assert_well_made(book, number):
    """Ids count from `number`.1; each exercise has two hints and two mistakes or more, all different."""
    found = exercises_of(book)
    assert list(found) == [f"{number}.{i}" for i in range(1, len(found) + 1)]
    for exercise in found.values():
        said = [mistake.hint for mistake in exercise.mistakes]
        assert len(said) == len(set(said)) >= 2, f"mistakes of {exercise.id}"
        assert len(exercise.hints) == len(set(exercise.hints)) >= 2, f"hints of {exercise.id}"


def told_apart(book, exercise_id, answer, **context):
    """In a notebook, called like `check`: none of the known mistakes passes with the data of this run."""
    behind = hidden(book)
    exercise, context = behind.exercises[exercise_id], context | behind.kept.get(exercise_id, {})
    for number, mistake in enumerate(exercise.mistakes):
        share, *_ = checker._judge(exercise, mistake.answer(**context), context)
        assert share < 1, f"with these data mistake {number} of {exercise_id} counts as right"
