"""Figures of pictures with square patches marked on them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.show import plots


def frame(ax: plt.Axes, patch: Sequence[int], side: int, colour: str, line: str = "-") -> None:
    """The border of one patch (top, left) on a picture."""
    corner = patch[1] - 0.5, patch[0] - 0.5
    ax.add_patch(plt.Rectangle(corner, side, side, fill=False, edgecolor=colour, linestyle=line))


def heat(canvas: np.ndarray, patches: ArrayLike, values: ArrayLike, side: int) -> np.ndarray:
    """A value for each patch (top, left) as a picture (H, W) of the size of a canvas (C, H, W), else 0."""
    picture = np.zeros(canvas.shape[1:])
    for (top, left), value in zip(np.asarray(patches), np.asarray(values), strict=True):
        picture[top : top + side, left : left + side] = value
    return picture


def numbered(canvas: np.ndarray, patches: ArrayLike, side: int, title: str = "") -> Figure:
    """A picture (1, H, W) with its patches, each (top, left), in frames that bear their numbers from 0.

    The rest of a large canvas is left out.
    """
    patches = np.asarray(patches)
    fig, ax = plt.subplots(figsize=(4.2, 4.4 if title else 4.2))
    ax.imshow(canvas[0], **plots.GREYS)
    for number, patch in enumerate(patches.tolist()):
        frame(ax, patch, side, plots.COLOURS[5])
        edge = [patheffects.withStroke(linewidth=3, foreground="black")]
        where = patch[1] + side / 2 - 0.5, patch[0] + side / 2 - 0.5
        ax.text(*where, number, color=plots.COLOURS[4], ha="center", va="center", path_effects=edge)
    ax.set_title(plots.plain(title), fontsize=11, loc="center")
    (top, left), (bottom, right) = patches.min(axis=0) - side, patches.max(axis=0) + 2 * side
    ax.set(xlim=(left - 0.5, right - 0.5), ylim=(bottom - 0.5, top - 0.5))
    ax.set_facecolor("black")
    ax.set(xticks=[], yticks=[])
    return fig


def framed(
    pictures: Sequence[np.ndarray],
    patches: Sequence[ArrayLike],
    side: int,
    titles: Sequence[str],
    columns: int = 6,
    width: float = 1.4,
) -> Figure:
    """Pictures (1, H, W) side by side, each with its own patches, (n, 2) of (top, left), in orange frames.

    `width` is a picture's, in inches.
    """
    fig = plots.gallery(pictures, titles, columns, width=width)
    for ax, of_one in zip_longest(fig.axes, patches, fillvalue=()):
        for patch in np.asarray(of_one).reshape(-1, 2).tolist():
            frame(ax, patch, side, plots.COLOURS[4])
    return fig
