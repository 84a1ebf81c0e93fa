"""The exercises of lesson 4. Functions are tried on fixed data: right and wrong differ in every profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from course_utils.exercises import Exercise, Mistake, always, same_number, workbook
from course_utils.exercises import lesson_4_answers as answers

Function = Callable[..., Any]

CLEAN, A, NOISY = 0.5, 0.64, -0.2
"""Clean pixel, a and noisy pixel of exercise 4.1."""


def same_percent(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two numbers in % agree to one decimal, where half a percent of 98.6 would be too much."""
    return same_number(answer, other, rel_tol=0, abs_tol=0.051)


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
"""Made, seen and unseen pictures that the function of exercise 4.6 is tried on."""


def _copies(limit_from: np.ndarray, limit_to: np.ndarray, made: np.ndarray, others: np.ndarray) -> float:
    """Share of `made`, in %, nearer to the others than the first percentile of the first two."""
    limit = np.quantile(cdist(limit_from, limit_to).min(axis=1), 0.01)
    return 100 * np.mean(cdist(made, others).min(axis=1) < limit)


def _share_of_copies(made: np.ndarray, seen: np.ndarray, unseen: np.ndarray, distance: Function) -> float:
    return _copies(unseen, seen, made, seen)


def same_share(answer: Function, other: Function, **context: Any) -> bool:
    """Whether two functions find the same share of copies."""
    return same_percent(*(each(*map(np.copy, COPIES), cdist) for each in (answer, other)))


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
        "Write the step",
        solution=always(answers.step),
        mistakes=(
            Mistake(
                always(answers.without_roots),
                "The roots are missing when you mix: the weights are √a_next and √(1 − a_next).",
            ),
            Mistake(
                always(lambda x, guess, now, next: answers.mix(x, answers.noise_of(x, guess, now), next)),
                "You mix the noise with the noisy picture. Mix it with the guess of the clean one.",
            ),
            Mistake(
                always(lambda x, guess, now, next: answers.mix(guess, x - guess, next)),
                "noisy − guess is not the noise: both have weights. Solve the formula for it, as in 4.1.",
            ),
            Mistake(
                always(lambda x, guess, now, next: answers.step(x, guess, now, now)),
                "With one share you get the noisy picture back: take a_now for the noise, a_next to mix.",
            ),
        ),
        hints=(
            "Two lines: first the noise, as in 4.1 with letters in place of numbers; then the mixture anew.",
            "noise = (noisy − √a_now · guess) / √(1 − a_now).",
            "return a_next**0.5 * guess + (1 - a_next) ** 0.5 * noise.",
        ),
        same=answers.same_step,
        expects="a function of (noisy, guess, a_now, a_next) that returns a tensor",
    ),
    Exercise(
        "4.3",
        "Write the loss",
        solution=always(answers.loss_at),
        mistakes=(
            Mistake(
                always(lambda *given: answers.loss_at(*given, given[-1])),
                "You compare the guess with the noise. Our network guesses the clean picture.",
            ),
            Mistake(
                always(
                    lambda model, clean, classes, t, noise: ((model(clean, t, classes) - clean) ** 2).mean()
                ),
                "Your network sees the clean picture itself; there is nothing to guess. Add the noise first.",
            ),
            Mistake(
                always(lambda *given: answers.loss_at(*given) * given[1][0].numel()),
                "That adds up the pixels of a picture. Take the mean over everything.",
            ),
            Mistake(
                always(lambda *given: answers.loss_at(*given) ** 0.5),
                "Nearly: the mean squared error has no root.",
            ),
            Mistake(
                always(
                    lambda model, x, k, t, noise: answers.loss_at(model, x, k, t.max().expand_as(t), noise)
                ),
                "Every picture gets the noise of one level. Each has its own: a[t] is (B,), one share each.",
            ),
        ),
        hints=(
            "Three things: the noisy pictures, the model's guesses for them, the mean of (guess − clean)².",
            "noisy = add_noise(clean, noise, a[t].view(-1, 1, 1, 1)).",
            "return ((model(noisy, t, classes) - clean) ** 2).mean().",
        ),
        same=answers.same_loss,
        expects="a function of (model, clean, classes, t, noise) that returns a number",
    ),
    Exercise(
        "4.4",
        "Write the loop",
        solution=always(answers.walk),
        mistakes=(
            Mistake(
                always(answers.stuck),
                "Every step of yours begins with the first noise. It must begin with what the step "
                "before gave: x = denoise_step(x, …).",
            ),
            Mistake(
                always(answers.stops_early),
                "Some noise is left: you stopped at the last level. One step more, to a = 1.",
            ),
            Mistake(
                always(lambda guess, noise, levels: answers.walk(guess, noise, levels[::-1])),
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
        same=answers.same_pictures,
        expects="a function of (guess, noise, levels) that returns pictures",
    ),
    Exercise(
        "4.5",
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
        "4.6",
        "New, compared with what?",
        solution=always(_share_of_copies),
        mistakes=(
            Mistake(
                always(lambda made, seen, unseen, distance: _copies(unseen, seen, made, unseen)),
                "You measured from the made pictures to the held-out ones. The model never saw those, so it "
                "cannot copy them. Compare with `seen`.",
            ),
            Mistake(
                always(lambda made, seen, unseen, distance: _copies(seen, seen, made, seen)),
                "Your limit is 0: a training picture's distance to the nearest training picture is that to "
                "itself. Take it from `unseen`, measured to `seen`.",
            ),
            Mistake(
                always(lambda *given: _share_of_copies(*given) / 100),
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "What could the model copy: pictures that it saw, or pictures that it never saw?",
            "distance(x, seen).min(axis=1) gives the distance of each of x to the nearest of `seen`. Use it "
            "twice: for `unseen` and for `made`.",
            "limit = np.quantile(distance(unseen, seen).min(axis=1), 0.01), then "
            "100 * np.mean(distance(made, seen).min(axis=1) < limit).",
        ),
        same=same_share,
        expects="a function of (made, seen, unseen, distance) that returns a number in %",
    ),
)
