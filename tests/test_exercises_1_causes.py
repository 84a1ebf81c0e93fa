"""The exercises of lab 1_causes: United against Southwest, and like with like."""

import numpy as np
import pandas as pd
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises import lab_1_causes
from course_utils.models import like_with_like

UNITED, SOUTHWEST = "United Air Lines Inc.", "Southwest Airlines Co."
TWO = pd.DataFrame(
    [(UNITED, "LGA", 1.0)] * 3 + [(UNITED, "LGA", 0.0)] * 17 + [(UNITED, "EWR", 1.0)] * 60
    + [(UNITED, "EWR", 0.0)] * 140 + [(SOUTHWEST, "LGA", 1.0)] * 22 + [(SOUTHWEST, "LGA", 0.0)] * 78,
    columns=["carrier", "origin", "late"],
)  # fmt: skip
DATA = {"1_causes.1": {"two": TWO}}


@pytest.mark.parametrize(("exercise", "context"), cases(lab_1_causes.exercises, DATA))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lab_1_causes.exercises, "1_causes")


check = checking(lab_1_causes.exercises, data=DATA)


def test_the_gap_by_hand(check):
    assert check("1_causes.1", 15.0 - 22.0) == ("correct", "")


def test_like_with_like_in_a_loop_by_numpy_and_by_the_library(check):
    def in_a_loop(n_a, late_a, n_b, late_b):
        above = below = 0
        for a, x, b, y in zip(n_a, late_a, n_b, late_b, strict=True):
            if a and b:
                above, below = above + a * b / (a + b) * (x / a - y / b), below + a * b / (a + b)
        return above / below

    def by_numpy(n_a, late_a, n_b, late_b):
        weight = n_a * n_b / np.maximum(n_a + n_b, 1)
        return np.average(late_a / np.maximum(n_a, 1) - late_b / np.maximum(n_b, 1), weights=weight)

    for answer in (in_a_loop, by_numpy, like_with_like.within):
        assert check("1_causes.2", answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("1_causes.1", 7.5, "For a nudge"),
        ("1_causes.2", -0.082, "not callable"),
        ("1_causes.2", lambda n_a, n_b: 0.0, "could not be checked"),
        ("1_causes.2", lambda *cells: 1.0, "For a nudge"),
    ],
)
def test_any_other_answer_is_told_what_is_expected(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told and "Expected a" in told
