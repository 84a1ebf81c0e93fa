"""The exercises of lesson 4 and of its labs."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from exercise_cases import assert_told_apart, assert_well_made, checked, exercises_of
from sklearn import svm
from sklearn.metrics import pairwise_distances

from course_utils.exercises import lab_4_augment, lab_4_gan_vae, lab_4_privacy, lab_4_stereotype, lesson_4
from course_utils.models import diffusion

BOOKS = {
    "4": lesson_4,
    "4_gan_vae": lab_4_gan_vae,
    "4_privacy": lab_4_privacy,
    "4_augment": lab_4_augment,
    "4_stereotype": lab_4_stereotype,
}
EXERCISES = {id: each for book in BOOKS.values() for id, each in exercises_of(book.exercises).items()}


def context_of(exercise_id):
    """Six training pictures of three classes, and ten that are asked for; only 4.4 needs any."""
    if exercise_id != "4.4":
        return {}
    pixels = np.random.default_rng(0).random((6, 1, 4, 4)).astype(np.float32)
    asked = np.array([2, 0, 1, 1, 0, 2, 2, 0, 1, 0])
    return {"asked": asked, "pixels": pixels, "labels": np.array([0, 1, 2, 0, 1, 2])}


@pytest.fixture
def check(capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""
    return lambda id, answer: checked(EXERCISES[id], answer, context_of(id), capsys)


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_each_mistake_meets_its_own_hint(exercise_id, capsys):
    assert_told_apart(EXERCISES[exercise_id], context_of(exercise_id), capsys)


@pytest.mark.parametrize("name", BOOKS)
def test_exercises_are_well_made(name):
    assert_well_made(BOOKS[name].exercises, name)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("4.1", -1),  # 0.8 · 0.5 - 0.6 · 1 is -0.2
        ("4.1", np.float32(-1)),
        ("4_privacy.1", 83.3),  # five of six pairs
        ("4_privacy.1", 100 * 5 / 6),
    ],
)
def test_answers_worked_out_by_hand(check, exercise_id, answer):
    assert check(exercise_id, answer)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "hint"),
    [
        ("4.1", -1.4444, "The roots are missing"),  # (-0.2 - 0.32) / 0.36
        ("4.1", -1.6667, "the noise has a root too"),  # -0.6 / 0.36
        ("4.1", -0.6, "divide by its weight"),
        ("4.1", 1, "The sign is wrong"),
        ("4_privacy.1", 16.7, "the attack gets wrong"),
        ("4_privacy.1", 60, "accuracy at the threshold 0.5"),  # two members and one other
        ("4_privacy.1", 0.833, "asks for %"),
        ("4_privacy.1", 66.7, "with one number"),  # the mean of the others is 0.45
        ("4_privacy.1", 82.95, "You gave 82.95"),
        ("4_privacy.1", 83.7, "You gave 83.7"),
    ],
)
def test_mistakes_worked_out_by_hand(check, exercise_id, answer, hint):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert hint in said


def with_pairs(guess, noise, levels):
    """4.2, written with zip, and with the lesson's step in it."""
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
    assert check("4.2", answer)[0] == "correct"


def test_a_loop_gives_pictures(check):
    assert check("4.2", lambda guess, noise, levels: None)[0] == "not yet"
    assert "a tensor of shape (3, 1, 4, 4)" in check("4.2", lambda guess, noise, levels: [noise])[1]


def test_an_honest_judge_may_count_by_itself(check):
    def honest_score(fake, asked, real, truth):
        return np.mean(svm.SVC().fit(real, truth).predict(fake) == asked) * 100

    assert check("4.3", honest_score)[0] == "correct"
    assert check("4.3", lambda fake, asked, real, truth: 100.0)[0] == "not yet"


def test_any_training_picture_of_a_class_makes_a_cheat(check):
    known = context_of("4.4")
    last = [known["pixels"][known["labels"] == k][-1] for k in range(3)]
    assert check("4.4", np.array([last[k] for k in known["asked"]]))[0] == "correct"
    assert check("4.4", [last[k] for k in known["asked"]])[0] == "correct"
    assert check("4.4", np.array([last[k] / 2 for k in known["asked"]]))[0] == "not yet"
    assert "as many pictures as entries" in check("4.4", np.array(last))[1]


def test_copies_may_be_counted_one_by_one(check):
    def share_of_copies(made, seen, unseen):
        limit = np.quantile([min(np.linalg.norm(seen - one, axis=1)) for one in unseen], 0.01)
        return 100 * np.mean([min(np.linalg.norm(seen - one, axis=1)) < limit for one in made])

    assert check("4.5", share_of_copies)[0] == "correct"
    # shades 0, 0.02, 0.2, 0.01 and 0 away from what was seen, held-out ones 0.1, 0.2 and 0.2: 4 of 5
    assert check("4.5", lambda made, seen, unseen: 80.0)[0] == "correct"
    assert check("4.5", lambda made, seen, unseen: 0.0)[0] == "not yet"


def test_an_attack_is_right_in_any_unit_and_wrong_in_its_sign(check):
    def near(generated, records):
        return 1 / (1 + pairwise_distances(records, generated).min(axis=1))

    assert check("4_privacy.2", near)[0] == "correct"
    assert check("4_privacy.2", lambda generated, records: -near(generated, records))[0] == "not yet"
    assert "12 records was expected" in check("4_privacy.2", lambda generated, records: generated[:, 0])[1]


def test_moved_pictures_may_come_in_any_order(check):
    def moved(pictures):
        found = []
        for i, j in [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)]:
            each = np.roll(pictures, (i, j), axis=(2, 3))
            if i:
                each[:, :, 0 if i > 0 else -1] = 0
            if j:
                each[:, :, :, 0 if j > 0 else -1] = 0
            found.append(each)
        return np.concatenate(found)

    assert check("4_augment.1", moved)[0] == "correct"
    assert (
        "these are (3, 1, 6, 6)"
        in check("4_augment.1", lambda p: np.pad(p, ((0, 0), (0, 0), (1, 1), (1, 1))))[1]
    )


def test_losses_may_be_written_otherwise(check):
    def unlike_noise(mean, log_var):
        spread = torch.exp(log_var / 2)
        return torch.distributions.kl_divergence(
            torch.distributions.Normal(mean, spread), torch.distributions.Normal(0, 1)
        ).sum(dim=1)

    def losses(real, fake):
        softplus = torch.nn.functional.softplus
        return softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean().item()

    assert check("4_gan_vae.1", unlike_noise)[0] == "correct"
    assert check("4_gan_vae.2", losses)[0] == "correct"
    assert check("4_gan_vae.2", lambda real, fake: losses(real, fake)[:1])[0] == "not yet"


def test_same_percent_allows_one_decimal():
    assert lesson_4.same_percent(98.6, 98.64)
    assert lesson_4.same_percent(np.float32(98.6), 98.55)
    assert not lesson_4.same_percent(98.1, 98.6)
    assert not lesson_4.same_percent(98.5, 98.6)
    assert lesson_4.same_percent(0.3, 0.25)
    assert not lesson_4.same_percent(float("nan"), float("nan"))
