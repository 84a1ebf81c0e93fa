"""The exercises of lab 3_grammar."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises import lab_3_grammar


@pytest.mark.parametrize(("exercise", "context"), cases(lab_3_grammar.exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lab_3_grammar.exercises, "3_grammar")


check = checking(lab_3_grammar.exercises)


def counted(bits):
    shares = [1 / list(row).count(min(row)) if row[0] == min(row) else 0 for row in bits]
    return 100 * sum(shares) / len(shares)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("3_grammar.1", 32),
        ("3_grammar.1", np.float64(2) ** 5),
        ("3_grammar.2", counted),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("3_grammar.1", 5, "Each bit is a factor of 2"),
        ("3_grammar.1", 0.03125, "The wrong way round"),
        ("3_grammar.1", 33, "You gave 33. For a nudge"),
        ("3_grammar.2", lambda bits: 100 * np.mean(np.argmin(bits, 1) == 0), "calls it right"),
        ("3_grammar.2", lambda b: 100 * np.mean(b[:, 0] < np.min(b[:, 1:], 1)), "counts for nothing"),
        ("3_grammar.2", lambda bits: 100 * np.mean(np.argmax(bits, 1) == 0), "most surprising line"),
        ("3_grammar.2", lambda bits: counted(bits) / 100, "That is a share"),
        ("3_grammar.2", lambda bits: 100 * np.mean(bits == bits.min(1)[:, None]), "in every column"),
        ("3_grammar.2", lambda bits: bits[:, 0], "TypeError: these are 5 values, not one number"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told
