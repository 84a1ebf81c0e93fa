"""The report's drawings: an interval against its margin, and all models on common axes.

They are inline SVG and take their colours from the page, so that they can be read on a light and on a dark
one.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from markupsafe import Markup, escape
from matplotlib import rc_context, ticker
from matplotlib.figure import Figure

from course_utils.claims.estimates import Outcome, Test, effect, power
from course_utils.models.costs import TECHNOLOGIES, Cost
from course_utils.show import plots

WIDTH, HEIGHT, LINE = 320, 54, 17
"""Of an interval's drawing: size in units of its own, and how far down the interval lies."""

LABEL_GAP = 36
"""Labels whose middles are nearer than this would touch."""


class Axis:
    """The common axis of outcomes of one unit; ratios that are positive get a logarithmic one."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        outcomes = list(outcomes)
        values = [v for o in outcomes for v in (o.estimate.low, o.estimate.high, *margins(o.test))]
        self.logarithmic = min(values) > 0 and all(o.test.unit == "×" for o in outcomes)
        ends = [self._forward(value) for value in values]
        pad = 0.1 * ((max(ends) - min(ends)) or 1)
        self.first, self.last = min(ends) - pad, max(ends) + pad

    def _forward(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def x(self, value: float) -> float:
        """Where a value lies, between 0 and `WIDTH`."""
        return round((self._forward(value) - self.first) / (self.last - self.first) * WIDTH, 1)

    def ticks(self) -> list[float]:
        """Round numbers along the axis, about four of them."""
        if not self.logarithmic:
            found = ticker.MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(self.first, self.last)
        else:
            decades = range(math.floor(self.first), math.ceil(self.last) + 1)
            step = math.ceil(len(decades) / 6)
            parts = (1, 2, 5) if len(decades) <= 3 else (1,)
            found = [part * 10.0**decade for decade in decades if decade % step == 0 for part in parts]
        return [value for value in found if 0 <= self.x(value) <= WIDTH]


def margins(test: Test) -> tuple[float, ...]:
    """Where a test's needed side begins and ends."""
    return (-test.margin, test.margin) if test.direction == "within" else (test.margin,)


def interval_svg(outcome: Outcome, axis: Axis) -> Markup:
    """An interval on its axis: the needed side shaded, the margin dashed, a dot at the effect."""
    test, estimate, x = outcome.test, outcome.estimate, axis.x
    edges = [x(margin) for margin in margins(test)]
    left = 0 if test.direction == "below" else edges[0]
    right = WIDTH if test.direction == "above" else edges[-1]
    low, high, bottom = x(estimate.low), x(estimate.high), 2 * LINE
    parts = [
        f'<rect class="needed" x="{left}" y="2" width="{round(right - left, 1)}" height="{bottom - 2}"/>',
        f'<path class="axis" d="M0 {bottom}H{WIDTH}"/>',
        *(f'<path class="margin" d="M{edge} 0V{bottom}"/>' for edge in edges),
        *labels(axis, margins(test), bottom),
        f'<path class="interval" d="M{low} {LINE}H{high}M{low} {LINE - 5}v10M{high} {LINE - 5}v10"/>',
        f'<circle class="effect" cx="{x(estimate.effect)}" cy="{LINE}" r="5"/>',
    ]
    text = escape(f"{outcome.group or test.metric}: {effect(outcome)}; needed: {test.rule}; {outcome.word}")
    return Markup(
        f'<svg class="interval-drawing" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text}">'
        f"{''.join(parts)}</svg>"
    )


def labels(axis: Axis, edges: Sequence[float], bottom: int) -> list[str]:
    """Below an axis at this height: the margin's label first, then the ticks that leave it room."""
    parts, taken = [], []
    for value in [*edges, *axis.ticks()]:
        place = axis.x(value)
        if taken and min(abs(place - other) for other in taken) < LABEL_GAP:
            continue
        taken.append(place)
        anchor = "start" if place < 12 else "end" if place > WIDTH - 12 else "middle"
        kind = ' class="at-margin"' if value in edges else ""
        parts += [
            f'<path class="axis" d="M{place} {bottom}v4"/>',
            f'<text{kind} x="{place}" y="{bottom + 17}" text-anchor="{anchor}">{short(value)}</text>',
        ]
    return parts


