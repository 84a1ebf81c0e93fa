"""Maps on which points that are near each other in many dimensions stay near each other."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn import manifold, neighbors


def maps(views: Mapping[str, np.ndarray], labels: np.ndarray, seed: int) -> Figure:
    """A t-SNE map for each view of the same items, side by side; each item is drawn as its label.

    Parameters
    ----------
    views : mapping of titles to arrays, each (n_items, n_numbers)
        More than 20 items.
    labels : ndarray, shape (n_items,)
        Whole numbers from 0 to 9, which only the drawing sees.
    seed : int
        Of the maps.

    References
    ----------
    Van der Maaten, L., & Hinton, G. (2008). Visualizing data using t-SNE. Journal of Machine Learning
    Research, 9, 2579-2605.
    """
    fig, axes = plt.subplots(1, len(views), figsize=(5.5 * len(views), 5.5), squeeze=False)
    for ax, (title, points) in zip(axes[0], views.items(), strict=True):
        flat = manifold.TSNE(perplexity=20, random_state=seed).fit_transform(points)
        for (x, y), label in zip(flat, labels, strict=True):
            ax.text(x, y, label, color=plt.cm.tab10(int(label)), fontsize=8, ha="center", va="center")
        (left, bottom), (right, top) = flat.min(axis=0) - 2, flat.max(axis=0) + 2
        ax.set(title=title, xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
        ax.set(xlabel="place on the map (no unit)")
    return fig


def same_neighbour(points: np.ndarray, labels: np.ndarray) -> float:
    """For how many points (n, n_numbers) has the nearest other one the same label, in %."""
    nearest = neighbors.NearestNeighbors(n_neighbors=1).fit(points).kneighbors(return_distance=False)[:, 0]
    return 100 * float((labels[nearest] == labels).mean())
