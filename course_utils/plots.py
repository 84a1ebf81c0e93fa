"""Figures: one style, colours that colour-blind readers can tell apart, alt text and numbers.

Colours are those of Okabe & Ito (2008), Color Universal Design. Each comes with a marker and a line
style, so that no curve is told apart by its colour alone.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import HTML, Image, display
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from course_utils.claims import Estimate

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), "-")
GREY = "#666666"
GOOD, BAD = "#0072B2", "#D55E00"


def use_style() -> None:
    """Set matplotlib's defaults for every figure of the course."""
    plt.rcParams.update(
        {
            "figure.figsize": (7.5, 4),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "legend.frameon": False,
        }
    )


def line_style(index: int) -> dict[str, Any]:
    """Colour, marker and line style of the index-th series, as keyword arguments of `ax.plot`."""
    i = index % len(COLOURS)
    return {"color": COLOURS[i], "marker": MARKERS[i], "linestyle": LINES[i]}


def show(fig: Figure, alt: str, table: pd.DataFrame | None = None) -> None:
    """Show a figure with a text for those who cannot see it and the numbers behind it.

    Parameters
    ----------
    fig : Figure
        Closed afterwards.
    alt : str
        What the figure shows, in one or two sentences.
    table : DataFrame, optional
        The plotted numbers; they unfold below the figure.
    """
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(fig)
    display(Image(buffer.getvalue(), alt=alt))
    if table is not None:
        html = table.to_html(border=0)
        display(HTML(f"<details><summary>The numbers behind this figure</summary>{html}</details>"))


def two_colours() -> ListedColormap:
    """Colour map for pictures of 0 (blue) and 1 (orange)."""
    return ListedColormap([GOOD, BAD])


def forest(ax: plt.Axes, rows: Sequence[tuple[str, Estimate]], margin: float | None = None) -> None:
    """Effects with their intervals, one a row from top to bottom.

    Parameters
    ----------
    ax : Axes
        To draw on.
    rows : sequence of (label, Estimate)
        From top to bottom.
    margin : float, optional
        What a claim needs the intervals to be above: a dashed line, with that side shaded.
    """
    for i, (_, estimate) in enumerate(rows):
        ax.plot([estimate.low, estimate.high], [i, i], color=COLOURS[0], linewidth=3)
        ax.plot(estimate.effect, i, "o", color=COLOURS[0], markersize=8)
    ax.set(yticks=range(len(rows)), yticklabels=[label for label, _ in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    if margin is not None:
        ax.axvline(margin, color=GREY, linestyle="--")
        left, right = ax.get_xlim()
        ax.axvspan(margin, right, color=GOOD, alpha=0.08)
        ax.set_xlim(left, right)


def slider(draw: Callable[[Any], Figure], values: Sequence[Any], label: str, start: Any) -> None:
    """A figure that follows a slider; shows nothing where no widget can be shown.

    A static view of the same belongs beside it, because a printed or published notebook has no
    kernel that could answer.

    Parameters
    ----------
    draw : callable
        Makes the figure for one value.
    values : sequence
        What the slider steps through.
    label : str
        What the slider changes, with its unit.
    start : Any
        The first value shown.
    """
    import ipywidgets

    output = ipywidgets.Output()
    control = ipywidgets.SelectionSlider(
        options=list(values),
        value=start,
        description=label,
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "80%"},
    )

    def redraw(change: dict[str, Any]) -> None:
        with output:
            output.clear_output(wait=True)
            show(draw(change["new"]), alt=f"{label}: {change['new']}")

    control.observe(redraw, names="value")
    display(ipywidgets.VBox([control, output]))
    redraw({"new": start})
