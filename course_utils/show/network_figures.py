"""Figures of a network: what its layers make of pictures, its losses, and their slope."""

from __future__ import annotations

import copy
import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.show import plots

if TYPE_CHECKING:
    import torch
    from torch import nn


QUIET = ("Flatten", "Dropout", "ReLU", "GELU", "SiLU", "Identity", "BatchNorm1d", "BatchNorm2d", "LayerNorm")
"""Layers that leave the shape as it is, so that they get no box of their own."""
SLANT = 0.3
"""How far a box of maps leans back, as a share of its height."""


class Step(NamedTuple):
    """A layer, what comes out of it, and how many weights it has."""

    name: str
    detail: str
    shape: tuple[int, ...]
    weights: int


def layers(model: nn.Module, shape: tuple[int, int, int]) -> tuple[Figure, str, pd.DataFrame]:
    """What each layer of a network for pictures makes of one: figure, alt text and table for `show`.

    A box is as high as the maps and the wider, the more of them there are. Layers that change no shape,
    as batch norms do, are left out. What the forward pass does between two layers, such as pooling, shows
    in the shape that comes into the next one.

    Parameters
    ----------
    model : Module
        Any network; its children, and those of its Sequentials, are its layers.
    shape : tuple of int
        Channels, height and width of a picture.
    """
    found = _steps(model, shape)
    drawn, in_all = sum(step.weights for step in found), sum(p.numel() for p in model.parameters())
    fig, ax = plt.subplots(figsize=(max(6.5, 1.12 * len(found)), 3.2))
    most = max(step.shape[0] for step in found[1:])
    edges = [_box(ax, i, step.shape, shape[1], most) for i, step in enumerate(found)]
    for i, step in enumerate(found[1:], start=1):
        between = {"arrowstyle": "->", "color": plots.GREY, "shrinkA": 2, "shrinkB": 2}
        ax.annotate("", (edges[i][0], 0), (edges[i - 1][1], 0), arrowprops=between)
        name = textwrap.fill(step.name.replace("Adaptive", "Adaptive "), 14)
        words = [name, step.detail, f"{step.weights:,} weights" if step.weights else ""]
        ax.text(i - 0.47, 0.86, "\n".join(filter(None, words)), ha="center", va="bottom", fontsize=8.5)
    for i, step in enumerate(found):
        ax.text(i, -0.6, _written(step.shape), ha="center", va="top", fontsize=10, weight="bold")
    rest = f", {in_all - drawn:,} of them in layers that change no shape" if in_all > drawn else ""
    ax.text(-0.3, -0.95, f"{in_all:,} weights in all{rest}", fontsize=9, color=plots.GREY)
    ax.set(xlim=(-0.4, len(found) - 0.5), ylim=(-1.05, 1.45))
    ax.axis("off")
    table = pd.DataFrame(
        [(_written(step.shape), step.weights) for step in found],
        [step.name for step in found],
        ["what comes out", "weights"],
    )
    if in_all > drawn:
        table.loc["not drawn"] = ["", in_all - drawn]
    table.loc["all layers"] = ["", in_all]
    alt = "From left to right, what each layer makes of a picture: " + ", ".join(
        f"{step.name} {_written(step.shape)}" for step in found
    )
    return fig, alt, table


