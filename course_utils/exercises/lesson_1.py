"""The exercises of lesson 1, classic machine learning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from course_utils.exercises import Exercise, Mistake, same_results, workbook
from course_utils.exercises.exercise import close, plain

SCORES = (np.array([0.9, 0.5, 0.3]), np.array([0.1, 0.5, 0.4, 0.2]))
MORE_SCORES = (np.array([3, 7, 7, 1]), np.array([7, 2, 5]))
"""Scores of late and of punctual flights, with ties."""


def _pairs_won(late: np.ndarray, punctual: np.ndarray, tie: float = 0.5) -> float:
    won = late[:, None] > punctual
    return 100 * float(np.mean(won + tie * (late[:, None] == punctual)))


PASSES = 62
"""Pairs that a rule has to win, in %."""


def _scores(rule: Callable[[pd.DataFrame], Any], flights: pd.DataFrame) -> np.ndarray:
    """A rule's scores, one a flight."""
    scores = np.asarray(plain(rule(flights.copy())), dtype=float)
    if scores.shape != (len(flights),):
        raise TypeError(
            f"the rule gives shape {scores.shape}, not one number for each of {len(flights)} flights"
        )
    if empty := int(np.isnan(scores).sum()):
        raise TypeError(f"the rule gives no number (NaN) for {empty} flights: use fillna on its columns")
    return scores


def same_worth(
    answer: Callable[..., Any], other: Callable[..., Any], flights: pd.DataFrame, late: np.ndarray
) -> bool:
    """Whether two rules are of the same kind: turned round, worth a coin, a little better, good enough."""
    kinds = []
    for rule in (answer, other):
        won = 100 * roc_auc_score(late, _scores(rule, flights))
        kinds.append(int(np.searchsorted([49.9, 50.1, PASSES], won, side="right")))
    return kinds[0] == kinds[1]


def _pipeline(model: BaseEstimator, leave_out: str = "") -> Pipeline:
    """The right pipeline for any table, or one that lacks a step: 'scaling', 'numbers', 'categories'."""
    steps = [SimpleImputer()] + ([] if leave_out == "scaling" else [StandardScaler()])
    parts = {
        "numbers": (make_pipeline(*steps), lambda X: X.select_dtypes("number").columns),
        "categories": (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            lambda X: X.select_dtypes(exclude="number").columns,
        ),
    }
    return make_pipeline(make_column_transformer(*(parts[p] for p in parts if p != leave_out)), model)


def same_pipeline(
    answer: Callable[..., Any], other: Callable[..., Any], X: pd.DataFrame, y: pd.Series, X_new: pd.DataFrame
) -> bool:
    """Whether two pipelines with logistic regression give new rows the same probabilities."""
    ours, theirs = (
        make(LogisticRegression(max_iter=1000)).fit(X.copy(), y.copy()).predict_proba(X_new.copy())
        for make in (answer, other)
    )
    return close(ours, theirs, abs_tol=2e-3)


Folds = Sequence[tuple[np.ndarray, np.ndarray]]
Loop = Callable[..., np.ndarray]


def _fold_aucs(model: Any, X: pd.DataFrame, y: pd.Series, folds: Folds) -> np.ndarray:
    def one(train: np.ndarray, test: np.ndarray) -> float:
        p = model.fit(X.iloc[train], y.iloc[train]).predict_proba(X.iloc[test])[:, 1]
        return 100 * float(roc_auc_score(y.iloc[test], p))

    return np.array([one(*fold) for fold in folds])


def _with_folds(change: Callable[..., tuple[np.ndarray, np.ndarray]]) -> Loop:
    """The right loop over wrong folds: `change` gets training rows, test rows and all rows."""
    return lambda model, X, y, folds: _fold_aucs(
        model, X, y, [change(*fold, np.arange(len(y))) for fold in folds]
    )


