"""The exercises of lesson 2."""

from functools import partial

import numpy as np
import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, cases, checking, exercises_of
from scipy.signal import correlate2d
from torch import nn

from course_utils.exercises import lesson_2
from course_utils.models.convolutional import CNN


def batch_loss(model, images, labels):
    return nn.functional.cross_entropy(model(images), labels)


DATA = {"2.4": {"batch_loss": batch_loss}}


@pytest.mark.parametrize(("exercise", "context"), cases(lesson_2.exercises, DATA))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lesson_2.exercises, "2")


check = checking(lesson_2.exercises, data=DATA)


class MyNetwork(nn.Module):
    """Other names, the layers in two parts, no bias before a batch norm."""

    def __init__(self, classes):
        super().__init__()
        sizes = (1, 16, 32, 64, 64)
        self.see = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(sizes[i], sizes[i + 1], 3, stride=2 if i == 0 else 1, padding=1),
                nn.BatchNorm2d(sizes[i + 1]),
                nn.ReLU(),
                nn.MaxPool2d(2) if i in (1, 2) else nn.Identity(),
            )
            for i in range(4)
        )
        self.score = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, classes))

    def forward(self, x):
        for part in self.see:
            x = part(x)
        return self.score(x)


class Sorted(CNN):
    """Pools before the ReLU, which changes nothing."""

    def forward(self, x):
        x = torch.relu(self.norm1(self.conv1(x)))
        x = torch.relu(nn.functional.max_pool2d(self.norm2(self.conv2(x)), 2))
        x = torch.relu(nn.functional.max_pool2d(self.norm3(self.conv3(x)), 2))
        return self.head(torch.relu(self.norm4(self.conv4(x))).flatten(2).max(dim=2).values)


def by_optimizer(model, loader, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for images, labels in loader:
        optimizer.zero_grad()
        batch_loss(model, images, labels).backward()
        optimizer.step()


def by_autograd(model, loader, rate):
    for images, labels in loader:
        slopes = torch.autograd.grad(batch_loss(model, images, labels), list(model.parameters()))
        for w, slope in zip(model.parameters(), slopes, strict=True):
            w.data -= rate * slope


def without_head_bias(n_classes):
    network = CNN(n_classes)
    network.head = nn.Linear(64, n_classes, bias=False)
    return network


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("2.1", partial(correlate2d, mode="valid")),
        ("2.2", MyNetwork),
        ("2.2", Sorted),
        ("2.3", lambda scores, right: nn.functional.cross_entropy(torch.tensor(scores), torch.tensor(right))),
        ("2.4", by_optimizer),
        ("2.4", by_autograd),
        ("2.5", without_head_bias),
        ("2.5", lambda n_classes: nn.Sequential(nn.Flatten(), nn.LazyLinear(n_classes))),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer)[0] == "correct"


def rebinds(model, loader, rate):
    for images, labels in loader:
        model.zero_grad()
        batch_loss(model, images, labels).backward()
        with torch.no_grad():
            for w in model.parameters():
                w = w - rate * w.grad


@pytest.mark.parametrize(
    ("exercise_id", "answer", "line"),
    [
        ("2.1", partial(correlate2d, mode="same"), "gives an array of (H - k + 1, W - k + 1)"),
        ("2.2", CNN(10), "without brackets behind its name"),
        ("2.2", lambda n_classes: 3, "it gives a int, and no network"),
        ("2.2", lambda n_classes: nn.Conv2d(1, 3, 3), "scores of shape (2, 3, 38, 38)"),
        ("2.4", rebinds, "w -= … changes the weight"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, line):
    status, said = check(exercise_id, answer)
    assert status == "not yet" and line in said


@pytest.mark.parametrize("exercise", [f"2.{i}" for i in range(1, 6)])
@pytest.mark.parametrize("answer", [None, [], "none", lambda *args: None, object(), float("nan")])
def test_whatever_is_given_is_answered_with_what_was_expected(check, exercise, answer):
    status, said = check(exercise, answer)
    one = exercises_of(lesson_2.exercises)[exercise]
    assert status == "not yet"
    assert f"Expected {one.expects}" in said or any(each.hint in said for each in one.mistakes)


def test_the_example_of_the_text(check):
    result = exercises_of(lesson_2.exercises)["2.1"].solution()(lesson_2.PICTURE, lesson_2.KERNEL)
    assert result.tolist() == [[-1, 3], [6, 4]]
    assert np.isclose(
        exercises_of(lesson_2.exercises)["2.3"].solution()(np.array([2, 0, -1]), 0), 0.17, atol=5e-3
    )
