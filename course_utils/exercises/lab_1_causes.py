"""The exercises of lab 1_causes, weights and causes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, workbook

WeightsOf = Callable[[np.ndarray], np.ndarray]


def _weights_of(new_model: Callable[[], Any], X: np.ndarray, y: np.ndarray, **_: Any) -> WeightsOf:
    return lambda rows: new_model().fit(X[rows], y[rows])[-1].coef_[0]


def _of_everybody(new_model: Callable[[], Any], X: np.ndarray, y: np.ndarray, **_: Any) -> WeightsOf:
    return lambda rows: new_model().fit(X, y)[-1].coef_[0]


def _each_once(new_model: Callable[[], Any], X: np.ndarray, y: np.ndarray, **_: Any) -> WeightsOf:
    return lambda rows: _weights_of(new_model, X, y)(np.unique(rows))


def _unscaled(new_model: Callable[[], Any], X: np.ndarray, y: np.ndarray, **_: Any) -> WeightsOf:
    return lambda rows: new_model()[-1].fit(X[rows], y[rows]).coef_[0]


def _scaled_by_all(new_model: Callable[[], Any], X: np.ndarray, y: np.ndarray, **_: Any) -> WeightsOf:
    scaled = new_model()[0].fit_transform(X)
    return lambda rows: new_model()[-1].fit(scaled[rows], y[rows]).coef_[0]


def same_weights(answer: WeightsOf, other: WeightsOf, draws: np.ndarray, **_: Any) -> bool:
    """Whether two functions give the same weights for the first draw; (1, columns) will do, too."""
    ours, theirs = np.squeeze(answer(draws[0])), other(draws[0])
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def _both(shoe: np.ndarray, age: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Weights of shoe and age, and the offset."""
    return np.linalg.lstsq(np.column_stack([shoe, age, np.ones_like(age)]), words, rcond=None)[0]


exercises = workbook(
    Exercise(
        "1_causes.1",
        "The heart of the bootstrap",
        solution=lambda **data: _weights_of(**data),
        mistakes=(
            Mistake(
                lambda **data: _of_everybody(**data),
                "It trains on all patients, whatever rows are drawn: use X[rows] and y[rows].",
            ),
            Mistake(
                lambda **data: _each_once(**data),
                "Each drawn patient counts once. In the bootstrap, one who is drawn twice counts twice.",
            ),
            Mistake(
                lambda **data: _unscaled(**data),
                "The columns are not scaled. Fit the whole pipeline, new_model(), not its last step alone.",
            ),
            Mistake(
                lambda **data: _scaled_by_all(**data),
                "The columns are scaled by all patients. Another clinic has only its own: fit new_model() "
                "on X[rows].",
            ),
        ),
        hints=(
            "X[rows] is a table with one line for each drawn patient, twice for those drawn twice.",
            "new_model().fit(...) gives the trained pipeline back; [-1] is its last step.",
            "new_model().fit(X[rows], y[rows])[-1].coef_[0]",
        ),
        same=same_weights,
        expects="a function of rows that gives one weight a column",
    ),
    Exercise(
        "1_causes.2",
        "Tell it the age",
        solution=lambda **data: _both(**data)[0],
        mistakes=(
            Mistake(
                lambda **data: _both(**data)[1],
                "That is the weight of the age. The shoe size is the other column.",
            ),
            Mistake(
                lambda **data: _both(**data)[2],
                "That is the offset (intercept_). The weights are in coef_, in the order of the columns.",
            ),
            Mistake(
                lambda shoe, age, words: np.polyfit(shoe, words, deg=1)[0],
                "That is the weight from before, of the shoe size alone. Give the model the age, too.",
            ),
        ),
        hints=(
            "Make a table of two columns: np.column_stack([shoe, age]).",
            "Fit the model to this table and words; coef_ has one weight a column, in your order.",
            "linear_model.LinearRegression().fit(np.column_stack([shoe, age]), words).coef_[0]",
        ),
        expects="a number of words a minute",
    ),
)
