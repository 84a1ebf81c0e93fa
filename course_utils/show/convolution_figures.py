"""How a convolution works: a window that slides, maps in and out, what one number sees, pooling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils import CourseError
from course_utils.show import plots

INK = {"cmap": "gray", "vmin": 0, "vmax": 1}
PALE = 0.35
"""Opacity of a coloured cell with a number in it."""


def sliding(
    picture: ArrayLike, kernel: ArrayLike, strides: Sequence[int] = (1, 2), padding: int = 0
) -> tuple[Figure, str, pd.DataFrame]:
    """A kernel slides over a small picture, once with each stride: figure, alt text and table for `show`.

    The first two windows of the first row and the first of the second row are drawn, and in the same
    colours the numbers that they give.

    Parameters
    ----------
    picture : array_like, shape (side, side)
        Small enough to write its numbers into the cells.
    kernel : array_like, shape (k, k)
        What is multiplied with each window.
    strides : sequence of int
        How many pixels the window moves at once; a row of the figure each.
    padding : int
        Zeros around the picture.

    Raises
    ------
    CourseError
        Picture or kernel is not square, or the kernel is larger than the picture with its zeros.
    """
    picture, kernel = np.pad(np.asarray(picture), padding), np.asarray(kernel)
    (side, width), (k, k_width) = picture.shape, kernel.shape
    if side != width or k != k_width or k > side:
        raise CourseError(
            "sliding needs a square picture and a smaller square kernel, "
            f"got {picture.shape} and {kernel.shape}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(picture, (k, k))
    everywhere = (windows * kernel).sum(axis=(2, 3))  # stride 1
    fig, axes = plt.subplots(
        len(strides),
        3,
        figsize=(9, 3.4 * len(strides)),
        width_ratios=[side, k + 1, side - k + 1],
        squeeze=False,
    )
    sizes = {}
    for row, stride in zip(axes, strides, strict=True):
        out = everywhere[::stride, ::stride]
        sizes[f"stride {stride}"] = len(out)
        _numbers(row[0], picture, f"stride {stride}: the window moves by {stride}")
        _numbers(row[1], kernel, "the kernel")
        _numbers(row[2], out, _size_in_words(side - 2 * padding, k, stride, padding))
        for i, (down, right) in enumerate([(0, 0), (0, 1), (1, 0)]):
            if max(down, right) < len(out):
                style = {"color": plots.COLOURS[(1, 2, 3)[i]], "linestyle": plots.LINES[i]}
                _frame(row[0], down * stride, right * stride, k, inset=0.07 * i, **style)
                _frame(row[2], down, right, 1, inset=0.07, **style)
    _same_cells(axes, side, k)
    alt = f"A kernel of {k} × {k} slides over a picture of {side} × {side}: " + ", ".join(
        f"with {name} it gives {size} × {size} numbers" for name, size in sizes.items()
    )
    return fig, alt + ".", pd.DataFrame({"rows and columns of the output": sizes})


def _same_cells(axes: np.ndarray, side: int, k: int) -> None:
    """Cells as large in the kernel and the output as in the picture."""
    for row in axes:
        for ax, wide in zip(row, (side, k + 1, side - k + 1), strict=True):
            (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
            middle = (left + right) / 2, (low + high) / 2
            ax.set(xlim=(middle[0] - wide / 2, middle[0] + wide / 2))
            ax.set(ylim=(middle[1] + side / 2, middle[1] - side / 2))


def _size_in_words(side: int, k: int, stride: int, padding: int) -> str:
    """The formula of the output's size, with its numbers."""
    whole, rest = divmod(side + 2 * padding - k, stride)
    inside = f"{side} + 2 · {padding} − {k}" if padding else f"{side} − {k}"
    note = f"\n({whole * stride + rest} / {stride} is rounded down to {whole})" if rest else ""
    return f"({inside}) / {stride} + 1 = {whole + 1}{note}"


