"""The exercises of lab 2_bias, classes of which a network sees few pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from course_utils.exercises import Exercise, Mistake, always, same_number, same_results, workbook

Thin = Callable[[np.ndarray, Sequence[int], float, np.random.Generator], Any]
Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def thinned(labels: np.ndarray, rare: Sequence[int], share: float, rng: np.random.Generator) -> np.ndarray:
    """Rows to keep when some classes are made rare: the first exercise's answer.

    The lab goes on with it, so that the answer stands nowhere in the notebook.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        Class of each picture, whole numbers from 0.
    rare : sequence of int
        The classes to thin.
    share : float
        From 0 to 1, of each rare class's rows, that is kept.
    rng : Generator
        Draws them.

    Returns
    -------
    ndarray of int
        Row numbers: all of the other classes, a share of each rare one.
    """
    rows = [np.flatnonzero(labels == k) for k in rare]
    drawn = [rng.choice(each, round(share * len(each)), replace=False) for each in rows]
    return np.concatenate([np.flatnonzero(~np.isin(labels, list(rare))), *drawn])


def _all_classes(
    labels: np.ndarray, rare: Sequence[int], share: float, rng: np.random.Generator
) -> np.ndarray:
    return thinned(labels, np.unique(labels).tolist(), share, rng)


def _taken_away(
    labels: np.ndarray, rare: Sequence[int], share: float, rng: np.random.Generator
) -> np.ndarray:
    return thinned(labels, rare, 1 - share, rng)


def _rare_alone(
    labels: np.ndarray, rare: Sequence[int], share: float, rng: np.random.Generator
) -> np.ndarray:
    rows = thinned(labels, rare, share, rng)
    return rows[np.isin(labels[rows], rare)]


def _in_one_draw(
    labels: np.ndarray, rare: Sequence[int], share: float, rng: np.random.Generator
) -> np.ndarray:
    is_rare = np.isin(labels, rare)
    rows = np.flatnonzero(is_rare)
    drawn = rng.choice(rows, round(share * len(rows)), replace=False)
    return np.concatenate([np.flatnonzero(~is_rare), drawn])


def _with_repeats(
    labels: np.ndarray, rare: Sequence[int], share: float, rng: np.random.Generator
) -> np.ndarray:
    rows = [np.flatnonzero(labels == k) for k in rare]
    drawn = [rng.choice(each, round(share * len(each))) for each in rows]
    return np.concatenate([np.flatnonzero(~np.isin(labels, rare)), *drawn])


def _the_first(labels: np.ndarray, rare: Sequence[int], share: float, rng: np.random.Generator) -> np.ndarray:
    rows = [np.flatnonzero(labels == k) for k in rare]
    kept = [each[: round(share * len(each))] for each in rows]
    return np.concatenate([np.flatnonzero(~np.isin(labels, rare)), *kept])


def _labels_themselves(
    labels: np.ndarray, rare: Sequence[int], share: float, rng: np.random.Generator
) -> np.ndarray:
    return labels[thinned(labels, rare, share, rng)]


def _nature(thin: Thin) -> tuple[Any, ...]:
    """What can be said of a way to thin: the others whole, how many of each rare class, which ones.

    Raises
    ------
    ValueError
        It does not give row numbers.
    """
    labels = np.random.default_rng(1).permutation(np.repeat([0, 1, 2, 5], [60, 140, 80, 100]))
    rare, counts = [2, 5], []
    drawn = [
        np.asarray(thin(labels.copy(), list(rare), 0.2, np.random.default_rng(seed))) for seed in (0, 1, 2)
    ]
    for rows in drawn:
        if rows.ndim != 1 or rows.dtype.kind not in "iu" or not ((rows >= 0) & (rows < len(labels))).all():
            raise ValueError(
                f"it should return row numbers, one array of whole numbers, and gives {rows!r:.60}"
            )
        counts.append(np.bincount(labels[rows], minlength=6)[[0, 1, 2, 5]])
    counts = np.array(counts)
    return (
        bool((counts[:, :2] == [60, 140]).all()),
        bool((counts[:, 2:] == [16, 20]).all()),
        bool((counts[:, 2:].sum(axis=1) == 36).all()),
        bool((counts[:, 2:] == [64, 80]).all()),
        bool((counts[:, :2] == 0).all()),
        all(len(set(rows.tolist())) == len(rows) for rows in drawn),
        len({tuple(sorted(rows.tolist())) for rows in drawn}) == 3,
        all(set(rows.tolist()) <= {0, 1, 2, 5} for rows in drawn),
    )


def same_nature(answer: Thin, other: Thin, **context: Any) -> bool:
    """Whether two ways to thin keep the same rules; which rows they draw may differ."""
    return _nature(answer) == _nature(other)


def _losses(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each picture: (B, n_classes) and (B,) to (B,)."""
    return -scores.log_softmax(dim=1)[torch.arange(len(labels)), labels]


