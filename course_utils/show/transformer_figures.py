"""A diagram of lesson 3's transformer: the whole model, and one of its blocks, with all shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils.show import plots

if TYPE_CHECKING:
    from course_utils.models.transformer import Size

TABLE, NORM, BLOCK, LOOK, THINK, PLAIN = "#cfe3f1", "#eeeeee", "#f4e3ee", "#fbdcc4", "#cdebe0", "#ffffff"
"""Grounds of boxes: the embedding's table, norms, blocks, attention, MLPs, and what goes in and out."""
LEFT, STREAM, SIDE = 1.25, 3.25, 5.45
"""Middles, in inches: of the whole model, of the block's main line, of what stands beside it."""


def block(size: Size, head_size: int = 32) -> tuple[Figure, str, pd.DataFrame]:
    """The whole model from top to bottom, and one block of it: figure, alt text and table for `show`.

    The thick line is what goes from token to score; attention and MLP stand beside it, and add to it. The
    table has the number of weights of each part.

    Parameters
    ----------
    size : Size
        Of a `Transformer`: its vocabulary, width, depth, and the MLP's inner numbers.
    head_size : int
        Numbers in each head's query, key and value.
    """
    fig, ax = plt.subplots(figsize=(7.5, 6.9))
    top, low = _whole(ax, size)
    frame = FancyBboxPatch((2.72, 0.2), 4.68, 6.05, boxstyle="round,pad=0,rounding_size=0.12")
    frame.set(facecolor="none", edgecolor=plots.GREY, linestyle="--")
    ax.add_patch(frame)
    for y, corner in ((top, 6.2), (low, 0.25)):
        ax.plot([LEFT + 0.8, 2.72], [y, corner], color=plots.GREY, linestyle="--", linewidth=1)
    _one_block(ax, size, size.width // head_size, head_size)
    ax.set(xlim=(0, 7.5), ylim=(0, 6.9), aspect="equal")
    ax.axis("off")
    rows = _weights(size)
    alt = (
        f"The model from top to bottom: token numbers (B, T); a table of {size.n_tokens:,} lists makes them "
        f"(B, T, {size.width}); {size.depth} blocks; a norm; the same table gives scores "
        f"(B, T, {size.n_tokens:,}). In a block, a norm and then attention stand beside the main line and "
        "their result is added to it; then a norm and a gated MLP in the same way."
    )
    return fig, alt, rows


def _weights(size: Size) -> pd.DataFrame:
    """How many weights each part of the model has."""
    each = {
        "embedding, used twice": (1, size.n_tokens * size.width),
        "attention": (size.depth, 4 * size.width**2),
        "gated MLP": (size.depth, 3 * size.width * size.inner),
        "norms": (2 * size.depth + 1, size.width),
    }
    table = pd.DataFrame.from_dict(each, orient="index", columns=["how often", "weights of each"])
    table["weights"] = table["how often"] * table["weights of each"]
    table.loc["all"] = [1, table["weights"].sum(), table["weights"].sum()]
    return table


def _box(ax: plt.Axes, x: float, y: float, wide: float, words: str, ground: str, high: float = 0.42) -> None:
    """A box around (x, y) with its words; the first line is bold where there are more."""
    corner = (x - wide / 2, y - high / 2)
    shape = FancyBboxPatch(corner, wide, high, boxstyle="round,pad=0,rounding_size=0.08", zorder=3)
    ax.add_patch(shape)
    shape.set(facecolor=ground, edgecolor="#333333", linewidth=1)
    first, *rest = words.split("\n")
    step = 0.21
    start = y + step * len(rest) / 2
    style = {"ha": "center", "va": "center", "zorder": 4}
    ax.text(x, start, first, fontsize=10, weight="bold" if rest else "normal", **style)
    for i, line in enumerate(rest, start=1):
        ax.text(x, start - step * i, line, fontsize=9, **style)


def _arrow(ax: plt.Axes, start: tuple[float, float], end: tuple[float, float], width: float = 1.2) -> None:
    """From start to end; thick arrows are the main line."""
    style = {"arrowstyle": "-|>", "color": "#333333" if width < 2 else plots.GOOD, "linewidth": width}
    ax.annotate("", end, start, arrowprops=style | {"shrinkA": 0, "shrinkB": 0})


def _shape(ax: plt.Axes, x: float, y: float, words: str, **style: str) -> None:
    ax.text(x, y, words, fontsize=9, color=plots.GOOD, va="center", **style)


def _whole(ax: plt.Axes, size: Size) -> tuple[float, float]:
    """Everything from token numbers to scores; returns the upper and lower edge of its first block."""
    lists = f"(B, T, {size.width})"
    names = [f"block {i}" for i in range(1, size.depth + 1)]
    if size.depth > 4:
        names[2:-1] = ["⋮"]
    parts = [("token numbers", PLAIN), (f"embedding\n{size.n_tokens:,} × {size.width}", TABLE)]
    parts += [(name, BLOCK) for name in names]
    parts += [("RMS norm", NORM), ("same table\nproduct with each row", TABLE), ("scores", PLAIN)]
    shapes = ["(B, T)", *[lists] * (len(names) + 2), f"(B, T, {size.n_tokens:,})"]
    step = 6.1 / (len(parts) - 1)
    edges = (0.0, 0.0)
    for i, (words, ground) in enumerate(parts):
        y = 6.5 - i * step
        high = 0.48 if "\n" in words else 0.34
        if i:
            above = 0.24 if "\n" in parts[i - 1][0] else 0.17
            _arrow(ax, (LEFT, y + step - above), (LEFT, y + high / 2), 2.5)
            if shapes[i - 1] != (shapes[i - 2] if i > 1 else ""):
                _shape(ax, LEFT + 0.12, y + step / 2, shapes[i - 1])
        _box(ax, LEFT, y, 1.6, words, ground, high)
        if words == "block 1":
            edges = (y + high / 2, y - high / 2)
    tables = 6.5 - step, 6.5 - step * (len(parts) - 2)
    ax.plot([0.45, 0.2, 0.2, 0.45], np.repeat(tables, 2), color=plots.GREY, linestyle=":", linewidth=1.5)
    return edges


def _one_block(ax: plt.Axes, size: Size, heads: int, head_size: int) -> None:
    """The main line with what is added to it, twice."""
    lists = f"(B, T, {size.width})"
    ax.text(SIDE - 0.25, 6.42, "inside a block", fontsize=11, weight="bold", ha="center")
    look = (
        f"attention, {heads} heads\nqueries, keys, values (B, {heads}, T, {head_size})\n"
        f"queries and keys are turned by place\nweights (B, {heads}, T, T), nobody looks ahead"
    )
    think = f"gated MLP, each token alone\n(B, T, {size.width}) → (B, T, {size.inner}) → (B, T, {size.width})"
    _arrow(ax, (STREAM, 6.1), (STREAM, 0.35), 4)
    _shape(ax, STREAM - 0.3, 3.2, f"residual stream {lists}", rotation="vertical", ha="center")
    for start, high, words, ground in ((5.75, 1.1, look, LOOK), (2.75, 0.7, think, THINK)):
        norm, middle = start - 0.1, start - 0.85 - high / 2
        end = middle - high / 2 - 0.25
        _arrow(ax, (STREAM, norm), (SIDE - 0.6, norm))
        _box(ax, SIDE, norm, 1.2, "RMS norm", NORM, 0.34)
        _arrow(ax, (SIDE, norm - 0.17), (SIDE, middle + high / 2))
        _shape(ax, SIDE + 0.1, (norm - 0.17 + middle + high / 2) / 2, lists)
        _box(ax, SIDE, middle, 3.5, words, ground, high)
        ax.plot([SIDE, SIDE], [middle - high / 2, end], color="#333333", linewidth=1.2)
        _arrow(ax, (SIDE, end), (STREAM + 0.15, end))
        _shape(ax, SIDE + 0.1, end, lists)
        ax.add_patch(plt.Circle((STREAM, end), 0.15, facecolor="white", edgecolor=plots.GOOD, zorder=3))
        ax.text(STREAM, end, "+", fontsize=15, weight="bold", ha="center", va="center_baseline", zorder=4)
