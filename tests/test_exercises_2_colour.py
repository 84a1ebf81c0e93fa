"""The exercises of lab 2_colour."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checked, exercises_of
from torch import nn

from course_utils.exercises import lab_2_colour
from course_utils.models import colouring

BOOK = lab_2_colour.exercises


@pytest.mark.parametrize(("exercise", "context"), cases(BOOK, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(BOOK, "2_colour")


def saved_in_a_loop(guess, mean, true):
    ours, theirs = [], []
    for row in range(len(true)):
        for column in range(true.shape[1]):
            ours.append(np.hypot(*(guess[row, column] - true[row, column])))
            theirs.append(np.hypot(*(mean - true[row, column])))
    return 100 * (1 - sum(ours) / sum(theirs))


def in_parts():
    def layer(n_in, n_out, **more):
        return nn.Sequential(nn.Conv2d(n_in, n_out, 3, **more), nn.BatchNorm2d(n_out), nn.ReLU())

    body = [layer(1, 16, stride=2, padding=1), layer(16, 32, stride=2, padding=1), layer(32, 64, padding=1)]
    body += [layer(64, 64, padding=2, dilation=2)]
    return nn.Sequential(*body, nn.Conv2d(64, 2, 1), nn.Upsample(scale_factor=4, mode="bilinear"))


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("2_colour.1", saved_in_a_loop),
        ("2_colour.2", in_parts),
        ("2_colour.2", colouring.make_network),
    ],
)
def test_other_ways_to_the_same_answer_are_right(exercise_id, answer, capsys):
    assert checked(exercises_of(BOOK)[exercise_id], answer, {}, capsys) == ("correct", "")


def test_what_is_no_network_is_told_so(capsys):
    status, said = checked(exercises_of(BOOK)["2_colour.2"], lambda: [1], {}, capsys)
    assert status == "not yet" and "should return a network" in said
