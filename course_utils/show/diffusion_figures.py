"""Lesson 4's figures: the U-Net as a diagram, when a model copies, and how a text becomes an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils.claims.estimates import Estimate
from course_utils.show import plots

PICTURE, MAPS, TOLD, PLAIN = "#ffffff", "#cfe3f1", "#fbdcc4", "#eeeeee"
"""Grounds of boxes: pictures, feature maps, what the network is told, other steps."""
INK = "#333333"


def _box(ax: plt.Axes, x: float, y: float, wide: float, high: float, words: str, ground: str) -> None:
    """A box around (x, y) with its words; the first line is bold where there are more."""
    shape = FancyBboxPatch(
        (x - wide / 2, y - high / 2), wide, high, boxstyle="round,pad=0,rounding_size=0.07", zorder=3
    )
    shape.set(facecolor=ground, edgecolor=INK, linewidth=1)
    ax.add_patch(shape)
    first, *rest = words.split("\n")
    for i, line in enumerate((first, *rest)):
        weight = "bold" if rest and not i else "normal"
        at = y + 0.19 * (len(rest) / 2 - i)
        ax.text(x, at, line, fontsize=9, weight=weight, ha="center", va="center", zorder=4)


def _arrow(
    ax: plt.Axes, start: tuple[float, float], end: tuple[float, float], colour: str = INK, line: str = "-"
) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "linestyle": line, "shrinkA": 0}
    ax.annotate("", end, start, arrowprops=style | {"shrinkB": 0})


def unet(shape: tuple[int, int, int], channels: Sequence[int], patch: int) -> tuple[Figure, str]:
    """A U-Net of two levels with its skip connections, and where level and class enter.

    Parameters
    ----------
    shape : (channels, height, width)
        Of a picture.
    channels : (int, int)
        Feature maps at each level.
    patch : int
        Side of a patch in pixels.
    """
    side, (few, many) = shape[1] // patch, channels
    sizes = [f"{n} × {s} × {s}" for n, s in ((shape[0], shape[1]), (shape[0] * patch**2, side))]
    wide, small = f"{few} × {side} × {side}", f"{many} × {side // 2} × {side // 2}"
    fig, ax = plt.subplots(figsize=(9.6, 4.3))
    middle, down, up = 4.8, 2.75, 6.85
    _box(ax, 0.75, 3.6, 1.35, 0.62, f"noisy picture\n{sizes[0]}", PICTURE)
    _box(ax, 8.85, 3.6, 1.35, 0.62, f"guess\n{sizes[0]}", PICTURE)
    for x in (0.75, 8.85):
        ax.text(x, 3.2, f"in patches: {sizes[1]}", fontsize=8, ha="center", va="top", color=plots.GREY)
    for x, words in ((down, "block"), (up, "block")):
        _box(ax, x, 3.6, 1.35, 0.62, f"{words}\n{wide}", MAPS)
        _box(ax, x, 2.0, 1.35, 0.62, f"{words}\n{small}", MAPS)
    _box(ax, middle, 1.1, 1.35, 0.62, f"block\n{small}", MAPS)
    _arrow(ax, (1.43, 3.6), (down - 0.68, 3.6))
    _arrow(ax, (up + 0.68, 3.6), (8.17, 3.6))
    _arrow(ax, (down, 3.29), (down, 2.31))
    _arrow(ax, (up, 2.31), (up, 3.29))
    ax.text(down - 0.1, 2.8, "half the\nsize", fontsize=8, ha="right", va="center")
    ax.text(up + 0.1, 2.8, "twice\nthe size", fontsize=8, ha="left", va="center")
    _arrow(ax, (down + 0.68, 1.75), (middle - 0.68, 1.1))
    _arrow(ax, (middle + 0.68, 1.1), (up - 0.68, 1.75))
    for y in (3.6, 2.0):
        _arrow(ax, (down + 0.68, y), (up - 0.68, y), plots.GOOD)
        ax.text(middle, y + 0.1, "skip connection", fontsize=9, color=plots.GOOD, ha="center", va="bottom")
    _box(ax, middle, 0.2, 6.2, 0.36, "level t and class → 128 numbers, added inside every block", TOLD)
    for x, high in ((down + 0.3, 1.69), (middle, 0.79), (up - 0.3, 1.69)):
        _arrow(ax, (x, 0.38), (x, high), plots.BAD, ":")
    for x, side in ((down, -1), (up, 1)):  # past the lower block to the upper one
        _arrow(ax, (x + side * 0.82, 0.38), (x + side * 0.6, 3.29), plots.BAD, ":")
    ax.set(xlim=(0, 9.6), ylim=(0, 4.1), aspect="equal")
    ax.axis("off")
    alt = (
        f"A U-Net. A noisy picture of {sizes[0]} is cut into patches, {sizes[1]}; a block makes {wide} "
        f"feature maps of them; at half the size a block makes {small}; one more block; then up again by the "
        f"same sizes to a guess of {sizes[0]}. Skip connections lead from each level on the way down to "
        "the same level on the way up. The level of noise and the class enter every block."
    )
    return fig, alt


@dataclass(frozen=True)
class Copying:
    """What is shown of a model that has learned from `n` pictures.

    Attributes
    ----------
    n : int
    copies : Estimate
        Its share of near-copies in %.
    made, nearest : ndarray, each (k, C, H, W)
        Some of its pictures, and the training picture nearest to each.
    """

    n: int
    copies: Estimate
    made: np.ndarray
    nearest: np.ndarray


def copying(found: Sequence[Copying], margin: float, real: float = 1.0) -> tuple[Figure, str, pd.DataFrame]:
    """The share of near-copies by number of training pictures, and below each point what was made."""
    fig = plt.figure(figsize=(9.6, 5.6))
    grid = fig.add_gridspec(2, len(found), height_ratios=(1.25, 1))
    ax = fig.add_subplot(grid[0, :])
    places = np.arange(len(found))
    shares = [each.copies for each in found]
    effects = np.array([share.effect for share in shares])
    ends = [effects - [share.low for share in shares], [share.high for share in shares] - effects]
    ax.errorbar(places, effects, np.clip(ends, 0, None), marker="o", capsize=4, color=plots.COLOURS[0])
    ax.axhline(margin, color=plots.GREY, linestyle="--", label=f"margin of the claim, {margin:g} %")
    ax.axhline(
        real,
        color=plots.GREY,
        linestyle=":",
        label=f"held-out pictures, against all {found[-1].n:,}: {real:g} %",
    )
    ax.set_xticks(places, [f"{each.n:,}" for each in found])
    ax.set(xlim=(-0.5, len(found) - 0.5), ylim=(-3, 103))
    ax.set(xlabel="pictures that the model has learned from", ylabel="near-copies (%)")
    ax.legend()
    for place, each in enumerate(found):
        panel = fig.add_subplot(grid[1, place])
        pairs = [
            np.concatenate([plots.as_shown(a), plots.as_shown(b)])
            for a, b in zip(each.made, each.nearest, strict=True)
        ]
        panel.imshow(np.concatenate(pairs, axis=1), **plots.GREYS)
        panel.set_title("made, above its nearest", fontsize=9, loc="center")
        panel.axis("off")
    numbers = pd.DataFrame(
        {
            "near-copies (%)": effects.round(1),
            "from": [s.low for s in shares],
            "to": [s.high for s in shares],
        },
        index=pd.Index([each.n for each in found], name="training pictures"),
    ).round(1)
    alt = (
        "The share of near-copies with its 95 % interval, by number of training pictures, beside the claim's "
        "margin and the share among real pictures; below each point three made digits above the training "
        "digits nearest to them."
    )
    return fig, alt, numbers


def noise_and_share(shares: np.ndarray, levels: Sequence[int]) -> tuple[Figure, str, pd.DataFrame]:
    """The share *a* of the clean picture at each level of noise, (n_levels,), and the levels visited."""
    fig, ax = plt.subplots(figsize=(6, 3))
    ax.plot(shares, color=plots.COLOURS[0])
    ax.plot(levels, shares[list(levels)], "o", color=plots.COLOURS[1], label="visited by sampling")
    ax.set(xlabel="level of noise t", ylabel="share of the picture a")
    ax.legend()
    table = pd.DataFrame({"t": levels, "a": shares[list(levels)].round(4)})
    return fig, "The share a of the clean picture falls from 1 at level 0 to 0 at level 999.", table


def falling(losses: Sequence[float], window: int = 20) -> tuple[Figure, str, pd.DataFrame]:
    """The loss of each step, and its mean over the last `window` steps, from the first step on."""
    fig, ax = plt.subplots(figsize=(6.5, 2.8))
    smooth = pd.Series(losses, name="loss").rolling(window, min_periods=1).mean()
    ax.plot(losses, color=plots.GREY, alpha=0.4, linewidth=0.8, label="each step")
    ax.plot(smooth, color=plots.COLOURS[0], label=f"mean of {window} steps")
    ax.set(xlabel="step", ylabel="loss (mean squared error)", yscale="log")
    ax.legend()
    table = smooth[:: max(1, len(losses) // 6)].round(3).rename_axis("step").to_frame()
    return fig, "The loss by step: it falls fast at first, then slowly.", table


def text_to_image() -> tuple[Figure, str]:
    """How a text becomes an image in a latent diffusion model (Rombach, R., and others 2022)."""
    fig, ax = plt.subplots(figsize=(9.6, 3.1))
    _box(ax, 1.05, 2.5, 1.9, 0.62, "text\n“a cat on a skateboard”", PICTURE)
    _box(ax, 3.55, 2.5, 1.9, 0.62, "text encoder\na language model reads it", MAPS)
    _box(ax, 1.05, 0.95, 1.9, 0.62, "noise\n4 × 64 × 64 numbers", PICTURE)
    _box(ax, 4.75, 0.95, 2.3, 0.82, "U-Net, your loop\nguess, mix with less noise,\n20 to 50 times", TOLD)
    _box(ax, 7.05, 0.95, 1.25, 0.62, "decoder\nof a VAE", MAPS)
    _box(ax, 8.8, 0.95, 1.3, 0.62, "image\n3 × 512 × 512", PICTURE)
    _arrow(ax, (2.0, 2.5), (2.6, 2.5))
    _arrow(ax, (4.5, 2.5), (4.75, 1.36))
    ax.text(4.8, 2.05, "in place of the class", fontsize=9)
    _arrow(ax, (2.0, 0.95), (3.6, 0.95))
    _arrow(ax, (5.9, 0.95), (6.42, 0.95))
    _arrow(ax, (7.68, 0.95), (8.15, 0.95))
    ax.annotate(
        "",
        (4.1, 0.54),
        (5.4, 0.54),
        arrowprops={"arrowstyle": "-|>", "color": INK, "connectionstyle": "arc3,rad=-0.5"},
    )
    ax.text(6.5, 0.35, "the loop runs on small “latent” pictures", fontsize=9, color=plots.GREY, ha="left")
    ax.set(xlim=(0, 9.6), ylim=(0, 3), aspect="equal")
    ax.axis("off")
    alt = (
        "From text to image: a text encoder turns the text into numbers, which steer a U-Net; the sampling "
        "loop begins with noise of 4 × 64 × 64 numbers and runs 20 to 50 times; the decoder of a VAE unfolds "
        "the result into an image of 3 × 512 × 512."
    )
    return fig, alt


def distances(
    table: Mapping[str, Estimate], label: str, line: float = 0.0
) -> tuple[Figure, str, Mapping[str, Estimate]]:
    """Kernel distances of several groups of pictures, with their intervals."""
    fig, ax = plt.subplots(figsize=(7.5, 0.9 + 0.4 * len(table)))
    plots.forest(ax, table)
    ax.axvline(line, color=plots.GREY, linestyle=":")
    ax.set(xlabel=label)
    return fig, f"{label}, with 95 % intervals: {', '.join(table)}.", table
