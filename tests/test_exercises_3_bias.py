"""The exercises of lab 3_bias."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises.lab_3_bias import exercises, share_of_she


@pytest.mark.parametrize(("exercise", "context"), cases(exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(exercises, "3_bias")


check = checking(exercises)


def shuffled(n, dose, rng):
    words = ["he"] * n
    for i in rng.choice(n, round(n * dose / 100), replace=False):
        words[i] = "she"
    return words


def by_probabilities(bits_she, bits_he):
    p_she, p_he = 2.0**-bits_she, 2.0**-bits_he
    return 100 * p_she / (p_she + p_he)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("3_bias.1", shuffled),
        ("3_bias.2", by_probabilities),
        ("3_bias.2", lambda a, b: [100 / (1 + 2 ** (x - y)) for x, y in zip(a, b, strict=True)]),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("3_bias.1", lambda n, dose, rng: np.zeros(n), "could not be checked"),
        ("3_bias.2", lambda bits_she, bits_he: 50, "For a nudge"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told


def test_one_bit_is_half_as_probable():
    assert share_of_she(np.array([3.0]), np.array([2.0])) == pytest.approx(100 / 3)
