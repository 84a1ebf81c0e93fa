"""Choosing among models with rows that nobody is tested on, and what the search costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.model_selection import GroupShuffleSplit

from course_utils import CourseError
from course_utils.models.costs import CostMeter


@dataclass(frozen=True)
class Choice:
    """The model that a search chose.

    Attributes
    ----------
    model
        Trained on all rows that the search had.
    place : int
        Its place among the models, from 1.
    errors : tuple of float
        What each model made on the rows that choose.
    search_cpu_s : float
        CPU seconds of everything: all tries, and the last training.
    train_cpu_s : float
        CPU seconds of the last training alone.
    """

    model: Any
    place: int
    errors: tuple[float, ...]
    search_cpu_s: float
    train_cpu_s: float


def say(model: Any, X: pd.DataFrame) -> np.ndarray:
    """What a model says of each row, (n_rows,): the second class's probability, or else a number."""
    return model.predict_proba(X)[:, 1] if hasattr(model, "predict_proba") else model.predict(X)


def cheapest_good(
    models: Sequence[Any],
    X: pd.DataFrame,
    y: np.ndarray,
    groups: ArrayLike,
    error: Callable[[np.ndarray, np.ndarray], float],
    near: float,
    seed: int = 0,
) -> Choice:
    """The first model that is nearly as good as the best, chosen by rows that none of them learned from.

    Each model learns from three quarters of the groups and is tried on the others. The chosen one then
    learns from all rows. The order of the models decides what is cheap, not a clock: the same choice twice.

    Parameters
    ----------
    models : sequence
        With scikit-learn's interface, from the cheapest to the dearest. They are trained in place.
    X, y, groups : (n_rows, ...)
        Columns, answers, and the group of each row (its day, its house), which stays whole.
    error : callable
        ``error(answers, said)``, the smaller the better; `said` is what `say` gives.
    near : float
        By how much a model's error may exceed the smallest.
    seed : int
        Of the choice of groups.

    Raises
    ------
    CourseError
        There is no model, or an error is not finite.
    """
    if not models:
        raise CourseError("there is no model to choose from: give at least one")
    inner = GroupShuffleSplit(n_splits=1, test_size=0.25, random_state=seed)
    learn, choose = next(inner.split(X, y, groups))
    with CostMeter() as search:
        errors = []
        for model in models:
            model.fit(X.iloc[learn], y[learn])
            errors.append(float(error(y[choose], say(model, X.iloc[choose]))))
        if not np.isfinite(errors).all():
            raise CourseError(f"expected finite errors, got {errors}: has each part both classes?")
        good = [place for place, each in enumerate(errors) if each <= min(errors) + near]
        with CostMeter() as last:
            model = models[good[0]].fit(X, y)
    return Choice(model, good[0] + 1, tuple(errors), search.cpu_s, last.cpu_s)
