"""How much better one model ranks than another, with an interval that knows that rows come in groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from course_utils import CourseError
from course_utils.claims.estimates import Estimate
from course_utils.claims.resampling import percentile_interval


def auc_gap(
    truth: ArrayLike,
    ours: ArrayLike,
    theirs: ArrayLike,
    groups: ArrayLike,
    folds: ArrayLike,
    seed: int = 0,
    n_resamples: int = 2000,
) -> Estimate:
    """How much higher the AUC of `ours` is than that of `theirs`, in points, drawing whole groups anew.

    Rows of one group (the flights of a day) share what that day had by chance, so groups are drawn, not
    rows. Each fold has its own training: its AUCs compare its own rows only, and their differences are
    averaged over the folds. Folds are drawn first, then groups within each, as in `two_level_bootstrap`.

    Parameters
    ----------
    truth : array_like, shape (n_rows,)
        1 or 0.
    ours, theirs : array_like, each (n_rows,)
        Two models' scores of the same rows; higher means that 1 is likelier.
    groups, folds : array_like, each (n_rows,)
        The group (day) and the fold of each row; a group lies in one fold.
    seed : int
        Of the resampling.
    n_resamples : int
        How often both are drawn anew.

    Returns
    -------
    Estimate
        Mean over the folds and percentile interval, in points (hundredths of an AUC); `n` counts the groups.

    Raises
    ------
    CourseError
        The lengths differ, there are fewer than two folds, or a fold lacks ones, zeros or a second group.
    """
    columns = [np.asarray(each) for each in (truth, ours, theirs, groups, folds)]
    truth, ours, theirs, groups, folds = columns
    names = np.unique(folds)
    if len({len(each) for each in columns}) != 1 or len(names) < 2:
        raise CourseError(
            f"expected columns of one length and two folds or more, got lengths {[len(c) for c in columns]} "
            f"and {len(names)} folds"
        )
    rng, n_groups = np.random.default_rng(seed), 0
    measured, drawn = [], []  # the gap of each fold, and of each fold's resamples
    for name in names:
        of_fold = folds == name
        days, day = np.unique(groups[of_fold], return_inverse=True)
        n_groups += len(days)
        weights = rng.multinomial(len(days), np.full(len(days), 1 / len(days)), n_resamples)
        weights = np.vstack([np.ones(len(days)), weights])  # first of all, each group once
        aucs = [_weighted_auc(truth[of_fold], each[of_fold], day, weights) for each in (ours, theirs)]
        gaps = 100 * (aucs[0] - aucs[1])
        measured.append(gaps[0])
        drawn.append(gaps[1:])
    fold = rng.integers(len(names), size=(len(names), n_resamples))
    resample = rng.integers(n_resamples, size=fold.shape)
    interval = percentile_interval(np.array(drawn)[fold, resample].mean(axis=0))
    return Estimate(float(np.mean(measured)), interval.low, interval.high, n_groups)


def _weighted_auc(
    truth: np.ndarray, scores: np.ndarray, group: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """AUC when group g counts weights[:, g] times, (n_weightings,).

    The AUC is the share of pairs (a one, a zero) in which the one has the higher score. Counted once for
    each pair of groups, pairs need only be weighted afterwards.
    """
    n_groups, is_one = weights.shape[1], truth == 1
    ones, zeros = (np.bincount(group[each], minlength=n_groups) for each in (is_one, ~is_one))
    if n_groups < 2 or not ones.sum() or not zeros.sum():
        raise CourseError(
            f"each fold needs two groups, ones and zeros, got {n_groups} groups, {ones.sum()} ones and "
            f"{zeros.sum()} zeros: make fewer folds"
        )
    pairs = np.zeros((n_groups, n_groups))  # [group of the one, group of the zero]
    for g in range(n_groups):
        below = np.sort(scores[~is_one & (group == g)])
        left, right = (np.searchsorted(below, scores[is_one], side) for side in ("left", "right"))
        pairs[:, g] = np.bincount(group[is_one], (left + right) / 2, n_groups)  # equal scores count half
    with np.errstate(invalid="ignore"):
        auc = ((weights @ pairs) * weights).sum(axis=1) / ((weights @ ones) * (weights @ zeros))
    return np.where(np.isnan(auc), 0.5, auc)  # a draw without ones, or without zeros, decides nothing
