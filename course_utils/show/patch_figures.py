"""Figures of pictures with square patches marked on them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.show import plots


def frame(ax: plt.Axes, patch: Sequence[int], side: int, colour: str, line: str = "-") -> None:
    """The border of one patch (top, left) on a picture."""
    corner = patch[1] - 0.5, patch[0] - 0.5
    ax.add_patch(plt.Rectangle(corner, side, side, fill=False, edgecolor=colour, linestyle=line))


def numbered(canvas: np.ndarray, patches: ArrayLike, side: int, title: str = "") -> Figure:
    """A picture (1, H, W) with its patches, each (top, left), in frames that bear their numbers from 0."""
    fig, ax = plt.subplots(figsize=(4.2, 4.4 if title else 4.2))
    ax.imshow(canvas[0], **plots.GREYS)
    for number, patch in enumerate(np.asarray(patches).tolist()):
        frame(ax, patch, side, plots.COLOURS[5])
        where = patch[1] + side / 2 - 0.5, patch[0] + side / 2 - 0.5
        ax.text(*where, number, color=plots.COLOURS[4], ha="center", va="center", fontweight="bold")
    ax.set_title(plots.plain(title), fontsize=11, loc="center")
    ax.axis("off")
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