def _of_calls(model: Any, X: pd.DataFrame, y: pd.Series, folds: Folds) -> np.ndarray:
    aucs = [
        roc_auc_score(y.iloc[test], model.fit(X.iloc[train], y.iloc[train]).predict(X.iloc[test]))
        for train, test in folds
    ]
    return 100 * np.array(aucs)


def same_aucs(answer: Loop, other: Loop) -> bool:
    """Whether two loops give the same AUCs on a made-up table, whose rows are numbered from 100."""
    rng = np.random.default_rng(0)
    y = pd.Series(rng.integers(2, size=120), index=range(100, 220))
    X = pd.DataFrame(rng.normal(size=(120, 3)) + 0.6 * y.to_numpy()[:, None], y.index, ["a", "b", "c"])
    folds = list(KFold(5, shuffle=True, random_state=0).split(X))
    return close(answer(GaussianNB(), X, y, folds), other(GaussianNB(), X, y, folds))


DIFFERENCES = (np.array([1.2, 0.4, -0.6, 2.1, 0.9, 1.6, -0.2, 0.7, 1.1, 0.8]), np.array([0.5, 2.0, 1.0, 3.0]))
TEST_SHARES = (0.1, 0.25)


def _interval(
    differences: np.ndarray,
    test_share: float,
    extra: Callable[[float], float] = lambda share: share / (1 - share),
    ddof: int = 1,
) -> tuple[float, float]:
    n, mean = len(differences), float(differences.mean())
    root = np.sqrt(1 / n + extra(test_share))
    half_width = float(stats.t.ppf(0.975, n - 1) * np.std(differences, ddof=ddof) * root)
    return mean - half_width, mean + half_width


def _half_width(differences: np.ndarray, test_share: float) -> float:
    return float(np.ptp(_interval(differences, test_share)) / 2)


