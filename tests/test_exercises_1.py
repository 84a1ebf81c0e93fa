"""The exercises of lesson 1, and its own way to do what "your turn" asks."""

import functools
import re

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checked, exercises_of
from scipy import stats
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from course_utils.authoring import build
from course_utils.data import tables
from course_utils.exercises import lesson_1

NUMBERS, CATEGORIES = ["month", "hour", "visib"], ["carrier", "origin", "dest"]
EXERCISES = exercises_of(lesson_1.exercises)


@functools.cache
def flights():
    """4,000 flights, as the lesson has them."""
    return tables.load_flights().dropna(subset="late").sample(4_000, random_state=1)


def data_of(exercise_id):
    X, y = flights()[NUMBERS + CATEGORIES], flights()["late"]
    return {
        "1.2": {"flights": X, "late": y},
        "1.3": {"X": X[:2000], "y": y[:2000], "X_new": X[2000:]},
    }.get(exercise_id, {})


@pytest.fixture
def check(capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""

    def check_one(exercise_id, answer):
        return checked(EXERCISES[exercise_id], answer, data_of(exercise_id), capsys)

    return check_one


@pytest.mark.parametrize(
    ("exercise", "context"), cases(lesson_1.exercises, {id: data_of(id) for id in ("1.2", "1.3")})
)
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lesson_1.exercises, "1")


def test_the_referee_may_be_two_loops_or_the_library(check):
    def by_loops(late, punctual):
        points = [1.0 if a > b else 0.5 if a == b else 0.0 for a in late for b in punctual]
        return 100 * sum(points) / len(points)

    def by_the_library(late, punctual):
        truth = np.repeat([1, 0], [len(late), len(punctual)])
        return 100 * roc_auc_score(truth, np.concatenate([late, punctual]))

    assert check("1.1", by_loops)[0] == check("1.1", by_the_library)[0] == "correct"
    by_hand = {3: 100 * 9.5 / 12, 4: 100 * 6 / 12}  # of 3 and of 4 late flights, 12 pairs each
    assert check("1.1", lambda late, punctual: by_hand[len(late)])[0] == "correct"
    assert check("1.1", lambda late, punctual: 50.0)[0] == "not yet"


def test_a_rule_may_give_a_list_an_array_or_a_column(check):
    def rule(flights):
        return flights["hour"] + 5 * flights["month"].isin([6, 7])

    assert check("1.2", rule)[0] == "correct"
    assert check("1.2", lambda flights: rule(flights).tolist())[0] == "correct"
    assert check("1.2", lambda flights: rule(flights).to_numpy())[0] == "correct"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda flights: flights["visib"].where(flights["hour"] > 6), "no number (NaN) for"),
        (lambda flights: 17, "not one number for each of 4000 flights"),
        (lambda flights: flights["dep_delay"], "dep_delay"),
    ],
)
def test_a_rule_without_a_number_for_each_flight_is_told(check, rule, said):
    status, told = check("1.2", rule)
    assert status == "not yet" and said in told


def test_a_pipeline_may_be_written_in_other_words(check):
    def in_pipeline(model):
        numbers = Pipeline([("gaps", SimpleImputer()), ("scale", StandardScaler())])
        names = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        columns = ColumnTransformer([("c", names, CATEGORIES), ("n", numbers, NUMBERS)])
        return Pipeline([("columns", columns), ("model", clone(model))])

    assert check("1.3", in_pipeline)[0] == "correct"
    status, told = check("1.3", lambda model: model)
    assert status == "not yet" and "could not be checked" in told


def test_the_loop_may_be_the_librarys_and_may_give_a_list(check):
    def by_the_library(model, X, y, folds):
        return (100 * cross_val_score(model, X, y, cv=folds, scoring="roc_auc")).tolist()

    assert check("1.4", by_the_library)[0] == "correct"
    assert check("1.4", lambda model, X, y, folds: [70.0] * 5)[0] == "not yet"


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
        ("1.4", lambda model, X, y: 0, "could not be checked"),
        ("1.5", lambda differences, test_share: 0.83, "For a nudge"),
    ],
)
def test_any_other_answer_is_told_what_is_expected(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told and "Expected a" in told


def test_the_way_that_your_turn_unfolds_runs_on_the_penguins_and_ends_with_a_word(capsys):
    notebook = build.solved_edition(build.SOURCES / "1_classic_ml.py")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    imports = next(source for source in code if "make_pipeline" in source and "import numpy" in source)
    space = {}
    exec(re.split(r"\nrun = ", imports)[0], space)
    for needed in ("def auc(", "def linear(", "def corrected_interval(", "load_penguins"):
        source = next(source for source in code if needed in source)
        if needed in ("def auc(", "def linear("):  # the functions and constants alone
            source = re.split(r"\n(?:print|logistic = |exercises)", source)[0]
            source += "\nNUMBERS, CATEGORIES = [], []" if needed == "def auc(" else ""
        exec(source, space)
    (text,) = [cell.source for cell in notebook.cells if "summary>One way to do it" in cell.source]
    exec(re.search(r"```python\n(.+?)```", text, re.DOTALL)[1], space)
    *scores, word = capsys.readouterr().out.strip().splitlines()
    assert [line.split()[0] for line in scores] == ["baseline", "A", "B"]
    baseline, a, b = (float(line.split()[1]) for line in scores)
    assert baseline == pytest.approx(44.2, abs=0.5) and min(a, b) > 90
    assert word in ("A is better", "B is better", "we cannot tell")
