"""The exercises of lab 2_data."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises import lab_2_data

BOOK = lab_2_data.exercises


@pytest.mark.parametrize(("exercise", "context"), cases(BOOK, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(BOOK, "2_data")


check = checking(BOOK)


def draw_with_a_loop(labels, n_each, rng):
    """Another order, other rows, a list."""
    order, left, rows = rng.permutation(len(labels)), dict.fromkeys(set(labels.tolist()), n_each), []
    for row in order.tolist():
        if left[labels[row]] > 0:
            left[labels[row]] -= 1
            rows.append(row)
    return rows


def level_by_hand(sizes, gap):
    """The line between the two sizes on either side of 0."""
    i = next(i for i, each in enumerate(gap) if each >= 0)
    way = -gap[i - 1] / (gap[i] - gap[i - 1])
    return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** way


@pytest.mark.parametrize(
    ("exercise_id", "answer"), [("2_data.1", draw_with_a_loop), ("2_data.2", level_by_hand)]
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("2_data.1", lambda labels, n, rng: [0.5] * 4, "it should return row numbers"),
        ("2_data.1", lambda labels, n, rng: np.zeros((4, 40), int), "it should return row numbers"),
        ("2_data.1", lambda labels, n, rng: [], "it should return row numbers"),
        ("2_data.2", lambda sizes, gap: 160, "For a nudge"),
        ("2_data.2", lambda sizes, gap: None, "a function of (sizes, gap)"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told


def test_curves_may_meet_at_an_end_twice_or_never():
    sizes = np.array([10, 100, 1000])
    level = lab_2_data.level_at
    assert level(sizes, np.array([-10.0, -5.0, 15.0])) == pytest.approx(10**2.25)
    assert level(sizes, np.array([1.0, 2.0, 3.0])) == pytest.approx(10)
    assert level(sizes, np.array([-3.0, -2.0, -1.0])) == pytest.approx(1000)
    assert level(sizes, np.array([-3.0, 3.0, -1.0])) == pytest.approx(10**1.5)
