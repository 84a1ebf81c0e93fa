"""Lab 4_why's experiment: ``make trace``, or ``python -m course_utils.models.tracing``.

A small diffusion model learns from pictures of one digit and makes some. Which of the training pictures are
behind a made one? A way of tracing gives each training picture a number; whether the numbers are right shows
when the model is trained again without some of them (Park, S. M., and others 2023, TRAK: attributing model
behavior at scale). The course ships what all these trainings gave; the lab repeats a few.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy import stats
from tqdm import tqdm

from course_utils import resource
from course_utils.claims.estimates import Estimate
from course_utils.claims.resampling import percentile_interval
from course_utils.data import pictures
from course_utils.files import atomic_path
from course_utils.models import diffusion, generators, judges, training

RECORD = resource("datasets", "traced.csv")
"""Columns half, seed, picture, loss and distance: of a made picture after training on a random half.

The distance is the root mean squared difference to what comes from the same noise then, 1 from black to
white."""
MADE = resource("datasets", "traced.png")
"""The made pictures side by side, as the model made them that had learned from all."""
DIGIT, N_MADE, N_HALVES, SEEDS = 7, 40, 40, (1, 2)
STEPS, BATCH_SIZE, CHANNELS, PATCH, SAMPLING_STEPS = 400, 32, (32,), 4, 20
EXAM_LEVELS, EXAM_NOISES = (100, 250, 400, 550, 700, 850), 6
"""Levels of noise at which a model's loss on a picture is taken, and how many noises at each."""


def training_pictures() -> np.ndarray:
    """The 200 sevens of the generators' training part, (200, 1, 28, 28)."""
    images = pictures.load_mnist()
    rows = generators.divide(images.labels)[0]
    return images.pixels[rows[images.labels[rows] == DIGIT]]


def train(
    pixels: np.ndarray, seed: int, steps: int = STEPS, label: str = "", **fit
) -> tuple[diffusion.UNet, training.History]:
    """A small diffusion model without classes, and what happened in its training."""
    model = diffusion.UNet(pixels.shape[1:], 1, seed, CHANNELS, PATCH)
    labels = np.zeros(len(pixels), dtype=np.int64)
    settings = {"batch_size": BATCH_SIZE, "average": 0.98, "withheld": 0.0} | fit
    history = diffusion.train(model, pixels, labels, steps=steps, seed=seed, label=label, **settings)
    return model, history


def make(model: diffusion.UNet, n: int = N_MADE, steps: int = SAMPLING_STEPS) -> np.ndarray:
    """Pictures (n, 1, 28, 28), from the same noise whatever the model."""
    return diffusion.sample(model, np.zeros(n, dtype=np.int64), seed=7, steps=steps)


def exam() -> tuple[torch.Tensor, torch.Tensor]:
    """Levels (36,) and noises (36, 1, 28, 28), the same for every model and picture."""
    generator = torch.Generator().manual_seed(0)
    levels = torch.tensor(EXAM_LEVELS).repeat_interleave(EXAM_NOISES)
    return levels, torch.randn((len(levels), 1, 28, 28), generator=generator)


def loss_on(model: diffusion.UNet, picture: np.ndarray) -> torch.Tensor:
    """Mean squared error of the guesses for one picture (1, 28, 28) under the noises of the exam, ()."""
    t, noise = exam()
    clean = torch.from_numpy(2 * picture - 1).float().expand_as(noise)
    return diffusion.loss_at(model, clean, torch.zeros_like(t), t, noise)


@torch.no_grad()
def losses(model: diffusion.UNet, shown: np.ndarray) -> np.ndarray:
    """The loss on each picture, (n,)."""
    return np.array([loss_on(model, picture).item() for picture in shown])


def gradients(model: diffusion.UNet, shown: np.ndarray) -> np.ndarray:
    """The gradient of the loss on each picture, (n, weights)."""
    found = []
    for picture in shown:
        model.zero_grad()
        loss_on(model, picture).backward()
        parts = [weight.grad.flatten() for weight in model.parameters() if weight.grad is not None]
        found.append(torch.cat(parts).numpy())
    return np.array(found)


