"""The exercises of lab 1_forecast, births to come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from course_utils.exercises import Exercise, Mistake, always, workbook

SERIES = pd.Series(np.arange(500.0) ** 2, pd.date_range("2001-12-01", periods=500))
"""Days of three years, each with its own number."""
HORIZONS = (1, 7, 10, 28)


def last_same_weekday(births: pd.Series, horizon: int) -> pd.Series:
    """For each day the number of the same weekday, as recent as possible but at least `horizon` days ago."""
    return births.shift(7 * -(-horizon // 7))


def known_then(days: pd.DatetimeIndex, year: int, horizon: int) -> np.ndarray:
    """Whether each day is known when the first forecast for a year is made."""
    return days <= pd.Timestamp(year, 1, 1) - pd.Timedelta(days=horizon)


def same_forecast(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> bool:
    """Whether two functions of (births, horizon) give the same for a few horizons."""
    pairs = [(answer(SERIES.copy(), h), other(SERIES.copy(), h)) for h in HORIZONS]
    return all(
        np.allclose(np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float), equal_nan=True)
        for ours, theirs in pairs
    )


def same_days(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> bool:
    """Whether two functions of (days, year, horizon) say the same of every day."""
    days = SERIES.index
    return all(
        np.array_equal(np.asarray(answer(days, 2002, h)), np.asarray(other(days, 2002, h))) for h in HORIZONS
    )


exercises = workbook(
    Exercise(
        "1_forecast.1",
        "The naive forecast",
        solution=always(last_same_weekday),
        mistakes=(
            Mistake(
                always(lambda births, horizon: births.shift(7)),
                "Ten days ahead, the number of seven days before is not known yet. Go back so many whole "
                "weeks that they reach the horizon.",
            ),
            Mistake(
                always(lambda births, horizon: births.shift(horizon)),
                "Unless the horizon is a whole number of weeks, that is another weekday: round it up to one.",
            ),
            Mistake(
                always(lambda births, horizon: births.shift(7 * (horizon // 7))),
                "Rounded down, ten days are one week, whose number is not known yet. Round up.",
            ),
            Mistake(
                always(lambda births, horizon: births.shift(7 * (horizon // 7 + 1))),
                "Seven days ahead, the number of seven days before *is* known: you go back a week too far.",
            ),
            Mistake(
                always(lambda births, horizon: births.shift(-7 * -(-horizon // 7))),
                "shift with a negative number takes the future. You want the past.",
            ),
        ),
        hints=(
            "How many whole weeks reach at least the horizon? 7 days: 1; 10 days: 2; 28 days: 4.",
            "np.ceil(horizon / 7) rounds up; make it an int.",
            "births.shift(7 * int(np.ceil(horizon / 7)))",
        ),
        same=same_forecast,
        expects="a function of (births, horizon) that returns a number for each day",
    ),
    Exercise(
        "1_forecast.2",
        "The past only",
        solution=always(known_then),
        mistakes=(
            Mistake(
                always(lambda days, year, horizon: days.year < year),
                "The last days of December are not known yet when the forecast for 1 January is made.",
            ),
            Mistake(
                always(lambda days, year, horizon: days.year != year),
                "That lets the model learn from the years *after*: nobody can.",
            ),
            Mistake(
                always(
                    lambda days, year, horizon: days < pd.Timestamp(year, 1, 1) - pd.Timedelta(days=horizon)
                ),
                "The day on which the forecast is made is known too: <= instead of <.",
            ),
            Mistake(
                always(
                    lambda days, year, horizon: days <= pd.Timestamp(year, 1, 1) + pd.Timedelta(days=horizon)
                ),
                "That goes *forward* from 1 January. The forecast is made before: minus.",
            ),
        ),
        hints=(
            "First compute the day on which the forecast for 1 January is made.",
            "made = pd.Timestamp(year, 1, 1) - pd.Timedelta(days=horizon)",
            "return days <= made",
        ),
        same=same_days,
        expects="a function of (days, year, horizon) that returns True or False for each day",
    ),
)
