"""Lesson 4's generator and that of another course after equal CPU seconds; a part of `make benchmarks`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel
from figures import Generated, Options
from parts import one_core
from torch import nn

from course_utils.data import pictures
from course_utils.models import diffusion, generators, judges, training
from course_utils.models.costs import CostMeter

BUDGETS, N_MADE = (100, 200), 500
"""CPU seconds of training, and pictures that are judged."""
JUDGE_STEPS, TIMED_STEPS, SAMPLING_STEPS = 300, 12, 25
Pictures = tuple[np.ndarray, np.ndarray]
"""Pixels (n, 1, 28, 28) from 0 to 1, and labels (n,)."""


class TheirUNet(nn.Module):
    """The network of the Hugging Face diffusion models class, unit 2, notebook 2, built anew from its recipe.

    The class's four learned numbers stand beside every pixel; the network guesses the noise.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        attention = ["AttnDownBlock2D"] * 2, ["AttnUpBlock2D"] * 2
        self.numbers = nn.Embedding(10, 4)
        self.network = UNet2DModel(
            sample_size=28,
            in_channels=5,
            out_channels=1,
            layers_per_block=2,
            block_out_channels=(32, 64, 64),
            down_block_types=("DownBlock2D", *attention[0]),
            up_block_types=(*attention[1], "UpBlock2D"),
        )

    def forward(self, noisy: torch.Tensor, t: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Noisy pictures (B, 1, 28, 28), levels () or (B,) and classes (B,) to the guessed noise in them."""
        beside = self.numbers(classes)[:, :, None, None].expand(-1, -1, *noisy.shape[2:])
        return self.network(torch.cat([noisy, beside], dim=1), t).sample


def generating_part(options: Options) -> list[Generated]:
    """Both generators at each budget, on lesson 4's training pictures, and real pictures for scale."""
    images = pictures.load_mnist()
    parts = (images.pixels, images.labels)
    train, held_out, spare = ([each[rows] for each in parts] for rows in generators.divide(images.labels))
    n_made = 20 if options.tiny else N_MADE
    asked = np.arange(n_made) % 10
    with one_core():
        judge = judges.make_judge(1, 10, 4 if options.tiny else JUDGE_STEPS, seed=0).fit(*spare)
        theirs_to = judges.features(judge, held_out[0])

        def judged(name: str, made: np.ndarray, labels: np.ndarray, **rest: float) -> Generated:
            right = 100 * float((judge.predict(made) == labels).mean())
            distance = 1000 * judges.kernel_distance(judges.features(judge, made), theirs_to)
            return Generated(name, agreement=round(right, 2), distance=round(distance, 2), **rest)

        found = [judged("real", train[0][:n_made], train[1][:n_made])]
        ours = [our_training(train, budget) for budget in ((0.5, 1.0) if options.tiny else BUDGETS)]
        theirs = their_training(train, [cpu_s for _, _, cpu_s in ours])  # as long as ours took
        steps_of_sampling = 2 if options.tiny else SAMPLING_STEPS
        for pair in zip(ours, theirs, strict=True):
            for name, sample, (model, steps, cpu_s) in zip(
                ("ours", "theirs"), (our_pictures, their_pictures), pair, strict=True
            ):
                with CostMeter() as sampling:
                    made = sample(model, asked, steps_of_sampling)
                found.append(judged(
                    name, made, asked, steps=steps, cpu_s=round(cpu_s, 1), parameters=n_parameters(model),
                    sampling_ms=round(1000 * sampling.cpu_s / n_made, 2),
                ))  # fmt: skip
    return found


def n_parameters(model: nn.Module) -> int:
    """Numbers that the training has set."""
    return sum(weights.numel() for weights in model.parameters())


Training = tuple[nn.Module, int, float]
"""A trained model, its steps, and the CPU seconds that they took."""


def our_training(train: Pictures, cpu_s: float) -> Training:
    """Lesson 4's diffusion model, for as many steps as should fit; a few are timed first."""
    with CostMeter() as few:
        diffusion.train(diffusion.UNet((1, 28, 28), 10, seed=0), *train, steps=TIMED_STEPS)
    steps = max(2, int(cpu_s * TIMED_STEPS / few.cpu_s))
    model = diffusion.UNet((1, 28, 28), 10, seed=0)
    with CostMeter() as cost:
        diffusion.train(model, *train, steps=steps)
    return model, steps, cost.cpu_s


def our_pictures(model: nn.Module, asked: np.ndarray, steps: int) -> np.ndarray:
    """As lesson 4 samples, without guidance."""
    return diffusion.sample(model, asked, seed=0, steps=steps)


def their_training(train: Pictures, budgets: Sequence[float]) -> Iterator[Training]:
    """The other class's recipe, Adam at 0.001 and 128 pictures a step, looked at when each budget is spent.

    Its rate does not fall, so one training is all trainings that are shorter.
    """
    model, steps, spent = TheirUNet(seed=0), 0, 0.0
    clean, classes = torch.from_numpy(2 * train[0] - 1), torch.from_numpy(train[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    levels = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    batches = training.batches(len(clean), 128, seed=0)
    for budget in budgets:
        model.train()
        while spent < budget:
            started, rows = time.process_time(), next(batches)
            t, noise = torch.randint(0, 1000, (len(rows),)), torch.randn(clean[rows].shape)
            guess = model(levels.add_noise(clean[rows], noise, t), t, classes[rows])
            loss = nn.functional.mse_loss(guess, noise)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps, spent = steps + 1, spent + time.process_time() - started
        yield model.eval(), steps, spent


@torch.no_grad()
def their_pictures(model: nn.Module, asked: np.ndarray, steps: int) -> np.ndarray:
    """By DDIM; the 1,000 steps of DDPM in its notebook would take forty times as long."""
    levels = DDIMScheduler(1000, beta_schedule="squaredcos_cap_v2", timestep_spacing="trailing")
    levels.set_timesteps(steps)
    noise = torch.randn((len(asked), 1, 28, 28), generator=torch.Generator().manual_seed(0))
    made = []
    for x, classes in zip(noise.split(125), torch.from_numpy(asked).split(125), strict=True):
        for t in levels.timesteps:
            x = levels.step(model(x, t, classes), t, x).prev_sample
        made.append(x)
    return ((torch.cat(made).numpy() + 1) / 2).clip(0, 1)
