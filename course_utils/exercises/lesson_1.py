"""The exercises of lesson 1, classic machine learning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import stats
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.exercises import Exercise, Mistake, always, same_choice, same_results, workbook

Folds = Sequence[tuple[np.ndarray, np.ndarray]]
Loop = Callable[..., np.ndarray]

TRAIN_CLASSES, NEW_CLASSES = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1, 1, 1, 1, 2, 2])
"""Made up so that the most frequent class of one part is not that of the other."""


def _baseline(y_train: np.ndarray, y_new: np.ndarray) -> float:
    return 100 * float(np.mean(y_new == np.bincount(y_train).argmax()))


IS_MALIGNANT = np.array([True] * 5 + [False] * 7)
P_MALIGNANT = np.array([0.9, 0.8, 0.5, 0.3, 0.2, 0.95, 0.85, 0.7, 0.6, 0.1, 0.1, 0.1])
THRESHOLDS = (0.25, 0.5, 0.75)
"""At 0.5 one malignant patient lies on the threshold itself."""


def _percent(share: Callable[[np.ndarray, np.ndarray], np.floating]) -> Callable[..., float]:
    """A function for 1.2, from a share that is computed from who is ill and who raises the alarm."""

    def percent(is_malignant: np.ndarray, p_malignant: np.ndarray, threshold: float) -> float:
        return 100 * float(share(is_malignant, p_malignant >= threshold))

    return percent


_recall = _percent(lambda ill, alarm: alarm[ill].mean())


def _fold_accuracies(model: Any, X: np.ndarray, y: np.ndarray, folds: Folds) -> np.ndarray:
    return 100 * np.array([model.fit(X[fit], y[fit]).score(X[test], y[test]) for fit, test in folds])


def _with_folds(change: Callable[..., tuple[np.ndarray, np.ndarray]]) -> Loop:
    """The right loop over wrong folds: `change` gets training rows, test rows and all rows."""
    return lambda model, X, y, folds: _fold_accuracies(
        model, X, y, [change(*fold, np.arange(len(y))) for fold in folds]
    )


def _fitted_once(model: Any, X: np.ndarray, y: np.ndarray, folds: Folds) -> np.ndarray:
    model.fit(X[folds[0][0]], y[folds[0][0]])
    return 100 * np.array([model.score(X[test], y[test]) for _, test in folds])


def _patients() -> tuple[np.ndarray, np.ndarray]:
    """The lesson's table, loaded anew for each check: nothing in the notebook can change it."""
    return load_breast_cancer(return_X_y=True)


def same_accuracies(answer: Loop, other: Loop) -> bool:
    """Whether two functions give the same accuracies for three nearest neighbours."""
    X, y = _patients()
    folds = list(StratifiedKFold(5).split(X, y))
    ours, theirs = (each(KNeighborsClassifier(3), X, y, folds) for each in (answer, other))
    return np.shape(ours) == np.shape(theirs) and np.allclose(ours, theirs, atol=1e-6)


Accuracy = Callable[[np.ndarray, np.ndarray], float]


def _without_leak(X: np.ndarray, y: np.ndarray) -> float:
    model = make_pipeline(StandardScaler(), KNeighborsClassifier())
    return 100 * cross_val_score(model, X, y, cv=5).mean()


def _with_leak(X: np.ndarray, y: np.ndarray) -> float:
    X = StandardScaler().fit_transform(X)
    return 100 * cross_val_score(KNeighborsClassifier(), X, y, cv=5).mean()


def _without_scaling(X: np.ndarray, y: np.ndarray) -> float:
    return 100 * cross_val_score(KNeighborsClassifier(), X, y, cv=5).mean()


def same_on_broken_table(answer: Accuracy, other: Accuracy) -> bool:
    """Whether two functions give the same accuracy when one instrument broke near the end.

    The last rows' values are a thousand times too large. A scaler that sees them squeezes all other
    rows together; one that is fitted inside the folds does so only where they are in the training.
    """
    broken, y = _patients()
    broken[-20:, ::3] *= 1000
    return bool(np.isclose(float(answer(broken, y)), other(broken, y), atol=1e-6))


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
    half_width = float(stats.t.ppf(0.975, n - 1) * differences.std(ddof=ddof) * root)
    return mean - half_width, mean + half_width


def _half_width(differences: np.ndarray, test_share: float) -> float:
    return float(np.ptp(_interval(differences, test_share)) / 2)


