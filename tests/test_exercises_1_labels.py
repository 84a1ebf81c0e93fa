"""The exercises of the labs 1_labels and 1_cleaning."""

import numpy as np
import pandas as pd
import pytest
from exercise_cases import assert_told_apart, assert_well_made, checking, exercises_of

from course_utils.exercises import lab_1_cleaning, lab_1_labels

BOOKS = {"1_labels": lab_1_labels, "1_cleaning": lab_1_cleaning}
EXERCISES = {id: each for book in BOOKS.values() for id, each in exercises_of(book.exercises).items()}


check = checking(*(book.exercises for book in BOOKS.values()))


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_each_mistake_meets_its_own_hint(exercise_id, capsys):
    assert_told_apart(EXERCISES[exercise_id], {}, capsys)


@pytest.mark.parametrize("name", BOOKS)
def test_exercises_are_well_made(name):
    assert_well_made(BOOKS[name].exercises, name)


def test_nested_draws_may_be_drawn_from_the_largest_down(check):
    def nested(n_rows, sizes, rng):
        rows, found = np.arange(n_rows), []
        for size in reversed(sizes):
            rows = rng.choice(rows, size, replace=False)
            found.insert(0, rows)
        return found

    def from_the_end(n_rows, sizes, rng):
        shuffled = rng.permutation(n_rows).tolist()
        return tuple(shuffled[-size:] for size in sizes)

    assert check("1_labels.1", nested)[0] == "correct"
    assert check("1_labels.1", from_the_end)[0] == "correct"


def test_the_next_doubling_worked_out_by_hand(check):
    by_hand = {60.0: 1.0, 70.0: 0.64, 50.0: 3.6}  # gains 4, 2; 1, 0.8; 10, 6
    assert check("1_labels.2", lambda a, b, c: by_hand[a])[0] == "correct"
    assert check("1_labels.2", lambda a, b, c: 1.0)[0] == "not yet"


def test_a_clock_may_be_mended_case_by_case(check):
    def new_york(hour):
        return np.where(np.asarray(hour) < 4, np.asarray(hour) + 20, np.asarray(hour) - 4)

    assert check("1_cleaning.1", new_york)[0] == "correct"
    status, said = check("1_cleaning.1", lambda hour: hour - 4 if hour >= 4 else hour + 20)  # no column
    assert status == "not yet" and "75% of yours is right" in said


def test_everybody_may_be_answered_in_a_loop_or_by_pandas(check):
    def in_a_loop(p_whole, whole, rate):
        answers = iter(p_whole)
        return [next(answers) if each else rate for each in whole]

    def by_pandas(p_whole, whole, rate):
        p = pd.Series(rate, index=range(len(whole)))
        p[whole] = p_whole
        return p

    assert check("1_cleaning.2", in_a_loop)[0] == "correct"
    assert check("1_cleaning.2", by_pandas)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("1_labels.1", lambda n_rows, sizes, rng: None, "could not be checked"),
        ("1_labels.1", lambda n_rows, sizes, rng: [np.ones(s) for s in sizes], "row numbers"),
        ("1_labels.2", lambda a, b: 0, "could not be checked"),
        ("1_cleaning.1", 5, "not callable"),
        ("1_cleaning.2", lambda p_whole, whole, rate: np.zeros(3), "For a nudge"),
    ],
)
def test_any_other_answer_is_told_what_is_expected(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told and "Expected a" in told
