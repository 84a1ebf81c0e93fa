"""A class's drawings: thirty intervals against their margin, guesses as a histogram, counts as bars.

As all of the report's drawings they are inline SVG and take their colours from the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup, escape
from matplotlib import ticker

from course_utils.claims.estimates import FAILS, HOLDS, Estimate, Outcome, effect
from course_utils.report.class_tables import Prediction
from course_utils.report.drawings import WIDTH, Axis, labels, margins, short

STEP = 8
"""How far apart the intervals of a strip lie."""

BARS, FOOT = 84, 40
"""Of a histogram: the height of the tallest bar, and what is below the bars."""

MANY_TIMES = 50
"""Positive numbers of which one is so many times another get a logarithmic axis."""


def strip_svg(outcomes: Mapping[str, Outcome], axis: Axis, label: str) -> Markup:
    """Every student's interval in one test, a line each, sorted by effect, against the margin."""
    ordered = sorted(outcomes.items(), key=lambda item: item[1].estimate.effect)
    test, x = ordered[0][1].test, axis.x
    edges = [x(margin) for margin in margins(test)]
    left = 0 if test.direction == "below" else edges[0]
    right = WIDTH if test.direction == "above" else edges[-1]
    bottom = STEP * (len(ordered) + 1)
    parts = [
        f'<rect class="needed" x="{left}" y="0" width="{round(right - left, 1)}" height="{bottom}"/>',
        *(_line(student, outcome, x, STEP * (row + 1)) for row, (student, outcome) in enumerate(ordered)),
        f'<path class="axis" d="M0 {bottom}H{WIDTH}"/>',
        *(f'<path class="margin" d="M{edge} 0V{bottom}"/>' for edge in edges),
        *labels(axis, margins(test), bottom),
    ]
    words = [outcome.word for outcome in outcomes.values()]
    counts = ", ".join(f"{words.count(word)} × {word}" for word in dict.fromkeys(words))
    effects = [outcome.estimate.effect for _, outcome in ordered]
    text = (
        f"{label}: the intervals of {len(ordered)} students, effects from {short(effects[0])} to "
        f"{short(effects[-1])} {test.unit}; needed: {test.rule}; {counts}. The table below has the numbers."
    )
    return _svg("strip", bottom + 20, text, parts)


def _line(student: str, outcome: Outcome, x, y: int) -> str:
    """One interval with its mark: full where the test holds, a cross where it fails, hollow if undecided."""
    low, high, at = (
        x(value) for value in (outcome.estimate.low, outcome.estimate.high, outcome.estimate.effect)
    )
    if outcome.word == FAILS:
        mark = f'<path class="interval" d="M{at - 3} {y - 3}l6 6m0 -6l-6 6"/>'
    else:
        mark = f'<circle class="{"effect" if outcome.word == HOLDS else "hollow"}" cx="{at}" cy="{y}" r="3"/>'
    title = escape(f"{student}: {effect(outcome)}, {outcome.word}")
    return f'<g><title>{title}</title><path class="thin" d="M{low} {y}H{high}"/>{mark}</g>'


def bar_svg(counts: Sequence[tuple[str, int]], total: int) -> Markup:
    """Counts as parts of one bar; said in numbers beside it, so that it needs no text of its own."""
    parts, start = [], 0.0
    for kind, count in counts:
        width = 100 * count / max(total, 1)
        if count:
            parts.append(f'<rect class="{kind}" x="{start:.2f}" y="0" width="{width:.2f}" height="12"/>')
        start += width
    return Markup(
        '<svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="none" x="0" y="0" width="100" height="12"/>{"".join(parts)}</svg>'
    )


