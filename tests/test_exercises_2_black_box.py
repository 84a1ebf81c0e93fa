"""The exercises of lab 2_black_box."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises import lab_2_black_box as lab
from course_utils.exercises.lab_2_black_box import cover

DATA = {"2_black_box.1": {"leads": np.array([3.0, -0.5, 0.2, 5.0, -2.0])}}


@pytest.mark.parametrize(("exercise", "context"), cases(lab.exercises, DATA))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lab.exercises, "2_black_box")


check = checking(lab.exercises, data=DATA)


def changes_by_sorting(ask, canvas, patches, strength, n):
    order = sorted(range(len(patches)), key=lambda k: strength[k], reverse=True)
    for k in order[:n]:
        canvas = cover(canvas, [patches[k]])
    return bool(ask(canvas) < 0)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("2_black_box.1", 1),  # another that changes the answer
        ("2_black_box.1", 4.0),
        ("2_black_box.2", changes_by_sorting),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("2_black_box.1", 2, "stays above 0"),
        ("2_black_box.1", 5, "patches have numbers from 0 to 4"),
        ("2_black_box.1", -1, "patches have numbers from 0 to 4"),
        ("2_black_box.1", 1.5, "For a nudge"),
        ("2_black_box.1", "one", "could not be checked"),
        ("2_black_box.2", lambda ask, canvas, *others: ask(canvas), "True or False, and returns a float"),
        ("2_black_box.2", lambda *given: True, "For a nudge"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told


def test_where_no_patch_changes_the_answer_the_one_with_the_lowest_lead_is_right(check):
    leads = np.array([3.0, 0.5, 2.0])
    assert check("2_black_box.1", 1, leads=leads)[0] == "correct"
    assert "stays above 0, so" in check("2_black_box.1", 2, leads=leads)[1]


def test_covered_patches_are_black_and_the_canvas_stays_as_it_is():
    canvas = np.ones((1, 12, 12))
    assert cover(canvas, [(0, 0), (8, 4)]).sum() == 144 - 32
    assert canvas.sum() == 144
