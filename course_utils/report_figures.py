"""The report's drawings: an interval against its margin, and what sets the lessons side by side."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from markupsafe import Markup
from matplotlib import rc_context, ticker
from matplotlib.figure import Figure

from course_utils import plots
from course_utils.comparison import TECHNOLOGIES, ModelCost
from course_utils.verdicts import Estimate, Outcome, Test

WIDTH, HEIGHT, LINE = 320, 52, 18
"""Of an interval's drawing: size in units of its own, and how far down the interval lies."""


def interval_svg(test: Test, estimate: Estimate) -> Markup:
    """An interval on its axis: the needed side shaded, the margin dashed, a dot at the effect.

    Ratios get a logarithmic axis. The drawing takes its colours from the page, so that it can be read on a
    light and on a dark one.
    """
    margins = [-test.margin, test.margin] if test.direction == "within" else [test.margin]
    values = [estimate.low, estimate.high, *margins]
    logarithmic = test.unit == "×" and min(values) > 0
    forward = math.log10 if logarithmic else float
    ends = [forward(value) for value in values]
    pad = 0.12 * ((max(ends) - min(ends)) or 1)
    first, last = min(ends) - pad, max(ends) + pad

    def x(value: float) -> float:
        return round((forward(value) - first) / (last - first) * WIDTH, 1)

    shade = {
        "above": (x(margins[0]), WIDTH),
        "below": (0, x(margins[0])),
        "within": (x(margins[0]), x(margins[-1])),
    }
    left, right = shade[test.direction]
    parts = [
        f'<rect class="needed" x="{left}" y="2" width="{round(right - left, 1)}" height="{2 * LINE - 4}"/>'
    ]
    parts += [f'<line class="margin" x1="{x(m)}" x2="{x(m)}" y1="0" y2="{2 * LINE}"/>' for m in margins]
    parts += [f'<line class="axis" x1="0" x2="{WIDTH}" y1="{2 * LINE}" y2="{2 * LINE}"/>']
    taken = [x(margin) for margin in margins]
    for value in [*margins, *_ticks(first, last, logarithmic)]:
        if value not in margins and min(abs(x(value) - other) for other in taken) < 34:
            continue  # it would run into the margin's label
        anchor = "start" if x(value) < 12 else "end" if x(value) > WIDTH - 12 else "middle"
        kind = ' class="at-margin"' if value in margins else ""
        parts.append(
            f'<text{kind} x="{x(value)}" y="{HEIGHT - 2}" text-anchor="{anchor}">{_short(value)}</text>'
        )
    low, high = x(estimate.low), x(estimate.high)
    parts.append(f'<line class="interval" x1="{low}" x2="{high}" y1="{LINE}" y2="{LINE}"/>')
    parts += [
        f'<line class="interval" x1="{e}" x2="{e}" y1="{LINE - 5}" y2="{LINE + 5}"/>' for e in (low, high)
    ]
    parts.append(f'<circle class="effect" cx="{x(estimate.effect)}" cy="{LINE}" r="4.5"/>')
    return Markup(f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>')


def _ticks(first: float, last: float, logarithmic: bool) -> list[float]:
    """Three to five round numbers between two ends, which are logarithms on a logarithmic axis."""
    if logarithmic and last - first > 1.5:
        step = math.ceil((last - first) / 4)
        return [10.0**power for power in range(math.ceil(first), math.floor(last) + 1, step)]
    ends = (10**first, 10**last) if logarithmic else (first, last)
    return [t for t in ticker.MaxNLocator(4).tick_values(*ends) if ends[0] <= t <= ends[1]]


def _short(value: float) -> str:
    """A tick's label: ``'−5'``, ``'0.2'``, ``'10k'``."""
    text = (
        f"{value:g}" if abs(value) < 10_000 else f"{value / 1000:g}k" if abs(value) < 1e6 else f"{value:.0e}"
    )
    return text.replace("-", "−")


def as_svg(figure: Figure) -> str:
    """A figure as the address of an image that the page carries within itself."""
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "course"}):  # the same figure gives the same bytes
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue().encode()).decode()


def cost_figure(costs: Sequence[ModelCost]) -> Figure:
    """Operations of one training against CPU time of one prediction, a mark a model, area by parameters.

    The marks are numbered, and a list to the right says which model each of them is.
    """
    plots.use_style()
    figure, (ax, key) = plt.subplots(1, 2, figsize=(11, 5.6), width_ratios=(3, 1))
    for index, technology in enumerate(TECHNOLOGIES):
        mine = [cost for cost in costs if cost.technology == technology]
        if not mine:
            continue
        sizes = [25 + 45 * max(math.log10(cost.parameters) - 1, 0) for cost in mine]
        points = [c.train_operations for c in mine], [c.predict_cpu_ms for c in mine]
        style = {
            "color": plots.COLOURS[index],
            "marker": plots.MARKERS[index],
            "label": TECHNOLOGIES[technology],
        }
        ax.scatter(*points, s=sizes, alpha=0.75, edgecolors="white", zorder=3, **style)
    for number, cost in enumerate(costs, 1):
        place = (cost.train_operations, cost.predict_cpu_ms)
        beside = (7, 5) if number % 2 else (7, -12)
        ax.annotate(str(number), place, beside, textcoords="offset points", fontsize=9)
        line = 1 - (number - 0.5) / max(len(costs), 20)
        key.text(0, line, f"{number}", fontsize=9, ha="right", va="center")
        key.text(0.03, line, f"{cost.model} ({cost.data})", fontsize=9, va="center")
    key.axis("off")
    ax.set(xscale="log", yscale="log", xlabel="operations of one training", ylabel="one prediction (CPU ms)")
    ax.margins(0.08)
    legend = figure.legend(loc="outside upper left", ncols=4, fontsize=10)
    for handle in legend.legend_handles:
        handle.set_sizes([60])
    return figure


def data_figure(panels: Mapping[str, Sequence[tuple[str, Outcome]]]) -> Figure:
    """What data did to quality, a panel a lesson: each effect with its interval, against its own margin.

    Parameters
    ----------
    panels : mapping
        By title of the panel: label and outcome of each test that is drawn, from top to bottom.
    """
    plots.use_style()
    height = max(len(outcomes) for outcomes in panels.values())
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(10, len(panels) * (0.9 + 0.34 * height)), squeeze=False
    )
    for index, (ax, (title, outcomes)) in enumerate(zip(axes[:, 0], panels.items(), strict=True)):
        for row, (_, outcome) in enumerate(outcomes):
            e, test = outcome.estimate, outcome.test
            style = {
                "color": plots.COLOURS[index],
                "marker": plots.MARKERS[index],
                "capsize": 4,
                "markersize": 7,
            }
            ax.errorbar(e.effect, row, xerr=[[e.effect - e.low], [e.high - e.effect]], **style)
            for margin in (-test.margin, test.margin) if test.direction == "within" else (test.margin,):
                ax.plot([margin, margin], [row - 0.35, row + 0.35], color=plots.GREY, linestyle="--")
        ax.set_yticks(np.arange(len(outcomes)), [label for label, _ in outcomes])
        ax.set(title=title, xlabel=outcomes[0][1].test.unit, ylim=(len(outcomes) - 0.5, -0.5))
    return figure
