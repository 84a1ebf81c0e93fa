"""Curves side by side, where their bands would cover each other; what trainings reach, and their start."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from course_utils.claims import intervals
from course_utils.claims.estimates import Estimate
from course_utils.show.plots import GREY, curve, line_style, plain


def panels(
    points: Mapping[str, Mapping[float, Estimate]], dotted: float, dashed: float = np.nan, first: int = 0
) -> Figure:
    """A panel for each label, side by side, so that no band covers another; x is logarithmic.

    `dotted` is a baseline or 0, `dashed` a margin, if there is one, `first` the first panel's colour.
    """
    fig, axes = plt.subplots(1, len(points), sharey=True, squeeze=False)
    for i, (ax, (label, estimates)) in enumerate(zip(axes[0], points.items(), strict=True)):
        curve(ax, estimates, label, first + i)
        ax.axhline(dotted, color=GREY, linestyle=":")
        ax.axhline(dashed, color=GREY, linestyle="--")
        ax.set(xscale="log", title=plain(label))
        ax.minorticks_off()
        ax.set_xticks(list(estimates), [f"{x:,}" for x in estimates], rotation=45)
    return fig


def trainings(
    runs: Mapping[tuple[str, int], pd.DataFrame], guessing: float, block: int = 10
) -> tuple[Figure, pd.DataFrame]:
    """Training losses by step, a panel for each kind of network: the figure, and the means as a table.

    Parameters
    ----------
    runs : mapping of (kind, convolutions) to DataFrame
        One row a run; its column 'losses' has a list of each step's loss in nats per picture. A line is the
        mean over runs, its band their standard deviation; each depth has one style in every panel.
    guessing : float
        Loss of saying that all classes are equally likely: a dotted line.
    block : int
        Steps that are averaged into one point.
    """
    kinds, depths = (list(dict.fromkeys(each)) for each in zip(*runs, strict=True))
    fig, axes = plt.subplots(1, len(kinds), figsize=(9, 3.8), sharey=True, squeeze=False)
    means = {}
    for (kind, depth), rows in runs.items():
        ax, style = axes[0, kinds.index(kind)], line_style(depths.index(depth))
        losses = np.array(rows["losses"].tolist())  # (n_runs, n_steps)
        n_blocks = max(losses.shape[1] // block, 1)
        points = np.stack([each.mean(axis=1) for each in np.array_split(losses, n_blocks, axis=1)])
        steps = [each.mean() for each in np.array_split(np.arange(losses.shape[1]), n_blocks)]
        mean, spread = points.mean(axis=1), points.std(axis=1, ddof=1)
        ax.plot(steps, mean, label=f"{depth} convolutions", markevery=3, **style)
        ax.fill_between(steps, mean - spread, mean + spread, alpha=0.2, color=style["color"])
        means[f"{kind}, {depth}"] = dict(zip(steps, mean.round(3), strict=True))
    for ax, kind in zip(axes[0], kinds, strict=True):
        ax.axhline(guessing, color=GREY, linestyle=":")
        ax.set(title=plain(kind), xlabel=f"step (means of {block})", ylim=(0, None))
    axes[0, 0].set_ylabel("training loss (nats per picture)")
    axes[0, -1].legend()
    return fig, pd.DataFrame(means).rename_axis("step")


def beside(
    panels: Mapping[str, Mapping[str, Mapping[float, Estimate]]], dotted: float, x: str, y: str
) -> Figure:
    """Panels side by side, each with a curve for each of its labels, which keep their style in all panels.

    `dotted` is guessing; `x` and `y` name the axes, x is logarithmic, y goes from 0 to 100 %.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(5 * len(panels), 4.3), sharey=True, squeeze=False)
    styles = list(dict.fromkeys(label for curves in panels.values() for label in curves))
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for label, points in curves.items():
            curve(ax, points, plain(label), styles.index(label))
        ax.axhline(dotted, color=GREY, linestyle=":", label="guessing")
        ax.set(xscale="log", xlabel=x, title=plain(title), ylim=(0, 100))
        ax.minorticks_off()
        ax.set_xticks(list(points), [f"{each:,}" for each in points])
        ax.legend(loc="lower right")
    axes[0][0].set_ylabel(y)
    return fig


def reached(runs: Mapping[tuple[str, int], pd.DataFrame]) -> pd.DataFrame:
    """What trainings have reached: a row for each kind of network, mean ± standard deviation over its runs.

    Parameters
    ----------
    runs : mapping of (kind, convolutions) to DataFrame
        One row a run, with columns 'training loss', 'lowest loss' (of any rate tried) and 'right' (a list:
        100 or 0 for each test picture).
    """
    rows = {}
    for (kind, depth), run in runs.items():
        loss, right = run["training loss"], run["right"].map(np.mean)
        rows[f"{kind}, {depth}"] = {
            "training loss (nats)": f"{loss.mean():.2f} ± {loss.std():.2f}",
            "lowest loss (nats)": f"{run['lowest loss'].min():.2f}",
            "right (%)": f"{right.mean():.1f} ± {right.std():.1f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def slopes(found: Mapping[str, Mapping[int, list[float]]]) -> tuple[Figure, pd.DataFrame]:
    """Norms of a gradient against depth, a curve for each kind of network: figure and table.

    A point is the geometric mean of some networks, since they differ by factors; its band is the t interval
    of their logarithms. `found` has one positive number a network, by kind and by convolutions.
    """
    fig, ax = plt.subplots()
    points = {
        kind: {n: intervals.paired_ratio(each, np.ones(len(each))) for n, each in by_depth.items()}
        for kind, by_depth in found.items()
    }
    for i, (kind, estimates) in enumerate(points.items()):
        curve(ax, estimates, plain(kind), i)
    ax.set(xlabel="convolutions in the blocks", ylabel="first layer's gradient (norm)", yscale="log")
    ax.legend()
    table = {kind: {n: f"{each.effect:.1e}" for n, each in by.items()} for kind, by in points.items()}
    return fig, pd.DataFrame(table).rename_axis("convolutions")
