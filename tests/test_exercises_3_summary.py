"""The exercises of lab 3_summary."""

import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, cases, checking
from torch.nn import functional as F

from course_utils.exercises.lab_3_summary import exercises


@pytest.mark.parametrize(("exercise", "context"), cases(exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(exercises, "3_summary")


check = checking(exercises)


def best_of_three(equal, diagonal, above, left):
    return max(above, left, diagonal + (1 if equal else 0))


def in_a_loop(scores, targets, counts):
    losses = [
        -torch.log_softmax(scores[i, j], dim=0)[targets[i, j]] for i, j in torch.nonzero(counts).tolist()
    ]
    return sum(losses) / len(losses)


def ignored(scores, targets, counts):
    return F.cross_entropy(scores.transpose(1, 2), targets.where(counts, torch.tensor(-100)))


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [("3_summary.1", best_of_three), ("3_summary.2", in_a_loop), ("3_summary.2", ignored)],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


def test_an_answer_that_is_no_function_is_told_so(check):
    status, told = check("3_summary.2", 3)
    assert status == "not yet" and "scores, targets, counts" in told
