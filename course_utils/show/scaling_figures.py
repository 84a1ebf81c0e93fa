"""Language models against their size and the text that they have read, for lab 3_scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from course_utils.show.plots import COLOURS, GREY, line_style

TICKS = (1, 1.2, 1.5, 2, 2.5, 3, 4)
"""Of bits per byte, on a logarithmic axis."""


def size_and_text(
    sizes: pd.Series,
    texts: Mapping[str, pd.Series],
    rival: str,
    read: float,
    here: tuple[float, float, float],
) -> tuple[Figure, pd.DataFrame]:
    """Bits per byte against weights with a fitted line, and against text read: the figure, and its means.

    Parameters
    ----------
    sizes : Series
        Bits per byte of each training by its weights in millions.
    texts : mapping of names to Series
        Bits per byte of each training by the text it has read in MB.
    rival : str
        Which of these is the baseline.
    read : float
        Text in MB that all of the first have read: what the baseline reaches with it is a dotted line.
    here : (float, float, float)
        Weights in millions, text in MB and bits per byte of a training that was done again.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), sharey=True)
    left.plot(sizes.index, sizes, line_style(0)["marker"], color=COLOURS[0], alpha=0.6)
    ends = np.array([sizes.index.min(), sizes.index.max()])
    left.plot(ends, on_line(sizes, ends), color=COLOURS[0])
    means = {name: each.groupby(level=0).mean() for name, each in texts.items()}
    left.axhline(means[rival][read], color=GREY, linestyle=":")
    for i, (name, each) in enumerate(texts.items()):
        style = {"color": GREY, "linestyle": ":", "marker": "."} if name == rival else line_style(i)
        right.plot(means[name].index, means[name], label=name, **style)
        right.plot(each.index, each, style["marker"], color=style["color"], alpha=0.4)
    for ax, x, what in (
        (left, sizes.index, "weights (millions)"),
        (right, means[rival].index, "text read (MB)"),
    ):
        ax.plot(here["text" in what], here[2], "X", color="black", markersize=9, label="trained here")
        _logarithmic(ax, sorted(set(x)), what)
    left.set_ylabel("bits per byte")
    right.legend()
    return fig, pd.DataFrame(means).round(3)


def beyond(
    texts: Mapping[str, pd.Series], band: tuple[Sequence[float], np.ndarray], reached: pd.Series
) -> Figure:
    """What a line through small trainings promises for a long one, and what that has reached.

    Parameters
    ----------
    texts : mapping of names to Series
        Bits per byte by text read in MB; the first has the line.
    band : (n,) float, (2, n) float
        Text read in MB, and the ends of the line's interval there.
    reached : Series
        Bits per byte of the long training by text read in MB.
    """
    fig, ax = plt.subplots(figsize=(7.5, 4.2))
    for i, (name, each) in enumerate(texts.items()):
        mean = each.groupby(level=0).mean()
        ax.plot(mean.index, mean, label=name, **line_style(i))
    x, ends = np.asarray(band[0]), band[1]
    ax.plot(x, on_line(next(iter(texts.values())), x), color=COLOURS[0], label="its line")
    ax.fill_between(x, *ends, color=COLOURS[0], alpha=0.2)
    ax.plot(reached.index, reached, color=COLOURS[3], marker=".", label="the shipped model")
    ax.plot(reached.index[-1], reached.iloc[-1], "X", color=COLOURS[3], markersize=10)
    _logarithmic(ax, [0.2, 1, 5, 20, 100], "text read (MB)")
    ax.set_ylabel("bits per byte")
    ax.legend()
    return fig


def on_line(levels: pd.Series, x: np.ndarray) -> np.ndarray:
    """The power law that fits these levels best, by their index, at some x: (n,)."""
    line = np.polyfit(np.log(levels.index.to_numpy(float)), np.log(levels.to_numpy(float)), 1)
    return np.exp(np.polyval(line, np.log(x)))


def _logarithmic(ax: plt.Axes, ticks: Sequence[float], what: str) -> None:
    """Both axes logarithmic, with ticks that can be read."""
    ax.set(xscale="log", yscale="log", xlabel=what)
    low, high = ax.get_ylim()
    ax.set_yticks([tick for tick in TICKS if low < tick < high])
    ax.set_yticklabels([f"{tick:g}" for tick in TICKS if low < tick < high])
    ax.set_xticks(list(ticks), [f"{tick:.2g}" if tick < 10 else f"{tick:.0f}" for tick in ticks])
    ax.minorticks_off()
