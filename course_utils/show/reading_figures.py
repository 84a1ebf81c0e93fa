"""Figures of what is read in two models: coefficients and trees from two samples, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.tree import BaseDecisionTree, plot_tree

from course_utils.show.plots import BAD, COLOURS, GOOD, GREY, MARKERS

LONG = 24
"""More coefficients than these stand in two columns."""


def coefficients(names: Sequence[str], both: np.ndarray, unit: str) -> Figure:
    """Each coefficient from two samples, joined by a line; those that turn their sign are orange.

    A hollow point is one that its sample could not give, because the category is not there.

    Parameters
    ----------
    names : sequence of str, (n_coefficients,)
        Written at the left.
    both : ndarray, shape (2, n_coefficients)
        A row a sample.
    unit : str
        What stands below the axis.
    """
    order = np.argsort(-both.mean(axis=0))
    columns = np.array_split(order, 1 + (len(order) > LONG))
    size = 6.5 if len(columns) == 1 else 11, 1.3 + 0.24 * len(columns[0])
    fig, axes = plt.subplots(1, len(columns), figsize=size, sharex=True, squeeze=False)
    for ax, part in zip(axes[0], columns, strict=True):
        for y, i in enumerate(part):
            colour = _turned(both[:, i])
            ax.plot(both[:, i], [y, y], color=colour, alpha=0.4)
            for x, marker in zip(both[:, i], MARKERS, strict=False):
                ax.plot(x, y, marker, color=colour, fillstyle="full" if x else "none")
        ax.set_yticks(range(len(part)), [names[i] for i in part], fontsize=9)
        for label, i in zip(ax.get_yticklabels(), part, strict=True):
            label.set_color(_turned(both[:, i]))
        ax.axvline(0, color=GREY)
        ax.set(ylim=(len(part) - 0.5, -0.5), xlabel=unit)
    kinds = {
        "one sample": (GREY, "o"),
        "other sample": (GREY, "s"),
        "keeps its sign": (GOOD, ""),
        "turns": (BAD, ""),
    }
    for label, (colour, marker) in kinds.items():
        axes[0, 0].plot([], [], color=colour, marker=marker, linestyle="" if marker else "-", label=label)
    fig.legend(loc="outside lower center", ncols=4)
    return fig


def _turned(two: np.ndarray) -> str:
    return GOOD if two[0] * two[1] > 0 else BAD


def trees(
    grown: Mapping[str, BaseDecisionTree], names: Sequence[str], leaf: Callable[[float], str]
) -> Figure:
    """Trees side by side; a question about a column that not all of them ask for is orange.

    Parameters
    ----------
    grown : mapping of titles to fitted regression trees
    names : sequence of str
        The columns.
    leaf : callable
        Writes a leaf's value.
    """
    nodes = [tree.tree_.feature for tree in grown.values()]
    asked = [{names[i] for i in each[each >= 0]} for each in nodes]
    common = set.intersection(*asked)
    fig, axes = plt.subplots(1, len(grown), figsize=(5.6 * len(grown), 4), squeeze=False)
    for ax, (title, tree) in zip(axes[0], grown.items(), strict=True):
        for box in plot_tree(tree, feature_names=list(names), label="none", ax=ax, fontsize=9, precision=3):
            lines = box.get_text().split("\n")
            if " <= " in lines[0]:
                column, cut = lines[0].split(" <= ")
                box.set_text(f"{column}\n≤ {float(cut):,.5g}?")
                colour, weight = (GOOD, "normal") if column in common else (BAD, "bold")
                box.set(color=colour, weight=weight)
                box.get_bbox_patch().set(edgecolor=colour, facecolor="white")
            elif lines[-1].strip() not in ("True", "False"):
                box.set_text(leaf(float(lines[-1].rpartition("=")[2])))
        ax.set_title(title)
    return fig


def by_size(
    shares: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]], margins: Sequence[float]
) -> Figure:
    """What two samples share, by the size of the samples: a dot a pair, a line through their means.

    Parameters
    ----------
    shares : mapping of a table, a quantity and a size to its pairs' values
        In %; sizes from small to large.
    margins : sequence of float
        What a claim needs of each quantity: a dashed line in its colour.
    """
    fig, axes = plt.subplots(1, len(shares), figsize=(10, 4), sharey=True, squeeze=False)
    for ax, (table, quantities) in zip(axes[0], shares.items(), strict=True):
        for k, ((quantity, sizes), margin) in enumerate(zip(quantities.items(), margins, strict=True)):
            at = np.arange(len(sizes)) + 0.16 * (k - 0.5)
            for x, values in zip(at, sizes.values(), strict=True):
                ax.plot([x] * len(values), values, MARKERS[k], color=COLOURS[k], alpha=0.35)
            means = [np.mean(values) for values in sizes.values()]
            ax.plot(at, means, color=COLOURS[k], label=quantity, linewidth=2)
            ax.axhline(margin, color=COLOURS[k], linestyle="--", alpha=0.6)
        ax.set_xticks(range(len(sizes)), list(sizes))
        ax.set_title(table)
        ax.set_xlabel("in each sample")
    axes[0, 0].set_ylabel("the same in both (%)")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig
