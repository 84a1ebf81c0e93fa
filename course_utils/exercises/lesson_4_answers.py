"""Right and wrong ways to write lesson 4's step, loss and loop, and how an answer is compared with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from course_utils.exercises import same_number

Function = Callable[..., Any]


@cache
def shares() -> torch.Tensor:
    """The share a of each level, (1000,)."""
    from course_utils.models import diffusion

    return diffusion.A


LEVELS = [999, 700, 400, 100]
"""That the loop of exercise 4.4 visits when it is tried."""


def stand_in(x: torch.Tensor, t: int) -> torch.Tensor:
    """Stands for the network."""
    return 0.5 * x.tanh() + t / 2_000


def noise_of(noisy: torch.Tensor, guess: torch.Tensor, a: float) -> torch.Tensor:
    """The noise in a noisy picture, by a guess of the clean one."""
    return (noisy - a**0.5 * guess) / (1 - a) ** 0.5


def mix(guess: torch.Tensor, noise: torch.Tensor, a: float) -> torch.Tensor:
    """A guess and noise, mixed by the share of the guess."""
    return a**0.5 * guess + (1 - a) ** 0.5 * noise


def step(noisy: torch.Tensor, guess: torch.Tensor, a_now: float, a_next: float) -> torch.Tensor:
    """Exercise 4.2."""
    return mix(guess, noise_of(noisy, guess, a_now), a_next)


def without_roots(noisy: torch.Tensor, guess: torch.Tensor, a_now: float, a_next: float) -> torch.Tensor:
    """A step that mixes with the shares themselves."""
    return a_next * guess + (1 - a_next) * noise_of(noisy, guess, a_now)


def same_step(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two steps lead to the same pictures."""
    draw = torch.Generator().manual_seed(3)
    noisy, guess = (torch.randn((2, 1, 4, 4), generator=draw) for _ in range(2))
    ours, theirs = (each(noisy.clone(), guess.clone(), 0.2, 0.6) for each in (answer, other))
    if getattr(ours, "shape", None) != noisy.shape:
        raise TypeError(f"a tensor of shape {tuple(noisy.shape)} should come back, not {type(ours).__name__}")
    return torch.allclose(ours, theirs, atol=1e-4)


def loss_at(
    model: Function,
    clean: torch.Tensor,
    classes: torch.Tensor,
    t: torch.Tensor,
    noise: torch.Tensor,
    truth: torch.Tensor | None = None,
) -> torch.Tensor:
    """Exercise 4.3; `truth` is what the guesses are compared with, the clean pictures if not given."""
    noisy = mix(clean, noise, shares().to(clean.device)[t].view(-1, 1, 1, 1))
    return ((model(noisy, t, classes) - (clean if truth is None else truth)) ** 2).mean()


def same_loss(answer: Function, other: Function, device: str = "cpu") -> bool:
    """Whether two losses agree, on pictures at four levels of noise."""
    draw = torch.Generator().manual_seed(5)
    clean, noise = (torch.randn((4, 1, 4, 4), generator=draw).to(device) for _ in range(2))
    t, classes = torch.tensor([50, 300, 600, 900], device=device), torch.arange(4, device=device)

    def model(noisy: torch.Tensor, t: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        return 0.5 * noisy.tanh() + (t / 2_000 + classes / 10).view(-1, 1, 1, 1)

    ours, theirs = (float(each(model, clean.clone(), classes, t, noise.clone())) for each in (answer, other))
    return same_number(ours, theirs, rel_tol=1e-3)


def walk(guess: Function, x: torch.Tensor, levels: list[int], last: float = 1.0) -> torch.Tensor:
    """From noise to picture; `last` is the share after the last level."""
    visited = [*shares()[levels], last]
    for i, t in enumerate(levels):
        x = step(x, guess(x, t), visited[i], visited[i + 1])
    return x


def stops_early(guess: Function, noise: torch.Tensor, levels: list[int]) -> torch.Tensor:
    """The last step is missing."""
    return walk(guess, noise, levels[:-1], shares()[levels[-1]])


def stuck(guess: Function, noise: torch.Tensor, levels: list[int]) -> torch.Tensor:
    """Every step begins with the noise anew."""
    return step(noise, guess(noise, levels[-1]), shares()[levels[-1]], 1.0)


def same_pictures(answer: Function, other: Function, device: str = "cpu") -> bool:
    """Whether two loops make the same pictures, from the same noise and with the same guesses."""
    noise = torch.randn((3, 1, 4, 4), generator=torch.Generator().manual_seed(4)).to(device)
    ours, theirs = (make(stand_in, noise.clone(), list(LEVELS)) for make in (answer, other))
    if getattr(ours, "shape", None) != noise.shape:
        raise TypeError(f"a tensor of shape {tuple(noise.shape)} should come back, not {type(ours).__name__}")
    return torch.allclose(ours, theirs, atol=1e-4)
