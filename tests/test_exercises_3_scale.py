"""The exercises of lab 3_scale."""

import numpy as np
import pandas as pd
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises.lab_3_scale import crossing_at, doublings, exercises


@pytest.mark.parametrize(("exercise", "context"), cases(exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(exercises, "3_scale")


check = checking(exercises)


def slope(x, y):
    u, v = np.log10(x), np.log10(y)
    return np.cov(u, v)[0, 1] / np.var(u, ddof=1)


def step_by_step(x, ours, theirs):
    for i in range(1, len(x)):
        before, after = theirs[i - 1] - ours[i - 1], theirs[i] - ours[i]
        if before <= 0 <= after:
            share = before / (before - after)
            return np.exp((1 - share) * np.log(x[i - 1]) + share * np.log(x[i]))


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("3_scale.1", slope),
        ("3_scale.2", step_by_step),
        ("3_scale.2", lambda x, a, b: 10 ** np.interp(0, b - a, np.log10(x))),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("3_scale.1", lambda x, y: np.polyfit(x, y, 1)[0], "through the points themselves"),
        ("3_scale.1", lambda x, y: np.polyfit(np.log(x), y, 1)[0], "logarithm of x alone"),
        ("3_scale.1", lambda x, y: np.polyfit(x, np.log(y), 1)[0], "logarithm of y alone"),
        ("3_scale.1", lambda x, y: slope(y, x), "You swapped the two"),
        ("3_scale.1", lambda x, y: np.polyfit(np.log(x), np.log(y), 1)[1], "where the line begins"),
        ("3_scale.1", lambda x, y: np.polyfit(x, y, 1), "TypeError: these are 2 values, not one number"),
        ("3_scale.2", lambda x, a, b: np.interp(0, b - a, x), "straight from point to point in x itself"),
        ("3_scale.2", lambda x, a, b: x, "not one number"),
        ("3_scale.2", lambda x, a, b: x[0], "For a nudge"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told


def test_a_crossing_halfway_between_two_points_is_their_geometric_mean():
    x, theirs = np.array([1.0, 4.0, 16.0]), np.array([2.0, 2.0, 2.0])
    assert crossing_at(x, np.array([3.0, 2.5, 1.5]), theirs) == pytest.approx(8)
    assert np.isnan(crossing_at(x, theirs + 0.1, theirs)) and np.isnan(crossing_at(x, theirs - 0.1, theirs))


def test_what_a_doubling_saves_is_taken_from_point_to_point():
    levels = pd.Series([2.0, 4.0, 1.5, 0.75], index=[1.0, 1.0, 2.0, 8.0])  # the first x twice: 3 on average
    assert doublings(levels).to_dict() == pytest.approx({2.0: 50, 8.0: 100 * (1 - 0.5**0.5)})
