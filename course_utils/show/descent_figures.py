"""Gradient descent on one weight, drawn with several learning rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from course_utils.show import plots

FAR = 1e6
"""A weight beyond this has left for good."""


def descent_paths(
    loss_at: Callable[[float], float], start: float, rates: Sequence[float], steps: int
) -> tuple[Figure, str, pd.DataFrame]:
    """Gradient descent on one weight with several learning rates, a panel each.

    Returns figure, alt text and table for `show`. The steps are numbered; the dashed line has the slope of
    the loss at the start. A step that leaves the panel ends in an arrow at its edge.

    Parameters
    ----------
    loss_at : callable
        ``loss_at(weight)`` gives the loss.
    start : float
        Where the weight stands before the first step.
    rates : sequence of float
        Learning rates: a step is minus the rate times the slope.
    steps : int
        How many to take.
    """
    paths = {rate: _descend(loss_at, start, rate, steps) for rate in rates}
    best = min((path[-1] for path in paths.values()), key=lambda w: _finite(loss_at(w)))
    reach = 1.5 * max(abs(start - best), 1e-3)
    values = np.linspace(best - reach, best + reach, 201)
    losses = np.array([loss_at(w) for w in values])
    low, high, span = losses.min(), losses.max(), np.ptp(losses)
    fig, axes = plt.subplots(
        1, len(rates), figsize=(3.3 * len(rates), 3.6), sharey=True, squeeze=False, layout="constrained"
    )
    for ax, (rate, path) in zip(axes[0], paths.items(), strict=True):
        ax.plot(values, losses, color=plots.COLOURS[0])
        near = start + reach * np.array([-0.4, 0.4])
        ax.plot(near, loss_at(start) + _slope(loss_at, start) * (near - start), "--", color=plots.GREY)
        ax.set(xlim=values[[0, -1]], ylim=(low - 0.15 * span, high + 0.1 * span), xlabel="the weight")
        last = _draw_path(ax, path, [loss_at(w) for w in path], best)
        if last is None:
            words = f"after step {steps}: loss {loss_at(path[-1]):.3g}"
        else:
            words = f"step {last} leaves: weight {path[last]:.3g}"
        ax.set_title(f"learning rate {rate:g}\n{words}", fontsize=11)
    axes[0, 0].set(ylabel="loss")
    table = pd.DataFrame({f"rate {rate:g}": pd.Series(path) for rate, path in paths.items()})
    table = pd.concat({"weight": table, "loss": table.map(loss_at)}, axis=1).rename_axis("step")
    ends = "; ".join(f"with rate {rate:g} it is {loss_at(path[-1]):.3g}" for rate, path in paths.items())
    alt = (
        f"Gradient descent on one weight that begins at {start:g}, where the loss is {loss_at(start):.3g}. "
        f"After {steps} steps {ends}."
    )
    return fig, alt, table.map("{:.4g}".format).replace("nan", "")


def _slope(loss_at: Callable[[float], float], weight: float) -> float:
    small = 1e-4 * max(1, abs(weight))
    return (loss_at(weight + small) - loss_at(weight - small)) / (2 * small)


def _finite(loss: float) -> float:
    return loss if math.isfinite(loss) else math.inf


def _descend(loss_at: Callable[[float], float], weight: float, rate: float, steps: int) -> list[float]:
    path = [weight]
    while len(path) <= steps and abs(path[-1]) < FAR:
        path.append(path[-1] - rate * _slope(loss_at, path[-1]))
    return path


def _draw_path(ax: plt.Axes, path: Sequence[float], losses: Sequence[float], best: float) -> int | None:
    """Numbered points with arrows between them; returns the first that lies outside of the axes."""
    (left, right), (low, top) = ax.get_xlim(), ax.get_ylim()
    named = np.empty((0, 2))
    for i, here in enumerate(np.column_stack([path, losses])):
        leaves = not (left <= here[0] <= right and here[1] <= top)
        if i > 0:
            before = np.array([path[i - 1], losses[i - 1]])
            way = here - before
            if leaves:  # an arrow as far as the edge
                aside, up = (right if way[0] > 0 else left) - before[0], top - before[1]
                way *= min(aside / way[0], up / way[1] if way[1] > 0 else 1)
            arrow = {"arrowstyle": "-|>", "color": plots.COLOURS[1], "shrinkA": 2, "shrinkB": 2}
            ax.annotate("", before + way, before, arrowprops=arrow)
        if leaves:
            return i
        ax.plot(*here, "o", color=plots.COLOURS[1])
        apart = np.abs((named - here) / (right - left, top - low)).max(axis=1, initial=-1)
        if (apart > 0.07).all():  # others would cover each other
            side = (-9 if here[0] < best else 9, -11)
            ax.annotate(str(i), here, side, textcoords="offset points", ha="center")
            named = np.vstack([named, here])
    return None
