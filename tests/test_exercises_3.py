"""The exercises of lesson 3 and of its labs: every wrong answer that is known meets its own hint."""

import numpy as np
import pytest
from exercise_cases import exercises_of

from course_utils import exercises
from course_utils.exercises import lab_3_forgetting, lab_3_grammar

BOOKS = {
}
ALL = [each for book in BOOKS.values() for each in exercises_of(book.exercises).values()]
every_exercise = pytest.mark.parametrize("exercise", ALL, ids=lambda each: each.id)


def named(exercise_id):
    return exercises_of(BOOKS[exercise_id.split(".")[0]].exercises)[exercise_id]


def solution(exercise_id):
    return named(exercise_id).solution()


@pytest.fixture
def check(capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""

    def checked(exercise_id, answer):
        book = exercises.workbook(named(exercise_id))
        book.check(exercise_id, answer)
        return book.statuses[exercise_id], capsys.readouterr().out

    return checked


@every_exercise
def test_the_solution_and_each_mistake_are_told_apart(exercise, check):
    assert check(exercise.id, exercise.solution())[0] == "correct"
    assert len(exercise.mistakes) >= 2 and len(exercise.hints) >= 2
    for mistake in exercise.mistakes:
        status, said = check(exercise.id, mistake.answer())
        assert status == "not yet"
        assert said.splitlines()[1:] == [f"  {mistake.hint}"]
    assert len({mistake.hint for mistake in exercise.mistakes}) == len(exercise.mistakes)


@every_exercise
def test_three_dots_are_not_attempted(exercise, check):
    assert check(exercise.id, ...) == (
        "not attempted",
        f"… {exercise.id} {exercise.title}: not attempted\n",
    )


@pytest.mark.parametrize(("name", "book"), BOOKS.items())
def test_exercises_are_numbered(name, book):
    ids = list(exercises_of(book.exercises))
    assert ids == [f"{name}.{i}" for i in range(1, len(ids) + 1)]


def bits_per_byte(p, text):
    return sum(-np.log2(each) for each in p) / len(text.encode("utf-8"))


def saved(ours, theirs):
    return (theirs.sum() - ours.sum()) * 100 / theirs.sum()


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
    ],
)
def test_answers_that_were_worked_out_in_another_way_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "hint"),
    [
    ],
)
def test_mistakes_that_were_made_in_another_way_meet_their_hint(check, exercise_id, answer, hint):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert hint in said


@pytest.mark.parametrize(
    ("exercise_id", "answer", "line"),
    [
    ],
)
def test_it_answers_whatever_it_gets(check, exercise_id, answer, line):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert line in said