def weighted_loss(scores: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weighted mean of the cross-entropies: the second exercise's answer.

    Parameters
    ----------
    scores : Tensor, shape (B, n_classes)
        Before softmax.
    labels : Tensor, shape (B,)
        Whole numbers from 0.
    weights : Tensor, shape (n_classes,)
        Of each class, above 0.

    Returns
    -------
    Tensor, shape ()
    """
    of_each = weights[labels]
    return (of_each * _losses(scores, labels)).sum() / of_each.sum()


def _batches() -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    labels = [torch.tensor([0, 1, 1, 2, 3]), torch.tensor([3, 3, 2]), torch.tensor([1] * 5 + [0])]
    weights = torch.tensor([0.5, 2.0, 1.5, 7.0])
    return [(torch.randn(len(each), 4, generator=generator), each, weights) for each in labels]


RECALL, PICTURES = np.array([55] * 2 + [97] * 8), np.array([20] * 2 + [1000] * 8)
ACCURACY = float((RECALL * PICTURES).sum() / PICTURES.sum())
"""The third exercise's answer, in %."""


exercises = workbook(
    Exercise(
        "2_bias.1",
        "Make them rare",
        solution=always(thinned),
        mistakes=(
            Mistake(always(_all_classes), "It thins every class: keep all rows of those that are not rare."),
            Mistake(
                always(_taken_away),
                "It keeps what should go: `share` is the part of a rare class that stays.",
            ),
            Mistake(always(_rare_alone), "The rows of the other classes are missing: add all of them."),
            Mistake(
                always(_in_one_draw),
                "It draws from all rare rows at once, so each rare class gets a number by chance. "
                "Draw from each on its own.",
            ),
            Mistake(always(_with_repeats), "Some rows are drawn twice: rng.choice needs replace=False."),
            Mistake(always(_the_first), "It keeps the same rows every time: draw them with rng.choice."),
            Mistake(always(_labels_themselves), "These are labels. Return the numbers of the rows."),
        ),
        hints=(
            "Two parts, joined by np.concatenate: the rows of the others, and a few rows of each rare class.",
            "The others: np.flatnonzero(~np.isin(labels, rare)). Of class k: np.flatnonzero(labels == k).",
            "rng.choice(rows, round(share * len(rows)), replace=False) draws from the rows of one class.",
        ),
        same=same_nature,
        expects="a function of (labels, rare, share, rng) that returns row numbers",
    ),
    Exercise(
        "2_bias.2",
        "The weighted loss",
        solution=always(weighted_loss),
        mistakes=(
            Mistake(
                always(lambda scores, labels, weights: _losses(scores, labels).mean()),
                "Every picture counts the same here. weights[labels] gives the weight of each one.",
            ),
            Mistake(
                always(lambda scores, labels, weights: (weights[labels] * _losses(scores, labels)).mean()),
                "Divide by the sum of the weights of these pictures, not by their number.",
            ),
            Mistake(
                always(lambda scores, labels, weights: (weights[labels] * _losses(scores, labels)).sum()),
                "That is the sum. A mean is divided by the sum of the weights of these pictures.",
            ),
            Mistake(
                always(
                    lambda scores, labels, weights: (
                        (weights[labels] * _losses(scores, labels)).sum() / weights.sum()
                    )
                ),
                "Divide by the sum of the pictures' weights, weights[labels], not by that of the classes.",
            ),
            Mistake(
                always(lambda scores, labels, weights: -weighted_loss(scores, labels, weights)),
                "The sign: cross-entropy is *minus* the logarithm of a probability.",
            ),
            Mistake(
                always(
                    lambda scores, labels, weights: (
                        -(weights[labels] * scores[torch.arange(len(labels)), labels]).sum()
                        / weights[labels].sum()
                    )
                ),
                "Scores are no probabilities yet: take scores.log_softmax(dim=1).",
            ),
        ),
        hints=(
            "Three steps: each picture's loss (B,), each picture's weight (B,), their weighted mean.",
            "losses = -scores.log_softmax(dim=1)[torch.arange(len(labels)), labels]",
            "(weights[labels] * losses).sum() / weights[labels].sum()",
        ),
        same=same_results(*_batches(), rel_tol=1e-4),
        expects="a function of (scores, labels, weights) that returns one number",
    ),
    Exercise(
        "2_bias.3",
        "One number for all",
        solution=always(ACCURACY),
        mistakes=(
            Mistake(
                always(float(RECALL.mean())),
                "That is the mean of the classes. The maker's test has few pictures of the rare ones.",
            ),
            Mistake(always(55), "That is the recall of a rare class alone."),
            Mistake(
                always((55 + 97) / 2), "There are eight of the others and two rare ones, and not as large."
            ),
            Mistake(always(ACCURACY / 100), "Give it in %: times 100."),
        ),
        hints=(
            "Accuracy: how many pictures are right, of all pictures.",
            "Right: 2 · 20 · 0.55 and 8 · 1000 · 0.97. All: 2 · 20 + 8 · 1000.",
        ),
        same=partial(same_number, rel_tol=1e-3),
    ),
)
