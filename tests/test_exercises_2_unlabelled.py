"""The exercises of lab 2_unlabelled."""

import numpy as np
import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, cases, checked, exercises_of

from course_utils.exercises.lab_2_unlabelled import exercises


@pytest.mark.parametrize(("exercise", "context"), cases(exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(exercises, "2_unlabelled")


def joined(n):
    return torch.cat([torch.arange(n, 2 * n), torch.arange(n)])


def with_remainder(n):
    return (torch.arange(2 * n) + n) % (2 * n)


def loss_in_a_loop(z):
    z, n, losses = z / z.norm(dim=1, keepdim=True), len(z) // 2, []
    for i in range(2 * n):
        scores = {j: float(z[i] @ z[j]) / 0.2 for j in range(2 * n) if j != i}
        losses.append(np.log(sum(np.exp(s) for s in scores.values())) - scores[(i + n) % (2 * n)])
    return np.mean(losses)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [("2_unlabelled.1", joined), ("2_unlabelled.1", with_remainder), ("2_unlabelled.2", loss_in_a_loop)],
)
def test_other_ways_to_the_same_answer_are_right(exercise_id, answer, capsys):
    assert checked(exercises_of(exercises)[exercise_id], answer, {}, capsys) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("2_unlabelled.1", lambda n: [0] * 2 * n, "should return a torch tensor"),
        ("2_unlabelled.1", lambda n: torch.zeros(3), "For a nudge"),
        ("2_unlabelled.1", lambda n: torch.zeros(2 * n), "For a nudge"),
        ("2_unlabelled.2", lambda z: z.sum(), "For a nudge"),
        ("2_unlabelled.2", lambda z: None, "could not be checked"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(exercise_id, answer, said, capsys):
    status, told = checked(exercises_of(exercises)[exercise_id], answer, {}, capsys)
    assert status == "not yet" and said in told
