"""AUC where rows come in groups, such as the flights of a day: groups are drawn anew, not rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from course_utils import CourseError
from course_utils.claims.estimates import Estimate
from course_utils.claims.resampling import percentile_interval


def wins(scores: ArrayLike, labels: ArrayLike, groups: ArrayLike) -> np.ndarray:
    """How often a positive row of one group gets a higher score than a negative row of another.

    All that AUC needs to know of the scores: ``wins(...).sum()`` over the number of pairs is the AUC. When a
    group is drawn twice, its row and its column count twice.

    Parameters
    ----------
    scores : array_like, shape (n_rows,)
        What a model gives each row.
    labels : array_like, shape (n_rows,)
        1 for positive rows, 0 for negative ones.
    groups : array_like, shape (n_rows,)
        The group of each row, such as its day.

    Returns
    -------
    ndarray, shape (n_groups, n_groups), float64
        Pairs won by positives of group i against negatives of group j; a draw counts one half. Groups are
        sorted.

    Raises
    ------
    CourseError
        The lengths differ, a score is not finite, or labels are not 0 and 1.
    """
    scores, labels = np.asarray(scores, dtype=float), np.asarray(labels)
    if not scores.ndim == 1 or not scores.shape == labels.shape == np.shape(groups):
        raise CourseError(
            "expected one score, one label and one group a row, got the shapes "
            f"{scores.shape}, {labels.shape} and {np.shape(groups)}"
        )
    if not np.isfinite(scores).all() or set(np.unique(labels)) != {0, 1}:
        raise CourseError("expected finite scores, and labels that are 0 or 1, some of each")
    names, number = np.unique(groups, return_inverse=True)
    won = np.zeros((len(names), len(names)))
    positive, of_group = scores[labels == 1], number[labels == 1]
    for j in range(len(names)):
        negative = np.sort(scores[(labels == 0) & (number == j)])
        beaten = np.searchsorted(negative, positive) + np.searchsorted(negative, positive, side="right")
        won[:, j] = np.bincount(of_group, beaten / 2, len(names))
    return won


def pairs(labels: ArrayLike, groups: ArrayLike) -> np.ndarray:
    """How many pairs of a positive row of group i and a negative row of group j there are: what `wins` counts
    out of, (n_groups, n_groups)."""
    labels, (names, number) = np.asarray(labels), np.unique(groups, return_inverse=True)
    positive, negative = (np.bincount(number[labels == kind], minlength=len(names)) for kind in (1, 0))
    return np.outer(positive, negative).astype(float)


def auc(
    won: ArrayLike,
    of: ArrayLike,
    minus: ArrayLike | float = 0.0,
    seed: int = 0,
    n_resamples: int = 2000,
) -> Estimate:
    """AUC in %, or the points by which one is above another, with a 95 % bootstrap interval.

    Every run (each draw of training rows) was tested on the same groups, so runs and groups are both drawn
    anew, each with replacement. With few runs the interval is somewhat too narrow.

    Parameters
    ----------
    won : array_like, shape (n_runs, n_groups, n_groups)
        `wins` of each run.
    of : array_like, shape (n_groups, n_groups)
        `pairs` of the test rows.
    minus : array_like, same shape as `won`, optional
        `wins` of what the runs are compared with, run by run.
    seed : int
        Of the resampling.
    n_resamples : int
        How often both are drawn anew.

    Returns
    -------
    Estimate
        In % or points; `n` counts the groups.

    Raises
    ------
    CourseError
        The shapes do not fit, or there are fewer than two runs or groups.

    References
    ----------
    Owen, A. B. (2007). The pigeonhole bootstrap. Annals of Applied Statistics, 1, 386-411.
    """
    won, of, minus = (np.asarray(each, dtype=float) for each in (won, of, minus))
    fits = won.ndim == 3 and won.shape[1:] == of.shape and minus.shape in ((), won.shape)
    if not fits or len(won) < 2 or len(of) < 2:
        raise CourseError(
            "expected wins of two runs or more, (runs, groups, groups), and pairs, (groups, groups); got "
            f"{won.shape}, {of.shape} and, to compare with, {minus.shape}"
        )
    (n_runs, n_groups, _), rng = won.shape, np.random.default_rng(seed)
    runs = rng.multinomial(n_runs, np.full(n_runs, 1 / n_runs), n_resamples) / n_runs
    weights = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), n_resamples).astype(float)
    ours = np.array([_weighted(each, weights) for each in won - minus]).T  # (resample, run)
    drawn = 100 * (runs * ours).sum(axis=1) / _weighted(of, weights)
    interval = percentile_interval(drawn)
    effect = 100 * float((won - minus).sum() / (n_runs * of.sum()))
    return Estimate(effect, interval.low, interval.high, n_groups)


def auc_gap_of_folds(
    labels: Sequence[ArrayLike],
    ours: Sequence[ArrayLike],
    theirs: Sequence[ArrayLike],
    groups: Sequence[ArrayLike],
    seed: int = 0,
    n_resamples: int = 2000,
) -> Estimate:
    """How much higher the AUC of `ours` is than that of `theirs`, in points, over the folds of a table.

    Each fold has its own training and its own groups, so its AUCs compare its own rows only. The interval
    draws folds anew, and groups within each, as `resampling.two_level_bootstrap` does; it is somewhat too
    wide, because what groups have by chance shows in the folds, too.

    Parameters
    ----------
    labels : sequence of array_like, each (n_rows,)
        For each fold, 1 for positive rows and 0 for negative ones.
    ours, theirs : sequence of array_like, each (n_rows,)
        Two models' scores of the same rows; higher means that 1 is likelier.
    groups : sequence of array_like, each (n_rows,)
        The group of each row, such as its day. No group lies in two folds.
    seed : int
        Of the resampling.
    n_resamples : int
        How often both are drawn anew.

    Returns
    -------
    Estimate
        Mean over the folds and percentile interval, in points; `n` counts the groups.

    Raises
    ------
    CourseError
        There are fewer than two folds, or not as many of everything; for a fold, as `wins`.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). Bootstrap Methods and their Application, section 3.8.
    """
    n_folds = len(labels)
    if n_folds < 2 or not n_folds == len(ours) == len(theirs) == len(groups):
        raise CourseError(
            "expected labels, two models' scores and groups of the same two folds or more, got "
            f"{n_folds}, {len(ours)}, {len(theirs)} and {len(groups)} folds"
        )
    rng, n_groups = np.random.default_rng(seed), 0
    measured, drawn = [], []  # the gap of each fold, and of each fold's resamples
    for label, our, their, group in zip(labels, ours, theirs, groups, strict=True):
        won, of = wins(our, label, group) - wins(their, label, group), pairs(label, group)
        weights = rng.multinomial(len(of), np.full(len(of), 1 / len(of)), n_resamples).astype(float)
        measured.append(100 * won.sum() / of.sum())
        drawn.append(100 * _weighted(won, weights) / np.maximum(_weighted(of, weights), 1))
        n_groups += len(of)
    fold = rng.integers(n_folds, size=(n_folds, n_resamples))
    resample = rng.integers(n_resamples, size=fold.shape)
    interval = percentile_interval(np.array(drawn)[fold, resample].mean(axis=0))
    return Estimate(float(np.mean(measured)), interval.low, interval.high, n_groups)


def _weighted(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The total of a (group, group) table when groups count so often, for each row of weights."""
    return ((weights @ table) * weights).sum(axis=1)