class Histogram:
    """The guesses for one number in bins with round ends; what lies far out is counted in the end bins.

    Attributes
    ----------
    edges : array of float
        Ends of the bins.
    counts : array of int
        Guesses in each.
    logarithmic : bool
        All is positive and spread over a factor of fifty or more.
    n_below, n_above : int
        Guesses that lie outside of the axis; they are counted in the first and last bin.
    """

    def __init__(self, prediction: Prediction) -> None:
        guesses = np.array(list(prediction.guesses.values()), float)
        measured = [answer for answer in prediction.answers if isinstance(answer, Estimate)]
        effects = np.sort([answer.effect for answer in measured])
        values = np.concatenate([guesses, effects])
        self.logarithmic = bool(values.min() > 0 and values.max() >= MANY_TIMES * values.min())
        scaled = np.log10(values) if self.logarithmic else values
        ends = np.quantile(scaled, [0.05, 0.95])
        room = max(ends[1] - ends[0], 1e-9)
        inside = scaled[(scaled >= ends[0] - room) & (scaled <= ends[1] + room)]
        self.edges = self._edges(inside.min(), inside.max())
        clipped = np.clip(guesses, self.edges[0], self.edges[-1])
        self.counts = np.histogram(clipped, self.edges)[0]
        self.n_below = int((guesses < self.edges[0]).sum())
        self.n_above = int((guesses > self.edges[-1]).sum())
        self.guesses, self.effects = guesses, effects

    def _edges(self, low: float, high: float) -> np.ndarray:
        """Round ends of some ten bins."""
        if self.logarithmic:
            decades = range(math.floor(low), math.ceil(high) + 1)
            parts = (1, 2, 5) if len(decades) <= 5 else (1,)
            edges = np.array([part * 10.0**decade for decade in decades for part in parts])
            first = np.searchsorted(edges, 10**low, side="right") - 1
            last = np.searchsorted(edges, 10**high, side="left")
            return edges[max(first, 0) : max(last, first + 1) + 1]
        pad = 0.05 * abs(high) or 0.5 if low == high else 0.0
        return ticker.MaxNLocator(10, steps=[1, 2, 2.5, 5, 10]).tick_values(low - pad, high + pad)

    def x(self, value: float) -> float:
        """Where a value lies, between 0 and `WIDTH`; what is outside of the axis at its end."""
        first, last, value = (
            math.log10(v) if self.logarithmic else v
            for v in (self.edges[0], self.edges[-1], min(max(value, self.edges[0]), self.edges[-1]))
        )
        return round((value - first) / (last - first) * WIDTH, 1)

    def table(self) -> list[tuple[str, int, int]]:
        """Each bin: from where to where, guesses, measured values."""
        found = np.histogram(np.clip(self.effects, self.edges[0], self.edges[-1]), self.edges)[0]
        names = [
            f"{short(float(low))} to {short(float(high))}"
            for low, high in zip(self.edges[:-1], self.edges[1:], strict=True)
        ]
        return [
            (name, int(guessed), int(measured))
            for name, guessed, measured in zip(names, self.counts, found, strict=True)
            if guessed or measured
        ]


def histogram_svg(prediction: Prediction, bins: Histogram) -> Markup:
    """The guesses as bars with their numbers; below, a line for each measured value."""
    tallest, top = max(bins.counts.max(), 1), 16
    bottom = top + BARS
    parts = []
    for low, high, count in zip(bins.edges[:-1], bins.edges[1:], bins.counts, strict=True):
        if count:
            left, right, height = bins.x(low), bins.x(high), round(BARS * count / tallest, 1)
            width, middle = round(max(right - left - 2, 1), 1), round((left + right) / 2, 1)
            box = f'x="{left + 1:g}" y="{bottom - height:g}" width="{width}" height="{height}"'
            parts += [
                f'<rect class="guesses" {box}/>',
                f'<text x="{middle}" y="{bottom - height - 4:g}" text-anchor="middle">{count}</text>',
            ]
    parts.append(f'<path class="axis" d="M0 {bottom}H{WIDTH}"/>')
    parts += [f'<path class="measured" d="M{bins.x(value)} {bottom + 2}v12"/>' for value in bins.effects]
    parts += _ticks(bins, bottom)
    return _svg("histogram", bottom + FOOT, _said(prediction, bins), parts)


def _ticks(bins: Histogram, bottom: int) -> list[str]:
    """Labels of the bins' ends, as many as have room."""
    parts, last = [], -math.inf
    for edge in bins.edges:
        at = bins.x(edge)
        if at - last >= 40 or at == 0:
            anchor = "start" if at < 12 else "end" if at > WIDTH - 12 else "middle"
            parts.append(
                f'<text x="{at}" y="{bottom + FOOT - 6}" text-anchor="{anchor}">{short(float(edge))}</text>'
            )
            last = at
    return parts


def _said(prediction: Prediction, bins: Histogram) -> str:
    """A histogram in words."""
    low, middle, high = np.quantile(bins.guesses, [0.25, 0.5, 0.75])
    measured = [short(float(f"{value:.3g}")) for value in (bins.effects.min(), bins.effects.max())]
    told = measured[0] if measured[0] == measured[1] else f"{measured[0]} to {measured[1]}"
    return (
        f"{prediction.question}: {len(bins.guesses)} guesses from {short(bins.guesses.min())} to "
        f"{short(bins.guesses.max())}, the middle one {short(middle)}, half of them from {short(low)} to "
        f"{short(high)}; measured: {told}. The table below has the numbers."
    )


def _svg(kind: str, height: int, text: str, parts: Sequence[str]) -> Markup:
    return Markup(
        f'<svg class="{kind} interval-drawing" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(text)}">{"".join(parts)}</svg>'
    )
