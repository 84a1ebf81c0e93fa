"""Figures of groups that are compared as they are, and like with like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from course_utils.claims.estimates import Estimate
from course_utils.show.plots import BAD, COLOURS, GOOD, GREY, LINES, MARKERS, line_style


def taken_apart(
    table: pd.DataFrame,
    columns: tuple[str, str, str],
    shares: Mapping[str, Sequence[Estimate]],
    places: Sequence[str],
    labels: Mapping[str, str],
) -> Figure:
    """Two groups together and taken apart: lines that cross turn the order, and boxes that say why.

    Left, a line for each group through its shares at these places. Then, for each group, a box a part: as
    wide as the part's rows, as high as its share of events; the dashed line is the group's mean.

    Parameters
    ----------
    table : DataFrame
        A row a flight.
    columns : three str
        The columns of the group, of the part, and of the event (0 or 1).
    shares : mapping of a group to its estimates, one a place
        In %; the groups get their boxes in this order.
    places : sequence of str
        What stands below the lines' points.
    labels : mapping of a part to what is written on its box
        Its order gives the colours.
    """
    fig, axes = plt.subplots(1, 1 + len(shares), sharey=True, figsize=(10, 4.2), width_ratios=[5, 4, 4])
    _lines(axes[0], shares, places)
    group, part, event = columns
    for ax, name in zip(axes[1:], shares, strict=True):
        _boxes(ax, table[table[group] == name], part, event, labels)
        ax.set_title(name)
    return fig


def _lines(ax: plt.Axes, shares: Mapping[str, Sequence[Estimate]], places: Sequence[str]) -> None:
    for i, (name, estimates) in enumerate(shares.items()):
        style = line_style(i) | {"linewidth": 3, "markersize": 9}
        at = np.arange(len(places)) + 0.06 * (i - (len(shares) - 1) / 2)  # intervals beside each other
        ax.plot(at, [each.effect for each in estimates], label=name, **style)
        for x, each in zip(at, estimates, strict=True):
            ax.plot([x, x], [each.low, each.high], color=COLOURS[i])
            side = {"ha": "left" if x > 0.5 else "right", "va": "center", "textcoords": "offset points"}
            beside = (x, each.effect), (14 if x > 0.5 else -14, 0)
            ax.annotate(f"{each.effect:.1f}", *beside, color=COLOURS[i], weight="bold", **side)
    ax.set_xticks(range(len(places)), places)
    ax.set(xlim=(-0.4, len(places) - 0.6), ylim=(0, None), ylabel="late flights (%)")
    ax.legend(loc="lower left")


def _boxes(ax: plt.Axes, its: pd.DataFrame, part: str, event: str, labels: Mapping[str, str]) -> None:
    left = 0.0
    for i, (key, label) in enumerate(labels.items()):
        rows = its[its[part] == key]
        if len(rows) == 0:
            continue
        width, height = 100 * len(rows) / len(its), 100 * rows[event].mean()
        look = {"color": COLOURS[(5, 4)[i % 2]], "hatch": ("", "//")[i % 2], "edgecolor": "white"}
        ax.bar(left, height, width, align="edge", **look)
        middle = {"ha": "center", "va": "center", "backgroundcolor": "#ffffffcc", "fontsize": 10}
        narrow = width < 30
        text = f"{label}{' ' if narrow else chr(10)}{height:.1f} %"
        ax.text(left + width / 2, height / 2, text, rotation=90 if narrow else 0, **middle)
        left += width
    ax.axhline(100 * its[event].mean(), color=GREY, linestyle="--")
    ax.set(xlabel="part of its flights (%)", xlim=(0, 100))
    ax.grid(False)


def pairs(raw: Mapping[str, Estimate], alike: Mapping[str, Estimate], named: Sequence[str] = ()) -> Figure:
    """Pairs of groups: the raw difference, and the one among like rows with its interval.

    Grey dots are not clearly above 0 by the raw difference; orange triangles are, and turn among like rows.
    Those in `named` are labelled.
    """
    fig, ax = plt.subplots(figsize=(7.5, 5))
    kinds = {"not clear by the raw shares": GREY, "clear raw, above 0": GOOD, "clear raw, now below 0": BAD}
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
    ax.axhspan(min(each.low for each in alike.values()), 0, color=BAD, alpha=0.07, linewidth=0)
    ax.set(xlabel="raw difference (points)", ylabel="difference among like flights (points)")
    ax.legend(loc="upper left")
    return fig
