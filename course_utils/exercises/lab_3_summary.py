"""The exercises of lab 3_summary."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F

from course_utils.exercises import Exercise, Mistake, always, same_results, workbook

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

FIELDS = [
    (True, 0, 0, 0),
    (True, 1, 2, 1),
    (True, 2, 2, 3),
    (True, 3, 4, 4),
    (False, 0, 0, 1),
    (False, 2, 3, 2),
    (False, 2, 3, 3),
    (False, 3, 3, 3),
]
"""Whether two words are equal, and the fields diagonally above, above and left, as tables have them."""


def field(equal: bool, diagonal: int, above: int, left: int) -> int:
    """The right answer of exercise 3_summary.1."""
    return diagonal + 1 if equal else max(above, left)


def answer_loss(scores: torch.Tensor, targets: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """The right answer of exercise 3_summary.2."""
    return F.cross_entropy(scores[counts], targets[counts])


def _batches() -> list[tuple[torch.Tensor, ...]]:
    generator = torch.Generator().manual_seed(3)
    found = []
    for n_rows, n_places in ((2, 5), (3, 4)):
        scores = torch.randn(n_rows, n_places, 7, generator=generator)
        targets = torch.randint(7, (n_rows, n_places), generator=generator)
        counts = torch.arange(n_places)[None] >= torch.arange(1, n_rows + 1)[:, None]
        found.append((scores, targets, counts))
    return found


def _one_more_than_the_larger(equal: bool, diagonal: int, above: int, left: int) -> int:
    return max(above, left) + equal


def _from_zero(equal: bool, diagonal: int, above: int, left: int) -> int:
    return diagonal + 1 if equal else 0


def _always_diagonal(equal: bool, diagonal: int, above: int, left: int) -> int:
    return diagonal + equal


def _smaller(equal: bool, diagonal: int, above: int, left: int) -> int:
    return diagonal + 1 if equal else min(above, left)


def _of_all(scores: torch.Tensor, targets: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(scores.flatten(0, 1), targets.flatten())


def _zeros_averaged(scores: torch.Tensor, targets: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    each = F.cross_entropy(scores.transpose(1, 2), targets, reduction="none")
    return (each * counts).mean()


def _prompt_alone(scores: torch.Tensor, targets: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    return answer_loss(scores, targets, ~counts)


def _summed(scores: torch.Tensor, targets: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    return answer_loss(scores, targets, counts) * counts.sum()


exercises = workbook(
    Exercise(
        "3_summary.1",
        "One field",
        solution=always(field),
        mistakes=(
            Mistake(
                always(_one_more_than_the_larger),
                "Above and left may have counted one of these words already: one more than diagonal.",
            ),
            Mistake(
                always(_from_zero), "Where words differ, what was found before is not lost. Gaps are allowed."
            ),
            Mistake(
                always(_always_diagonal), "Where words differ, above or left may have more than diagonal."
            ),
            Mistake(always(_smaller), "Where words differ, keep the larger of above and left."),
        ),
        hints=(
            "One rule where the words are equal, another where they are not: an if and an else.",
            "diagonal + 1 where equal, else max(above, left).",
        ),
        same=same_results(*FIELDS),
        expects="a function of (equal, diagonal, above, left) that returns a whole number",
    ),
    Exercise(
        "3_summary.2",
        "Mask the prompt",
        solution=always(answer_loss),
        mistakes=(
            Mistake(always(_of_all), "That is the mean over all tokens, those of the prompt too."),
            Mistake(
                always(_zeros_averaged),
                "The prompt's losses are 0 now, but still counted: divide by how many count.",
            ),
            Mistake(always(_prompt_alone), "That is the loss of the prompt: turn the mask round."),
            Mistake(always(_summed), "That is the sum over the tokens that count. Take the mean."),
        ),
        hints=(
            "A tensor of True and False between brackets keeps the places with True.",
            "scores[counts] is (n, n_tokens), targets[counts] is (n,).",
        ),
        same=same_results(*_batches(), rel_tol=1e-4),
        expects="a function of (scores, targets, counts) that returns one number",
    ),
)
