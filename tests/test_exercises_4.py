"""The exercises of lesson 4's labs."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, checked, exercises_of

from course_utils.exercises import lab_4_augment

BOOKS = {
    "4_augment": lab_4_augment,
}
EXERCISES = {id: each for book in BOOKS.values() for id, each in exercises_of(book.exercises).items()}


@pytest.fixture
def check(capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""
    return lambda id, answer: checked(EXERCISES[id], answer, {}, capsys)


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_each_mistake_meets_its_own_hint(exercise_id, capsys):
    assert_told_apart(EXERCISES[exercise_id], {}, capsys)


@pytest.mark.parametrize("name", BOOKS)
def test_exercises_are_well_made(name):
    assert_well_made(BOOKS[name].exercises, name)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [],
)
def test_answers_worked_out_by_hand(check, exercise_id, answer):
    assert check(exercise_id, answer)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "hint"),
    [],
)
def test_mistakes_worked_out_by_hand(check, exercise_id, answer, hint):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert hint in said


def test_moved_pictures_may_come_in_any_order(check):
    def moved(pictures):
        found = []
        for i, j in [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)]:
            each = np.roll(pictures, (i, j), axis=(2, 3))
            if i:
                each[:, :, 0 if i > 0 else -1] = 0
            if j:
                each[:, :, :, 0 if j > 0 else -1] = 0
            found.append(each)
        return np.concatenate(found)

    assert check("4_augment.1", moved)[0] == "correct"
    assert (
        "these are (3, 1, 6, 6)"
        in check("4_augment.1", lambda p: np.pad(p, ((0, 0), (0, 0), (1, 1), (1, 1))))[1]
    )
