"""The exercises of lesson 4. Functions are tried on fixed data: right and wrong differ in every profile."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from scipy.spatial.distance import cdist
from sklearn import svm

from course_utils.exercises import Exercise, Mistake, always, same_number, workbook

Function = Callable[..., Any]

CLEAN, A, NOISY = 0.5, 0.64, -0.2
"""Clean pixel, a and noisy pixel of exercise 4.1."""


def same_percent(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two numbers in % agree to one decimal, where half a percent of 98.6 would be too much."""
    return same_number(answer, other, rel_tol=0, abs_tol=0.051)


@cache
def _shares() -> torch.Tensor:
    """The share a of each level, (1000,)."""
    from course_utils.models import diffusion

    return diffusion.A


LEVELS = [999, 700, 400, 100]
"""That the loop of exercise 4.2 visits when it is tried."""


def _guess(x: torch.Tensor, t: int) -> torch.Tensor:
    """Stands for the network."""
    return 0.5 * x.tanh() + t / 2_000


def _step(noisy: torch.Tensor, guess: torch.Tensor, a_now: float, a_next: float) -> torch.Tensor:
    noise = (noisy - a_now**0.5 * guess) / (1 - a_now) ** 0.5
    return a_next**0.5 * guess + (1 - a_next) ** 0.5 * noise


def _walk(guess: Function, x: torch.Tensor, levels: list[int], last: float = 1.0) -> torch.Tensor:
    """From noise to picture; `last` is the share after the last level."""
    shares = [*_shares()[levels], last]
    for i, t in enumerate(levels):
        x = _step(x, guess(x, t), shares[i], shares[i + 1])
    return x


def _stuck(guess: Function, noise: torch.Tensor, levels: list[int]) -> torch.Tensor:
    """Every step begins with the noise anew."""
    return _step(noise, guess(noise, levels[-1]), _shares()[levels[-1]], 1.0)


def same_pictures(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two loops make the same pictures, from the same noise and with the same guesses."""
    noise = torch.randn((3, 1, 4, 4), generator=torch.Generator().manual_seed(4))
    ours, theirs = (make(_guess, noise.clone(), list(LEVELS)) for make in (answer, other))
    if getattr(ours, "shape", None) != noise.shape:
        raise TypeError(f"a tensor of shape {tuple(noise.shape)} should come back, not {type(ours).__name__}")
    return torch.allclose(ours, theirs, atol=1e-4)


@cache
def _honest_data() -> tuple[np.ndarray, ...]:
    """fake, asked, real, truth: rows of digits, the fake ones with noise and some with a wrong class."""
    from sklearn.datasets import load_digits

    digits, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(4)
    fake, asked = digits[:200] + rng.normal(0, 6, (200, 64)), labels[:200].copy()
    asked[::7] = (asked[::7] + 1) % 10
    return fake, asked, digits[200:500], labels[200:500]


def _score(fit: np.ndarray, fit_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray) -> float:
    return 100 * svm.SVC().fit(fit, fit_labels).score(test, test_labels)


def same_score(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions judge the same fake digits alike."""
    return same_percent(*(each(*map(np.copy, _honest_data())) for each in (answer, other)))


def _kind(made: Any, asked: np.ndarray, pixels: np.ndarray, labels: np.ndarray) -> str:
    """What a group of pictures is: a cheat, or why it is none."""
    made = np.asarray(made, dtype=float)
    if made.shape != (len(asked), *pixels.shape[1:]):
        return "shape"
    flat, known = (each.reshape(len(each), -1) for each in (made, pixels))
    if len(np.unique(flat, axis=0)) == 1:
        return "one for all"
    if any(len(np.unique(flat[asked == k], axis=0)) > 1 for k in np.unique(asked)):
        return "varied"
    firsts = [np.flatnonzero(asked == k)[0] for k in np.unique(asked)]
    away = cdist(flat[firsts], known)
    right = (away.min(axis=1) < 1e-6) & (labels[away.argmin(axis=1)] == np.unique(asked))
    return "cheat" if right.all() else "other"


def same_kind(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two groups of pictures are of one kind."""
    return _kind(answer, **context) == _kind(other, **context)


def _firsts(classes: np.ndarray, pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The first training picture of each of these classes."""
    return np.stack([pixels[labels == k][0] for k in classes])


def _shades(*values: float) -> np.ndarray:
    """Rows of 64 pixels of one shade each: two of them are 8 times the difference of their shades apart."""
    return np.repeat(np.array(values), 64).reshape(-1, 64)


COPIES = _shades(0.1, 0.12, 0.3, 0.49, 0.9), _shades(0.1, 0.5, 0.9), _shades(0.2, 0.3, 0.7)
"""Made, seen and unseen pictures that the function of exercise 4.5 is tried on."""


def _copies(limit_from: np.ndarray, limit_to: np.ndarray, made: np.ndarray, others: np.ndarray) -> float:
    """Share of `made`, in %, nearer to the others than the first percentile of the first two."""
    limit = np.quantile(cdist(limit_from, limit_to).min(axis=1), 0.01)
    return 100 * np.mean(cdist(made, others).min(axis=1) < limit)


def _share_of_copies(made: np.ndarray, seen: np.ndarray, unseen: np.ndarray) -> float:
    return _copies(unseen, seen, made, seen)


def same_share(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions find the same share of copies."""
    return same_percent(*(each(*map(np.copy, COPIES)) for each in (answer, other)))


exercises = workbook(
    Exercise(
        "4.1",
        "Which noise was it?",
        solution=always((NOISY - np.sqrt(A) * CLEAN) / np.sqrt(1 - A)),
        mistakes=(
            Mistake(
                always((NOISY - A * CLEAN) / (1 - A)),
                "The roots are missing: the weights are √a and √(1 − a), which are 0.8 and 0.6.",
            ),
            Mistake(
                always((NOISY - np.sqrt(A) * CLEAN) / (1 - A)),
                "Nearly: the noise has a root too. Divide by √(1 − a), not by 1 − a.",
            ),
            Mistake(
                always(NOISY - np.sqrt(A) * CLEAN),
                "That is what the noise has added to the pixel. Now divide by its weight, √(1 − a).",
            ),
            Mistake(
                always((np.sqrt(A) * CLEAN - NOISY) / np.sqrt(1 - A)),
                "The sign is wrong: take the clean pixel's share away from the noisy pixel.",
            ),
        ),
        hints=(
            "Write the formula with the numbers in it. Only the noise is unknown.",
            "−0.2 = 0.8 · 0.5 + 0.6 · noise.",
            "Take 0.4 away on both sides, then divide by 0.6.",
        ),
    ),
    Exercise(
        "4.2",
        "From noise to picture",
        solution=always(_walk),
        mistakes=(
            Mistake(
                always(_stuck),
                "Every step of yours begins with the first noise. It must begin with what the step "
                "before gave: x = denoise_step(x, …).",
            ),
            Mistake(
                always(lambda guess, noise, levels: _walk(guess, noise, levels[:-1], _shares()[levels[-1]])),
                "Some noise is left: you stopped at the last level. One step more, to a = 1.",
            ),
            Mistake(
                always(lambda guess, noise, levels: _walk(guess, noise, levels[::-1])),
                "You went through the levels from the lowest to the highest. Begin where all is noise.",
            ),
            Mistake(
                always(lambda guess, noise, levels: guess(noise, levels[0])),
                "That is the first guess, a blur of all that it could be. Go on from it, step by step.",
            ),
        ),
        hints=(
            "Begin with x = noise and go through `levels` one after the other. What does each step need?",
            "In each step: the guess for x at this level, the share of this level, the share of the next. "
            "After the last level the next share is 1.",
            "shares = [*a[levels], 1.0], and for i, t in enumerate(levels): "
            "x = denoise_step(x, guess(x, t), shares[i], shares[i + 1]).",
        ),
        same=same_pictures,
        expects="a function of (guess, noise, levels) that returns pictures",
    ),
    Exercise(
        "4.3",
        "An honest judge",
        solution=always(lambda fake, asked, real, truth: _score(real, truth, fake, asked)),
        mistakes=(
            Mistake(
                always(lambda fake, asked, real, truth: _score(fake, asked, fake, asked)),
                "Your classifier was fitted on the generated pictures and then asked about the same ones. It "
                "has seen the answers: the model judges itself. Fit it on real pictures.",
            ),
            Mistake(
                always(lambda fake, asked, real, truth: _score(fake, asked, real, truth)),
                "You fitted on generated pictures and asked about real ones. That answers another question: "
                "can one learn from the generated pictures? Here the real ones teach the judge.",
            ),
            Mistake(
                always(lambda fake, asked, real, truth: _score(real, truth, fake, asked) / 100),
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "A judge should know real digits, and should never have seen the pictures it judges.",
            "svm.SVC().fit(…) on which pictures? .score(…) on which?",
            "100 * svm.SVC().fit(real, truth).score(fake, asked).",
        ),
        same=same_score,
        expects="a function of (fake, asked, real, truth) that returns a number in %",
    ),
    Exercise(
        "4.4",
        "Cheat the judge",
        solution=lambda asked, **known: _firsts(asked, **known),
        mistakes=(
            Mistake(
                lambda asked, pixels, labels: np.stack(
                    [pixels[labels == k][i % (labels == k).sum()] for i, k in enumerate(asked)]
                ),
                "These differ within a class, as real ones do. For this cheat, all pictures of a class are "
                "the same one.",
            ),
            Mistake(
                lambda asked, pixels, labels: np.repeat(pixels[:1], len(asked), axis=0),
                "That is one picture for all. The judge will say one class to all of them, and be asked for "
                "others too.",
            ),
            Mistake(
                lambda asked, **known: _firsts(np.unique(asked), **known),
                "There must be as many pictures as entries in `asked`, each (C, H, W): np.stack puts them "
                "together.",
            ),
            Mistake(
                lambda asked, pixels, labels: np.stack([pixels[labels != k][0] for k in asked]),
                "One picture for each class, but not in the right places: entry i must show the class "
                "asked[i], and it must be a training picture.",
            ),
        ),
        hints=(
            "First find one training picture of each class; then go through `asked`.",
            "pixels[train[labels[train] == k][0]] is the first training picture of class k.",
            "np.stack([one_of_each[k] for k in asked]), with one_of_each as a list by class.",
        ),
        same=same_kind,
        expects="an array of pictures, one for each entry of `asked`",
    ),
    Exercise(
        "4.5",
        "New, compared with what?",
        solution=always(_share_of_copies),
        mistakes=(
            Mistake(
                always(lambda made, seen, unseen: _copies(unseen, seen, made, unseen)),
                "You measured from the made pictures to the held-out ones. The model never saw those, so it "
                "cannot copy them. Compare with `seen`.",
            ),
            Mistake(
                always(lambda made, seen, unseen: _copies(seen, seen, made, seen)),
                "Your limit is 0: a training picture's distance to the nearest training picture is that to "
                "itself. Take it from `unseen`, measured to `seen`.",
            ),
            Mistake(
                always(lambda made, seen, unseen: _share_of_copies(made, seen, unseen) / 100),
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "What could the model copy: pictures that it saw, or pictures that it never saw?",
            "pairwise_distances(x, seen).min(axis=1) gives each row's distance to the nearest of `seen`. Use "
            "it twice: for `unseen` and for `made`.",
            "limit = np.quantile(pairwise_distances(unseen, seen).min(axis=1), 0.01), then "
            "100 * np.mean(pairwise_distances(made, seen).min(axis=1) < limit).",
        ),
        same=same_share,
        expects="a function of (made, seen, unseen) that returns a number in %",
    ),
)
