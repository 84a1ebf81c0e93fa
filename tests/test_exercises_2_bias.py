"""The exercises of lab 2_bias."""

import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, cases, checking
from torch.nn import functional as F

from course_utils.exercises.lab_2_bias import exercises, weighted_loss


@pytest.mark.parametrize(("exercise", "context"), cases(exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(exercises, "2_bias")


check = checking(exercises)


def loss_in_a_loop(scores, labels, weights):
    above = below = 0
    for one, label in zip(scores, labels, strict=True):
        above = above - weights[label] * torch.log(torch.softmax(one, dim=0)[label])
        below = below + weights[label]
    return above / below


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("2_bias.1", loss_in_a_loop),
        ("2_bias.1", lambda scores, labels, weights: F.cross_entropy(scores, labels, weight=weights)),
        ("2_bias.2", 96.8),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("2_bias.1", lambda scores, labels, weights: scores.sum(), "For a nudge"),
        ("2_bias.2", 10.0, "For a nudge"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told


def test_the_weighted_loss_is_that_of_torch():
    generator = torch.Generator().manual_seed(0)
    scores, labels = torch.randn(40, 10, generator=generator), torch.arange(40) % 10
    weights = torch.rand(10, generator=generator) + 0.1
    expected = F.cross_entropy(scores, labels, weight=weights)
    torch.testing.assert_close(weighted_loss(scores, labels, weights), expected)
