"""The exercises of the lab 2_depth."""

import numpy as np
import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, cases, checking
from torch import nn

from course_utils.exercises import lab_2_depth

BOOK = lab_2_depth.exercises


class Small(nn.Module):
    """What the exercise needs of the lab's stack: a first layer and scores."""

    def __init__(self):
        super().__init__()
        self.first, self.scores = nn.Conv2d(1, 2, 3), nn.Linear(2 * 4 * 4, 3)

    def forward(self, x):
        return self.scores(1e-3 * torch.relu(self.first(x)).flatten(1))


def batch_loss(model, images, labels):
    return nn.functional.cross_entropy(model(images), labels)


torch.manual_seed(0)
BATCH = torch.rand(5, 1, 6, 6), torch.tensor([0, 1, 2, 0, 1])
DATA = {"2_depth.2": {"stack": Small(), "batch": BATCH, "batch_loss": batch_loss}}


@pytest.mark.parametrize(("exercise", "context"), cases(BOOK, DATA))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(BOOK, "2_depth")


check = checking(BOOK, data=DATA)


def by_autograd(stack, images, labels):
    (slope,) = torch.autograd.grad(batch_loss(stack, images, labels), [stack.first.weight])
    return float(np.sqrt((slope.numpy() ** 2).sum()))


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("2_depth.1", lambda x, body: (body(x) + x).clamp(min=0)),
        ("2_depth.1", lambda x, body: torch.relu(x.double() + body(x))),
        ("2_depth.2", by_autograd),
        ("2_depth.2", lambda *given: lab_2_depth.first_slope(*given, batch_loss)),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("2_depth.1", lambda x, body: body(x).numpy(), "it should return a tensor, and returns a ndarray"),
        ("2_depth.2", lambda stack, images, labels: 0.0, "For a nudge"),
        ("2_depth.2", lambda stack, images, labels: stack.first.weight, "these are 18 values"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told


def test_what_the_lab_goes_on_with():
    x = torch.tensor([[-1.0, 2.0]])
    assert lab_2_depth.shortcut(x, lambda x: 3 * x).tolist() == [[0.0, 8.0]]
    stack = Small()
    once, twice = (lab_2_depth.first_slope(stack, *BATCH, batch_loss) for _ in range(2))
    assert once == twice == pytest.approx(by_autograd(stack, *BATCH), rel=1e-5)