def corrected(of_training: np.ndarray, of_made: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Influences (m, n) by gradients (n, weights) and (m, weights), without what all pictures have in common.

    What many training pictures push towards, one alone does not cause. So similarities to all training
    pictures are solved for the part of each, as in ridge regression (TRAK's correction, without its random
    projection). `share` is the penalty over the mean squared length of a gradient.
    """
    alike = of_training @ of_training.T  # (n, n)
    penalty = share * np.trace(alike) / len(alike) * np.eye(len(alike))
    return np.linalg.solve(alike + penalty, of_training @ of_made.T).T


def look_alike(made: np.ndarray, known: np.ndarray) -> np.ndarray:
    """How much each known picture looks like each made one, (m, n): exp(-10 · cosine distance)."""
    return np.exp(-10 * judges.cosine_distances(made, known))


def halves(n: int, n_halves: int = N_HALVES) -> np.ndarray:
    """Which of n pictures are in each random half, (n_halves, n) of True and False."""
    orders = [np.random.default_rng(1_000 + j).permutation(n) for j in range(n_halves)]
    return np.array([order < n // 2 for order in orders])


def rank_correlations(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Spearman's, column by column of two tables (halves, pictures); nothing varies, nothing agrees."""

    def ranks(table: np.ndarray) -> np.ndarray:
        found = stats.rankdata(table, axis=0)
        return found - found.mean(axis=0)

    a, b = ranks(ours), ranks(theirs)
    below = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return (a * b).sum(axis=0) / np.where(below > 0, below, np.inf)


def agreement(ours: np.ndarray, theirs: np.ndarray, seed: int = 0, n_resamples: int = 2000) -> Estimate:
    """Mean rank correlation of the columns; halves and pictures are both drawn anew for the interval."""
    rng, (n_halves, n_pictures) = np.random.default_rng(seed), ours.shape
    drawn = []
    for _ in range(n_resamples):
        rows = rng.integers(n_halves, size=n_halves)
        columns = rng.integers(n_pictures, size=n_pictures)
        drawn.append(rank_correlations(ours[rows], theirs[rows])[columns].mean())
    interval = percentile_interval(drawn)
    return Estimate(float(rank_correlations(ours, theirs).mean()), interval.low, interval.high, n_halves)


def record(quantity: str = "loss") -> np.ndarray:
    """The recorded losses, or distances, (halves, seeds, pictures)."""
    table = pd.read_csv(RECORD).set_index(["half", "seed", "picture"])[quantity]
    return table.to_numpy().reshape(tuple(len(level) for level in table.index.levels))


def made_pictures(path: Path = MADE) -> np.ndarray:
    """The recorded pictures, (40, 1, 28, 28) from 0 to 1."""
    strip = np.asarray(Image.open(path), dtype=np.float32) / 255
    return strip.reshape(28, -1, 28).swapaxes(0, 1)[:, None].copy()


def _examine(pixels: np.ndarray, seed: int, steps: int, made: np.ndarray) -> pd.DataFrame:
    """Loss on each made picture, and distance to what comes from the same noise, after a training."""
    model, _ = train(pixels, seed, steps)
    apart = np.sqrt(((make(model, len(made)) - made) ** 2).mean(axis=(1, 2, 3)))
    columns = {"seed": seed, "picture": range(len(made)), "loss": losses(model, made), "distance": apart}
    return pd.DataFrame(columns).round(6)


def run(folder: Path, which: Iterable[int], steps: int = STEPS) -> pd.DataFrame:
    """Train what the folder lacks: on all pictures, and on each of these halves with each seed."""
    pixels, strip = training_pictures(), folder / MADE.name
    if not strip.is_file():
        made = make(train(pixels, 0, steps, "all")[0])
        with atomic_path(strip) as temporary:
            side_by_side = np.round(255 * np.concatenate(made[:, 0], axis=1)).astype(np.uint8)
            Image.fromarray(side_by_side).save(temporary, format="PNG")
    made = made_pictures(strip)
    tables = []
    for half in tqdm(list(which), unit="half"):
        path = folder / f"{half}.csv"
        if not path.is_file():
            kept = halves(len(pixels), half + 1)[half]
            parts = [_examine(pixels[kept], seed, steps, made) for seed in SEEDS]
            table = pd.concat(parts, ignore_index=True)
            table.insert(0, "half", half)
            with atomic_path(path) as temporary:
                table.to_csv(temporary, index=False)
        tables.append(pd.read_csv(path))
    return pd.concat(tables, ignore_index=True)


def main() -> None:
    """Do every training that the folder lacks, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/traced"), help="folder for all files")
    parser.add_argument("--halves", type=int, default=N_HALVES)
    options = parser.parse_args()
    table = run(options.out, range(options.halves))
    with atomic_path(options.out / RECORD.name) as temporary:
        table.to_csv(temporary, index=False)


if __name__ == "__main__":
    main()
