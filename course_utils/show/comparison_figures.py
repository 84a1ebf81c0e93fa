"""Figures of groups that are compared as they are, and like with like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from course_utils.claims.estimates import Estimate
from course_utils.show.plots import BAD, COLOURS, GOOD, GREY, LINES, MARKERS, line_style


def turning(groups: Mapping[str, Sequence[Estimate]], places: Sequence[str], ylabel: str) -> Figure:
    """A line for each group through its estimates at these places; lines that cross turn the order."""
    fig, ax = plt.subplots(figsize=(6, 4.2))
    for i, (name, estimates) in enumerate(groups.items()):
        style = line_style(i) | {"linewidth": 3, "markersize": 9}
        ax.plot(range(len(places)), [each.effect for each in estimates], label=name, **style)
        for x, each in enumerate(estimates):
            ax.plot([x, x], [each.low, each.high], color=COLOURS[i])
            ax.annotate(
                f"{each.effect:.1f}", (x, each.effect), (10 if x else -10, 0), textcoords="offset points",
                ha="left" if x else "right", va="center", color=COLOURS[i], weight="bold",
            )  # fmt: skip
    ax.set_xticks(range(len(places)), places)
    ax.set(xlim=(-0.35, len(places) - 0.65), ylim=(0, None), ylabel=ylabel)
    ax.legend(loc="lower left")
    return fig


def boxes(table: pd.DataFrame, group: str, part: str, event: str, labels: Mapping[str, str]) -> Figure:
    """Each group's parts as boxes: width is a part's rows, height its share of events; dashed is the mean.

    Parameters
    ----------
    table : DataFrame
        Its groups stand side by side in the order in which they come.
    group, part, event : str
        Columns; an event is 0 or 1.
    labels : mapping of str to str
        What to write on a part's box; its order gives the colours.
    """
    names = table[group].unique()
    fig, axes = plt.subplots(1, len(names), sharey=True, figsize=(7.5, 4))
    for ax, name in zip(axes, names, strict=True):
        its, left = table[table[group] == name], 0.0
        for i, (key, label) in enumerate(labels.items()):
            rows = its[its[part] == key]
            if len(rows):
                width, height = 100 * len(rows) / len(its), 100 * rows[event].mean()
                colour = COLOURS[(5, 4)[i % 2]]
                ax.bar(
                    left,
                    height,
                    width,
                    align="edge",
                    color=colour,
                    edgecolor="white",
                    hatch=("", "//")[i % 2],
                )
                middle = {"ha": "center", "va": "center", "backgroundcolor": "#ffffffcc"}
                turned = 90 if width < 30 else 0
                ax.text(left + width / 2, height / 2, f"{label} {height:.1f} %", rotation=turned, **middle)
                left += width
        ax.axhline(100 * its[event].mean(), color=GREY, linestyle="--")
        ax.set(title=name, xlabel="part of its flights (%)")
        ax.grid(False)
    return fig


def pairs(raw: Mapping[str, Estimate], alike: Mapping[str, Estimate], named: Sequence[str] = ()) -> Figure:
    """Pairs of groups: the raw difference, and the one among like rows with its interval.

    Grey dots are not clearly above 0 by the raw difference; orange triangles are, and turn among like rows.
    Those in `named` are labelled.
    """
    fig, ax = plt.subplots(figsize=(7.5, 5))
    kinds = {"not clear by the raw shares": GREY, "clear, same order": GOOD, "clear, order turns": BAD}
    for kind, (label, colour) in enumerate(kinds.items()):
        ax.plot(
            [],
            [],
            color=colour,
            marker=(".", *MARKERS[:1], MARKERS[4])[kind],
            linestyle=LINES[0],
            label=label,
        )
    for label, x in raw.items():
        y = alike[label]
        kind = 0 if x.low <= 0 else 1 if y.effect > 0 else 2
        colour = list(kinds.values())[kind]
        ax.plot([x.effect] * 2, [y.low, y.high], color=colour, alpha=0.35)
        ax.plot(x.effect, y.effect, (".", "o", "v")[kind], color=colour)
        if label in named:
            ax.annotate(label, (x.effect, y.effect), (12, -28), textcoords="offset points", weight="bold",
                        arrowprops={"arrowstyle": "->"})  # fmt: skip
    ax.axhline(0, color=GREY)
    ax.set(xlabel="raw difference (points)", ylabel="difference among like flights (points)")
    ax.legend(loc="upper left")
    return fig


def signs(one: np.ndarray, other: np.ndarray) -> Figure:
    """The same coefficients from two readings; orange triangles, in the shaded corners, change their sign."""
    fig, ax = plt.subplots(figsize=(5.5, 4.5))
    for chosen, marker, colour in ((one * other > 0, "o", GOOD), (one * other <= 0, "v", BAD)):
        ax.plot(one[chosen], other[chosen], marker, color=colour)
    across, up = ([-1.1 * np.abs(each).max(), 1.1 * np.abs(each).max()] for each in (one, other))
    for x, y in ((across[0], up[1]), (across[1], up[0])):
        ax.fill_between([0, x], 0, y, color=BAD, alpha=0.07, linewidth=0)
    ax.axhline(0, color=GREY)
    ax.axvline(0, color=GREY)
    ax.set(xlabel="coefficient on one half of the days", ylabel="on the other half", xlim=across, ylim=up)
    return fig
