"""Lesson 4's generators: the classic one, and the long trainings of the others, ``make generators``.

``python -m course_utils.models.generators`` does the same. Six times the same network and the same number of
steps: three trainings on all pictures, from different first weights, and three on fewer pictures. A training
that was stopped goes on when the command is given again. The model card is ``datasets/generators.md``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split

from course_utils import CourseError, resource
from course_utils.data import pictures
from course_utils.files import atomic_path, sha256, write_text
from course_utils.models import diffusion
from course_utils.run import choose_device

FOLDER = resource("datasets", "generators")
STEPS = 6_000
SEEDS = (1, 2, 3)
FEW = (2, 10, 50)
"""Pictures of each class in the trainings on fewer pictures."""
Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def divide(labels: np.ndarray) -> Parts:
    """Row numbers of three parts, classes mixed alike: half to train, a quarter held out, a quarter spare.

    Nothing is random in it but a fixed shuffle: a generator that was trained once belongs to one division.
    """
    split = partial(train_test_split, random_state=0)
    train, rest = split(np.arange(len(labels)), test_size=0.5, stratify=labels)
    held_out, spare = split(rest, test_size=0.5, stratify=labels[rest])
    return train, held_out, spare


def first_of_each(labels: np.ndarray, rows: np.ndarray, per_class: int) -> np.ndarray:
    """Of these rows the first so many of each class."""
    classes = np.unique(labels[rows])
    return np.concatenate([rows[labels[rows] == k][:per_class] for k in classes])


def draw_mixtures(pixels: np.ndarray, labels: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    """Pictures for these classes, (n, C, H, W) from 0 to 1, from two Gaussian clouds a class.

    The clouds are laid over 100 numbers of each picture (PCA). Two full covariances and a ridge of 0.05 gave
    pictures of MNIST that they had not seen the highest likelihood, among 20 to 100 numbers, one to twenty
    clouds, and full, tied or diagonal covariances.

    Parameters
    ----------
    pixels, labels : ndarray, (m, C, H, W) and (m,)
        To learn from.
    asked : ndarray, (n,)
    """
    flat = pixels.reshape(len(pixels), -1).astype(float)
    pca = PCA(min(100, len(flat) // 3), random_state=0).fit(flat)
    made = np.zeros((len(asked), flat.shape[1]))
    for k in np.unique(asked):
        points = pca.transform(flat[labels == k])
        clouds = GaussianMixture(min(2, len(points)), reg_covar=0.05, random_state=0).fit(points)
        clouds.random_state = seed + k
        drawn = clouds.sample((asked == k).sum())[0]  # cloud by cloud
        made[asked == k] = np.random.default_rng(seed).permutation(pca.inverse_transform(drawn))
    return made.clip(0, 1).astype(np.float32).reshape(-1, *pixels.shape[1:])


def plan(labels: np.ndarray) -> dict[str, tuple[np.ndarray, int]]:
    """Rows and seed of each training, by name."""
    train, _, _ = divide(labels)
    found = {f"{len(train)}-{seed}": (train, seed) for seed in SEEDS}
    few = [first_of_each(labels, train, per_class) for per_class in FEW]
    return found | {f"{len(rows)}-{SEEDS[0]}": (rows, SEEDS[0]) for rows in few}


def load(name: str, pixels: np.ndarray, folder: Path = FOLDER) -> diffusion.UNet:
    """The shipped generator of this name, ready to make pictures.

    Parameters
    ----------
    pixels : ndarray, (n, 1, 28, 28) float32
        The pictures that it has learned from: whoever tests whether it copies must have these.

    Raises
    ------
    CourseError
        There is no such generator, its file is damaged, or it has learned from other pictures.
    """
    record = json.loads((folder / "record.json").read_text("utf-8"))
    if name not in (known := record["generators"]):
        raise CourseError(f"no generator '{name}' comes with the course: choose {', '.join(known)}")
    path = folder / f"{name}.safetensors"
    if not path.is_file() or sha256(path) != known[name]["sha256"]:
        raise CourseError(f"'{path.name}' is missing or damaged: fetch the course's files again")
    if digest(pixels) != known[name]["pictures"]:
        raise CourseError(f"generator '{name}' has learned from other pictures than these {len(pixels)}")
    model = diffusion.UNet((1, 28, 28), 10, known[name]["seed"])
    model.load_state_dict({key: weights.float() for key, weights in load_file(path).items()})
    return model.eval()


def digest(pixels: np.ndarray) -> str:
    """SHA-256 of pictures, in whatever order."""
    rows = sorted(np.round(255 * picture).astype(np.uint8).tobytes() for picture in pixels)
    return hashlib.sha256(b"".join(rows)).hexdigest()


def fixed_loss(model: diffusion.UNet, pixels: np.ndarray, labels: np.ndarray) -> float:
    """The loss on these pictures, with the same levels and noise for every model."""
    generator = torch.Generator().manual_seed(0)
    clean = torch.from_numpy(2 * pixels - 1)
    t = torch.randint(0, diffusion.LEVELS, labels.shape, generator=generator)
    noise = torch.randn(clean.shape, generator=generator)
    given = (each.to(model.device) for each in (clean, torch.from_numpy(labels), t, noise))
    with torch.no_grad():
        return diffusion.loss_at(model, *given).item()


def make(name: str, images: pictures.Images, steps: int, folder: Path) -> dict[str, Any]:
    """Train one generator, write its weights, and give its entry of the record."""
    (rows, seed), spare = plan(images.labels)[name], divide(images.labels)[2]
    parts = {"train": rows[:1_000], "spare": spare}
    device = choose_device("auto")
    model = diffusion.UNet(images.pixels.shape[1:], len(images.classes), seed)

    def validate(model: diffusion.UNet) -> dict[str, float]:
        losses = {part: fixed_loss(model, images.pixels[at], images.labels[at]) for part, at in parts.items()}
        return {part: round(loss, 5) for part, loss in losses.items()}

    history = diffusion.train(
        model,
        images.pixels[rows],
        images.labels[rows],
        steps=steps,
        seed=seed,
        device=device,
        validate=validate,
        validate_every=max(1, steps // 12),
        checkpoint=folder / "checkpoints" / f"{name}.safetensors",
        label=name,
    )
    path = folder / f"{name}.safetensors"
    with atomic_path(path) as temporary:
        save_file({key: weights.half().cpu() for key, weights in model.state_dict().items()}, temporary)
    return {
        "seed": seed,
        "steps": steps,
        "n": len(rows),
        "pictures": digest(images.pixels[rows]),
        "sha256": sha256(path),
        "CPU s": round(history.cpu_s),
        "device": device,
        "torch": version("torch").split("+")[0],
        "diffusers": version("diffusers"),
        "curve": history.validations,
        "losses": [round(float(np.mean(part)), 4) for part in np.array_split(history.losses, min(60, steps))],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is asked for, and write weights and record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="which generators; by default all")
    parser.add_argument("--out", type=Path, default=Path("results/generators"), help="folder for all files")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each training")
    options = parser.parse_args(arguments)
    images = pictures.load_mnist()
    known = plan(images.labels)
    if unknown := set(options.names) - set(known):
        raise SystemExit(f"unknown generator {', '.join(sorted(unknown))}: choose {', '.join(known)}")
    for name in options.names or known:
        entry = make(name, images, options.steps, options.out)
        write_text(options.out / f"{name}.json", json.dumps(entry) + "\n")
    found = {name: options.out / f"{name}.json" for name in known}
    entries = {name: json.loads(path.read_text("utf-8")) for name, path in found.items() if path.is_file()}
    write_text(options.out / "record.json", json.dumps({"generators": entries}, indent=1) + "\n")


if __name__ == "__main__":
    main()
