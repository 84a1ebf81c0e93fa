"""The exercises of lab 4_why."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking
from scipy import stats

from course_utils.exercises.lab_4_why import exercises


@pytest.mark.parametrize(("exercise", "context"), cases(exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(exercises, "4_why")


check = checking(exercises)


def one_by_one(gradients, gradient):
    return [sum(a * b for a, b in zip(row, gradient, strict=True)) for row in gradients]


def by_ranks(influence, kept, losses):
    predicted = [influence[half].mean() for half in kept]
    return np.corrcoef(stats.rankdata(predicted), -stats.rankdata(losses))[0, 1]


@pytest.mark.parametrize(("exercise_id", "answer"), [("4_why.1", one_by_one), ("4_why.2", by_ranks)])
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


def test_numbers_that_were_not_summed_are_named(check):
    status, said = check("4_why.1", lambda gradients, gradient: gradients * gradient)
    assert status == "not yet" and "not shape (4, 3)" in said
