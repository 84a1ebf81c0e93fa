"""Figures of what goes through a language model: lists of numbers for tokens."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.show import plots


def visible(token: str) -> str:
    """A token for a figure: a space at its beginning or end as ␣, a line break as ⏎."""
    inside = token.strip(" ")
    begin = len(token) - len(token.lstrip(" ")) if inside else len(token)
    end = len(token) - begin - len(inside)
    return plots.plain("␣" * begin + inside.replace("\n", "⏎") + "␣" * end)


def embedding(
    tokens: Sequence[str], table: ArrayLike, numbers: Sequence[int] | None = None
) -> tuple[Figure, str, pd.DataFrame]:
    """Each token with its list of numbers as a strip: figure, alt text and table for `show`.

    Parameters
    ----------
    tokens : sequence of str, T of them
    table : array_like, shape (T, C)
        The row of the embedding that belongs to each token.
    numbers : sequence of int, optional
        The tokens' numbers, to be written beside them.
    """
    rows = np.asarray(table, dtype=float)
    names = [visible(token) for token in tokens]
    if numbers is not None:
        names = [f"{name}  →  {number}" for name, number in zip(names, numbers, strict=True)]
    fig, ax = plt.subplots(figsize=(7.5, 1.2 + 0.3 * len(rows)))
    limit = float(np.quantile(np.abs(rows), 0.98))
    image = ax.imshow(rows, cmap=plots.SIGNED, vmin=-limit, vmax=limit, aspect="auto", interpolation="none")
    ax.set_yticks(range(len(rows)), names, fontsize=10)
    ax.hlines(np.arange(0.5, len(rows) - 1), -0.5, rows.shape[1] - 0.5, color="white", linewidth=3)
    ax.set(xlabel="place in the token's list")
    ax.set_title(f"(T,) = ({len(rows)},)   →   (T, C) = ({len(rows)}, {rows.shape[1]})", weight="bold")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    fig.colorbar(image, label="number", pad=0.01)
    alt = (
        f"{len(rows)} tokens, each with its list of {rows.shape[1]} numbers as a strip of colours, orange "
        "above 0 and blue below; the same token has the same strip wherever it stands."
    )
    first = pd.DataFrame(rows[:, :6], list(tokens), [f"number {i}" for i in range(1, 7)][: rows.shape[1]])
    return fig, alt, first.round(3)


def rms_norm(
    before: ArrayLike, after: ArrayLike, labels: Sequence[str] = ()
) -> tuple[Figure, str, pd.DataFrame]:
    """Lists of numbers before and after a norm, with the size of each: figure, alt text, table for `show`.

    A list's size is the root of the mean of its squares, drawn as a grey band on both sides of 0.

    Parameters
    ----------
    before, after : array_like, shape (T, C)
    labels : sequence of str
        A name for each list, such as its token.
    """
    both = [np.asarray(each, dtype=float) for each in (before, after)]
    names = [visible(label) for label in labels] or [f"list {i}" for i in range(1, len(both[0]) + 1)]
    shape = (len(both[0]), 2)
    fig, axes = plt.subplots(*shape, figsize=(7.5, 0.5 + 0.95 * shape[0]), sharex=True, squeeze=False)
    sizes = {}
    for column, (lists, when) in enumerate(zip(both, ("before", "after"), strict=True)):
        sizes[when] = np.sqrt((lists**2).mean(axis=1))
        limit = 1.15 * np.abs(lists).max()
        for ax, numbers, size in zip(axes[:, column], lists, sizes[when], strict=True):
            ax.axhspan(-size, size, color=plots.GREY, alpha=0.18)
            colours = np.where(numbers < 0, plots.GOOD, plots.BAD)
            ax.bar(range(len(numbers)), numbers, color=colours)
            ax.axhline(0, color=plots.GREY, linewidth=0.8)
            ax.set(ylim=(-limit, limit), xticks=[])
            ax.set_title(f"size {size:.2f}", loc="right", fontsize=10, pad=2)
            ax.tick_params(labelsize=9)
            ax.spines["bottom"].set_visible(False)
    for ax, when in zip(axes[0], sizes, strict=True):
        ax.set_title(f"{when} the norm", loc="left", weight="bold", fontsize=11, pad=2)
    for ax, name in zip(axes[:, 0], names, strict=True):
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    low, high = sizes["before"].min(), sizes["before"].max()
    alt = (
        f"{shape[0]} lists of numbers as bars. Before the norm their sizes are {low:.2f} to {high:.2f}, "
        f"after it {sizes['after'].min():.2f} to {sizes['after'].max():.2f}; the pattern inside a list stays."
    )
    return fig, alt, pd.DataFrame(sizes, names).round(2)
