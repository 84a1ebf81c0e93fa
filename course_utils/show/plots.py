"""Figures: one style, colours that colour-blind readers can tell apart, alt text and numbers.

Colours are those of Okabe & Ito (2008), Color Universal Design. Each comes with a marker and a line
style, so that no curve is told apart by its colour alone.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import zip_longest
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML, Image, display
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils import CourseError
from course_utils.claims.estimates import Estimate
from course_utils.show import text_view

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


def mark(ax: plt.Axes, places: Mapping[Any, str], bottom: float) -> None:
    """A dotted line at each of these places on the x axis, its name upright beside it, from `bottom` up."""
    for place, name in places.items():
        ax.axvline(place, color=GREY, linestyle=":", zorder=0)
        ax.text(place, bottom, name, rotation=90, ha="right", color=GREY)


def show(fig: Figure, alt: str, numbers: pd.DataFrame | Mapping[Any, Estimate] | None = None) -> None:
    """Show a figure with a text for those who cannot see it and the numbers behind it.

    Parameters
    ----------
    fig : Figure
        Closed afterwards.
    alt : str
        What the figure shows, in one or two sentences.
    numbers : DataFrame or mapping of labels to Estimate, optional
        What was plotted; it unfolds as a table below the figure, with the text.
    """
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(fig)
    display(Image(buffer.getvalue(), alt=alt))
    table = ""
    if numbers is not None:
        if not isinstance(numbers, pd.DataFrame):
            numbers = pd.DataFrame([vars(e) for e in numbers.values()], index=list(numbers)).round(2)
        table = numbers.to_html(border=0)
    # JupyterLab does not hand an image's alt text on, so it stands below as text, too.
    title = "This figure in words and numbers" if table else "This figure in words"
    inside = f"<summary>{title}</summary><p>{escape(alt)}</p>{table}"
    display(HTML(f"<details class='{text_view.AS_IT_IS}'>{inside}</details>"))


def plain(text: str) -> str:
    """Somebody's text, as a class name, for a figure: matplotlib reads no formula between two dollars."""
    return text.replace("$", r"\$")


def two_colours() -> ListedColormap:
    """Colour map for pictures of 0 (blue) and 1 (orange)."""
    return ListedColormap([GOOD, BAD])


def gallery(
    pictures: Sequence[np.ndarray],
    titles: Sequence[str] = (),
    columns: int = 10,
    signed: bool | Sequence[bool] = False,
    width: float = 1.15,
    rows: Sequence[str] = (),
) -> Figure:
    """Pictures side by side, each (height, width) or (channels, height, width).

    One channel is shown in grey, 0 black and 1 white; three are shown in colour. Signed pictures (all, or
    those that `signed` says) are orange above 0 and blue below, each scaled to its own largest value.
    `rows` are names of rows, and `width` is a picture's, in inches.

    Raises
    ------
    CourseError
        There are no pictures.
    """
    if len(pictures) == 0:
        raise CourseError("a gallery needs at least one picture, and got none: leave it out then")
    columns = min(columns, len(pictures))
    n_rows = -(-len(pictures) // columns)
    height = width + (0.3 if titles else 0)
    fig, axes = plt.subplots(n_rows, columns, figsize=(width * columns, height * n_rows), squeeze=False)
    for ax, name in zip(axes[:, 0], rows, strict=False):
        ax.text(-0.1, 0.5, plain(name), transform=ax.transAxes, ha="right", va="center")
    for ax in np.ravel(axes):
        ax.axis("off")
    signs = np.broadcast_to(signed, len(pictures))
    for ax, picture, sign, title in zip_longest(np.ravel(axes), pictures, signs, titles):
        if picture is not None:
            ax.imshow(as_shown(picture), **(_signed(picture) if sign else GREYS))
            ax.set_title(plain(title or ""), fontsize=9, loc="center")
    return fig


GREYS = {"cmap": "gray", "vmin": 0, "vmax": 1}
SIGNED = LinearSegmentedColormap.from_list("signed", [GOOD, "white", BAD])


def as_shown(picture: np.ndarray) -> np.ndarray:
    """Channels last, or away when there is one."""
    if picture.ndim == 2:
        return picture
    return picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)


def _signed(picture: np.ndarray) -> dict[str, Any]:
    limit = max(float(np.abs(picture).max()), 1e-12)
    return {"cmap": SIGNED, "vmin": -limit, "vmax": limit}


def histograms(groups: Mapping[str, ArrayLike], bins: ArrayLike) -> tuple[Figure, plt.Axes]:
    """One histogram for each group, in one picture; colour and hatching tell them apart."""
    fig, ax = plt.subplots()
    for i, (label, values) in enumerate(groups.items()):
        style = {"color": COLOURS[i % len(COLOURS)], "hatch": ("", "///", "...")[i % 3]}
        ax.hist(values, bins, alpha=0.6, label=label, edgecolor="white", **style)
    ax.legend()
    return fig, ax


