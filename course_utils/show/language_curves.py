"""How language models learn, and what they need for a byte in the end, beside other ways to predict text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.claims.estimates import Estimate
from course_utils.show import plots

TIMES = {0: "0", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 36_000: "10 h"}
"""Ticks of an axis of seconds that is linear up to 10 s and logarithmic from there."""


def learning(
    losses: ArrayLike,
    looks: pd.DataFrame,
    rivals: Mapping[str, float],
    bytes_per_token: float,
    block: int = 20,
) -> tuple[Figure, str, pd.DataFrame]:
    """A training from step 0, with its rivals as lines: figure, alt text and table for `show`.

    Parameters
    ----------
    losses : array_like, shape (steps,)
        Mean surprise of the tokens of each step, in nats.
    looks : DataFrame
        Columns 'step' and 'bits per byte', on the validation part.
    rivals : mapping of names to float
        Bits per byte on the same part: dotted lines.
    bytes_per_token : float
        Of the training text.
    block : int
        Steps that the mean is taken over.
    """
    per_step = pd.Series(np.asarray(losses, dtype=float)) / np.log(2) / bytes_per_token
    mean = per_step.rolling(block, center=True, min_periods=1).mean()
    fig, ax = plt.subplots(figsize=(7.5, 3.8))
    ax.plot(per_step, color=plots.COLOURS[5], alpha=0.45, linewidth=0.8, label="training text, each step")
    ax.plot(mean, color=plots.COLOURS[0], label=f"training text, mean of {block} steps")
    squares = {"color": plots.COLOURS[1], "markersize": 7, "linestyle": "--", "zorder": 3}
    ax.plot(looks["step"], looks["bits per byte"], "s", label="validation part", **squares)
    ax.set(
        xlabel="step",
        ylabel="bits per byte",
        ylim=(0, 1.05 * max(per_step.max(), looks["bits per byte"].max())),
    )
    _lines(ax, rivals)
    ax.legend()
    first, last = looks["bits per byte"].iloc[[0, -1]]
    alt = (
        f"Bits per byte while a model learns, over {len(per_step):,} steps: on the validation part from "
        f"{first:.2f} to {last:.2f}. {_in_words(rivals)}"
    )
    table = looks.set_index(looks["step"].astype(int))[["bits per byte"]]
    return fig, alt, table.join(mean.rename("training text, mean")).round(2)


def _lines(ax: plt.Axes, rivals: Mapping[str, float]) -> None:
    """A dotted line for each rival with its name at the right end, none upon another."""
    low, high = ax.get_ylim()
    room, above = 0.075 * (high - low), low
    for name, level in sorted(rivals.items(), key=lambda pair: pair[1]):
        at = max(level, above + room)
        ax.axhline(level, color=plots.GREY, linestyle=":", zorder=1)
        line = {"arrowstyle": "-", "color": plots.GREY, "alpha": 0.6}
        style = {"va": "center", "fontsize": 9.5, "color": plots.GREY, "arrowprops": line}
        words = f"{plots.plain(name)} {level:.2f}"
        axis = ax.get_yaxis_transform()  # x as a share of the width, y in bits
        ax.annotate(words, (1, level), (1.03, at), xycoords=axis, textcoords=axis, **style)
        above = at


def _in_words(rivals: Mapping[str, float]) -> str:
    if not rivals:
        return ""
    return "Lines: " + ", ".join(f"{name} {level:.2f}" for name, level in rivals.items()) + "."


def long_learning(
    curve: Sequence[Mapping[str, float]],
    live: Mapping[float, float] | None = None,
    rivals: Mapping[str, float] | None = None,
    text: str = "general",
) -> tuple[Figure, str, pd.DataFrame]:
    """The recorded long training beside the one that just ran, by computing time: for `show`.

    Parameters
    ----------
    curve : sequence of mappings
        What ``training.json`` recorded: 'step', 'CPU s' of all processes, and bits per byte by text.
    live : mapping of float to float, optional
        Bits per byte by CPU seconds, of the training that just ran.
    rivals : mapping of names to float, optional
        Bits per byte: dotted lines.
    text : str
        The text of `curve` that is drawn.
    """
    recorded = pd.DataFrame(curve).set_index("CPU s")[text]
    rows = {"long training": recorded}
    if live:
        rows = {"training of just now": pd.Series(live, dtype=float)} | rows
    fig, ax = plt.subplots(figsize=(7.5, 3.8))
    for name, points in rows.items():
        i = int(name == "long training")
        style = plots.line_style(1 - i) | {"markersize": 6 - 2 * i}
        ax.plot(points.index[1:], points.iloc[1:], label=name, clip_on=False, **style)
        ax.plot(points.index[:1], points.iloc[:1], clip_on=False, **style)  # nothing is known in between
        end = (points.index[-1], points.iloc[-1])
        ax.annotate(f"{end[1]:.2f}", end, (6, 5), textcoords="offset points", color=style["color"])
    ax.set_xscale("symlog", linthresh=10, linscale=0.4)
    latest = max(points.index[-1] for points in rows.values())
    ticks = {at: name for at, name in TIMES.items() if at <= latest and at != 1}
    ax.set_xticks(list(ticks), list(ticks.values()))
    ax.minorticks_off()
    ax.set(xlabel="processor time", ylabel="bits per byte", xlim=(0, 1.7 * latest))
    ax.set_ylim(0, 1.05 * max(points.max() for points in rows.values()))
    _lines(ax, rivals or {})
    ax.legend(loc="upper right")
    said = "; ".join(
        f"{name} from {points.iloc[0]:.2f} to {points.iloc[-1]:.2f} after {points.index[-1]:,.0f} CPU seconds"
        for name, points in rows.items()
    )
    table = pd.concat(rows, names=["training", "CPU s"]).rename("bits per byte")
    table = table.reset_index().round({"CPU s": 0, "bits per byte": 2})
    return fig, f"Bits per byte by processor time: {said}. {_in_words(rivals or {})}".strip(), table


def savings(
    rows: Mapping[str, Mapping[str, Estimate]],
    margin: float,
    goal: str = "fine-tuned",
    judged: Sequence[str] = ("pre-trained only", "more general reading", "from scratch"),
) -> tuple[Figure, str, pd.DataFrame]:
    """Bits per byte of each arm at each budget as dots with intervals: for `show`.

    Left of the dashed line an arm needs `margin` per cent less than the best of the `judged` ones.

    Parameters
    ----------
    rows : mapping of budgets to mappings of arms to Estimate
        From top to bottom.
    margin : float
        Per cent.
    goal : str
        The arm that ought to save.
    judged : sequence of str
        The arms that it is compared with; the others are only shown.
    """
    arms = list(dict.fromkeys(arm for estimates in rows.values() for arm in estimates))
    order = [goal, *(arm for arm in arms if arm != goal)]
    fig, axes = plt.subplots(
        len(rows),
        1,
        figsize=(7.5, 0.9 + len(rows) * (0.25 + 0.27 * len(arms))),
        sharex=True,
        squeeze=False,
    )
    for ax, (budget, estimates) in zip(axes[:, 0], rows.items(), strict=True):
        shown = [arm for arm in arms if arm in estimates]
        for y, arm in enumerate(shown):
            _dot(ax, y, estimates[arm], order.index(arm), faint=arm not in (goal, *judged))
        best = min(
            (estimates[arm].effect for arm in judged if arm in estimates and arm != goal), default=np.nan
        )
        ax.axvline(best * (1 - margin / 100), color=plots.GREY, linestyle="--", zorder=1)
        ax.set_yticks(range(len(shown)), [plots.plain(arm) for arm in shown])
        ax.set(ylim=(len(shown) - 0.4, -0.6))
        ax.set_title(plots.plain(budget), weight="bold", fontsize=11)
        ax.grid(axis="y", visible=False)
        for label in ax.get_yticklabels():
            label.set_weight("bold" if label.get_text() == goal else "normal")
    low, high = axes[0, 0].get_xlim()
    axes[0, 0].set_xlim(low, high + 0.07 * (high - low))
    axes[-1, 0].set_xlabel(f"bits per byte (fewer is better); dashed: {margin:g} % below the best rival")
    said = "; ".join(
        f"{budget}: " + ", ".join(f"{arm} {each.effect:.2f}" for arm, each in estimates.items())
        for budget, estimates in rows.items()
    )
    numbers = {
        (budget, arm): [round(each.effect, 3), round(each.low, 3), round(each.high, 3), each.n]
        for budget, estimates in rows.items()
        for arm, each in estimates.items()
    }
    table = pd.DataFrame.from_dict(numbers, orient="index", columns=["bits per byte", "low", "high", "n"])
    table.index = pd.MultiIndex.from_tuples(table.index, names=["budget", "arm"])
    return fig, f"Bits per byte of each arm by budget, with 95 % intervals. {said}.", table


def _dot(ax: plt.Axes, y: float, estimate: Estimate, index: int, faint: bool) -> None:
    """An interval with its middle, and the number beside it."""
    colour = plots.COLOURS[1] if index == 0 else plots.GREY if faint else plots.COLOURS[0]
    marker = plots.MARKERS[index % len(plots.MARKERS)]
    ax.plot([estimate.low, estimate.high], [y, y], color=colour, linewidth=3, alpha=0.6)
    ax.plot(estimate.effect, y, marker, color=colour, markersize=8, fillstyle="none" if faint else "full")
    ax.text(estimate.high, y, f"  {estimate.effect:.2f}", va="center", fontsize=9.5, color=colour)
