"""The exercises of lab 1_rare, cancelled flights."""

import numpy as np
import pandas as pd
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises import lab_1_rare

RNG = np.random.default_rng(0)
FLIGHTS = pd.DataFrame({"cancelled": RNG.random(2000) < 0.03, "tailnum": "N1", "visib": RNG.random(2000)})
FLIGHTS.loc[FLIGHTS.query("cancelled").index[::3], "tailnum"] = None
FLIGHTS.loc[:20, "tailnum"] = None
DATA = {"1_rare.2": {"flights": FLIGHTS}}


@pytest.mark.parametrize(("exercise", "context"), cases(lab_1_rare.exercises, DATA))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lab_1_rare.exercises, "1_rare")


check = checking(lab_1_rare.exercises, data=DATA)


def test_precision_by_the_threshold_or_in_a_loop(check):
    def by_threshold(cancelled, p, recall):
        of_cancelled = np.sort(p[cancelled == 1])[::-1]
        alarm = p >= of_cancelled[int(np.ceil(recall * len(of_cancelled) - 1e-9)) - 1]
        return cancelled[alarm].mean()

    def in_a_loop(cancelled, p, recall):
        found = alarms = 0
        for _, truth in sorted(zip(p, cancelled, strict=True), reverse=True):
            found, alarms = found + truth, alarms + 1
            if found >= recall * sum(cancelled):
                return found / alarms

    assert check("1_rare.1", by_threshold) == ("correct", "")
    assert check("1_rare.1", in_a_loop) == ("correct", "")
    by_hand = {0.2: 1, 0.4: 1, 0.6: 3 / 4, 0.8: 4 / 6, 1.0: 5 / 8}
    assert check("1_rare.1", lambda cancelled, p, recall: by_hand[recall])[0] == "correct"


def test_missing_counted_by_pandas_or_in_a_loop(check):
    assert check("1_rare.2", lambda t, c: 100 * t.loc[t[c].isna(), "cancelled"].mean())[0] == "correct"
    assert (
        check("1_rare.2", lambda t, c: 100 * t.groupby(t[c].isna())["cancelled"].mean()[True])[0] == "correct"
    )


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("1_rare.1", 0.67, "not callable"),
        ("1_rare.1", lambda cancelled, p: 1, "could not be checked"),
        ("1_rare.2", lambda flights, column: None, "could not be checked"),
        ("1_rare.2", lambda flights, column: 50.0, "For a nudge"),
    ],
)
def test_any_other_answer_is_told_what_is_expected(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told and "Expected a" in told
