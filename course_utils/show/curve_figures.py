"""Curves side by side, where their bands would cover each other; training losses by step."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.claims.estimates import Estimate
from course_utils.show.plots import GREY, curve, line_style, plain


def panels(
    points: Mapping[str, Mapping[float, Estimate]], dotted: float, dashed: float = np.nan, first: int = 0
) -> Figure:
    """A panel for each label, side by side, so that no band covers another; x is logarithmic.

    `dotted` is a baseline or 0, `dashed` a margin, if there is one, `first` the first panel's colour.
    """
    fig, axes = plt.subplots(1, len(points), sharey=True, squeeze=False)
    for i, (ax, (label, estimates)) in enumerate(zip(axes[0], points.items(), strict=True)):
        curve(ax, estimates, label, first + i)
        ax.axhline(dotted, color=GREY, linestyle=":")
        ax.axhline(dashed, color=GREY, linestyle="--")
        ax.set(xscale="log", title=plain(label))
        ax.minorticks_off()
        ax.set_xticks(list(estimates), [f"{x:,}" for x in estimates], rotation=45)
    return fig


def trainings(
    losses: Mapping[tuple[str, object], ArrayLike], guessing: float, block: int = 10
) -> tuple[Figure, pd.DataFrame]:
    """Training losses by step, a panel for each kind of network: the figure, and the means as a table.

    Parameters
    ----------
    losses : mapping of (kind, size) to array_like, shape (n_runs, n_steps)
        In nats per picture. A line is the mean over runs, its band their standard deviation; each size has
        the same style in every panel.
    guessing : float
        Loss of saying that all classes are equally likely: a dotted line.
    block : int
        Steps that are averaged into one point.
    """
    kinds, sizes = (list(dict.fromkeys(each)) for each in zip(*losses, strict=True))
    fig, axes = plt.subplots(1, len(kinds), figsize=(9, 3.8), sharey=True, squeeze=False)
    steps, means = np.shape(next(iter(losses.values())))[1], {}
    block = min(block, steps)
    middles = block * (np.arange(steps // block) + 0.5)
    for (kind, size), runs in losses.items():
        ax, k = axes[0, kinds.index(kind)], sizes.index(size)
        runs = np.asarray(runs)[:, : steps // block * block]
        points = runs.reshape(len(runs), -1, block).mean(axis=2)  # (n_runs, n_blocks)
        mean, spread = points.mean(axis=0), points.std(axis=0, ddof=1)
        ax.plot(middles, mean, label=size, markevery=3, **line_style(k))
        ax.fill_between(middles, mean - spread, mean + spread, alpha=0.2, color=line_style(k)["color"])
        means[f"{kind}, {size}"] = mean
    for ax, kind in zip(axes[0], kinds, strict=True):
        ax.axhline(guessing, color=GREY, linestyle=":")
        ax.set(title=plain(kind), xlabel=f"step (means of {block})", ylim=(0, None))
    axes[0, 0].set_ylabel("training loss (nats per picture)")
    axes[0, -1].legend()
    return fig, pd.DataFrame(means, pd.Index(middles, name="step")).round(3)
