"""How long a model trains until it is as good as asked for; a part of `make benchmarks`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DModel
from sklearn import model_selection, svm
from torch import nn

from course_utils import images, networks, runtime, training

Row = dict[str, Any]
LEVELS = (80, 90, 95, 97, 98)
"""Of quality, in %."""


def classify(model: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats."""
    return nn.functional.cross_entropy(model(inputs), labels)


def make_cnn(seed: int, width: int = 32) -> nn.Module:
    """Four convolutions, the judge of lesson 4: (B, 1, 8, 8) pictures to (B, 10) scores."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for block in range(4):
        layers += [
            nn.Conv2d(width if block else 1, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        layers += [nn.MaxPool2d(2)] if block == 1 else []
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


def reached(history: training.History, steps: int) -> dict[str, str]:
    """For each level of quality in %, when the training first stood at it: CPU seconds (steps)."""
    found = {}
    for level in LEVELS:
        step = next((int(v["step"]) for v in history.validations if v["quality"] >= level), None)
        cpu_s = None if step is None else next(v["cpu_s"] for v in history.validations if v["step"] == step)
        found[f"until {level} %"] = (
            f"not in {steps} steps" if step is None else f"{cpu_s:.1f} CPU s ({step} steps)"
        )
    return found


def quality_part(quick: bool = False) -> list[Row]:
    """CPU seconds until a CNN, and a diffusion model, is as good as asked for; an SVM stands beside.

    The CNN is measured on a third of the digits that it does not train on. The diffusion model is that of
    lesson 4's laptop profile, and its quality is the share of 300 digits that a judge, a CNN trained on other
    real digits, recognises as what was asked for. Looking is not counted.
    """
    digits = images.load_digits()
    rows = np.arange(len(digits.labels))
    train, held_out = model_selection.train_test_split(
        rows, test_size=1 / 3, stratify=digits.labels, random_state=0
    )
    pixels, labels = torch.from_numpy(digits.pixels), torch.from_numpy(digits.labels)
    table = []
    flat = digits.pixels.reshape(len(rows), -1)
    with runtime.CostMeter() as cost:
        classic = svm.SVC(C=10).fit(flat[train], digits.labels[train])
    right = 100 * classic.score(flat[held_out], digits.labels[held_out])
    table.append({"model": "SVM", "at the end (%)": right, "all of its training": f"{cost.cpu_s:.2f} CPU s"})

    def right_share(model: nn.Module) -> float:
        return 100 * (model(pixels[held_out]).argmax(dim=1) == labels[held_out]).float().mean().item()

    for seed in range(1 if quick else 3):
        model, steps = make_cnn(seed), 6 if quick else 600
        data = pixels[train], labels[train]
        history = look_and_time(
            model, classify, data, right_share, steps, every=3 if quick else 20, seed=seed
        )
        table.append(row_of(f"CNN, seed {seed}", history, steps))
    judge = networks.NetworkClassifier(make_cnn(9), classify, steps=5 if quick else 400)
    judge.fit(pixels[held_out], labels[held_out])
    for seed in range(1 if quick else 3):
        table.append(diffusion_row(pixels[train], labels[train], judge, seed, quick))
    return table


def row_of(name: str, history: training.History, steps: int) -> Row:
    """A training's row: quality at the end, time in all, and when it reached each level."""
    last = history.validations[-1]
    whole = f"{last['cpu_s']:.1f} CPU s ({steps} steps)"
    ends = {"model": name, "at the end (%)": last["quality"], "all of its training": whole}
    return ends | reached(history, steps)


def look_and_time(
    model: nn.Module, loss: training.BatchLoss, data: tuple[torch.Tensor, ...],
    quality: Callable[[nn.Module], float], steps: int, every: int, seed: int, **options: Any,
) -> training.History:  # fmt: skip
    """Train, and at each look note the quality and the CPU seconds of training so far."""
    started, looking = time.process_time(), 0.0

    def validate(model: nn.Module) -> dict[str, float]:
        nonlocal looking
        now = time.process_time()
        found = {"quality": quality(model), "cpu_s": now - started - looking}
        looking += time.process_time() - now
        return found

    settings = {"steps": steps, "seed": seed, "validate": validate, "validate_every": every, **options}
    return training.fit(model, loss, data, **settings)


def diffusion_row(
    pixels: torch.Tensor, labels: torch.Tensor, judge: networks.NetworkClassifier, seed: int, quick: bool
) -> Row:
    """Time to quality of lesson 4's diffusion model; its settings are explained there."""
    not_told, steps = 10, 4 if quick else 800
    schedule = {
        "num_train_timesteps": 1000,
        "beta_schedule": "squaredcos_cap_v2",
        "prediction_type": "sample",
    }
    scheduler = DDIMScheduler(**schedule)
    scheduler.set_timesteps(2 if quick else 16)
    torch.manual_seed(seed)
    model = UNet2DModel(
        sample_size=8, in_channels=1, out_channels=1, block_out_channels=(24,), layers_per_block=1,
        down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",), norm_num_groups=8,
        num_class_embeds=11, add_attention=False,
    )  # fmt: skip

    def loss(model: nn.Module, clean: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        t = torch.randint(0, 1000, classes.shape)
        told = torch.where(torch.rand(classes.shape) < 0.1, not_told, classes)
        noisy = scheduler.add_noise(clean, torch.randn_like(clean), t)
        return nn.functional.mse_loss(model(noisy, t, class_labels=told).sample, clean)

    def recognised(model: nn.Module) -> float:
        asked = torch.arange(20 if quick else 300) % 10
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn((len(asked), 1, 8, 8), generator=generator)
        for t in scheduler.timesteps:
            told, free = (
                model(x, t, class_labels=c).sample for c in (asked, torch.full_like(asked, not_told))
            )
            fresh = torch.randn(x.shape, generator=generator)
            x = scheduler.step(free + 1.1 * (told - free), t, x, eta=1.0, variance_noise=fresh).prev_sample
        return 100 * float((judge.predict(((x + 1) / 2).clamp(0, 1).numpy()) == asked.numpy()).mean())

    adamw = lambda model: [torch.optim.AdamW(model.parameters(), lr=0.005, fused=True)]  # noqa: E731
    history = look_and_time(
        model, loss, (2 * pixels - 1, labels), recognised, steps, every=2 if quick else 100, seed=seed,
        batch_size=32, optimizers=adamw, average=0.99,
    )  # fmt: skip
    return row_of(f"diffusion, seed {seed}", history, steps)
