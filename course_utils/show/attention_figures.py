"""Figures of attention: how places turn its numbers, and where a head looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Arc
from numpy.typing import ArrayLike

from course_utils import CourseError
from course_utils.show import plots
from course_utils.show.language_figures import visible

if TYPE_CHECKING:
    import torch

WEIGHTS = LinearSegmentedColormap.from_list("weights", ["#e9eef3", "#56B4E9", "#0072B2", "#00263d"])
"""From 0, which is told apart from white, to 1."""
LEAST, BELOW = 0.01, 3.2
"""Smallest weight that gets an arc in `one_head`, and the room below the text there."""


def rotations(
    rotate: Callable[[torch.Tensor], torch.Tensor], d: int = 32, pairs: tuple[int, int] = (0, 4)
) -> tuple[Figure, str, pd.DataFrame]:
    """What turning by place does to two pairs of numbers, and to products: figure, alt, table for `show`.

    Below, a query and a key, the same at every place, are turned and multiplied, with the query at three
    places: the product depends on how far apart they are, not on where.

    Parameters
    ----------
    rotate : callable
        Turns (T, d) by place, such as `transformer.rotate`.
    d : int
        Numbers of a query.
    pairs : (int, int)
        The first number of the pairs that are shown as clock hands.
    """
    fig, (clocks, ax) = plt.subplots(2, 1, figsize=(7.5, 5.2), height_ratios=[1.25, 1])
    angles = {}
    for row, first in enumerate(pairs):
        hands, other = _turned_pair(rotate, d, first)
        name = f"numbers {first} and {other}"
        angles[name] = np.unwrap(np.arctan2(hands[:, 1], hands[:, 0]))
        for place, hand in enumerate(hands):
            _clock(clocks, 2.6 * place, -3.4 * row, hand, plots.COLOURS[row])
        words = f"{name}: {np.rad2deg(angles[name][1]):.0f}° a place"
        clocks.text(-1, -3.4 * row + 1.25, words, fontsize=10, weight="bold", color=plots.COLOURS[row])
    for place in range(8):
        clocks.text(2.6 * place, -4.65, f"place {place}", ha="center", va="top", fontsize=9.5)
    clocks.set(xlim=(-1.2, 19.4), ylim=(-5.4, 1.9), aspect="equal")
    clocks.axis("off")
    _products(ax, rotate, d)
    degrees = pd.DataFrame(np.rad2deg(list(angles.values())), list(angles), range(8)).round(0)
    (fast, slow), (by_fast, by_slow) = angles, degrees[1]
    alt = (
        f"Clock hands at places 0 to 7: the pair of {fast} turns by {by_fast:.0f} degrees a place, that of "
        f"{slow} by {by_slow:.0f}. Below, products of a turned query and a turned key by their distance: the "
        "points for three places of the query lie on each other."
    )
    return fig, alt, degrees.astype(int).rename_axis(columns="angle (degrees) at place")


def _turned_pair(
    rotate: Callable[[torch.Tensor], torch.Tensor], d: int, first: int
) -> tuple[np.ndarray, int]:
    """A hand that points to the right, turned to places 0 to 7, (8, 2), and its second number."""
    import torch

    one = torch.zeros(8, d)
    one[:, first] = 1.0
    turned = rotate(one).numpy()  # (8, d)
    others = np.abs(turned).sum(axis=0)
    others[first] = 0
    other = int(others.argmax())
    return turned[:, [first, other]], other


def _clock(ax: plt.Axes, x: float, y: float, hand: np.ndarray, colour: str) -> None:
    """A circle around (x, y) with a hand, and a dotted line where it stood at place 0."""
    ax.add_patch(plt.Circle((x, y), 1, fill=False, color=plots.GREY, alpha=0.6))
    ax.plot([x, x + 1], [y, y], color=plots.GREY, linewidth=1, linestyle=":")
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (x + hand[0], y + hand[1]), (x, y), arrowprops=arrow)


def _products(ax: plt.Axes, rotate: Callable[[torch.Tensor], torch.Tensor], d: int) -> None:
    """Products of one query and one key, turned, by how far apart they are, for three places of the query."""
    import torch

    generator = torch.Generator().manual_seed(0)
    query = torch.randn(d, generator=generator)
    key = query + torch.randn(d, generator=generator)
    turned = rotate(query.expand(60, d)), rotate(key.expand(60, d))  # each (60, d)
    products = (turned[0] @ turned[1].T / d**0.5).numpy()  # (query's place, key's place)
    back = np.arange(21)
    for i, at in enumerate((20, 40, 59)):
        style = plots.line_style(i) | {"linestyle": "", "fillstyle": "none", "markersize": 5 + 3 * i}
        ax.plot(back, products[at, at - back], label=f"query at place {at}", **style)
    ax.set(xlabel="how many places the key stands before the query", ylabel="query · key / √d")
    ax.set(xticks=back[::2])
    ax.legend(ncols=3, loc="upper right", fontsize=9)


def one_head(
    weights: ArrayLike, tokens: Sequence[str], at: int | Sequence[int] = -1
) -> tuple[Figure, str, pd.DataFrame]:
    """Arcs from a token back to those that it looks at, the thicker, the more: for `show`.

    Parameters
    ----------
    weights : array_like, shape (T, T)
        Of one head; each row adds up to 1.
    tokens : sequence of str, T of them
    at : int or sequence of int
        The places of the tokens that look back; a row of the figure each.

    Raises
    ------
    CourseError
        The shapes do not fit, or the sentence is too long for a line.
    """
    weights, n = np.asarray(weights, dtype=float), len(tokens)
    names = [visible(token).replace("␣", "") or "␣" for token in tokens]
    length = sum(map(len, names)) + n
    if weights.shape != (n, n) or length > 140:
        raise CourseError(
            f"expected weights (T, T) of a sentence that fits on a line (140 letters), got {weights.shape} "
            f"and {n} tokens of {length} letters"
        )
    places = [place % n for place in np.atleast_1d(at)]
    ends = np.cumsum([len(name) + 1 for name in names])
    middles = ends - np.array([len(name) + 1 for name in names]) / 2
    tops = [_rise(middles[place] - middles[_seen(weights[place])].min(), length) + 0.3 for place in places]
    heights = [top + BELOW for top in tops]
    size = (7.5, 0.19 * sum(heights) + 0.1 * len(places))
    fig, axes = plt.subplots(len(places), 1, figsize=size, height_ratios=heights, squeeze=False)
    for ax, place, top in zip(axes[:, 0], places, tops, strict=True):
        _arcs(ax, weights[place], names, middles, place)
        ax.set(xlim=(0, length), ylim=(-BELOW, top))
        ax.axis("off")
    table = pd.DataFrame(
        weights[places].T.round(2), list(tokens), [tokens[place].strip() for place in places]
    )
    said = []
    for place in places:
        most = int(weights[place].argmax())
        what = "itself" if most == place else f"“{tokens[most].strip()}”"
        said.append(f"“{tokens[place].strip()}” looks most at {what} ({weights[place, most]:.0%})")
    alt = f"Arcs over a sentence of {n} tokens, one head of attention: " + "; ".join(said)
    return fig, alt + ".", table


def _seen(looks: np.ndarray) -> np.ndarray:
    """Places of the tokens that are worth an arc."""
    return np.flatnonzero(looks >= LEAST)


def _rise(distance: float, length: int) -> float:
    """How high an arc over this many letters rises, in a sentence of this length."""
    return 1.5 + 6.5 * distance / length


def _arcs(ax: plt.Axes, looks: np.ndarray, names: Sequence[str], middles: np.ndarray, place: int) -> None:
    """One line of text, and above it the arcs from one of its tokens."""
    length = sum(map(len, names)) + len(names)
    font = min(10, 7.2 * 72 / (0.602 * length))  # a monospaced letter is 0.602 as wide as it is high
    style = {"family": "monospace", "fontsize": font, "ha": "center", "va": "baseline"}
    for j, (x, name, weight) in enumerate(zip(middles, names, looks, strict=True)):
        ground = plots.BAD if j == place else WEIGHTS(weight) if j < place else "white"
        ink = "white" if j == place or weight > 0.45 else "black" if j < place else "#767676"
        box = {"boxstyle": "square,pad=0.15", "facecolor": ground, "edgecolor": "none"}
        ax.text(x, -1.2, name, color=ink, bbox=box, **style)
        if weight >= 0.05:
            ax.text(x, -2.1, f"{weight:.0%}", ha="center", va="top", fontsize=8, color=plots.GREY)
    for j in _seen(looks[:place]):
        distance, weight = middles[place] - middles[j], looks[j]
        size = distance, 2 * _rise(distance, length)
        line = {"color": plots.GOOD, "linewidth": 0.5 + 7 * weight, "alpha": 0.35 + 0.6 * weight}
        ax.add_patch(Arc((middles[j] + distance / 2, 0), *size, theta1=0, theta2=180, **line))
