"""The exercises of lesson 1 and of its labs."""

import numpy as np
import pytest
from exercise_cases import exercises_of
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils import exercises
from course_utils.data import tables
from course_utils.exercises import lab_1_causes, lab_1_cleaning, lab_1_labels

BOOKS = {"1_labels": lab_1_labels, "1_causes": lab_1_causes, "1_cleaning": lab_1_cleaning}
ALL = [(name, id) for name, book in BOOKS.items() for id in exercises_of(book.exercises)]
every_exercise = pytest.mark.parametrize(("name", "exercise_id"), ALL, ids=[id for _, id in ALL])


def new_model():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=20_000))


def lessons_data():
    """Data as the lesson and its labs have them, from seeds of their own."""
    rng = np.random.default_rng(0)
    table = tables.load_breast_cancer()
    X, y = table.X.to_numpy(), table.y
    rows = rng.permutation(len(y))
    train, test = rows[:450], rows[450:]
    age = rng.uniform(6, 12, 400)
    return {
        "new_model": new_model,
        "X": X,
        "y": y,
        "X_train": X[train],
        "y_train": y[train],
        "X_test": X[test],
        "y_test": y[test],
        "draws": rng.integers(len(y), size=(3, len(y))),
        "folds": list(StratifiedKFold(5).split(X, y)),
        "sizes": [14, 28, 56, 112],
        "mean_accuracy": np.array([90.0, 94.0, 95.0, 97.0]),
        "age": age,
        "shoe": 28 + 1.5 * (age - 6) + rng.normal(0, 0.8, 400),
        "words": 20 + 15 * (age - 6) + rng.normal(0, 12, 400),
    }


NEEDS = {
    "1_labels.1": ("new_model", "X_train", "y_train", "X_test", "y_test"),
    "1_labels.2": ("sizes", "mean_accuracy"),
    "1_causes.1": ("new_model", "X", "y", "draws"),
    "1_causes.2": ("shoe", "age", "words"),
    "1_cleaning.1": ("X_train", "X_test"),
    "1_cleaning.3": ("X", "y", "folds"),
}


@pytest.fixture
def check(capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""

    def checked(exercise_id, answer, **other):
        name = exercise_id.split(".")[0]
        (exercise,) = [each for id, each in exercises_of(BOOKS[name].exercises).items() if id == exercise_id]
        data = lessons_data()
        book = exercises.workbook(exercise)
        context = {each: data[each] for each in NEEDS.get(exercise_id, ())} | other
        book.check(exercise_id, answer, **context)
        return book.statuses[exercise_id], capsys.readouterr().out

    return checked


@every_exercise
def test_the_solution_and_each_mistake_are_told_apart(name, exercise_id, check):
    exercise = exercises_of(BOOKS[name].exercises)[exercise_id]
    context = {each: lessons_data()[each] for each in NEEDS.get(exercise_id, ())}
    assert check(exercise_id, exercise.solution(**context))[0] == "correct"
    assert len(exercise.mistakes) >= 2
    for mistake in exercise.mistakes:
        status, said = check(exercise_id, mistake.answer(**context))
        assert status == "not yet"
        assert said.splitlines()[1:] == [f"  {mistake.hint}"]
    assert len({mistake.hint for mistake in exercise.mistakes}) == len(exercise.mistakes)


@every_exercise
def test_three_dots_are_not_attempted(name, exercise_id, check):
    assert check(exercise_id, ...)[1].endswith(": not attempted\n")


@pytest.mark.parametrize("name", BOOKS)
def test_exercises_are_numbered_and_have_hints(name):
    found = exercises_of(BOOKS[name].exercises)
    assert list(found) == [f"{name}.{i}" for i in range(1, len(found) + 1)]
    assert all(len(exercise.hints) >= 2 for exercise in found.values())


def test_points_a_doubling_worked_out_by_hand(check):
    flat = {"sizes": [8, 16, 32], "mean_accuracy": np.array([80.0, 83.0, 86.0])}
    assert check("1_labels.2", 3.0, **flat)[0] == "correct"
    assert "joins the two ends" in check("1_labels.2", 7 / 3)[1]  # from 90 to 97 in three doublings
    assert check("1_labels.2", 2.2)[0] == "correct"  # (-1.5 · 90 - 0.5 · 94 + 0.5 · 95 + 1.5 · 97) / 5


def test_learning_from_a_few_may_be_written_otherwise(check):
    data = lessons_data()

    def accuracy_after(n):
        model = new_model()
        model.fit(data["X_train"][range(n)], data["y_train"][range(n)])
        return np.mean(model.predict(data["X_test"]) == data["y_test"]) * 100

    assert check("1_labels.1", accuracy_after)[0] == "correct"
    assert check("1_labels.1", lambda n: 95.0)[0] == "not yet"


def test_the_age_may_stand_first(check):
    data = lessons_data()
    model = LinearRegression().fit(np.column_stack([data["age"], data["shoe"]]), data["words"])
    assert check("1_causes.2", model.coef_[1])[0] == "correct"
    assert "weight of the age" in check("1_causes.2", model.coef_[0])[1]
    assert "(intercept_)" in check("1_causes.2", model.intercept_)[1]


def test_weights_may_come_as_scikit_learn_gives_them(check):
    data = lessons_data()

    def weights_of(rows):
        return new_model().fit(data["X"][rows], data["y"][rows])[-1].coef_

    assert check("1_causes.1", weights_of)[0] == "correct"


@pytest.mark.parametrize("ddof", [0, 1])
def test_a_scaler_by_pandas_or_by_numpy(check, ddof):
    def scaled(train, test):
        mean, spread = train.mean(axis=0), train.std(axis=0, ddof=ddof)
        return [(train - mean) / spread, (test - mean) / spread]

    assert check("1_cleaning.1", scaled)[0] == "correct"


def test_a_scaler_that_changes_its_input_harms_nobody(check):
    def careless(train, test):
        mean, spread = train.mean(axis=0), train.std(axis=0)
        for each in (train, test):
            each -= mean
            each /= spread
        return train, test

    assert check("1_cleaning.1", careless)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("1_cleaning.1", lambda train, test: train, "could not be checked"),
        ("1_cleaning.1", lambda train: train, "could not be checked"),
        ("1_cleaning.2", "SVM", "put it into braces"),
        ("1_cleaning.3", None, "'NoneType' object is not callable"),
        ("1_causes.1", lambda rows: np.ones(3), "For a nudge"),
        ("1_labels.1", lambda n: None, "could not be checked"),
    ],
)
def test_any_other_answer_is_told_what_is_expected(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told and "Expected a" in told
