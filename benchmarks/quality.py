"""How long a model trains until it is as good as asked for; the fifth part of `make benchmarks`."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from figures import Options, Trained
from from_lessons import definitions
from parts import LESSON_2, one_core
from sklearn import svm
from sklearn.model_selection import train_test_split
from torch import nn

from course_utils.data import pictures
from course_utils.models import costs, diffusion, judges, networks, training

CNN_SEEDS, CNN_EVERY = 5, 10
DIFFUSION_SEEDS, DIFFUSION_EVERY, N_GENERATED = 3, 50, 300
JUDGE_STEPS, DIFFUSION_STEPS = 400, 1_600
"""Those of lesson 4."""


def quality_part(options: Options) -> list[Trained]:
    """A CNN and a support vector machine on digits, and lesson 4's diffusion model; each on one core.

    The digits are divided as in lesson 4: the models learn from one part, the judge of generated digits from
    another. A third part says how good the classifiers are, and the judge on real digits.
    """
    digits = pictures.load_digits()
    rest, held_out = stratified(digits.labels, np.arange(len(digits.labels)), 0.3)
    train, judge_rows = stratified(digits.labels, rest, 2 / 7)
    parts = [(digits.pixels[rows], digits.labels[rows]) for rows in (train, judge_rows, held_out)]
    with one_core():
        found = [support_vectors(parts[0], parts[2])]
        for seed in range(1 if options.tiny else CNN_SEEDS):
            found.append(cnn(parts[0], parts[2], seed, options.tiny))
        judge, about_judge = train_judge(*parts[1:], options.tiny)
        found.append(about_judge)
        for seed in range(1 if options.tiny else DIFFUSION_SEEDS):
            found.append(diffuse(parts[0], judge, seed, options.tiny))
    return found


def stratified(labels: np.ndarray, rows: np.ndarray, share: float) -> list[np.ndarray]:
    """These rows in two parts with the same mixture of classes, the second with this share of them."""
    return train_test_split(rows, test_size=share, stratify=labels[rows], random_state=0)


Pictures = tuple[np.ndarray, np.ndarray]
"""Pixels (n, 1, 8, 8) from 0 to 1, and labels (n,)."""


def support_vectors(train: Pictures, held_out: Pictures) -> Trained:
    """Lesson 2's classic model on raw pixels: accuracy, and CPU seconds of one training."""
    flat_train, flat_held_out = (pixels.reshape(len(pixels), -1) for pixels, _ in (train, held_out))
    model = svm.SVC(C=10)
    cpu_s = costs.cpu_seconds(lambda: model.fit(flat_train, train[1]), at_least_s=1.0)
    return Trained("SVM", 0, 0, [[0, round(cpu_s, 4), 100 * model.score(flat_held_out, held_out[1])]])


def cnn(train: Pictures, held_out: Pictures, seed: int, tiny: bool) -> Trained:
    """Lesson 2's CNN with its settings."""
    lesson = definitions("2_deep_cnn", [*LESSON_2], n_channels=1, n_classes=10)
    knobs = {key: getattr(lesson.settings, key) for key in ("batch_size", "learning_rate", "weight_decay")}
    inputs, labels = torch.from_numpy(held_out[0]), torch.from_numpy(held_out[1])

    def accuracy(model: nn.Module) -> float:
        return 100 * (model(inputs).argmax(dim=1) == labels).double().mean().item()

    data = torch.from_numpy(train[0]), torch.from_numpy(train[1])
    steps, every = (4, 2) if tiny else (lesson.settings.steps, CNN_EVERY)
    fit = partial(training.fit, lesson.make_cnn(seed), lesson.batch_loss, data, seed=seed, **knobs)
    return Trained("CNN", seed, steps, look(fit, accuracy, steps, every))


def train_judge(
    train: Pictures, held_out: Pictures, tiny: bool
) -> tuple[networks.NetworkClassifier, Trained]:
    """Lesson 4's judge, and how many real digits it recognises that it has not seen."""
    steps = 4 if tiny else JUDGE_STEPS
    judge = judges.make_judge(1, 10, steps, seed=0).fit(*train)
    on_real = [steps, round(judge.history_.cpu_s, 3), 100 * judge.score(*held_out)]
    return judge, Trained("judge", 0, steps, [on_real])


def diffuse(train: Pictures, judge: networks.NetworkClassifier, seed: int, tiny: bool) -> Trained:
    """Lesson 4's diffusion model with its settings; its quality is the share of digits recognised."""
    asked = np.arange(20 if tiny else N_GENERATED) % 10

    def recognised(model: nn.Module) -> float:
        made = diffusion.sample(model, asked, seed, steps=2 if tiny else 20)
        return 100 * float((judge.predict(made) == asked).mean())

    steps, every = (4, 2) if tiny else (DIFFUSION_STEPS, DIFFUSION_EVERY)
    fit = partial(diffusion.train, diffusion.make_unet((1, 8, 8), 10, seed), *train, seed=seed)
    return Trained("diffusion", seed, steps, look(fit, recognised, steps, every))


def look(
    fit: Callable[..., Any], quality: Callable[[nn.Module], float], steps: int, every: int
) -> list[list[float]]:
    """Train, and give steps, CPU seconds of training until then, and quality (%) at each look."""
    started, looking = time.process_time(), 0.0

    def validate(model: nn.Module) -> dict[str, float]:
        nonlocal looking
        since = time.process_time()
        found = {"cpu_s": since - started - looking, "quality": quality(model)}
        looking += time.process_time() - since
        return found

    history = fit(steps=steps, validate=validate, validate_every=every)
    return [[int(v["step"]), round(v["cpu_s"], 3), round(v["quality"], 2)] for v in history.validations]
