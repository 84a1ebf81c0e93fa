"""Figures of what attacks on a generator find, for lab 4_privacy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_utils.claims.estimates import Estimate
from course_utils.show.plots import GOOD, GREY, line_style

LEAST = 0.1
"""Smallest share in % that a logarithmic axis shows."""


def plane(
    points: Mapping[str, tuple[Estimate, Estimate]], margins: tuple[float, float]
) -> tuple[Figure, dict[str, Estimate]]:
    """Ways to hand out data: pairs that an attack tells apart (%), and what is gained by learning from it.

    The corner below the first margin and above the second is shaded; dotted lines are guessing and real data.
    The first point is larger than the others. Figure and what it shows are returned.
    """
    fig, ax = plt.subplots(figsize=(8, 4))
    for i, (label, (told, gained)) in enumerate(points.items()):
        ends = [[[each.effect - each.low], [each.high - each.effect]] for each in (gained, told)]
        style = line_style(i) | {"linestyle": "", "markersize": 6 if i else 11}
        ax.errorbar(told.effect, gained.effect, *ends, label=label, elinewidth=1, **style)
    ax.axvline(50, color=GREY, linestyle=":")
    ax.axhline(0, color=GREY, linestyle=":")
    left, right = 40, 102
    bottom, top = min(ax.get_ylim()[0], margins[1] - 1), max(ax.get_ylim()[1], 1)
    corner = (left, margins[1]), margins[0] - left, top - margins[1]
    ax.add_patch(Rectangle(*corner, color=GOOD, alpha=0.08, linewidth=0))
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.set(xlabel="pairs that the attack tells apart (%)", ylabel="gained against\nreal data (points)")
    fig.legend(loc="outside right upper", title="handed out")
    names = "told apart (%)", "gained (points)"
    return fig, {
        f"{label}: {what}": each
        for label, both in points.items()
        for what, each in zip(names, both, strict=True)
    }


def who_is_found(
    curves: Mapping[str, Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]]], alarms: float = 1.0
) -> Figure:
    """Members found against false alarms, both in % and logarithmic: a panel for each attack.

    Parameters
    ----------
    curves : mapping of attacks to mappings of generators to sequences of (false alarms, members found)
        `membership.curve` of each training of a generator; a line is their mean.
    alarms : float
        A line marks so many false alarms; the dotted diagonal is guessing.
    """
    fig, axes = plt.subplots(1, len(curves), figsize=(9, 4.2), sharey=True, squeeze=False)
    grid = np.geomspace(LEAST, 100, 200)
    for ax, (attack, generators) in zip(axes[0], curves.items(), strict=True):
        for i, (name, trainings) in enumerate(generators.items()):
            steps = [
                found[np.searchsorted(false, grid + 1e-9, side="right") - 1] for false, found in trainings
            ]
            style = line_style(i) | {"marker": ""}
            ax.plot(grid, np.maximum(np.mean(steps, axis=0), LEAST), label=name, linewidth=2, **style)
        ax.plot(grid, grid, color=GREY, linestyle=":", label="guessing")
        ax.axvline(alarms, color=GREY, linewidth=0.8)
        ticks = [0.1, 1, 10, 100]
        ax.set(xscale="log", yscale="log", xlabel="others accused falsely (%)", title=attack)
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes[0, 0].set_ylabel("members found (%)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=5, title="pictures learned from")
    return fig
