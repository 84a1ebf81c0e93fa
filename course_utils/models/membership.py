"""Who was in the training? What attacks on a generator find, for lab 4_privacy.

An attack gives each record a score, higher for those that it takes for members: the generator has learned
from these and from no others. Of the two measures, the AUC is a mean over all records; how many members are
found at few false alarms says whether some are exposed (Carlini, N., and others 2022, Membership inference
attacks from first principles).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from torch import nn

from course_utils import CourseError
from course_utils.claims.estimates import Estimate
from course_utils.claims.intervals import finite
from course_utils.claims.resampling import percentile_interval
from course_utils.models import diffusion

Curve = tuple[np.ndarray, np.ndarray]
"""False alarms and members found, in % each, from a strict attack to one that accuses everybody."""


class _Scores:
    """Scores sorted once, so that records can then count several times or not at all."""

    def __init__(self, scores: ArrayLike, member: ArrayLike) -> None:
        distinct, self.place = np.unique(-finite(scores), return_inverse=True)  # the highest comes first
        self.n_distinct, self.member = len(distinct), np.asarray(member, dtype=bool)
        if self.member.shape != self.place.shape or self.member.all() or not self.member.any():
            raise CourseError(
                "expected one score a record, and records of which some are members and some not"
            )

    def curve(self, weights: np.ndarray | None = None) -> Curve:
        """With how often each record counts, (n_records,); once when None."""
        weights = np.ones(len(self.place)) if weights is None else weights
        counts = [
            np.bincount(self.place[rows], weights[rows], self.n_distinct)
            for rows in (~self.member, self.member)
        ]
        alarms, found = (np.append(0, 100 * np.cumsum(each) / each.sum()) for each in counts)
        return alarms, found


def curve(scores: ArrayLike, member: ArrayLike) -> Curve:
    """False alarms and members found, in %, for each threshold that the scores allow.

    Parameters
    ----------
    scores : array_like, (n_records,)
        Higher for those that the attack takes for members.
    member : array_like of bool, (n_records,)
        Who is one.

    Raises
    ------
    CourseError
        A score is not finite, the lengths differ, or there are not both kinds of records.
    """
    return _Scores(scores, member).curve()


def auc(of: Curve) -> float:
    """Pairs of a member and an other in which the member has the higher score, in %; a tie is half of one."""
    alarms, found = of
    return float(np.trapezoid(found, alarms)) / 100


def found_at(of: Curve, alarms: float = 1.0) -> float:
    """Members found, in %, at the threshold with at most so many false alarms, in %."""
    return float(of[1][np.searchsorted(of[0], alarms + 1e-9, side="right") - 1])


def summary(curves: Mapping[str, Mapping[str, Sequence[Curve]]]) -> pd.DataFrame:
    """AUC and members found at 1 % false alarms, in %, each the mean over trainings.

    `curves` has for each attack and each kind of generator, a row of the table, the `curve` of each training.
    """
    return pd.DataFrame(
        {
            f"{attack}: {what}": {
                kind: round(float(np.mean(list(map(measure, ones)))), 1) for kind, ones in kinds.items()
            }
            for attack, kinds in curves.items()
            for what, measure in (("AUC", auc), ("found at 1 %", found_at))
        }
    )


def over_trainings(
    scores: ArrayLike,
    member: ArrayLike,
    statistic: Callable[[Curve], float] = auc,
    seed: int = 0,
    n_resamples: int = 500,
) -> Estimate:
    """A statistic's mean over trainings, with an interval that draws records and trainings anew.

    The trainings share their records, so a record that is drawn twice counts twice in each of them. With
    few trainings the interval is somewhat too narrow; with one it knows of no other.

    Parameters
    ----------
    scores : array_like, (n_trainings, n_records)
        Higher for those that the attack takes for members.
    member : array_like of bool, (n_records,) or (n_trainings, n_records)
        Who is one; where trainings learned from different records, for each training.
    statistic : callable
        `auc` or `found_at`.
    seed, n_resamples : int
        Of the resampling.

    Returns
    -------
    Estimate
        In %; `n` counts the records.

    Raises
    ------
    CourseError
        As `curve`, for each training.

    References
    ----------
    Owen, A. B. (2007). The pigeonhole bootstrap. Annals of Applied Statistics, 1, 386-411.
    """
    scores = np.atleast_2d(np.asarray(scores, dtype=float))
    members = np.broadcast_to(np.asarray(member, dtype=bool), scores.shape)
    prepared = [_Scores(*each) for each in zip(scores, members, strict=True)]
    (n_runs, n_records), rng, drawn = scores.shape, np.random.default_rng(seed), []
    of_kind = members.any(axis=0).astype(int) - (~members).any(axis=0)  # always a member 1, never -1
    kinds = [np.flatnonzero(of_kind == kind) for kind in np.unique(of_kind)]
    for _ in range(n_resamples):
        weights = np.zeros(n_records)
        for rows in kinds:  # each kind as often as it is
            weights[rows] = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
        runs, times = np.unique(rng.integers(n_runs, size=n_runs), return_counts=True)
        values = [statistic(prepared[run].curve(weights)) for run in runs]
        drawn.append(np.average(values, weights=times))
    interval = percentile_interval(drawn)
    effect = float(np.mean([statistic(each.curve()) for each in prepared]))
    return Estimate(effect, interval.low, interval.high, n_records)


def guess_errors(
    model: nn.Module, pixels: np.ndarray, labels: np.ndarray, levels: Sequence[int], seed: int = 0
) -> np.ndarray:
    """How wrong a diffusion model's guesses for these pictures are, (n,): mean squared error over the levels.

    Parameters
    ----------
    pixels : ndarray, (n, C, H, W)
        From 0 to 1.
    labels : ndarray, (n,)
        The classes, which the model is told.
    levels : sequence of int
        Of noise; each level has one noise, the same for all pictures.
    """
    generator, device = torch.Generator().manual_seed(seed), model.device
    clean, classes = torch.from_numpy(2 * pixels - 1), torch.from_numpy(labels)
    error = np.zeros(len(pixels))
    for t in levels:
        noise, a = torch.randn(clean.shape[1:], generator=generator), diffusion.A[t]
        for start in range(0, len(clean), diffusion.AT_ONCE):
            rows = slice(start, start + diffusion.AT_ONCE)
            noisy = (a.sqrt() * clean[rows] + (1 - a).sqrt() * noise).to(device)
            guess = diffusion.guess_clean(model, noisy, t, classes[rows].to(device)).cpu()
            error[rows] += ((guess - clean[rows]) ** 2).mean(dim=(1, 2, 3)).numpy() / len(levels)
    return error