def _numbers(ax: plt.Axes, values: np.ndarray, title: str, colours: ArrayLike | None = None) -> None:
    """A grid with its numbers in the cells, the larger the darker, or in these colours."""
    limit = max(float(np.abs(values).max()), 1e-12)
    if colours is None:
        ax.imshow(values, cmap=plots.SIGNED, vmin=-limit, vmax=limit, alpha=PALE)
    else:
        ax.imshow(colours, alpha=PALE)
    for (down, right), value in np.ndenumerate(values):
        ax.text(right, down, f"{value:.3g}".replace("-", "−"), ha="center", va="center", fontsize=10)
    rows, columns = np.array(values.shape) - 0.5
    line = {"color": plots.GREY, "linewidth": 0.6, "clip_on": False}
    ax.hlines(np.arange(-0.5, rows + 1), -0.5, columns, **line)
    ax.vlines(np.arange(-0.5, columns + 1), -0.5, rows, **line)
    ax.set_title(title, fontsize=11, loc="center")
    ax.axis("off")


def _frame(ax: plt.Axes, top: float, left: float, side: float, inset: float = 0.0, **style: str) -> None:
    """A square around cells; the first begins at −0.5."""
    corner, length = (left - 0.5 + inset, top - 0.5 + inset), side - 2 * inset
    ax.add_patch(plt.Rectangle(corner, length, length, fill=False, linewidth=2.5, clip_on=False, **style))


