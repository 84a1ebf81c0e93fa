"""How long a model trains until it is as good as asked for; the fifth part of `make benchmarks`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from figures import Options, Trained
from parts import KNOBS, batch_loss, make_cnn, one_core
from sklearn.model_selection import train_test_split
from torch import nn

from course_utils.data import pictures
from course_utils.models import diffusion, judges, networks, training

CNN_SEEDS, CNN_STEPS, CNN_EVERY = 5, 600, 50
DIFFUSION_SEEDS, DIFFUSION_EVERY, N_GENERATED = 3, 50, 300
JUDGE_STEPS, DIFFUSION_STEPS = 400, 1_600
"""Those of lesson 4."""


def quality_part(options: Options) -> list[Trained]:
    """Two networks on MNIST, and lesson 4's diffusion model on digits of 8 × 8; each on one core.

    The 8 × 8 digits are divided as in lesson 4: the generator learns from one part, its judge from another. A
    third part says how good the judge is on real digits.
    """
    seen, unseen = pictures.load_mnist(), pictures.load_mnist(pilot=True)
    data, held_out = (
        (torch.from_numpy(part.pixels), torch.from_numpy(part.labels)) for part in (seen, unseen)
    )

    def accuracy(model: nn.Module) -> float:
        said = torch.cat([model(part).argmax(dim=1) for part in held_out[0].split(250)])
        return 100 * (said == held_out[1]).double().mean().item()

    digits = pictures.load_digits()
    rest, rows = stratified(digits.labels, np.arange(len(digits.labels)), 0.3)
    train, judge_rows = stratified(digits.labels, rest, 2 / 7)
    parts = [(digits.pixels[each], digits.labels[each]) for each in (train, judge_rows, rows)]
    found = []
    with one_core():
        for seed in range(1 if options.tiny else CNN_SEEDS):  # in turn, so that a slow moment meets both
            found += [each(data, accuracy, seed, options.tiny) for each in (cnn, example)]
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


def shifted_loss(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of a batch that was moved by up to two pixels, the same for all its pictures."""
    down, right = (int(torch.randint(-2, 3, ())) for _ in range(2))  # the border of MNIST is empty
    return batch_loss(model, images.roll((down, right), dims=(2, 3)), labels)


class Example(nn.Module):
    """The network of PyTorch's own MNIST example (https://github.com/pytorch/examples, mnist)."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU())
        self.pool = nn.Sequential(nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten())
        self.head = nn.Sequential(nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 1, 28, 28) pixels to (B, 10) scores."""
        return self.head(self.pool(self.see((x - 0.1307) / 0.3081)))


Accuracy = Callable[[nn.Module], float]


def cnn(data: Sequence[torch.Tensor], accuracy: Accuracy, seed: int, tiny: bool) -> Trained:
    """Lesson 2's network, with pictures that move a little."""
    steps, every = (4, 2) if tiny else (CNN_STEPS, CNN_EVERY)
    fit = partial(training.fit, make_cnn(seed), shifted_loss, data, seed=seed, **KNOBS)
    return Trained("CNN", seed, steps, look(fit, accuracy, steps, every))


def example(data: Sequence[torch.Tensor], accuracy: Accuracy, seed: int, tiny: bool) -> Trained:
    """The example's network by its own recipe: Adadelta, 14 epochs, the rate times 0.7 after each."""
    torch.manual_seed(seed)
    per_epoch = len(data[0]) // KNOBS["batch_size"]
    steps, every = (4, 2) if tiny else (14 * per_epoch, per_epoch)

    def fit(steps: int, validate: Callable[[nn.Module], dict[str, float]], validate_every: int) -> Any:
        model, seen = Example(), []
        optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, per_epoch, gamma=0.7)
        batches = training.batches(len(data[0]), KNOBS["batch_size"], seed)
        for step in range(1, steps + 1):
            rows = next(batches)
            loss = batch_loss(model.train(), data[0][rows], data[1][rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if step % validate_every == 0:
                with torch.no_grad():
                    seen.append({"step": step, **validate(model.eval())})
        return SimpleNamespace(validations=seen)

    return Trained("example", seed, steps, look(fit, accuracy, steps, every))


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
