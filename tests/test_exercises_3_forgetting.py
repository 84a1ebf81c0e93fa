"""The exercises of lab 3_forgetting."""

import numpy as np
import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, cases, checking, exercises_of

from course_utils.exercises import lab_3_forgetting


@pytest.mark.parametrize(("exercise", "context"), cases(lab_3_forgetting.exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lab_3_forgetting.exercises, "3_forgetting")


check = checking(lab_3_forgetting.exercises)


def in_a_loop(after, before):
    more = sum(a - b for a, b in zip(after, before, strict=True))
    return 100 * more / sum(before)


def shuffled(task, general, share):
    n = round(len(task) * share / (1 - share))
    both = torch.vstack([general[:n], task])
    return both[torch.randperm(len(both), generator=torch.Generator().manual_seed(0))]


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("3_forgetting.1", in_a_loop),
        ("3_forgetting.1", lambda after, before: (after.mean() - before.mean()) / before.mean() * 100),
        ("3_forgetting.2", shuffled),
        ("3_forgetting.2", lambda *given: shuffled(*given).numpy()),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("3_forgetting.1", lambda after, before: -in_a_loop(after, before), "a loss is positive here"),
        ("3_forgetting.1", lambda a, b: 100 * (a / b).mean() - 100, "mean of the pages' percents"),
        ("3_forgetting.1", lambda a, b: -in_a_loop(b, a), "divided by the bits after"),
        ("3_forgetting.1", lambda after, before: after - before, "TypeError: these are 2 values"),
        (
            "3_forgetting.2",
            lambda task, general, share: torch.vstack([task, general[: round(share * len(task))]]),
            "a third of all, not half",
        ),
        ("3_forgetting.2", lambda task, general, share: torch.vstack([task, general]), "all general windows"),
        ("3_forgetting.2", lambda task, general, s: shuffled(task, general, 1 - s), "wrong way round"),
        ("3_forgetting.2", lambda task, general, share: 3, "expected (n, 5), yours gave ()"),
        ("3_forgetting.2", lambda task, general, share: task, "For a nudge"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told


def test_both_are_right_for_counts_worked_out_by_hand():
    found = exercises_of(lab_3_forgetting.exercises)
    lost = found["3_forgetting.1"].solution()
    assert lost(np.array([110.0, 310]), np.array([100.0, 300])) == pytest.approx(5)
    task, general = torch.zeros(6, 3), torch.ones(60, 3)
    assert found["3_forgetting.2"].solution()(task, general, 0.75).mean() == 0.75  # 6 and 18
