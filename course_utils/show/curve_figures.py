"""Curves side by side, where their bands would cover each other."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.claims.estimates import Estimate
from course_utils.show.plots import GREY, curve, plain


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
