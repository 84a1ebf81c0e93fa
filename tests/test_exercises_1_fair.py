"""The exercises of the labs 1_fair and 1_unsupervised."""

import numpy as np
import pandas as pd
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking, exercises_of
from sklearn.linear_model import LogisticRegression

from course_utils.exercises import lab_1_fair, lab_1_unsupervised

CHANCE = np.random.default_rng(0)
GROUP = CHANCE.random(300) < 0.4
POINTS = CHANCE.normal(size=(60, 2))
FAIR = {
    "X": CHANCE.normal(size=(300, 2)) + GROUP[:, None],
    "group": GROUP,
    "train": np.arange(200),
    "test": np.arange(200, 300),
    "new_model": LogisticRegression,
}
SONGS = {
    "groups": np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2]),
    "genres": np.array(
        ["rock", "metal", "metal", "rock", "rock", "rock", "hip-hop", "metal", "rock", "rock"]
    ),
}
BOOKS = {"1_fair": lab_1_fair.exercises, "1_unsupervised": lab_1_unsupervised.exercises}
DATA = {
    "1_fair.2": FAIR,
    "1_unsupervised.1": {"points": POINTS, "centres": POINTS[:3]},
    "1_unsupervised.2": SONGS,
}
ALL = [
    case
    for book in BOOKS.values()
    for case in cases(book, {id: data for id, data in DATA.items() if id in exercises_of(book)})
]


@pytest.mark.parametrize(("exercise", "context"), ALL)
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


@pytest.mark.parametrize("name", BOOKS)
def test_exercises_are_well_made(name):
    assert_well_made(BOOKS[name], name)


check = checking(*BOOKS.values(), data=DATA)


def flip_in_a_loop(good, group, share, rng):
    rows = [i for i in range(len(good)) if group[i] and good[i]]
    flipped = good.tolist()
    for i in rng.permutation(rows)[: round(share * len(rows))]:
        flipped[i] = 0
    return flipped


def told_by_hand(X, group, train, test):
    model = LogisticRegression().fit(X[train], group[train].astype(int))
    p = pd.Series(model.predict_proba(X[test])[:, 1]).groupby(group[test]).mean()
    return p[True] - p[False]


def move_in_a_loop(points, centres):
    nearest = [min(range(len(centres)), key=lambda k: np.hypot(*(p - centres[k]))) for p in points]
    return [
        np.mean([p for p, k in zip(points, nearest, strict=True) if k == c], axis=0)
        for c in range(len(centres))
    ]


def names_as_a_series(groups, genres):
    return pd.crosstab(groups, genres).idxmax(axis=1)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("1_fair.1", flip_in_a_loop),
        ("1_fair.2", told_by_hand),
        ("1_unsupervised.1", move_in_a_loop),
        ("1_unsupervised.2", names_as_a_series),
        ("1_unsupervised.2", lambda groups, genres: {0: "metal", 1: "rock", 2: "rock"}),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


def flip_the_callers_own(good, group, share, rng):
    rows = np.flatnonzero(group & (good == 1))
    good[rng.choice(rows, round(share * len(rows)), replace=False)] = 0
    return good


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("1_fair.1", lambda good, group, share, rng: np.flatnonzero(group), "as many labels as it got"),
        ("1_fair.1", lambda good, group, share, rng: good, "For a nudge"),
        ("1_fair.2", lambda X, group, train, test: 0.5, "For a nudge"),
        ("1_unsupervised.1", lambda points, centres: centres, "For a nudge"),
        ("1_unsupervised.2", lambda groups, genres: ["rock"], "could not be checked"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told


def test_labels_turned_in_place_do_no_harm(check):
    """The check gives a function copies: whether it copies too is the reader's affair."""
    good = np.ones(5)
    flip_the_callers_own(good, np.ones(5, bool), 0.4, np.random.default_rng(0))
    assert good.sum() == 3
    assert check("1_fair.1", flip_the_callers_own)[0] == "correct"