def confusion(ax: plt.Axes, counts: np.ndarray, truths: Sequence[str], calls: Sequence[str]) -> None:
    """A confusion matrix, (truth, call): blue boxes are right, orange ones are mistakes."""
    ax.imshow(1 - np.eye(len(truths)), cmap=two_colours(), alpha=0.35)
    for (row, column), count in np.ndenumerate(counts):
        ax.text(column, row, count, ha="center", va="center", fontsize=18)
    ax.set_xticks(range(len(calls)), [plain(call) for call in calls])
    ax.set_yticks(range(len(truths)), [plain(truth) for truth in truths])
    ax.set(xlabel="call", ylabel="truth")
    ax.grid(False)


def forest(
    ax: plt.Axes,
    estimates: Mapping[str, Estimate],
    margin: float | None = None,
    dots: Mapping[str, ArrayLike] | None = None,
    direction: str = "above",
    judged: int | None = None,
) -> None:
    """Effects with their intervals, one a row from top to bottom.

    Parameters
    ----------
    ax : Axes
        To draw on.
    estimates : mapping of labels to Estimate
        From top to bottom.
    margin : float, optional
        What a claim needs the intervals to be above (or below): a dashed line, with that side shaded.
    dots : mapping of labels to array_like, optional
        The single values behind an estimate, drawn below it; equal ones are stacked.
    direction : str
        'below' when the claim needs the intervals to be below the margin, as `Test.direction` has it.
    judged : int, optional
        How many rows, from the top, the margin is for; all of them when None.
    """
    for i, (label, estimate) in enumerate(estimates.items()):
        if dots is not None:
            values = np.sort(np.asarray(dots[label]))
            stacked = np.arange(len(values)) - np.searchsorted(values, values - 1e-9)  # on equal ones
            ax.plot(values, i + 0.2 + 0.05 * stacked, "o", color=GREY, alpha=0.6, markersize=4)
        ax.plot([estimate.low, estimate.high], [i, i], color=COLOURS[0], linewidth=3)
        ax.plot(estimate.effect, i, "o", color=COLOURS[0], markersize=8)
    ax.set_yticks(range(len(estimates)), list(estimates))
    ax.set_ylim(len(estimates) - (0.5 if dots is None else 0.25), -0.5)
    if margin is not None:
        bottom = ax.get_ylim()[0]
        low = 0 if judged is None else (bottom - judged + 0.5) / (bottom + 0.5)  # as a share of the height
        ax.axvline(margin, low, color=GREY, linestyle="--")
        left, right = ax.get_xlim()
        ax.axvspan(margin, right if direction == "above" else left, low, color=GOOD, alpha=0.08)
        ax.set_xlim(left, right)


def spreads(ax: plt.Axes, table: pd.DataFrame) -> None:
    """Many intervals, one a row from bottom to top; those that cross zero are orange and dotted.

    `table` has the columns effect, low and high; its index gives the labels.
    """
    for i, (effect, low, high) in enumerate(table[["effect", "low", "high"]].to_numpy()):
        colour, line = (BAD, ":") if low < 0 < high else (GOOD, "-")
        ax.plot([low, high], [i, i], color=colour, linestyle=line, linewidth=2)
        ax.plot(effect, i, "o", color=colour)
    ax.axvline(0, color=GREY)
    ax.set_yticks(range(len(table)), table.index)


def points(ax: plt.Axes, x: pd.Series, y: pd.Series) -> None:
    """One labelled point for each entry of the index, each with its own colour and marker."""
    for i, label in enumerate(x.index):
        style = line_style(i) | {"linestyle": "", "markersize": 10}
        ax.plot(x[label], y[label], label=label, **style)


def curve(ax: plt.Axes, points: Mapping[float, Estimate], label: str, index: int = 0) -> None:
    """A line through estimates with their intervals as a band; `index` chooses the style."""
    x, estimates = list(points), list(points.values())
    low, high = [e.low for e in estimates], [e.high for e in estimates]
    ax.plot(x, [e.effect for e in estimates], label=label, **line_style(index))
    ax.fill_between(x, low, high, alpha=0.2, color=COLOURS[index % len(COLOURS)])


def curves(
    points: Mapping[str, Mapping[float, Estimate]], baseline: float, log_x: bool = False
) -> tuple[Figure, plt.Axes]:
    """One curve with its band for each label, and a dotted line for the baseline; all share their x."""
    fig, ax = plt.subplots()
    if log_x:
        ax.set_xscale("log")
        ax.minorticks_off()
    for i, (label, estimates) in enumerate(points.items()):
        curve(ax, estimates, label, i)
    ax.axhline(baseline, color=GREY, linestyle=":", label="baseline")
    x = list(next(iter(points.values())))
    ax.set_xticks(x, x)
    fig.legend(loc="outside lower center", ncols=2)
    return fig, ax


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

    ipywidgets.interact(
        lambda value: show(draw(value), alt=f"{label}: {value}"),
        value=text_view.slider(label, values, start),
    )
