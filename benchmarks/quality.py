"""How long a model trains until it is as good as asked for; a part of `make benchmarks`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
from figures import Options, Trained
from parts import KNOBS, batch_loss, make_cnn, one_core
from torch import nn

from course_utils.data import pictures
from course_utils.models import training

CNN_SEEDS, CNN_STEPS, CNN_EVERY = 5, 600, 50


def quality_part(options: Options) -> list[Trained]:
    """Two networks on MNIST, each on one core."""
    seen, unseen = pictures.load_mnist(), pictures.load_mnist(pilot=True)
    data, held_out = (
        (torch.from_numpy(part.pixels), torch.from_numpy(part.labels)) for part in (seen, unseen)
    )

    def accuracy(model: nn.Module) -> float:
        said = torch.cat([model(part).argmax(dim=1) for part in held_out[0].split(250)])
        return 100 * (said == held_out[1]).double().mean().item()

    found = []
    with one_core():
        for seed in range(1 if options.tiny else CNN_SEEDS):  # in turn, so that a slow moment meets both
            found += [each(data, accuracy, seed, options.tiny) for each in (cnn, example)]
    return found


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