def _written(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _steps(model: nn.Module, shape: tuple[int, ...]) -> list[Step]:
    """What hooks on all layers see while one empty picture passes."""
    import torch

    found, model = [Step("picture", "", tuple(shape), 0)], copy.deepcopy(model).eval()

    def between(size: tuple[int, ...]) -> None:
        """Something without a module, such as a functional pooling, has changed what was there."""
        if math.prod(size) != math.prod(found[-1].shape):
            name = "pooling" if len(size) == 3 else "one number for each map"
            found.append(Step(name, "", size, 0))

    def see(layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        between(tuple(inputs[0].shape[1:]))
        weights = sum(each.numel() for each in layer.parameters())
        found.append(Step(names[layer], _detail(layer), tuple(output.shape[1:]), weights))

    names = dict(_named(model))
    for layer in names:
        layer.register_forward_hook(see)
    with torch.no_grad():
        output = model(torch.zeros(1, *shape, device=next(model.parameters()).device))
    between(tuple(output.shape[1:]))
    return found


def _named(model: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    """Each layer with the name of its attribute, or in a Sequential, that of its class."""
    for name, layer in model.named_children():
        kind = type(layer).__name__
        if kind in ("Sequential", "ModuleList"):
            yield from _named(layer)
        elif kind not in QUIET:
            yield layer, kind if name.isdigit() else name


def _detail(layer: nn.Module) -> str:
    """Kernel and stride in words, where a layer has them."""
    kernel, stride = getattr(layer, "kernel_size", None), getattr(layer, "stride", None)
    if kernel is None:
        return ""
    kernel, stride = np.broadcast_to(kernel, 2), np.broadcast_to(stride, 2)
    return f"{kernel[0]} × {kernel[1]}" + (f", stride {stride[0]}" if stride[0] > 1 else "")


def _box(ax: plt.Axes, x: float, shape: tuple[int, ...], full: int, most: int) -> tuple[float, float]:
    """Draws maps as a box, or numbers in a row as a bar, around (x, 0); returns its left and right edge."""
    high = shape[1] / full if len(shape) == 3 else 0.15 + 0.6 * min(1, shape[0] / most)
    deep = SLANT * high if len(shape) == 3 else 0.05
    wide, up = 0.05 + 0.35 * shape[0] / most if len(shape) == 3 else 0.06, deep
    left, low, deep = x - (wide + deep / 2) / 2, -high / 2, deep / 2
    corners = np.array([(0, 0), (wide, 0), (wide, high), (0, high)]) + np.array([left, low])
    top = [corners[3], corners[2], corners[2] + (deep, up), corners[3] + (deep, up)]
    side = [corners[1], corners[1] + (deep, up), corners[2] + (deep, up), corners[2]]
    for face, strength in ((corners, 0.75), (top, 0.35), (side, 0.5)):
        ax.add_patch(plt.Polygon(face, facecolor=plots.COLOURS[0], edgecolor="white", alpha=strength))
    return left, left + wide + deep


def filters_and_maps(
    model: nn.Module, picture: np.ndarray, columns: int = 8
) -> tuple[Figure, str, pd.DataFrame]:
    """The kernels of the first convolution, and the maps that a network makes of a picture, for `show`.

    Kernels are orange above 0 and blue below; those of several channels are added up. Below each stands its
    map, as the next convolution gets it; below these, of each later layer, the maps with the largest
    numbers, one row each.

    Parameters
    ----------
    model : Module
        With at least two Conv2d, which its forward pass uses one after the other.
    picture : ndarray, shape (channels, height, width)
        From 0 (black) to 1.
    columns : int
        Pictures in a row.
    """
    kernels, maps = _kernels_and_maps(model, picture)
    lines = []
    for start in range(0, len(kernels), columns):
        lines.append((f"kernels\n{start + 1} to {min(start + columns, len(kernels))}", kernels[start:]))
        lines.append(("their\nmaps", maps[0][start:]))
    for number, layer in enumerate(maps[1:], start=2):
        strongest = np.argsort(-layer.max(axis=(1, 2)), kind="stable")
        lines.append((f"layer {number},\n{layer.shape[1]} × {layer.shape[2]}", layer[strongest]))
    heights = [0.75 if "kernels" in name else 1 for name, _ in lines]
    size = (1.02 * (columns + 1), 1.0 * sum(heights) + 0.3)
    fig, axes = plt.subplots(len(lines), columns + 1, figsize=size, height_ratios=heights)
    for ax in axes.flat:
        ax.axis("off")
    for row, (name, pictures) in zip(axes, lines, strict=True):
        row[0].text(0.95, 0.5, name, ha="right", va="center", fontsize=10, transform=row[0].transAxes)
        for ax, each in zip(row[1:], pictures, strict=False):
            limit = max(float(np.abs(each).max()), 1e-12)
            signed = {"cmap": plots.SIGNED, "vmin": -limit, "vmax": limit}
            ax.imshow(each, **(signed if "kernels" in name else {"cmap": "gray", "vmin": 0, "vmax": limit}))
    table = pd.DataFrame(
        {
            "maps": [len(layer) for layer in maps],
            "rows × columns": [_written(layer.shape[1:]) for layer in maps],
            "maps that answer": [int((layer.max(axis=(1, 2)) > 0).sum()) for layer in maps],
            "largest number": [round(float(layer.max()), 2) for layer in maps],
        },
        [f"layer {number}" for number in range(1, len(maps) + 1)],
    )
    alt = (
        f"The {len(kernels)} kernels of the first layer, each with the map that it makes of a picture, and "
        f"the {columns} strongest maps of each later layer; "
        + ", ".join(f"{name}: {_written(layer.shape)}" for name, layer in zip(table.index, maps, strict=True))
    )
    return fig, alt + ".", table


def _kernels_and_maps(model: nn.Module, picture: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The first convolution's kernels (n, k, k), and what comes into each later one, (n, height, width)."""
    import torch

    model = copy.deepcopy(model).eval()
    inputs = []
    convolutions = [layer for layer in model.modules() if isinstance(layer, torch.nn.Conv2d)]
    for layer in convolutions:
        layer.register_forward_pre_hook(lambda _, given: inputs.append(given[0][0].cpu().numpy()))
    first = convolutions[0].weight.detach()
    with torch.no_grad():
        model(torch.as_tensor(picture[None], device=first.device))
    return first.sum(dim=1).cpu().numpy(), inputs[1:]


def whispers(pictures: np.ndarray, maps: Mapping[int, np.ndarray]) -> tuple[Figure, pd.DataFrame]:
    """What is left of some pictures in a stack of convolutions: a row a picture, a column a place.

    Of each place the map is shown that differs most between the pictures, from its smallest number (black)
    to its largest (white). The table has the mean difference: the standard deviation over the pictures of
    each number of each map, averaged.

    Parameters
    ----------
    pictures : ndarray, shape (n, 1, height, width)
        From 0 to 1.
    maps : mapping of int to ndarray, shape (n, n_maps, height, width)
        Of the same pictures, by the number of convolutions that they have been through.
    """
    columns = [pictures[:, 0]]
    for each in maps.values():
        one = each[:, each.std(axis=0).mean(axis=(1, 2)).argmax()]  # (n, height, width)
        columns.append((one - one.min()) / max(np.ptp(one), np.finfo(one.dtype).tiny))
    shown = [column[row] for row in range(len(pictures)) for column in columns]
    fig = plots.gallery(shown, ["picture", *(f"after {n}" for n in maps)], len(columns))
    differ = {n: f"{each.std(axis=0).mean():.1e}" for n, each in maps.items()}
    return fig, pd.DataFrame({"mean difference": differ}).rename_axis("convolutions")


def losses(
    training: ArrayLike, validation: pd.Series, baseline: float, unit: str
) -> tuple[Figure, str, pd.DataFrame]:
    """Training loss of each step and validation loss of some, beside a baseline's on the validation part.

    Returns figure, alt text and table for `show`.

    Parameters
    ----------
    training : array_like, shape (steps,)
        One number a step.
    validation : Series
        The index says after how many steps.
    baseline : float
        A dotted line.
    unit : str
        What the loss measures.
    """
    fig, ax = plt.subplots()
    ax.plot(training, color=plots.COLOURS[0], label="training")
    ax.plot(validation, "--", color=plots.COLOURS[1], label="validation")
    ax.axhline(baseline, color=plots.GREY, linestyle=":", label="baseline, validation")
    ax.set(xlabel="step", ylabel=f"loss ({unit})", ylim=(0, None))
    ax.legend()
    alt = (
        f"Training and validation loss from step {validation.index[0]} to {validation.index[-1]}; "
        f"validation ends at {validation.iloc[-1]:.3g}, the baseline's is {baseline:.3g}."
    )
    return fig, alt, validation.iloc[:: max(len(validation) // 8, 1)].round(4).to_frame("validation")
