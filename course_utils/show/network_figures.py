"""Figures of a network: what its layers make of a picture, and the slope of its loss."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.show import plots

if TYPE_CHECKING:
    from torch import nn


def layers(model: nn.Module, shape: tuple[int, int, int]) -> tuple[Figure, str, pd.DataFrame]:
    """What each layer of a network for pictures makes of one: figure, alt text and table for `show`.

    A box is as high as the maps and the wider, the more of them there are; batch norms and ReLUs, which
    change no shape, are left out.

    Parameters
    ----------
    model : Module
        A sequence of layers.
    shape : tuple of int
        Channels, height and width of a picture.
    """
    import torch

    x = torch.zeros(1, *shape, device=next(model.parameters()).device)
    found, model = [("picture", shape, 0)], copy.deepcopy(model).eval()
    for layer in model:
        x = layer(x)
        name, numbers = type(layer).__name__, sum(weights.numel() for weights in layer.parameters())
        if name not in ("BatchNorm2d", "ReLU", "Flatten"):
            found.append((name, tuple(x.shape[1:]), numbers))
    fig, ax = plt.subplots(figsize=(9.5, 2.8))
    for i, (name, size, _) in enumerate(found):
        height, width = (size[1], 0.08 + 0.02 * size[0]) if len(size) == 3 else (size[0] / 4, 0.1)
        ax.add_patch(
            plt.Rectangle((i - width / 2, -height / 2), width, height, color=plots.COLOURS[0], alpha=0.6)
        )
        label = name.replace("Adaptive", "Adaptive\n")
        ax.text(
            i, -0.56 * shape[1], f"{label}\n{' × '.join(map(str, size))}", ha="center", va="top", fontsize=8
        )
    ax.set(xlim=(-0.6, len(found) - 0.4), ylim=(-0.95 * shape[1], 0.55 * shape[1]))
    ax.axis("off")
    table = pd.DataFrame(
        [(" × ".join(map(str, size)), numbers) for _, size, numbers in found],
        [name for name, *_ in found],
        ["what comes out", "weights"],
    )
    table.loc["all layers"] = ["", sum(weights.numel() for weights in model.parameters())]
    alt = "From left to right, what each layer makes of a picture: " + ", ".join(
        f"{name} {' × '.join(map(str, size))}" for name, size, _ in found
    )
    return fig, alt, table


def slope(
    values: ArrayLike, losses: ArrayLike, here: float, loss_here: float, slope: float
) -> tuple[Figure, str, pd.DataFrame]:
    """The loss against the value of one weight, and a line with the slope where the weight stands.

    Returns figure, alt text and table for `show`.
    """
    values = np.asarray(values)
    fig, ax = plt.subplots(figsize=(6, 3))
    ax.plot(values, losses, color=plots.COLOURS[0], label="loss")
    low, high = ax.get_ylim()
    ax.plot(values, loss_here + slope * (values - here), "--", color=plots.COLOURS[1], label="slope here")
    ax.plot(here, loss_here, "o", color=plots.COLOURS[1])
    ax.set(xlabel="value of one weight", ylabel="loss (nats per picture)", ylim=(low, high))
    ax.legend()
    alt = f"The loss against the value of one weight, and its slope of {slope:.3g} where the weight stands."
    return fig, alt, pd.DataFrame({"weight": values, "loss": losses}).iloc[::5].round(4)
