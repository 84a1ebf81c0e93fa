"""The exercises of the lab 4_gan_vae."""

import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, cases, checking

from course_utils.exercises import lab_4_gan_vae


@pytest.mark.parametrize(("exercise", "context"), cases(lab_4_gan_vae.exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(lab_4_gan_vae.exercises, "4_gan_vae")


check = checking(lab_4_gan_vae.exercises)


def by_torchs_own_divergence(mean, log_var):
    cloud = torch.distributions.Normal(mean, torch.exp(log_var / 2))
    return torch.distributions.kl_divergence(cloud, torch.distributions.Normal(0, 1)).sum(dim=1)


def by_cross_entropy(real, fake):
    def bce(score, target):
        return torch.nn.functional.binary_cross_entropy_with_logits(score, torch.full_like(score, target))

    return bce(real, 1) + bce(fake, 0), bce(fake, 1).item()


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [("4_gan_vae.1", by_torchs_own_divergence), ("4_gan_vae.2", by_cross_entropy)],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("4_gan_vae.1", lambda mean, log_var: 0.0, "For a nudge"),
        ("4_gan_vae.2", lambda real, fake: by_cross_entropy(real, fake)[:1], "For a nudge"),
        ("4_gan_vae.2", lambda real, fake: 0.5, "could not be checked"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told
