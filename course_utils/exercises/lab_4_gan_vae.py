"""The exercises of the lab on GANs and VAEs. Functions are tried on fixed data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, workbook

if TYPE_CHECKING:
    import torch

Function = Callable[..., Any]


def same_unlike(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions give the same, for two clouds of three numbers."""
    import torch

    mean = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.3, -0.1]])
    log_var = torch.tensor([[0.2, -0.5, 1.0], [-1.5, 0.4, 0.0]])
    ours, theirs = (each(mean.clone(), log_var.clone()) for each in (answer, other))
    if np.shape(ours) != np.shape(theirs):
        return False
    return np.allclose(ours, theirs, atol=1e-4)


def _unlike(mean: torch.Tensor, log_var: torch.Tensor) -> torch.Tensor:
    return 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum(dim=1)


def _softplus(score: torch.Tensor) -> torch.Tensor:
    """Mean softplus of scores: small where they are far below zero."""
    import torch

    return torch.nn.functional.softplus(score).mean()


def same_losses(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions give the same pair of losses."""
    import torch

    real, fake = torch.tensor([[1.5], [0.2], [-0.3]]), torch.tensor([[-2.0], [0.7], [0.4]])
    ours, theirs = ([float(loss) for loss in each(real, fake)] for each in (answer, other))
    return len(ours) == len(theirs) and np.allclose(ours, theirs, atol=1e-4)


def _losses(real_score: torch.Tensor, fake_score: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The critic's loss and the generator's."""
    return _softplus(-real_score) + _softplus(fake_score), _softplus(-fake_score)


exercises = workbook(
    Exercise(
        "4_gan_vae.1",
        "How unlike noise?",
        solution=always(_unlike),
        mistakes=(
            Mistake(
                always(lambda mean, log_var: 0.5 * (mean**2 + log_var - log_var.exp() - 1).sum(dim=1)),
                "s² and ln s² are swapped: log_var is ln s², so s² is log_var.exp().",
            ),
            Mistake(
                always(lambda mean, log_var: 0.5 * (mean**2 + log_var**2 - log_var - 1).sum(dim=1)),
                "log_var is ln s² already: s² is log_var.exp(), not log_var².",
            ),
            Mistake(
                always(lambda mean, log_var: 2 * _unlike(mean, log_var)),
                "The ½ is missing.",
            ),
            Mistake(
                always(lambda mean, log_var: _unlike(mean, log_var).sum()),
                "That adds up the whole batch. One number for each picture is wanted: sum over dim=1.",
            ),
            Mistake(
                always(lambda mean, log_var: _unlike(mean, log_var) / mean.shape[1]),
                "That is the mean over the numbers of a cloud. Their sum is wanted.",
            ),
        ),
        hints=(
            "Write the formula with log_var in place of ln s². What is s² then?",
            "s² is log_var.exp(). Sum over the numbers of each picture, dim=1.",
            "return 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum(dim=1).",
        ),
        same=same_unlike,
        expects="a function of (mean, log_var) that returns one number a picture",
    ),
    Exercise(
        "4_gan_vae.2",
        "Who wants what?",
        solution=always(_losses),
        mistakes=(
            Mistake(
                always(lambda real, fake: (_softplus(real) + _softplus(-fake), _softplus(fake))),
                "Both want the contrary: the critic gives high scores to what it takes for real.",
            ),
            Mistake(
                always(lambda real, fake: (_losses(real, fake)[0], _softplus(fake))),
                "Your generator wants its pictures to be unmasked. It wants high scores for them.",
            ),
            Mistake(
                always(lambda real, fake: (_softplus(-real), _softplus(-fake))),
                "Your critic looks at real pictures alone, so it may give a high score to everything.",
            ),
            Mistake(
                always(lambda real, fake: (_losses(real, fake)[0], -_softplus(fake))),
                "That wants high scores, too, but it is flat where scores are low, as they are at first: "
                "nothing to learn from. Put the minus inside softplus.",
            ),
            Mistake(
                always(lambda real, fake: _losses(real, fake)[::-1]),
                "The two are in the other order: the critic's loss comes first.",
            ),
        ),
        hints=(
            "softplus(score) punishes a high score. What punishes a low one?",
            "The critic wants real pictures high and fake ones low; the generator wants fake ones high.",
            "The generator's: F.softplus(-fake_score).mean(). The critic's is the sum of two such means.",
        ),
        same=same_losses,
        expects="a function of (real_score, fake_score) that returns two numbers",
    ),
)
