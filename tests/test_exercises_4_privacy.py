"""The exercises of lab 4_privacy."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking
from sklearn.metrics import pairwise_distances

from course_utils.exercises import lab_4_privacy


@pytest.mark.parametrize(("exercise", "context"), cases(lab_4_privacy.exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lab_4_privacy.exercises, "4_privacy")


check = checking(lab_4_privacy.exercises)


def near(generated, records):
    return 1 / (1 + pairwise_distances(records, generated).min(axis=1))


def one_by_one(generated, records):
    return [-min(np.linalg.norm(record - row) for row in generated) for record in records]


def sorted_by_hand(members, others):
    threshold = np.percentile(sorted(others), 99)
    return 100 * sum(score > threshold for score in members) / len(members)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("4_privacy.1", near),  # in any unit
        ("4_privacy.1", one_by_one),
        ("4_privacy.2", sorted_by_hand),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("4_privacy.1", lambda generated, records: -near(generated, records), "turn the sign round"),
        ("4_privacy.1", lambda generated, records: generated[:, 0], "12 records was expected"),
        ("4_privacy.2", lambda members, others: sorted_by_hand(others, members), "You swapped the two"),
        ("4_privacy.2", lambda members, others: 50.0, "For a nudge"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told
