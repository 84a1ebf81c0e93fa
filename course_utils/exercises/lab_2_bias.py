"""The exercises of lab 2_bias, classes of which a network sees few pictures."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from course_utils.exercises import Exercise, Mistake, always, same_number, same_results, workbook


def _losses(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each picture: (B, n_classes) and (B,) to (B,)."""
    return -scores.log_softmax(dim=1)[torch.arange(len(labels)), labels]


def weighted_loss(scores: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weighted mean of the cross-entropies: the first exercise's answer.

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
"""The second exercise's answer, in %."""


exercises = workbook(
    Exercise(
        "2_bias.1",
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
        "2_bias.2",
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
