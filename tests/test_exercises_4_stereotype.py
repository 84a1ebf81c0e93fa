"""The exercises of lab 4_stereotype."""

import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises import lab_4_stereotype


@pytest.mark.parametrize(("exercise", "context"), cases(lab_4_stereotype.exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lab_4_stereotype.exercises, "4_stereotype")


check = checking(lab_4_stereotype.exercises)


def powers(share, w):
    frequent, rare = (share / 100) ** w, (1 - share / 100) ** w
    return frequent / (frequent + rare) * 100


def tried_out(called, right, wrong):
    """The true share whose calls come nearest."""
    return min(
        (p / 100 for p in range(10_001)), key=lambda p: abs(p * right + (100 - p) * wrong - 100 * called)
    )


@pytest.mark.parametrize(
    ("exercise_id", "answer"), [("4_stereotype.1", powers), ("4_stereotype.2", tried_out)]
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


def test_what_the_text_works_out_by_hand():
    assert lab_4_stereotype.by_rule(80, 2) == pytest.approx(100 * 16 / 17)
    assert lab_4_stereotype.corrected(0.98 * 80 + 0.06 * 20, 98, 6) == pytest.approx(80)


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("4_stereotype.1", lambda share, w: 100 * 4**w / (4**w + 1), "Other shares have other odds"),
        ("4_stereotype.1", lambda share, w: 99, "For a nudge"),
        ("4_stereotype.2", lambda called, right, wrong: called + 100 - right, "For a nudge"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told
