"""Figures of generators for lab 4_gan_vae: a walk between pictures, and the losses of two games."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.show import plots


def grid(
    unfold: Callable[[np.ndarray], np.ndarray], corners: np.ndarray, side: int = 7
) -> tuple[Figure, str]:
    """Pictures between four others, and below them the upper two faded into each other: for `show`.

    Parameters
    ----------
    unfold : callable
        Pictures (n, C, H, W) for the shares (n, 4) of the four corners: upper left, upper right, lower left,
        lower right.
    corners : ndarray, (4, C, H, W)
        The real pictures in the corners.
    side : int
        How many pictures a row and a column have.
    """
    way = np.linspace(0, 1, side)
    shares = [[(1 - d) * (1 - r), (1 - d) * r, d * (1 - r), d * r] for d in way for r in way]
    fade = [(1 - r) * corners[0] + r * corners[1] for r in way]
    fig = plots.gallery([*unfold(np.array(shares)), *fade], columns=side, width=0.75)
    alt = (
        f"A grid of {side} by {side} pictures that turn into each other; the row below it fades the two "
        "upper corners into each other."
    )
    return fig, alt


def games(
    histories: dict[str, tuple[ArrayLike, Sequence[str]]], dotted: dict[str, float]
) -> tuple[Figure, pd.DataFrame]:
    """The losses of two trainings by step, a panel each, as means of ten steps: figure and table for `show`.

    Parameters
    ----------
    histories : mapping of titles to (losses, names)
        Losses (steps,) or (steps, n) in nats, and the names of what they measure.
    dotted : mapping of titles to numbers
        A dotted line in that panel.
    """
    fig, axes = plt.subplots(1, len(histories), figsize=(9, 3.6), squeeze=False)
    tables = {}
    for ax, (title, (losses, names)) in zip(axes[0], histories.items(), strict=True):
        means = (
            pd.DataFrame(np.asarray(losses).reshape(len(losses), -1), columns=list(names))
            .rolling(10, min_periods=1)
            .mean()
        )
        for i, name in enumerate(means):
            ax.plot(means[name], label=name, **plots.line_style(i) | {"marker": ""})
        if title in dotted:
            ax.axhline(dotted[title], color=plots.GREY, linestyle=":")
        ax.set(title=title, xlabel="step (means of ten)", ylabel="loss (nats a picture)", ylim=(0, None))
        ax.legend()
        tables |= {f"{title}: {name}": means[name] for name in means}
    table = pd.DataFrame(tables).rename_axis("step")
    return fig, table.iloc[:: max(len(table) // 8, 1)].round(2)
