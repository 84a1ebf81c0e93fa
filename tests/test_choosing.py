import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import root_mean_squared_error

from course_utils import CourseError
from course_utils.models import choosing
from course_utils.models.choosing import cheapest_good

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=200), "b": RNG.normal(size=200)})
Y = (3 * X["a"] + RNG.normal(size=200)).to_numpy()
DAY = np.repeat(np.arange(20), 10)


class Remembers(LinearRegression):
    """Notes which rows it learned from, and which it was asked about."""

    def __init__(self):
        super().__init__()
        self.learned, self.asked = [], []

    def fit(self, X, y):
        self.learned.append(set(X.index))
        return super().fit(X, y)

    def predict(self, X):
        self.asked.append(set(X.index))
        return super().predict(X)


def choose(*models, near=0.0, seed=0):
    return cheapest_good(models, X, Y, DAY, root_mean_squared_error, near, seed)


def test_the_best_wins_when_nothing_worse_will_do():
    choice = choose(DummyRegressor(), LinearRegression(), LinearRegression())
    assert choice.place == 2  # the third is as good, and dearer
    assert choice.errors[1] == choice.errors[2] < choice.errors[0]
    assert choice.errors[1] == pytest.approx(1, abs=0.3)


def test_a_cheaper_one_that_is_nearly_as_good_wins():
    worse = choose(DummyRegressor(), LinearRegression()).errors
    gap = worse[0] - worse[1]
    assert choose(DummyRegressor(), LinearRegression(), near=1.01 * gap).place == 1
    assert choose(DummyRegressor(), LinearRegression(), near=0.99 * gap).place == 2


def test_whole_days_choose_and_at_the_end_all_rows_teach():
    model = Remembers()
    choice = choose(model)
    first, last = model.learned
    (asked,) = model.asked
    assert not first & asked
    assert first | asked == last == set(X.index)
    assert {DAY[row] for row in asked}.isdisjoint({DAY[row] for row in first})
    assert len(asked) == 50
    assert choice.model is model


def test_the_seed_draws_the_days_that_choose():
    models = [Remembers() for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        choose(model, seed=seed)
    assert models[0].asked == models[1].asked != models[2].asked


def test_the_search_costs_more_than_its_last_training():
    choice = choose(*[LinearRegression() for _ in range(5)])
    assert choice.search_cpu_s >= choice.train_cpu_s >= 0


def test_what_a_model_says():
    late = (Y > 0).astype(float)
    classifier, regressor = LogisticRegression().fit(X, late), LinearRegression().fit(X, Y)
    assert np.array_equal(choosing.say(classifier, X), classifier.predict_proba(X)[:, 1])
    assert np.array_equal(choosing.say(regressor, X), regressor.predict(X))


def test_no_model_and_an_error_that_is_none_are_refused():
    with pytest.raises(CourseError, match="no model to choose from"):
        choose()
    late = (Y > 0).astype(float)
    with pytest.raises(CourseError, match=r"finite errors, got \[nan\]"):
        cheapest_good([DummyClassifier()], X, late, DAY, lambda truth, said: np.nan, 0)
