"""The exercises of lab 1_markets, avocados to be sold next week."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from course_utils.exercises import Exercise, Mistake, always, workbook


def _example(n_markets: int, seed: int) -> pd.DataFrame:
    """Logarithms of what markets sell in 60 weeks; their changes resemble each other."""
    rng = np.random.default_rng(seed)
    changes = 0.1 * (rng.normal(size=(60, 1)) + rng.normal(size=(60, n_markets)))
    weeks = pd.date_range("2015-01-04", periods=60, freq="7D")
    return pd.DataFrame(12 + changes.cumsum(axis=0), weeks, [f"market {i}" for i in range(n_markets)])


EXAMPLES = (_example(3, 0), _example(8, 1))


def error_of_last_week(logs: pd.DataFrame) -> pd.Series:
    """Mean absolute error, in each market, of the forecast that next week is like last week."""
    return (logs - logs.shift(1)).abs().mean()


def correlations(changes: pd.DataFrame) -> np.ndarray:
    """The correlation of each two columns, every pair once."""
    return changes.corr().to_numpy()[np.triu_indices(changes.shape[1], k=1)]


def independent_columns(changes: pd.DataFrame) -> float:
    """How many independent columns have a mean that varies as much as that of these."""
    n = changes.shape[1]
    return n / (1 + (n - 1) * correlations(changes).mean())


def _with_the_diagonal(changes: pd.DataFrame) -> float:
    n = changes.shape[1]
    return float(n / (1 + (n - 1) * changes.corr().to_numpy().mean()))


def _by_market(answer: Any, logs: pd.DataFrame) -> np.ndarray:
    """A number for each market, in the order of the columns."""
    found = pd.Series(answer)
    return (found[[*logs]] if set(logs) == set(found.index) else found).to_numpy(dtype=float)


def same_errors(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> bool:
    """Whether two functions of logs give the same for each market of two examples."""
    pairs = [[_by_market(each(logs.copy()), logs) for each in (answer, other)] for logs in EXAMPLES]
    return all(
        ours.shape == theirs.shape and np.allclose(ours, theirs, equal_nan=True) for ours, theirs in pairs
    )


def same_number(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> bool:
    """Whether two functions of changes give the same number for two examples."""
    pairs = [[float(each(logs.diff())) for each in (answer, other)] for logs in EXAMPLES]
    return all(np.isclose(ours, theirs, rtol=1e-6) for ours, theirs in pairs)


exercises = workbook(
    Exercise(
        "1_markets.1",
        "As last week",
        solution=always(error_of_last_week),
        mistakes=(
            Mistake(
                always(lambda logs: (logs - logs.shift(1)).mean()),
                "Too much and too little cancel out. Take the absolute error of each week before the mean.",
            ),
            Mistake(
                always(lambda logs: (logs - logs.shift(1)).mean().abs()),
                "First the absolute value of each week's error, then the mean: else errors cancel out.",
            ),
            Mistake(
                always(lambda logs: (logs - logs.shift(1)).abs().mean(axis=1)),
                "That is one number a week. You want one a market: the mean down each column.",
            ),
            Mistake(
                always(lambda logs: (logs - logs.mean()).abs().mean()),
                "That holds each week against the mean of all weeks, which nobody knows beforehand. "
                "Hold it against last week.",
            ),
        ),
        hints=(
            "logs.shift(1) puts beside each week the one before.",
            "The error is logs - logs.shift(1); of it you want the absolute value.",
            "return (logs - logs.shift(1)).abs().mean()",
        ),
        same=same_errors,
        expects="a function of logs that returns a number for each market",
    ),
    Exercise(
        "1_markets.2",
        "Markets that count",
        solution=always(independent_columns),
        mistakes=(
            Mistake(
                always(_with_the_diagonal),
                "Your mean correlation is too high: on the diagonal each market correlates with itself. "
                "Leave these ones out.",
            ),
            Mistake(
                always(
                    lambda changes: changes.shape[1] / (1 + changes.shape[1] * correlations(changes).mean())
                ),
                "Each market has n - 1 others, not n.",
            ),
            Mistake(
                always(
                    lambda changes: (
                        changes.shape[1] / 1 + (changes.shape[1] - 1) * correlations(changes).mean()
                    )
                ),
                "Brackets: n is divided by all of 1 + (n - 1) r.",
            ),
            Mistake(
                always(lambda changes: correlations(changes).mean()),
                "That is r, the mean correlation. Put it into the formula.",
            ),
        ),
        hints=(
            "changes.corr() has n rows and n columns; on its diagonal are n ones, which are no pairs.",
            "The sum of all its numbers less n is the sum over n × (n - 1) pairs, each counted twice.",
            "r = (changes.corr().to_numpy().sum() - n) / (n * (n - 1))",
        ),
        same=same_number,
        expects="a function of changes that returns a number",
    ),
)
