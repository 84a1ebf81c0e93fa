"""The exercises of lab 1_rare, cancelled flights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from course_utils.exercises import Exercise, Mistake, always, workbook

Precision = Callable[[np.ndarray, np.ndarray, float], Any]

CANCELLED = np.array([0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0])
P = np.array([0.05, 0.9, 0.3, 0.7, 0.8, 0.6, 0.2, 0.1, 0.4, 0.25, 0.5, 0.15])
"""Twelve flights in no order, five of them cancelled."""


def _precision_at(cancelled: np.ndarray, p: np.ndarray, recall: float) -> float:
    by_p = np.asarray(cancelled)[np.argsort(-np.asarray(p))]
    found = np.cumsum(by_p)
    alarms = np.argmax(found >= recall * found[-1]) + 1
    return float(found[alarms - 1] / alarms)


def _recall_itself(cancelled: np.ndarray, p: np.ndarray, recall: float) -> float:
    by_p = cancelled[np.argsort(-p)]
    found = np.cumsum(by_p)
    return float(found[np.argmax(found >= recall * found[-1])] / found[-1])


def _share_of_alarms(cancelled: np.ndarray, p: np.ndarray, recall: float) -> float:
    found = np.cumsum(cancelled[np.argsort(-p)])
    return float((np.argmax(found >= recall * found[-1]) + 1) / len(found))


def _threshold_instead(cancelled: np.ndarray, p: np.ndarray, recall: float) -> float:
    alarm = p >= recall
    return float(cancelled[alarm].mean()) if alarm.any() else 0.0


def same_at_recalls(answer: Precision, other: Precision, **context: Any) -> bool:
    """Whether two functions agree on twelve flights, at several shares, as shares or as percentages."""
    recalls = (0.2, 0.4, 0.6, 0.8, 1.0)
    ours = [float(answer(CANCELLED.copy(), P.copy(), recall)) for recall in recalls]
    return bool(np.allclose(ours, [other(CANCELLED, P, recall) for recall in recalls], atol=0.002))


def _where_missing(flights: pd.DataFrame, column: str) -> float:
    return 100 * float(flights["cancelled"][flights[column].isna()].mean())


def _where_present(flights: pd.DataFrame, column: str) -> float:
    return 100 * float(flights["cancelled"][flights[column].notna()].mean())


def _of_the_cancelled(flights: pd.DataFrame, column: str) -> float:
    return 100 * float(flights[column][flights["cancelled"]].isna().mean())


def _of_all(flights: pd.DataFrame, column: str) -> float:
    return 100 * float((flights[column].isna() & flights["cancelled"]).mean())


def same_for_columns(
    answer: Callable[[pd.DataFrame, str], float],
    other: Callable[[pd.DataFrame, str], float],
    flights: pd.DataFrame,
) -> bool:
    """Whether two functions agree on a column of the table and on columns of a small one."""
    small = pd.DataFrame(
        {
            "cancelled": [True, True, False, False, True, False, False, False],
            "gate": [np.nan, np.nan, np.nan, 1, 2, 3, 4, 5],
            "crew": [np.nan, 1, np.nan, np.nan, 2, 3, np.nan, 4],
        }
    )
    tables = [(small, "gate"), (small, "crew"), (flights, "tailnum")]
    return all(np.isclose(float(answer(*each)), other(*each), atol=0.05) for each in tables)


exercises = workbook(
    Exercise(
        "1_rare.1",
        "Precision at a recall",
        solution=always(_precision_at),
        mistakes=(
            Mistake(
                always(lambda cancelled, p, recall: _precision_at(cancelled, -p, recall)),
                "It begins with the flights that look safest. Sort from the highest p down: np.argsort(-p).",
            ),
            Mistake(
                always(_recall_itself),
                "That is the recall that was reached. Precision divides by the number of alarms.",
            ),
            Mistake(
                always(_share_of_alarms),
                "That is how many of all flights get an alarm. How many of the *alarms* are right?",
            ),
            Mistake(
                always(_threshold_instead),
                "You took the recall for the threshold. Go down the list until enough are found.",
            ),
            Mistake(
                always(lambda cancelled, p, recall: 100 * _precision_at(cancelled, p, recall)),
                "That is in %. The exercise asks for a share between 0 and 1.",
            ),
        ),
        hints=(
            "Sort the flights by p, highest first: cancelled[np.argsort(-p)].",
            "np.cumsum of that counts the cancelled flights found after 1, 2, 3 … alarms.",
            "np.argmax(found >= recall * found[-1]) is the place where enough are found; places begin at 0.",
        ),
        same=same_at_recalls,
        expects="a function of (cancelled, p, recall) that returns a share between 0 and 1",
    ),
    Exercise(
        "1_rare.2",
        "Cancelled where missing",
        solution=lambda flights: _where_missing,
        mistakes=(
            Mistake(
                lambda flights: _where_present,
                "Those are the flights where the column is *there*. Take .isna(), not .notna().",
            ),
            Mistake(
                lambda flights: _of_the_cancelled,
                "That is the other way round: how often it is missing among the cancelled flights.",
            ),
            Mistake(
                lambda flights: _of_all,
                "You divide by all flights. Divide by those where the column is missing.",
            ),
            Mistake(
                lambda flights: lambda table, column: _where_missing(table, column) / 100,
                "That is the share between 0 and 1. The exercise asks for %.",
            ),
        ),
        hints=(
            "flights[column].isna() says of each flight whether the column is missing.",
            "A column of True and False has a mean: the share of True.",
            "100 * flights['cancelled'][flights[column].isna()].mean()",
        ),
        same=same_for_columns,
        expects="a function of (flights, column) that returns a number of %",
    ),
)
