"""Groups compared like with like: within cells of rows that agree in everything that is held equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from course_utils import CourseError

DRAWS_AT_ONCE = 25
"""More of them at once take more memory and no less time."""


@dataclass(frozen=True)
class Counted:
    """Rows and events (late flights) by week, group and cell.

    Attributes
    ----------
    groups : tuple of str
        Names, from the largest share of events to the smallest.
    rows, events : ndarray, each (n_weeks, n_groups, n_cells), float32
        How many.
    pairs : list of (int, int)
        Those that are compared, as indices into `groups`: the one with the larger share first.
    never, seldom : int
        Pairs left out, as they share no cell, or share some in too few weeks.
    """

    groups: tuple[str, ...]
    rows: np.ndarray
    events: np.ndarray
    pairs: list[tuple[int, int]]
    never: int
    seldom: int

    def differences(self, weights: np.ndarray) -> np.ndarray:
        """Difference of each pair, in points: first all the raw ones, then all within cells.

        Parameters
        ----------
        weights : ndarray, shape (n_draws, n_weeks)
            How often each week counts, a row a draw of a bootstrap; a row of ones for the data as they are.

        Returns
        -------
        ndarray, shape (n_draws, 2 * n_pairs)
        """
        parts = np.array_split(weights.astype(np.float32), -(-len(weights) // DRAWS_AT_ONCE))
        return 100 * np.concatenate([self._differences(part) for part in parts])

    def _differences(self, weights: np.ndarray) -> np.ndarray:
        n, events = (np.tensordot(weights, each, 1) for each in (self.rows, self.events))
        share = events.sum(axis=2) / n.sum(axis=2)  # (draw, group)
        raw = [share[:, a] - share[:, b] for a, b in self.pairs]
        alike = [within(n[:, a], events[:, a], n[:, b], events[:, b]) for a, b in self.pairs]
        return np.stack(raw + alike, axis=1).astype(float)


def within(n_a: np.ndarray, events_a: np.ndarray, n_b: np.ndarray, events_b: np.ndarray) -> np.ndarray:
    """Mean over cells of (share of events of a minus that of b), weighted by n_a n_b / (n_a + n_b).

    A linear regression with a column for "is a" and one for each cell gives the same. An empty cell adds
    nothing.

    Parameters
    ----------
    n_a, events_a, n_b, events_b : ndarray, each (..., n_cells)
        Rows of each group in each cell, and how many of them are events.

    Returns
    -------
    ndarray, shape (...)

    References
    ----------
    Angrist, J. D. (1998). Estimating the labor market impact of voluntary military service using Social
    Security data on military applicants. Econometrica, 66, 249-288.
    """
    n = np.maximum(n_a + n_b, 1)
    return ((events_a * n_b - events_b * n_a) / n).sum(axis=-1) / (n_a * n_b / n).sum(axis=-1)


def count(
    table: pd.DataFrame, group: str, equal: Sequence[str], event: str, week: str, least_weeks: int
) -> Counted:
    """Count a table's rows by week, group and cell.

    Parameters
    ----------
    table : DataFrame
        Nothing missing in the columns named here.
    group, equal, event, week : str
        Columns: what is compared, what is held equal, what is counted (0 or 1), and the number of the week.
    least_weeks : int
        Pairs that meet in their shared cells in fewer weeks are left out.

    Raises
    ------
    CourseError
        No pair is left.
    """
    shares = table.groupby(group)[event].mean().sort_values(ascending=False)
    weeks = table[week].to_numpy() - table[week].min()
    place = weeks, shares.index.get_indexer(table[group]), _cells(table, equal)
    shape = tuple(int(each.max()) + 1 for each in place)
    flat = np.ravel_multi_index(place, shape)
    rows, events = (
        np.bincount(flat, values, np.prod(shape)).reshape(shape).astype(np.float32)
        for values in (None, table[event].to_numpy())
    )
    pairs = list(combinations(range(len(shares)), 2))
    met = [_weeks_met(rows[:, pair]) for pair in pairs]
    kept = [pair for pair, n in zip(pairs, met, strict=True) if n >= least_weeks]
    if not kept:
        raise CourseError(f"no two of {group} meet in {least_weeks} weeks: hold fewer columns equal")
    never = met.count(0)
    return Counted(tuple(shares.index), rows, events, kept, never, len(pairs) - len(kept) - never)


def _cells(table: pd.DataFrame, equal: Sequence[str]) -> np.ndarray:
    """The number of each row's cell."""
    return table.groupby(list(equal), sort=False).ngroup().to_numpy()


def _weeks_met(rows: np.ndarray) -> int:
    """In how many weeks both have rows in cells that they share; `rows` is (week, 2, cell)."""
    shared = (rows.sum(axis=0) > 0).all(axis=0)
    return int((rows[:, :, shared].sum(axis=2) > 0).all(axis=1).sum())


def shuffled(
    table: pd.DataFrame, equal: Sequence[str], column: str, rng: np.random.Generator
) -> pd.DataFrame:
    """The table with one column shuffled inside each cell: within cells no group differs but by chance."""
    cells, chance = _cells(table, equal), rng.permutation(len(table))
    values = np.empty(len(table))
    of_rows, of_chance = np.argsort(cells, kind="stable"), chance[np.argsort(cells[chance], kind="stable")]
    values[of_rows] = table[column].to_numpy()[of_chance]
    return table.assign(**{column: values})