exercises = workbook(
    Exercise(
        "1.1",
        "Write the referee",
        solution=lambda: _pairs_won,
        mistakes=(
            Mistake(
                lambda: partial(_pairs_won, tie=0),
                "Equal scores count as lost. They count half: add 0.5 for each pair with ==.",
            ),
            Mistake(
                lambda: partial(_pairs_won, tie=1),
                "Equal scores count as won. They count half: use > for won pairs, and add 0.5 for ==.",
            ),
            Mistake(
                lambda: lambda late, punctual: _pairs_won(punctual, late),
                "It counts the pairs in which the punctual flight is higher. Turn it round.",
            ),
            Mistake(
                lambda: lambda *scores: _pairs_won(*scores) / 100,
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "A loop over the late flights; inside, compare one score with all punctual ones at once.",
            "np.sum(one > punctual_scores) counts how many punctual flights this late one beats.",
            "Add 0.5 * np.sum(one == punctual_scores), and divide by the number of pairs.",
        ),
        same=same_results(SCORES, MORE_SCORES),
        expects="a function of (late_scores, punctual_scores) that returns a share in %",
    ),
    Exercise(
        "1.2",
        "Your own rule",
        solution=lambda flights, late: lambda flights: flights["hour"] + 5 * flights["month"].isin([6, 7]),
        mistakes=(
            Mistake(
                lambda flights, late: lambda flights: np.zeros(len(flights)),
                "Your rule is worth a coin: 50 %. Give flights that you would bet on a higher number.",
            ),
            Mistake(
                lambda flights, late: lambda flights: -flights["hour"],
                "It wins less than half: a rule that is turned round. Put a minus in front, and it is good.",
            ),
            Mistake(
                lambda flights, late: lambda flights: flights["hour"] > 19,
                f"Better than a coin, and below {PASSES} %. A yes or no leaves many ties: let the number "
                "rise with the hour, and add something for a second column.",
            ),
        ),
        hints=(
            "Begin with return flights['hour'], and see what it wins.",
            "Add points for what makes it worse: 5 * flights['month'].isin([6, 7]), or rain, or fog.",
        ),
        same=same_worth,
        expects="a function of a table of flights that returns one number a flight",
    ),
    Exercise(
        "1.3",
        "Write the pipeline",
        solution=lambda X, y, X_new: _pipeline,
        mistakes=(
            Mistake(
                lambda X, y, X_new: partial(_pipeline, leave_out="scaling"),
                "The numbers are not scaled: put a StandardScaler behind their SimpleImputer.",
            ),
            Mistake(
                lambda X, y, X_new: partial(_pipeline, leave_out="categories"),
                "The categories are left out: the column transformer needs a second pair for them.",
            ),
        ),
        hints=(
            "Three lines: the steps for numbers, the step for categories, the column transformer.",
            "numbers = make_pipeline(impute.SimpleImputer(), StandardScaler())",
            "columns = compose.make_column_transformer((numbers, NUMBERS), (categories, CATEGORIES))",
            "return make_pipeline(columns, model)",
        ),
        same=same_pipeline,
        expects="a function of a model that returns a pipeline",
    ),
    Exercise(
        "1.4",
        "Write the loop",
        solution=lambda: _fold_aucs,
        mistakes=(
            Mistake(
                lambda: _with_folds(lambda train, test, whole: (train, train)),
                "It scores the rows that it trained on. Score X.iloc[test] and y.iloc[test].",
            ),
            Mistake(
                lambda: _with_folds(lambda train, test, whole: (whole, test)),
                "It trains on the whole table, test rows included: that is a leak. Fit on the training rows.",
            ),
            Mistake(
                lambda: _of_calls,
                "predict gives yes or no, with many ties. The referee wants predict_proba(...)[:, 1].",
            ),
            Mistake(
                lambda: lambda *data: _fold_aucs(*data) / 100,
                "These are shares between 0 and 1. The question asks for %.",
            ),
            Mistake(
                lambda: lambda *data: _fold_aucs(*data).mean(),
                "That is the mean. Return one number a fold: their spread is needed later.",
            ),
        ),
        hints=(
            "for train, test in folds: gives you the row numbers of one fold after the other.",
            "model.fit(X.iloc[train], y.iloc[train]) trains anew each time it is called.",
            "The scores of the test rows are model.predict_proba(X.iloc[test])[:, 1].",
            "Collect 100 * metrics.roc_auc_score(y.iloc[test], scores) in a list.",
        ),
        same=same_aucs,
        expects="a function of (model, X, y, folds) that returns one AUC in % a fold",
    ),
    Exercise(
        "1.5",
        "An honest interval",
        solution=lambda: _interval,
        mistakes=(
            Mistake(
                lambda: partial(_interval, extra=lambda share: 0),
                "That is the ordinary interval. It takes the folds for independent: add rows tested / rows "
                "trained to 1/n.",
            ),
            Mistake(
                lambda: partial(_interval, extra=lambda share: share),
                "Nearly: the term is rows tested / rows *trained*, and the training part has "
                "1 - test_share of the rows.",
            ),
            Mistake(
                lambda: partial(_interval, ddof=0),
                "Nearly: std() divides by n. The spread of a sample divides by n − 1: std(ddof=1).",
            ),
            Mistake(
                lambda: _half_width,
                "That is the half-width. Return the two ends: mean minus it, and mean plus it.",
            ),
            Mistake(
                lambda: lambda *data: (-_half_width(*data), _half_width(*data)),
                "The interval lies around the mean of the differences, not around 0.",
            ),
        ),
        hints=(
            "Begin with usual_interval; only the root changes.",
            "Rows tested / rows trained is test_share / (1 - test_share).",
            "root = np.sqrt(1 / n + test_share / (1 - test_share)); return mean - ..., mean + ...",
        ),
        same=same_results(*zip(DIFFERENCES, TEST_SHARES, strict=True), rel_tol=2e-3, abs_tol=1e-3),
        expects="a function of (differences, test_share) that returns two numbers of points",
    ),
)
