"""Lab 2_colour's network, from lightness to colour, what it learns from, and where its errors are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

SCALE = 50
"""L, a and b are divided by it, so that a network meets numbers near 1; L, less 1, lies around 0."""


def block(n_in: int, n_out: int, **settings: int) -> nn.Sequential:
    """A convolution with a window of 3 × 3, batch norm and ReLU; `settings` are the convolution's."""
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, **settings), nn.BatchNorm2d(n_out), nn.ReLU())


def make_network() -> nn.Sequential:
    """An untrained network: (B, 1, H, W) scaled lightness to (B, 2, H, W) scaled colours a and b.

    H and W are multiples of 4. Two strides quarter them, a dilated convolution widens the view, and the
    colours are stretched back.
    """
    layers = [
        block(1, 16, stride=2, padding=1),
        block(16, 32, stride=2, padding=1),
        block(32, 64, padding=1),
        block(64, 64, padding=2, dilation=2),
        nn.Conv2d(64, 2, 1),
        nn.Upsample(scale_factor=4, mode="bilinear"),
    ]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def squares(parts: Sequence[np.ndarray], n: int, size: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random squares of photographs in CIELAB, every other one (by chance) mirrored.

    Parameters
    ----------
    parts : sequence of ndarray, each (height, width, 3), float32
        L, a and b of photographs, or of parts of them. A larger one gives more squares.
    n, size : int
        How many squares, and their side in pixels; no part is smaller.
    seed : int
        Of the draw.

    Returns
    -------
    Tensor, shape (n, 1, size, size); Tensor, shape (n, 2, size, size)
        Lightness, and a and b, both scaled.
    """
    rng, found = np.random.default_rng(seed), []
    areas = np.array([part[..., 0].size for part in parts])
    for i in rng.choice(len(parts), n, p=areas / areas.sum()):
        row, column = (rng.integers(length - size + 1) for length in parts[i].shape[:2])
        square = parts[i][row : row + size, column : column + size]
        found.append(square[:, ::-1] if rng.random() < 0.5 else square)
    scaled = torch.tensor(np.stack(found)).permute(0, 3, 1, 2) / SCALE
    return scaled[:, :1] - 1, scaled[:, 1:]


def by_grey_level(parts: Sequence[np.ndarray], weight: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """What can be guessed without a network: the mean colour, and the mean colour of each grey level.

    Parameters
    ----------
    parts : sequence of ndarray, each (height, width, 3)
        L, a and b of photographs.
    weight : int
        So many pixels of the mean colour are mixed into each level, so that a rare one says nothing wild.

    Returns
    -------
    ndarray, shape (2,); ndarray, shape (101, 2)
        The mean a and b; the same for L = 0 to 100.
    """
    pixels = np.concatenate([part.reshape(-1, 3) for part in parts])
    level, mean = pixels[:, 0].round().astype(int), pixels[:, 1:].mean(axis=0)
    sums = np.column_stack([np.bincount(level, pixels[:, k], 101) for k in (1, 2)])
    counts = np.bincount(level, minlength=101)[:, None]
    return mean, (sums + weight * mean) / (counts + weight)


@torch.no_grad()
def paint(model: nn.Module, lightness: np.ndarray) -> np.ndarray:
    """A trained network's a and b, (height, width, 2), for a lightness (height, width), float32."""
    return SCALE * model(torch.tensor(lightness[None, None]) / SCALE - 1)[0].permute(1, 2, 0).numpy()


def blocks(errors: np.ndarray, n_columns: int = 4, height: int = 48) -> list[float]:
    """Mean error of each block of a picture: it is cut into upright strips, and each of these across.

    Parameters
    ----------
    errors : ndarray, shape (height, width)
        One number a pixel.
    n_columns : int
        How many strips.
    height : int
        Of a block, in pixels, roughly.
    """
    n_rows = max(round(len(errors) / height), 1)
    strips = np.array_split(errors, n_columns, axis=1)
    return [float(block.mean()) for strip in strips for block in np.array_split(strip, n_rows)]