def pooling(values: ArrayLike, side: int = 2) -> tuple[Figure, str, pd.DataFrame]:
    """Max pooling of a small map: each window keeps its largest number. For `show`.

    Parameters
    ----------
    values : array_like, shape (rows, columns)
        Both multiples of `side`.
    side : int
        Of a window, in numbers; windows do not overlap.

    Raises
    ------
    CourseError
        The windows do not fill the map.
    """
    values = np.asarray(values)
    rows, columns = values.shape
    if rows % side or columns % side:
        raise CourseError(f"windows of {side} × {side} do not fill a map of {rows} × {columns}: crop it")
    windows = values.reshape(rows // side, side, columns // side, side)
    out = windows.max(axis=(1, 3))
    index = np.add.outer(np.arange(rows // side) * (columns // side), np.arange(columns // side))
    palette = np.array([to_rgb(colour) for colour in plots.COLOURS[:6]])
    colours = palette[index % len(palette)]
    fig, axes = plt.subplots(1, 2, figsize=(7, 3.2), width_ratios=[columns, columns])
    spread = colours.repeat(side, axis=0).repeat(side, axis=1)
    _numbers(axes[0], values, f"a map of {rows} × {columns}", spread)
    _numbers(axes[1], out, f"the largest of each {side} × {side}: {len(out)} × {len(out[0])}", colours)
    for down, right in np.ndindex(out.shape):
        window = values[down * side :, right * side :][:side, :side]
        place = np.unravel_index(window.argmax(), window.shape)
        _frame(axes[0], down * side + place[0], right * side + place[1], 1, 0.1, color=plots.COLOURS[-1])
    axes[1].set(xlim=axes[0].get_xlim(), ylim=axes[0].get_ylim())
    alt = (
        f"Max pooling: of each window of {side} × {side} numbers in a map of {rows} × {columns} only the "
        f"largest is kept, which gives {len(out)} × {len(out[0])} numbers."
    )
    return fig, alt, pd.DataFrame(out)


def channels(n_in: int = 3, n_out: int = 2, kernel: int = 3) -> tuple[Figure, str, pd.DataFrame]:
    """How a convolution makes maps out of several maps: figure, alt text and table for `show`.

    A kernel has one window for each map that comes in; what they give is added up to one map. There are
    as many kernels as maps that come out.

    Parameters
    ----------
    n_in, n_out : int
        Maps that come in and out.
    kernel : int
        Height and width of a window.
    """
    each, total = kernel * kernel, n_out * (n_in * kernel * kernel + 1)
    low = n_out * (n_in * 0.68 + 0.35)
    fig, ax = plt.subplots(figsize=(9, (low + 1.4) * 9 / 8.6))
    for out in range(n_out):
        colour = plots.COLOURS[(1, 2, 3, 4)[out % 4]]
        rows = out * low / n_out + 0.68 * np.arange(n_in)
        for i, y in enumerate(rows):
            ax.annotate("", (2.6, y), (0.5, _spread(i, n_in, low)), arrowprops=ARROW)
            _grid(ax, 2.95, y, 0.6, kernel, colour)
            ax.annotate("", (5.15, rows.mean()), (3.3, y), arrowprops=ARROW)
        ax.text(5.35, rows.mean(), "+", fontsize=22, ha="center", va="center", color=colour)
        ax.text(5.4, rows.mean() - 0.25, "added up, + bias", ha="left", va="bottom", fontsize=10)
        ax.annotate("", (7.0, rows.mean()), (5.55, rows.mean()), arrowprops=ARROW)
        _grid(ax, 7.5, rows.mean(), 0.9, 6, colour)
    for i in range(n_in):
        _grid(ax, 0, _spread(i, n_in, low), 0.9, 6, plots.COLOURS[0])
    size = f"{n_in} × {kernel} × {kernel}"
    for x, text in {
        0: f"{n_in} maps in",
        2.95: f"{n_out} kernels of {size}",
        7.5: f"{n_out} maps out",
    }.items():
        ax.text(x, -0.6, text, ha="center", va="bottom", weight="bold")
    words = f"weights: {n_out} × ({size} + 1) = {total}"
    ax.text(2.95, low - 0.25, words, ha="center", va="center", fontsize=12)
    ax.set(xlim=(-0.6, 8), ylim=(low, -1), aspect="equal")
    ax.axis("off")
    alt = (
        f"{n_in} maps come in. Each of {n_out} kernels has a window of {kernel} × {kernel} for each of them; "
        f"what the windows give is added up, with a bias, to one map. {n_out} maps come out; {words}."
    )
    table = pd.DataFrame(
        {"numbers": [n_out * n_in * each, n_out, total]}, ["in the windows", "biases", "weights in all"]
    )
    return fig, alt, table


ARROW = {"arrowstyle": "->", "color": plots.GREY, "alpha": 0.7}


def _spread(i: int, n: int, length: float) -> float:
    """The middle of the i-th of n equal parts, of a length that begins half a window above 0."""
    return (i + 0.5) * (length - 0.35) / n - 0.34


def _grid(ax: plt.Axes, x: float, y: float, side: float, cells: int, colour: str) -> None:
    """A square of cells around (x, y)."""
    ax.add_patch(plt.Rectangle((x - side / 2, y - side / 2), side, side, color=colour, alpha=PALE))
    for i in range(cells + 1):
        at, half = (i / cells - 0.5) * side, side / 2
        ax.plot([x - half, x + half], [y + at, y + at], color=colour, linewidth=0.8)
        ax.plot([x + at, x + at], [y - half, y + half], color=colour, linewidth=0.8)


def receptive_field(
    picture: np.ndarray, layers: Mapping[str, tuple[int, int]]
) -> tuple[Figure, str, pd.DataFrame]:
    """What one number of each layer sees of a picture: figure, alt text and table for `show`.

    A layer with a kernel of k sees k − 1 steps more than the layer before; its steps are those of all
    strides before it, multiplied.

    Parameters
    ----------
    picture : ndarray, shape (height, width) or (1, height, width) or (3, height, width)
        From 0 (black) to 1.
    layers : mapping of names to (int, int)
        Kernel and stride of each convolution and pooling, from the picture on. Those whose name begins with
        "pool" stand in the table, and get no square.
    """
    seen, step, rows = 1, 1, {}
    for name, (kernel, stride) in layers.items():
        seen, step = seen + (kernel - 1) * step, step * stride
        rows[name] = (kernel, stride, seen, step)
    names = ["kernel", "stride", "sees (pixels)", "next number is further by (pixels)"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    fig, ax = plt.subplots(figsize=(7.5, 4.8))
    ax.imshow(plots.as_shown(np.asarray(picture)), **INK)
    height, width = np.shape(picture)[-2:]
    drawn = [(name, row[2]) for name, row in rows.items() if not name.startswith("pool")]
    for i, (name, size) in enumerate(drawn):
        style = {"color": plots.COLOURS[(3, 2, 4, 1, 5)[i % 5]], "linestyle": plots.LINES[i % 5]}
        _frame(ax, (height - size) // 2, (width - size) // 2, size, **style)
        ax.plot([], [], label=f"{name}: {size} × {size}", linewidth=2.5, **style)
    ax.legend(title="one number sees", loc="center left", bbox_to_anchor=(1.05, 0.5))
    ax.set(xlabel="pixels", ylabel="pixels")
    ax.grid(False)
    sizes = ", ".join(f"{name} {size} × {size}" for name, (*_, size, _) in rows.items())
    alt = f"Squares on a picture of {height} × {width} show what one number of a layer sees: {sizes}."
    return fig, alt, table
