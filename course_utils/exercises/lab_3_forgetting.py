"""The exercises of lab 3_forgetting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from course_utils.exercises import Exercise, Mistake, same_number, workbook

Lost = Callable[[np.ndarray, np.ndarray], float]
Mix = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]

PAGES = ([[110.0, 310], [100, 300]], [[40, 12, 9.5, 70], [44, 10, 9.5, 71]], [[5, 9, 8], [8, 9, 11]])
"""The bits of pages after and before fine-tuning, for three models."""


def same_loss(answer: Lost, other: Lost) -> bool:
    """Whether two functions find the same percent lost.

    Raises
    ------
    TypeError
        The answer gives something else than one number.
    """
    pairs = [tuple(map(np.array, pair)) for pair in PAGES]
    return all(same_number(answer(*pair), other(*pair)) for pair in pairs)


def same_mix(answer: Mix, other: Mix) -> bool:
    """Whether two functions put the same windows together, in any order.

    Raises
    ------
    ValueError
        The answer has no rows of five tokens.
    """
    task, general = torch.arange(60).view(12, 5), 1000 + torch.arange(300).view(60, 5)
    for share in (0.5, 0.25, 0.8):
        ours = np.asarray(answer(task.clone(), general.clone(), share))
        theirs = other(task, general, share)
        if ours.ndim != 2 or ours.shape[1] != task.shape[1]:
            raise ValueError(f"the windows have 5 tokens each, so expected (n, 5), yours gave {ours.shape}")
        if sorted(map(tuple, ours.tolist())) != sorted(map(tuple, theirs.tolist())):
            return False
    return True


def _mix(how_many: Callable[[int, float], float], all_general: bool = False) -> Mix:
    """The task's windows and `how_many` general ones, from the number of the task's and the share."""

    def mixed(task: torch.Tensor, general: torch.Tensor, share: float) -> torch.Tensor:
        chosen = general if all_general else general[: round(how_many(len(task), share))]
        return torch.cat([task, chosen])

    return mixed


def _replaced(task: torch.Tensor, general: torch.Tensor, share: float) -> torch.Tensor:
    """General windows in place of some of the task's."""
    n = round(share * len(task))
    return torch.cat([task[: len(task) - n], general[:n]])


exercises = workbook(
    Exercise(
        "3_forgetting.1",
        "Percent lost",
        solution=lambda: lambda after, before: 100 * (after.sum() / before.sum() - 1),
        mistakes=(
            Mistake(
                lambda: lambda after, before: 100 * np.mean(after / before - 1),
                "That is the mean of the pages' percents: a page of ten words counts as much as one of a "
                "thousand. Add up the bits first.",
            ),
            Mistake(
                lambda: lambda after, before: 100 * (1 - after.sum() / before.sum()),
                "The sign: more bits than before are a loss, and a loss is positive here.",
            ),
            Mistake(
                lambda: lambda after, before: 100 * (1 - before.sum() / after.sum()),
                "You divided by the bits after. Percent of what it needed before.",
            ),
            Mistake(
                lambda: lambda after, before: 100 * after.sum() / before.sum(),
                "420 of 400 are 105 %. How many of them are lost?",
            ),
            Mistake(
                lambda: lambda after, before: after.sum() / before.sum() - 1,
                "That is a share. The question asks for %.",
            ),
            Mistake(
                lambda: lambda after, before: after.sum() - before.sum(),
                "Those are bits. How many percent are that of the bits before?",
            ),
        ),
        hints=(
            "after.sum() are the bits of all pages.",
            "420 / 400 is 1.05: take 1 away, times 100.",
        ),
        same=same_loss,
        expects="a function of (after, before) that returns one number in %",
    ),
    Exercise(
        "3_forgetting.2",
        "A mixture to rehearse with",
        solution=lambda: _mix(lambda n, share: n * share / (1 - share)),
        mistakes=(
            Mistake(
                lambda: _mix(lambda n, share: n * share),
                "With 12 windows of the task and share 0.5 you added 6 general ones: a third of all, not "
                "half. The share counts all windows, the general ones too.",
            ),
            Mistake(
                lambda: _replaced,
                "You put general windows in place of the task's. Keep all of the task's, and add.",
            ),
            Mistake(
                lambda: _mix(lambda n, share: n, all_general=True),
                "You added all general windows. How many make up the share?",
            ),
            Mistake(
                lambda: _mix(lambda n, share: n * (1 - share) / share),
                "The wrong way round: with share 0.8, four in five should be general.",
            ),
        ),
        hints=(
            "12 windows of the task should be half of all. How many general ones come to them? And when they "
            "should be a fifth of all?",
            "12, and 48. If m general windows come to n of the task's, then m / (n + m) = share.",
            "m = round(share / (1 - share) * len(task)); then torch.cat([task, general[:m]]).",
        ),
        same=same_mix,
        expects="a function of (task, general, share) that gives windows (n, T + 1)",
    ),
)
