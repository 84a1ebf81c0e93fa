"""Figures of how well each of several groups is served."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course_utils.show import plots

HATCHES = ("", "..", "//", "xx")


def bars(ax: plt.Axes, values: pd.DataFrame, baseline: float) -> None:
    """Bars side by side for each group, mean and standard deviation over the columns; dotted: a baseline.

    Parameters
    ----------
    ax : Axes
        To draw on.
    values : DataFrame
        In %, a row for each (series, group), a column for each repetition.
    baseline : float
        In %.
    """
    series = values.index.unique(0)
    width = 0.8 / len(series)
    for i, name in enumerate(series):
        its, middle = values.loc[name], i - (len(series) - 1) / 2
        style = {"color": plots.COLOURS[i], "hatch": HATCHES[i % 4], "edgecolor": "white"}
        spread = {"yerr": its.std(axis=1).fillna(0), "error_kw": {"elinewidth": 1}}
        at = np.arange(len(its)) + middle * width
        ax.bar(at, its.mean(axis=1), width, label=name, **style, **spread)
    ax.axhline(baseline, color=plots.GREY, linestyle=":")
    ax.set_xticks(range(len(its)), its.index)
    ax.set_ylim(0, 100)


def called(ax: plt.Axes, percent: pd.DataFrame) -> None:
    """What each class is called, in % of its cases: the darker, the more; rows truths, columns calls."""
    ax.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    for (row, column), value in np.ndenumerate(percent.to_numpy()):
        colour = "white" if value > 60 else "black"
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=9)
    ax.set_xticks(range(percent.shape[1]), percent.columns)
    ax.set_yticks(range(len(percent)), percent.index)
    ax.grid(False)
