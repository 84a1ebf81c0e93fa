"""The exercises of lab 1_reading: signs that are kept, columns that are shared."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking, exercises_of

from course_utils.exercises import lab_1_reading
from course_utils.models import readings


@pytest.mark.parametrize(("exercise", "context"), cases(lab_1_reading.exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lab_1_reading.exercises, "1_reading")


check = checking(lab_1_reading.exercises)


def test_signs_in_a_loop_and_by_numpy(check):
    def in_a_loop(one, other):
        large = [i for i in range(len(one)) if abs(one[i]) >= max(abs(one)) / 10]
        return 100 * sum(one[i] * other[i] > 0 for i in large) / len(large)

    def by_numpy(one, other):
        large = np.abs(one) >= 0.1 * np.abs(one).max()
        return 100 * (one[large] * other[large] > 0).mean()

    for answer in (in_a_loop, by_numpy):
        assert check("1_reading.1", answer) == ("correct", "")


def test_the_library_counts_as_the_exercise_does_both_ways():
    answer = exercises_of(lab_1_reading.exercises)["1_reading.1"].solution()
    for one, other in lab_1_reading.COEFFICIENTS:
        both_ways = (answer(one, other) + answer(other, one)) / 2
        assert readings.signs_kept(np.array([one, other])) == pytest.approx(both_ways)


def test_jaccard_in_a_loop(check):
    def in_a_loop(one, other):
        return 100 * sum(name in other for name in one) / len({*one, *other})

    assert check("1_reading.2", in_a_loop) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("1_reading.1", 75.0, "not callable"),
        ("1_reading.1", lambda one: 75.0, "could not be checked"),
        ("1_reading.2", lambda one, other: 75.0, "For a nudge"),
    ],
)
def test_any_other_answer_is_told_what_is_expected(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told and "Expected a" in told
