"""The exercises of lab 2_unlabelled, a puzzle that makes its own labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from course_utils.exercises import Exercise, Mistake, always, workbook

Partners = Callable[[int], Any]
Loss = Callable[[torch.Tensor], Any]


def _partners(n: int) -> torch.Tensor:
    return torch.arange(2 * n).roll(n)


def same_partners(answer: Partners, other: Partners, **context: Any) -> bool:
    """Whether two functions name the same rows, for several numbers of pictures.

    Raises
    ------
    TypeError
        The answer gives no tensor.
    """
    for n in (1, 2, 3, 5):
        rows = answer(n)
        if not isinstance(rows, torch.Tensor):
            raise TypeError(f"it should return a torch tensor, got {type(rows).__name__}")
        if rows.tolist() != other(n).tolist():
            return False
    return True


def _loss(
    z: torch.Tensor,
    temperature: float = 0.2,
    lengthen: bool = False,
    keep_diagonal: bool = False,
    right: Partners = _partners,
) -> torch.Tensor:
    """The loss of the puzzle, and with other settings what a slip makes of it."""
    if not lengthen:
        z = F.normalize(z, dim=1)
    scores = z @ z.T / temperature
    if not keep_diagonal:
        scores = scores.masked_fill(torch.eye(len(z), dtype=torch.bool), -1e9)
    return F.cross_entropy(scores, right(len(z) // 2))


def same_loss(answer: Loss, other: Loss, **context: Any) -> bool:
    """Whether two functions give the same loss for arrows of several batches."""
    generator = torch.Generator().manual_seed(0)
    for n in (2, 3, 6):
        z = torch.randn(2 * n, 32, generator=generator)
        if not np.isclose(float(answer(z.clone())), float(other(z.clone())), rtol=1e-4):
            return False
    return True


exercises = workbook(
    Exercise(
        "2_unlabelled.1",
        "The right answers",
        solution=always(_partners),
        mistakes=(
            Mistake(
                always(lambda n: torch.arange(2 * n)),
                "Each copy is its own partner there. The partner of copy 0 is copy n.",
            ),
            Mistake(
                always(lambda n: torch.arange(n, 2 * n)),
                "Those are the partners of the first n copies. The second n copies have partners, too.",
            ),
            Mistake(
                always(lambda n: torch.arange(2 * n).view(n, 2).flip(1).flatten()),
                "That pairs neighbours, 0 with 1. Here the second copies come after all the first ones.",
            ),
            Mistake(
                always(lambda n: torch.arange(2 * n) + n),
                "The rows end at 2n − 1. What is the partner of copy n?",
            ),
            Mistake(
                always(lambda n: torch.arange(2 * n).flip(0)),
                "That reads the rows backwards. The second copies have the same order as the first.",
            ),
        ),
        hints=(
            "For n = 3 the answer is 3, 4, 5, 0, 1, 2.",
            "It is n to 2n − 1, then 0 to n − 1: torch.cat joins two tensors in a list.",
            "(torch.arange(2 * n) + n) % (2 * n) goes back to 0 by itself.",
        ),
        same=same_partners,
        expects="a function of n that returns a torch tensor of 2n row numbers",
    ),
    Exercise(
        "2_unlabelled.2",
        "The loss",
        solution=always(_loss),
        mistakes=(
            Mistake(
                always(lambda z: _loss(z, lengthen=True)),
                "The arrows keep their own lengths. Begin with z = F.normalize(z, dim=1).",
            ),
            Mistake(
                always(lambda z: _loss(z, keep_diagonal=True)),
                "Each copy may still choose itself. Take out the diagonal of the scores.",
            ),
            Mistake(
                always(lambda z: _loss(z, temperature=1.0)),
                "The similarities are not divided by the temperature, 0.2.",
            ),
            Mistake(
                always(lambda z: _loss(z, temperature=5.0)),
                "You multiply by 0.2. Divide by it: the scores should get larger.",
            ),
            Mistake(
                always(lambda z: _loss(z, right=lambda n: torch.arange(2 * n))),
                "As right answers you give each copy itself. They are the partners.",
            ),
        ),
        hints=(
            "Four steps: shorten, multiply, take out the diagonal, cross-entropy.",
            "scores = z @ z.T / 0.2 has shape (2n, 2n); row i holds the scores of copy i's answers.",
            "The right answers are partners(len(z) // 2), because z has 2n rows.",
        ),
        same=same_loss,
        expects="a function of z, shape (2n, 32), that returns one number",
    ),
)
