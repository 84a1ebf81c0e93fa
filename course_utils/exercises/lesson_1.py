"""The exercises of lesson 1, classic machine learning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.exercises import Exercise, Mistake, always, same_choice, same_set, workbook

Accuracy = Callable[[np.ndarray, np.ndarray], float]


def _without_leak(X: np.ndarray, y: np.ndarray) -> float:
    model = make_pipeline(StandardScaler(), KNeighborsClassifier())
    return 100 * cross_val_score(model, X, y, cv=5).mean()


def _with_leak(X: np.ndarray, y: np.ndarray) -> float:
    X = StandardScaler().fit_transform(X)
    return 100 * cross_val_score(KNeighborsClassifier(), X, y, cv=5).mean()


def _without_scaling(X: np.ndarray, y: np.ndarray) -> float:
    return 100 * cross_val_score(KNeighborsClassifier(), X, y, cv=5).mean()


def same_on_broken_table(answer: Accuracy, other: Accuracy, X: np.ndarray, y: np.ndarray) -> bool:
    """Whether two functions give the same accuracy when one instrument broke near the end.

    The last rows' values are a thousand times too large. A scaler that sees them squeezes all other
    rows together; one that is fitted inside the folds does so only where they are in the training.
    """
    broken = X.copy()
    broken[-20:, ::3] *= 1000
    return bool(np.isclose(float(answer(broken, y)), other(broken, y), atol=1e-6))


def _t_interval(differences: np.ndarray, variance_factor: float, ddof: int = 1) -> float:
    return 2.262 * differences.std(ddof=ddof) * np.sqrt(variance_factor)


exercises = workbook(
    Exercise(
        "1.1",
        "Baseline of the wine table",
        solution=lambda y: 100 * np.bincount(y).max() / len(y),
        mistakes=(
            Mistake(
                lambda y: 100 * np.bincount(y).min() / len(y),
                "That is the rarest grape's share. The baseline gives the answer that is right most often.",
            ),
            Mistake(
                lambda y: 100 / len(np.unique(y)),
                "That would hold if the three grapes had equally many wines. Count them.",
            ),
            Mistake(
                lambda y: np.bincount(y).max() / len(y),
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "How many wines does each grape have? np.bincount counts.",
            "Which grape would you always say, if you could say only one?",
            "100 * (wines of the most frequent grape) / (all wines).",
        ),
        expects="a number in %",
    ),
    Exercise(
        "1.2",
        "Cancers missed at threshold 0.1",
        solution=lambda p_malignant, is_malignant: np.sum(is_malignant & (p_malignant < 0.1)),
        mistakes=(
            Mistake(
                lambda p_malignant, is_malignant: np.sum(is_malignant & (p_malignant < 0.5)),
                "That is the count at the threshold 0.5. Here the alarm is raised from 0.1 on.",
            ),
            Mistake(
                lambda p_malignant, is_malignant: np.sum(~is_malignant & (p_malignant >= 0.1)),
                "Those are the false alarms: benign, but called malignant. Turn both conditions round.",
            ),
            Mistake(
                lambda p_malignant, is_malignant: np.sum(is_malignant != (p_malignant >= 0.1)),
                "Those are all mistakes, of both kinds. Count only the patients who have cancer.",
            ),
            Mistake(
                lambda p_malignant, is_malignant: np.sum(is_malignant & (p_malignant >= 0.1)),
                "Those are the cancers that were found. The missed ones stay below the threshold.",
            ),
        ),
        hints=(
            "A missed patient fulfils two conditions at once: malignant, and no alarm.",
            "Two arrays of True and False are joined with &; np.sum counts the True.",
            "np.sum(is_malignant & (p_malignant < ...)).",
        ),
        expects="a count of patients",
    ),
    Exercise(
        "1.3",
        "Accuracy without the leak",
        solution=lambda X, y: _without_leak,
        mistakes=(
            Mistake(
                lambda X, y: _with_leak,
                "The scaler still sees all rows before the folds are cut. It must "
                "be fitted inside each fold, on the training rows alone.",
            ),
            Mistake(
                lambda X, y: _without_scaling,
                "The leak is gone, and so is the scaling. Put the scaler and the model into one pipeline.",
            ),
        ),
        hints=(
            "What does cross_val_score do with a model in each fold? It calls fit on the training rows only.",
            "If the scaler were a part of the model, it would be fitted there too.",
            "make_pipeline(StandardScaler(), neighbors.KNeighborsClassifier()) is such a model.",
        ),
        same=same_on_broken_table,
        expects="a function of X and y that returns an accuracy in %",
    ),
    Exercise(
        "1.4",
        "Half-width of a corrected interval",
        solution=lambda differences: _t_interval(differences, 1 / 10 + 0.1 / 0.9),
        mistakes=(
            Mistake(
                lambda differences: _t_interval(differences, 1 / 10, ddof=0),
                "Two things are missing: n_test / n_train beside 1/n, and std(ddof=1), because the spread is "
                "estimated from a sample.",
            ),
            Mistake(
                lambda differences: _t_interval(differences, 1 / 10),
                "That is the ordinary interval. It "
                "takes the folds for independent: add n_test / n_train to 1/n.",
            ),
            Mistake(
                lambda differences: _t_interval(differences, 1 / 10 + 0.2 / 0.8),
                "The ratio 0.25 belongs to five folds. Here there are ten: a fold tests on 10 % of the rows.",
            ),
            Mistake(
                lambda differences: _t_interval(differences, 1 / 10 + 0.1),
                "Nearly: the term is n_test / n_train, and the training part has 90 % of the rows.",
            ),
            Mistake(
                lambda differences: _t_interval(differences, 1 / 10 + 0.1 / 0.9, ddof=0),
                "Nearly: std() "
                "divides by n. A spread that is estimated from a sample divides by n − 1: std(ddof=1).",
            ),
            Mistake(
                lambda differences: 2 * _t_interval(differences, 1 / 10 + 0.1 / 0.9),
                "That is the whole width. The question asks for half of it.",
            ),
        ),
        hints=(
            "Look at the cell where the interval was computed by hand.",
            "t value × spread × square root of (1/n + n_test/n_train). Here n is 10.",
            "n_test / n_train is 0.1 / 0.9.",
        ),
        expects="a number of points",
    ),
    Exercise(
        "1.5",
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
    Exercise(
        "1.6",
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
            "Which of them compute distances between rows, and which compare one column with a cut?",
            "If you measure a door in millimetres, is it still wider than 80 cm?",
        ),
        same=same_set,
        expects="a set of names",
    ),
)