def short(value: float) -> str:
    """A tick's label: ``'−5'``, ``'0.2'``, ``'1,000'``, ``'10⁶'``."""
    size = abs(value)
    if size >= 1e4 or 0 < size < 1e-3:
        mantissa, exponent = f"{value:e}".split("e")
        factor = "" if float(mantissa) == 1 else f"{float(mantissa):g}·"
        return f"{factor}{power(int(exponent))}".replace("-", "−")
    return (f"{value:.4g}" if size < 1000 else f"{value:,.0f}").replace("-", "−")


NAMES = dict(zip(TECHNOLOGIES, ("classic", "deep", "llm", "generative"), strict=True))
"""Names of the technologies' colours on the page."""

PAGE_COLOURS = {
    **{colour.lower(): f"var(--{name})" for colour, name in zip(plots.COLOURS, NAMES.values(), strict=False)},
    "#000000": "var(--ink)",
    "#ffffff": "var(--card)",
    "#b0b0b0": "var(--line)",
    plots.GREY: "var(--soft)",
}
"""What the page has in place of the figure's colours."""


def inline(figure: Figure, alt: str) -> Markup:
    """A figure as SVG that takes its colours and its font from the page around it."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with rc_context({"svg.hashsalt": "course", "svg.fonttype": "none"}):  # same figure, same bytes
        figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    plt.close(figure)
    svg = buffer.getvalue().split("<svg ", 1)[1]
    svg = re.sub(r"#[0-9a-f]{6}\b", lambda found: PAGE_COLOURS.get(found[0], found[0]), svg)
    box = re.search(r'viewBox="[^"]+"', svg)[0]
    content = svg.split(">", 1)[1]
    return Markup(f'<svg class="plot" {box} role="img" aria-label="{escape(alt)}">{content}')


@rc_context()  # whoever asks for it keeps the style that they have
def cost_figure(costs: Sequence[Cost]) -> Figure:
    """Operations of one training against CPU time of one prediction, a mark a model, area by parameters.

    A model that cost nothing has no place on logarithmic axes and is left out.
    """
    plots.use_style()
    figure, ax = plt.subplots(figsize=(10, 5.2))
    ax.set(xscale="log", yscale="log", xlabel="operations of one training", ylabel="one prediction (CPU ms)")
    shown = {n: c for n, c in enumerate(costs, 1) if min(c.train_operations, c.predict_cpu_ms) > 0}
    for index, technology in enumerate(TECHNOLOGIES):
        mine = [cost for cost in shown.values() if cost.technology == technology]
        points = [c.train_operations for c in mine], [c.predict_cpu_ms for c in mine]
        look = {"color": plots.COLOURS[index], "marker": plots.MARKERS[index], "edgecolors": "white"}
        ax.scatter(*points, s=[_area(c.parameters) for c in mine], alpha=0.85, zorder=3, **look)
        ax.scatter([], [], s=60, label=TECHNOLOGIES[technology], **look)
    sizes = [ax.scatter([], [], s=_area(10**p), color="none", edgecolors=plots.GREY) for p in (2, 4, 6)]
    labels = ("100", "10 thousand", "1 million")
    figure.legend(loc="outside upper left", ncols=len(TECHNOLOGIES), handletextpad=0.2)
    figure.legend(sizes, labels, title="numbers it keeps", loc="outside right upper", labelspacing=0.9)
    ax.margins(0.08)
    ax.minorticks_off()
    figure.canvas.draw()  # the places of the marks are known from now on
    _number(ax, shown)
    return figure


def _area(parameters: int) -> float:
    return 24 + 58 * max(math.log10(max(parameters, 1)) - 1, 0)


def _number(ax: plt.Axes, shown: dict[int, Cost]) -> None:
    """Each mark's number, on that side of the mark where most room is left."""
    if not shown:
        return
    marks = ax.transData.transform([(c.train_operations, c.predict_cpu_ms) for c in shown.values()])
    points = marks * 72 / ax.figure.dpi
    taken = [(p, math.sqrt(_area(c.parameters)) / 2) for p, c in zip(points, shown.values(), strict=True)]
    angles = np.arange(16) * np.pi / 8
    for own, (number, cost) in zip(points, shown.items(), strict=True):
        reach = math.sqrt(_area(cost.parameters)) / 2 + 8
        sides = np.column_stack([np.cos(angles), np.sin(angles)]) * reach
        room = [min(math.dist(own + side, place) - size for place, size in taken) for side in sides]
        best = sides[int(np.argmax(np.minimum(room, 12)))]
        taken.append((own + best, 6.0))
        xy = (cost.train_operations, cost.predict_cpu_ms)
        look = {"ha": "center", "va": "center", "fontsize": 10, "textcoords": "offset points"}
        ax.annotate(str(number), xy, tuple(best), **look)
