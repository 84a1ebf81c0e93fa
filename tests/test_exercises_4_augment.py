"""The exercises of lab 4_augment."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking
from sklearn import svm

from course_utils.exercises.lab_4_augment import exercises


@pytest.mark.parametrize(("exercise", "context"), cases(exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(exercises, "4_augment")


check = checking(exercises)


def rolled_and_wiped(pictures, down, right):
    moved = np.roll(pictures, (down, right), axis=(2, 3))
    if down:
        moved[:, :, 0 if down > 0 else -1] = 0
    if right:
        moved[:, :, :, 0 if right > 0 else -1] = 0
    return moved


def with_a_wider_rim(pictures, down, right):
    height, width = pictures.shape[2:]
    padded = np.pad(pictures, ((0, 0), (0, 0), (3, 3), (3, 3)))
    return padded[..., 3 - down : 3 - down + height, 3 - right : 3 - right + width]


def counted(few, few_labels, more, more_labels, test, test_labels):
    alone = svm.SVC(C=10).fit(few, few_labels).predict(test) == test_labels
    both = svm.SVC(C=10).fit(np.vstack([more, few]), np.append(more_labels, few_labels)).predict(test)
    return np.mean(100.0 * (both == test_labels) - 100.0 * alone)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [("4_augment.1", rolled_and_wiped), ("4_augment.1", with_a_wider_rim), ("4_augment.2", counted)],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


def test_a_picture_that_grew_is_named(check):
    def padded(pictures, down, right):
        return np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)))

    status, said = check("4_augment.1", padded)
    assert status == "not yet" and "this is (3, 1, 6, 7)" in said