exercises = workbook(
    Exercise(
        "1.1",
        "Write the baseline",
        solution=lambda: _baseline,
        mistakes=(
            Mistake(
                lambda: lambda y_train, y_new: _baseline(y_new, y_new),
                "It takes the class that is most frequent in the *new* part, which is not known yet. "
                "Count in y_train.",
            ),
            Mistake(
                lambda: lambda y_train, y_new: _baseline(y_train, y_train),
                "That is the accuracy on the training part. Ask about y_new.",
            ),
            Mistake(
                lambda: lambda *data: _baseline(*data) / 100,
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "Two steps: find the class in y_train; see how often y_new has it.",
            "np.bincount(y_train).argmax() is the most frequent class.",
            "100 * np.mean(y_new == that_class)",
        ),
        same=same_results((TRAIN_CLASSES, NEW_CLASSES)),
        expects="a function of (y_train, y_new) that returns an accuracy in %",
    ),
    Exercise(
        "1.2",
        "Write recall",
        solution=lambda: _recall,
        mistakes=(
            Mistake(
                lambda: _percent(lambda ill, alarm: ill[alarm].mean()),
                "That is precision: of the alarms, how many are right. Recall looks at the malignant only.",
            ),
            Mistake(
                lambda: _percent(lambda ill, alarm: (ill == alarm).mean()),
                "That is accuracy: it counts the benign, too. Look at the malignant only.",
            ),
            Mistake(
                lambda: _percent(lambda ill, alarm: (ill & alarm).mean()),
                "You divide by all patients. Divide by the malignant ones.",
            ),
            Mistake(
                lambda: lambda *data: 100 - _recall(*data),
                "Those are the cancers that are missed. Recall is the share that is found.",
            ),
            Mistake(
                lambda: lambda *data: _recall(*data) / 100,
                "That is the share between 0 and 1. The question asks for %.",
            ),
            Mistake(
                lambda: lambda ill, p, threshold: 100 * float(np.mean(p[ill] > threshold)),
                "Nearly: a patient who lies on the threshold itself raises the alarm, too: >=.",
            ),
        ),
        hints=(
            "First take the malignant patients alone: p_malignant[is_malignant].",
            "Which of their probabilities are at the threshold or above? np.mean gives the share of True.",
            "100 * np.mean(p_malignant[is_malignant] >= threshold)",
        ),
        same=same_results(*((IS_MALIGNANT, P_MALIGNANT, threshold) for threshold in THRESHOLDS)),
        expects="a function of (is_malignant, p_malignant, threshold) that returns a share in %",
    ),
    Exercise(
        "1.3",
        "Write the loop",
        solution=lambda: _fold_accuracies,
        mistakes=(
            Mistake(
                lambda: _with_folds(lambda train, test, whole: (train, train)),
                "It scores the rows that it trained on. Score X[test] and y[test].",
            ),
            Mistake(
                lambda: _with_folds(lambda train, test, whole: (whole, test)),
                "It trains on the whole table, test rows included: that is a leak. Fit X[train], y[train].",
            ),
            Mistake(
                lambda: _fitted_once,
                "It trains once, so later test rows were in the training. Fit anew in every fold.",
            ),
            Mistake(
                lambda: _with_folds(lambda train, test, whole: (test, train)),
                "Training and test rows have changed places: a fold is a pair (train, test).",
            ),
            Mistake(
                lambda: lambda *data: _fold_accuracies(*data) / 100,
                "These are shares between 0 and 1. The question asks for %.",
            ),
            Mistake(
                lambda: lambda *data: _fold_accuracies(*data).mean(),
                "That is the mean. Return one number a fold: their spread is needed later.",
            ),
        ),
        hints=(
            "for train, test in folds: gives you the row numbers of one fold after the other.",
            "X[train] are the training rows; model.fit(...) trains anew each time it is called.",
            "Collect 100 * model.fit(X[train], y[train]).score(X[test], y[test]) in a list.",
        ),
        same=same_accuracies,
        expects="a function of (model, X, y, folds) that returns one accuracy in % a fold",
    ),
    Exercise(
        "1.4",
        "Find the leak",
        solution=lambda: _without_leak,
        mistakes=(
            Mistake(
                lambda: _with_leak,
                "The scaler still sees all rows before the folds are cut. Fit it inside each fold.",
            ),
            Mistake(
                lambda: _without_scaling,
                "The leak is gone, and so is the scaling. Put the scaler and the model into one pipeline.",
            ),
        ),
        hints=(
            "Which line sees all rows? The scaler takes mean and spread from test rows, too.",
            "What does cross_val_score do with a model in each fold? It calls fit on the training rows only.",
            "If the scaler were a part of the model, it would be fitted there too.",
            "make_pipeline(StandardScaler(), neighbors.KNeighborsClassifier()) is such a model.",
        ),
        same=same_on_broken_table,
        expects="a function of X and y that returns an accuracy in %",
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
            "Begin with the cell above; only the root changes.",
            "Rows tested / rows trained is test_share / (1 - test_share).",
            "root = np.sqrt(1 / n + test_share / (1 - test_share)); return mean - ..., mean + ...",
        ),
        same=same_results(*zip(DIFFERENCES, TEST_SHARES, strict=True), rel_tol=2e-3, abs_tol=1e-3),
        expects="a function of (differences, test_share) that returns two numbers of points",
    ),
    Exercise(
        "1.6",
        "You are the judge",
        solution=always("supported"),
        mistakes=(
            Mistake(
                always("inconclusive"),
                "The interval contains 0, but the margin is not 0. Is any part of the interval below −1?",
            ),
            Mistake(always("not supported"), "For that, the whole interval would have to lie below −1."),
        ),
        hints=(
            "Draw the interval on a line, and the margin.",
            "Ask only one thing: on which side of −1 does each end lie?",
        ),
        same=same_choice,
        expects="one of 'supported', 'not supported', 'inconclusive'",
    ),
)
