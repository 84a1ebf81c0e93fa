"""The exercises of lab 1_cleaning, scaling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.exercises import Exercise, Mistake, always, same_set, workbook

Tables = tuple[np.ndarray, np.ndarray]


def _scaled(train: np.ndarray, test: np.ndarray) -> Tables:
    mean, spread = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / spread, (test - mean) / spread


def _each_by_itself(train: np.ndarray, test: np.ndarray) -> Tables:
    return _scaled(train, train)[0], _scaled(test, test)[0]


def _by_all_rows(train: np.ndarray, test: np.ndarray) -> Tables:
    everybody = np.concatenate([train, test])
    return _scaled(everybody, train)[1], _scaled(everybody, test)[1]


def _by_one_number(train: np.ndarray, test: np.ndarray) -> Tables:
    return (train - train.mean()) / train.std(), (test - train.mean()) / train.std()


def _without_spread(train: np.ndarray, test: np.ndarray) -> Tables:
    return train - train.mean(axis=0), test - train.mean(axis=0)


def same_tables(
    answer: Callable[..., Tables], other: Callable[..., Tables], X_train: np.ndarray, X_test: np.ndarray
) -> bool:
    """Whether two functions scale two tables alike, apart from n or n - 1 in the spread."""
    train, test = answer(X_train.copy(), X_test.copy())
    pairs = zip((train, test), other(X_train, X_test), strict=True)
    return all(
        np.shape(ours) == theirs.shape and np.allclose(ours, theirs, rtol=5e-3, atol=1e-3)
        for ours, theirs in pairs
    )


Gain = Callable[[Any], np.ndarray]


def _gain(X: np.ndarray, y: np.ndarray, folds: list[Tables]) -> Gain:
    def gain(model: Any) -> np.ndarray:
        scores = cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=folds)
        return 100 * (scores - cross_val_score(model, X, y, cv=folds))

    return gain


def same_gain(answer: Gain, other: Gain, **data: Any) -> bool:
    """Whether two functions find the same gain, fold by fold, for three nearest neighbours."""
    ours, theirs = answer(KNeighborsClassifier(3)), other(KNeighborsClassifier(3))
    return np.shape(ours) == np.shape(theirs) and np.allclose(ours, theirs, atol=1e-6)


exercises = workbook(
    Exercise(
        "1_cleaning.1",
        "A scaler of your own",
        solution=lambda X_train, X_test: _scaled,
        mistakes=(
            Mistake(
                lambda X_train, X_test: _each_by_itself,
                "The test rows are scaled by their own mean and spread. A patient who comes alone would "
                "become all zeros: use the mean and spread of the training rows for both.",
            ),
            Mistake(
                lambda X_train, X_test: _by_all_rows,
                "That is the leak: mean and spread come from the test rows, too. Use the training rows.",
            ),
            Mistake(
                lambda X_train, X_test: _by_one_number,
                "That is one mean for the whole table. Each column needs its own: axis=0.",
            ),
            Mistake(
                lambda X_train, X_test: _without_spread,
                "The means are right. Now divide each column by its spread.",
            ),
        ),
        hints=(
            "First compute two rows of numbers: the mean of each column and the spread of each column.",
            "Both come from `train` alone, with axis=0; then use them on `train` and on `test`.",
            "(test - train.mean(axis=0)) / train.std(axis=0) is the second half.",
        ),
        same=same_tables,
        expects="a function of (train, test) that gives both tables scaled",
    ),
    Exercise(
        "1_cleaning.2",
        "Who cares about units?",
        solution=always({"k-nearest neighbours", "SVM"}),
        mistakes=(
            Mistake(
                always({"decision tree", "random forest"}),
                "The other way round: a tree only asks whether "
                "a value is above a cut, and the cut moves with the unit.",
            ),
            Mistake(
                always({"k-nearest neighbours"}), "One more: an SVM also works with distances between rows."
            ),
            Mistake(always({"SVM"}), "One more: who is a nearest neighbour depends on distances too."),
            Mistake(
                always({"k-nearest neighbours", "SVM", "random forest"}),
                "A forest is many trees. Does a tree care about units?",
            ),
        ),
        hints=(
            "Who computes a distance between two patients?",
            "What happens to a question 'above 2 m?' when you write 2000 mm?",
        ),
        same=same_set,
        expects="a set of names",
    ),
    Exercise(
        "1_cleaning.3",
        "Write the experiment",
        solution=_gain,
        mistakes=(
            Mistake(
                lambda **data: lambda model: -_gain(**data)(model),
                "The sign is turned round: with scaling *minus* without.",
            ),
            Mistake(
                lambda **data: lambda model: _gain(**data)(model) / 100,
                "These are shares. Points are a hundred times as much.",
            ),
            Mistake(
                lambda **data: lambda model: _gain(**data)(model).mean(),
                "That is the mean. Give the difference in every fold, so that an interval can follow.",
            ),
        ),
        hints=(
            "You need two calls of cross_val_score, on the same folds.",
            "One is for model, the other for make_pipeline(StandardScaler(), model).",
            "100 * (scores with the scaler - scores without).",
        ),
        same=same_gain,
        expects="a function of a model that gives one number of points a fold",
    ),
)
