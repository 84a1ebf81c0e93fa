"""The exercises of lesson 4."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, cases, checking
from scipy.spatial.distance import cdist
from torch import nn

from course_utils.exercises import lesson_4
from course_utils.models import diffusion

PIXELS = np.random.default_rng(0).random((6, 1, 4, 4)).astype(np.float32)
KNOWN = {"pixels": PIXELS, "labels": np.array([0, 1, 2, 0, 1, 2])}
"""Six training pictures of three classes."""
DATA = {"4.5": {"asked": np.array([2, 0, 1, 1, 0, 2, 2, 0, 1, 0]), **KNOWN}}

check = checking(lesson_4.exercises, data=DATA)


@pytest.mark.parametrize(("exercise", "context"), cases(lesson_4.exercises, DATA))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lesson_4.exercises, "4")


@pytest.mark.parametrize("answer", [-1, np.float32(-1)])
def test_a_noise_worked_out_by_hand(check, answer):
    assert check("4.1", answer)[0] == "correct"  # 0.8 · 0.5 - 0.6 · 1 is -0.2


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (-1.4444, "The roots are missing"),  # (-0.2 - 0.32) / 0.36
        (-1.6667, "the noise has a root too"),  # -0.6 / 0.36
        (-0.6, "divide by its weight"),
        (1, "The sign is wrong"),
    ],
)
def test_mistakes_worked_out_by_hand(check, answer, hint):
    status, said = check("4.1", answer)
    assert status == "not yet"
    assert hint in said


def test_a_step_may_be_written_in_one_line(check):
    def step(noisy, guess, a_now, a_next):
        scale = ((1 - a_next) / (1 - a_now)) ** 0.5
        return scale * noisy + (a_next**0.5 - scale * a_now**0.5) * guess

    assert check("4.2", step)[0] == "correct"
    assert check("4.2", diffusion.denoise_step)[0] == "correct"
    assert "a tensor of shape (2, 1, 4, 4)" in check("4.2", lambda *given: 0.0)[1]


def test_a_loss_may_use_the_library(check):
    def loss(model, clean, classes, t, noise):
        share = diffusion.A[t][:, None, None, None]
        noisy = share.sqrt() * clean + (1 - share).sqrt() * noise
        return nn.functional.mse_loss(model(noisy, t, classes), clean)

    assert check("4.3", loss)[0] == "correct"
    assert check("4.3", diffusion.loss_at)[0] == "correct"
    assert check("4.3", lambda *given: torch.tensor(0.1))[0] == "not yet"


def with_pairs(guess, noise, levels):
    """4.4, written with zip, and with the lesson's step in it."""
    x = noise
    for t, a_next in zip(levels, [*diffusion.A[levels[1:]], 1.0], strict=True):
        now, clean = diffusion.A[t], guess(x, t)
        x = a_next**0.5 * clean + (1 - a_next) ** 0.5 * (x - now**0.5 * clean) / (1 - now) ** 0.5
    return x


def returns_the_last_guess(guess, noise, levels):
    """With a = 1 the last guess is the picture."""
    x = noise
    for t, following in pairwise(levels):
        now, after, clean = diffusion.A[t], diffusion.A[following], guess(x, t)
        x = after**0.5 * clean + (1 - after) ** 0.5 * (x - now**0.5 * clean) / (1 - now) ** 0.5
    return guess(x, levels[-1])


@pytest.mark.parametrize("answer", [with_pairs, returns_the_last_guess])
def test_any_loop_that_makes_the_same_pictures_is_right(check, answer):
    assert check("4.4", answer)[0] == "correct"


def test_a_loop_gives_pictures(check):
    assert check("4.4", lambda guess, noise, levels: None)[0] == "not yet"
    assert "a tensor of shape (3, 1, 4, 4)" in check("4.4", lambda guess, noise, levels: [noise])[1]


def test_the_packages_loop_is_right(check):
    assert check("4.4", diffusion.make_pictures)[0] == "correct"


def test_any_training_picture_of_a_class_makes_a_cheat(check):
    known = DATA["4.5"]
    last = [known["pixels"][known["labels"] == k][-1] for k in range(3)]
    assert check("4.5", np.array([last[k] for k in known["asked"]]))[0] == "correct"
    assert check("4.5", [last[k] for k in known["asked"]])[0] == "correct"
    assert check("4.5", np.array([last[k] / 2 for k in known["asked"]]))[0] == "not yet"
    assert "as many pictures as entries" in check("4.5", np.array(last))[1]


def test_copies_may_be_counted_one_by_one(check):
    def share_of_copies(made, seen, unseen, distance):
        limit = np.quantile([distance([one], seen).min() for one in unseen], 0.01)
        return 100 * np.mean([distance([one], seen).min() < limit for one in made])

    assert check("4.6", share_of_copies)[0] == "correct"
    # shades 0, 0.02, 0.2, 0.01 and 0 away from what was seen, held-out ones 0.1, 0.2 and 0.2: 4 of 5
    assert check("4.6", lambda made, seen, unseen, distance: 80.0)[0] == "correct"
    assert check("4.6", lambda made, seen, unseen, distance: 0.0)[0] == "not yet"
    assert cdist([[0]], [[3]]) == 3  # what `distance` is


def test_same_percent_allows_one_decimal():
    assert lesson_4.same_percent(98.6, 98.64)
    assert lesson_4.same_percent(np.float32(98.6), 98.55)
    assert not lesson_4.same_percent(98.1, 98.6)
    assert not lesson_4.same_percent(98.5, 98.6)
    assert lesson_4.same_percent(0.3, 0.25)
    assert not lesson_4.same_percent(float("nan"), float("nan"))
