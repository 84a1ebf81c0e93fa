"""The exercises of lesson 1 and of its labs."""

import functools

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, checked, exercises_of
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.data import tables
from course_utils.exercises import lesson_1

BOOKS = {"1": lesson_1}
EXERCISES = {id: each for book in BOOKS.values() for id, each in exercises_of(book.exercises).items()}


def new_model():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=20_000))


@functools.cache
def lessons_data():
    """Data as the lesson and its labs have them, from seeds of their own."""
    rng = np.random.default_rng(0)
    table = tables.load_breast_cancer()
    X, y = table.X.to_numpy(), table.y
    rows = rng.permutation(len(y))
    train, test = rows[:450], rows[450:]
    return {
        "new_model": new_model,
        "X": X,
        "y": y,
        "X_train": X[train],
        "y_train": y[train],
        "X_test": X[test],
        "y_test": y[test],
    }


NEEDS = {}


def data_of(exercise_id):
    data = lessons_data()
    return {name: data[name] for name in NEEDS.get(exercise_id, ())}


@pytest.fixture
def check(capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""

    def check_one(exercise_id, answer, **other):
        return checked(EXERCISES[exercise_id], answer, data_of(exercise_id) | other, capsys)

    return check_one


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_each_mistake_meets_its_own_hint(exercise_id, capsys):
    assert_told_apart(EXERCISES[exercise_id], data_of(exercise_id), capsys)


@pytest.mark.parametrize("name", BOOKS)
def test_exercises_are_well_made(name):
    assert_well_made(BOOKS[name].exercises, name)


def test_a_baseline_counted_in_a_loop(check):
    def baseline_accuracy(y_train, y_new):
        best = max(set(y_train.tolist()), key=y_train.tolist().count)
        return 100 * sum(label == best for label in y_new) / len(y_new)

    assert check("1.1", baseline_accuracy)[0] == "correct"
    assert check("1.1", lambda y_train, y_new: 30.0)[0] == "correct"  # 3 of 10, by hand
    assert check("1.1", lambda y_train, y_new: 50.0) == (
        "not yet",
        "It takes the class that is most frequent in the *new* part, which is not known yet. "
        "Count in y_train.",
    )


def test_recall_counted_in_a_loop_and_by_hand(check):
    def recall(is_malignant, p_malignant, threshold):
        found = [p >= threshold for p, ill in zip(p_malignant, is_malignant, strict=True) if ill]
        return 100 * sum(found) / len(found)

    by_hand = {0.25: 80.0, 0.5: 60.0, 0.75: 40.0}  # of 0.9, 0.8, 0.5, 0.3, 0.2
    assert check("1.2", recall)[0] == "correct"
    assert check("1.2", lambda ill, p, threshold: by_hand[threshold])[0] == "correct"
    assert "67% of yours is right" in check("1.2", lambda ill, p, t: by_hand[t] if t > 0.4 else 0.0)[1]


def test_the_loop_may_be_the_librarys_and_may_give_a_list(check):
    def by_the_library(model, X, y, folds):
        return (100 * cross_val_score(model, X, y, cv=folds)).tolist()

    assert check("1.3", by_the_library)[0] == "correct"
    assert check("1.3", lambda model, X, y, folds: [95.0] * 5)[0] == "not yet"


def test_a_leak_mended_by_a_loop_of_ones_own(check):
    def honest_accuracy(X, y):
        scores = []
        for train, test in StratifiedKFold(5).split(X, y):
            scaler = StandardScaler().fit(X[train])
            model = KNeighborsClassifier().fit(scaler.transform(X[train]), y[train])
            scores.append(model.score(scaler.transform(X[test]), y[test]))
        return 100 * np.mean(scores)

    assert check("1.4", honest_accuracy)[0] == "correct"


def test_an_interval_worked_out_by_hand(check):
    def by_hand(differences, test_share):
        if len(differences) == 10:  # mean 0.8, spread 0.7972; t 2.262, root of 1/10 + 1/9: 0.4595
            return 0.8 - 0.8286, 0.8 + 0.8286
        low, high = stats.t.interval(
            0.95, 3, differences.mean(), differences.std(ddof=1) * np.sqrt(1 / 4 + 1 / 3)
        )
        return [low, high]

    assert check("1.5", by_hand)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("1.1", 62.7, "not callable"),
        ("1.3", lambda model, X, y: 0, "could not be checked"),
        ("1.5", lambda differences, test_share: 0.83, "For a nudge"),
    ],
)
def test_any_other_answer_is_told_what_is_expected(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told and "Expected a" in told
