"""Figures of what is rare: a year as a calendar, precision against recall."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from course_utils.show import plots


def calendar(values: pd.Series, label: str) -> Figure:
    """A year of days as a picture, a row a month: the larger a day's value, the darker.

    Parameters
    ----------
    values : Series
        A value not below zero for each day, by its date; small ones are spread out by a square root.
    label : str
        What the values are, with their unit.
    """
    dates = pd.DatetimeIndex(values.index)
    table = pd.Series(values.to_numpy(), [dates.month, dates.day]).unstack().reindex(range(1, 13))
    fig, ax = plt.subplots(figsize=(9.5, 4))
    fig.colorbar(ax.imshow(table, cmap="magma_r", norm=PowerNorm(0.5)), label=label)
    ax.set_xticks(range(table.shape[1]), table.columns, fontsize=8)
    ax.set_yticks(range(12), [f"{pd.Timestamp(2023, month, 1):%b}" for month in range(1, 13)])
    ax.set(xlabel="day of the month")
    ax.grid(False)
    return fig


def precision_recall(
    ax: plt.Axes, happened: np.ndarray, p: Mapping[str, np.ndarray], at: float | None = None
) -> None:
    """Precision against recall of each model's probabilities; dotted: alarms at random; dashed: `at`."""
    for i, (label, of_model) in enumerate(p.items()):
        precision, recall, _ = precision_recall_curve(happened, of_model)
        style = plots.line_style(i) | {"marker": ""}
        ax.plot(100 * recall, 100 * precision, drawstyle="steps-post", label=label, **style)
    ax.axhline(100 * np.mean(happened), color=plots.GREY, linestyle=":", label="at random")
    if at is not None:
        ax.axvline(100 * at, color=plots.GREY, linestyle="--", label=f"{100 * at:.0f} % recall")
    ax.set(xlabel="recall (%)", ylabel="precision (%)", xlim=(0, 100), ylim=(0, 101))
    ax.legend()
