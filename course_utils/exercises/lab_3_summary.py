"""The exercises of lab 3_summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch.nn import functional as F

from course_utils.exercises import Exercise, Mistake, always, same_results, workbook
from course_utils.models.summaries import in_common

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

TEXTS = [
    ("compute the mean of an array", "compute an array s mean"),
    ("plot the data", "return a copy"),
    ("the the cat", "the cat the"),
    ("sort", "sort the rows of a table"),
    ("a b c a b", "b a c b a"),
]


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


def _same_set(a: Sequence[str], b: Sequence[str]) -> int:
    return len(set(a) & set(b))


def _in_one_piece(a: Sequence[str], b: Sequence[str]) -> int:
    runs = {tuple(b[i:j]) for i in range(len(b)) for j in range(i, len(b) + 1)}
    return max(j - i for i in range(len(a)) for j in range(i, len(a) + 1) if tuple(a[i:j]) in runs)


def _same_places(a: Sequence[str], b: Sequence[str]) -> int:
    return sum(x == y for x, y in zip(a, b, strict=False))


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
        "In common",
        solution=always(in_common),
        mistakes=(
            Mistake(always(_same_set), "Those are words in common in any order. Here the order counts."),
            Mistake(always(_in_one_piece), "Yours must stand side by side. Gaps are allowed."),
            Mistake(always(_same_places), "Those are words at the same place. The gaps may differ."),
        ),
        hints=(
            "A table of zeros with one row and one column more than words, filled row by row.",
            "table[i + 1, j + 1] is table[i, j] + 1 where a[i] == b[j].",
            "Elsewhere max(table[i, j + 1], table[i + 1, j]). The answer is the last field.",
        ),
        same=same_results(*[(a.split(), b.split()) for a, b in TEXTS]),
        expects="a function of two lists of words that returns a whole number",
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
