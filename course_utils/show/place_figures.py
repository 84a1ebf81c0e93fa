"""What models say of one picture at every place of a larger canvas: a map of their answers, and sliders."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from course_utils import CourseError
from course_utils.show import plots, text_view

Answer = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
"""Canvases (n, channels, height, width) to (n,) labels and (n,) probabilities of these, or None."""


def at_every_place(picture: np.ndarray, size: int, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """A picture at every place of an empty canvas.

    Parameters
    ----------
    picture : ndarray, shape (channels, height, width)
        From 0 (black) to 1.
    size : int
        Height and width of the canvas, in pixels.
    step : int
        Pixels from one place to the next.

    Returns
    -------
    canvases : ndarray, shape (n_places ** 2, channels, size, size), float32
        Row by row.
    places : ndarray, shape (n_places,)
        Pixels above the picture, and left of it.

    Raises
    ------
    CourseError
        The picture is not square, or larger than the canvas.
    """
    channels, height, width = picture.shape
    if height != width or height > size:
        raise CourseError(
            f"a canvas of {size} pixels needs a square picture no larger, got {height} × {width}"
        )
    places = np.arange(0, size - height + 1, step)
    canvases = np.zeros((len(places), len(places), channels, size, size), dtype=np.float32)
    for i, top in enumerate(places):
        for j, left in enumerate(places):
            canvases[i, j, :, top : top + height, left : left + width] = picture
    return canvases.reshape(-1, channels, size, size), places


def answers_by_place(
    picture: np.ndarray, label: int, size: int, models: Mapping[str, Answer], step: int = 1
) -> tuple[Figure, str, pd.DataFrame]:
    """Which answer each model gives at every place of the canvas: figure, alt text and table for `show`.

    A panel a model, a cell a place of the picture; orange cells are wrong and hold the wrong answer.

    Parameters
    ----------
    picture : ndarray, shape (channels, height, width)
        From 0 (black) to 1.
    label : int
        What it shows.
    size : int
        Height and width of the canvas, in pixels.
    models : mapping of names to callables
        Canvases (n, channels, size, size) to labels (n,) and, or None, their probabilities (n,).
    step : int
        Pixels from one place to the next.
    """
    canvases, places = at_every_place(picture, size, step)
    n, shares = len(places), {}
    columns = min(3, len(models) + 1)
    rows = -(-(len(models) + 1) // columns)
    fig, axes = plt.subplots(rows, columns, figsize=(3.3 * columns, 3.9 * rows), squeeze=False)
    middle = canvases[(n // 2) * n + n // 2]
    axes[0, 0].imshow(plots.as_shown(middle), **plots.GREYS)
    axes[0, 0].set_title(f"a {label}, in the middle", fontsize=11)
    for ax in [axes[0, 0], *axes.flat[len(models) + 1 :]]:
        ax.axis("off")
    for ax, (name, answer) in zip(axes.flat[1:], models.items(), strict=False):
        labels = np.asarray(answer(canvases)[0]).reshape(n, n)
        wrong = labels != label
        shares[name] = [int((~wrong).sum()), n * n]
        ax.imshow(wrong, cmap=plots.two_colours(), vmin=0, vmax=1, alpha=0.75)
        for i, j in np.argwhere(wrong):
            ax.text(j, i, labels[i, j], ha="center", va="center", fontsize=9, color="white", weight="bold")
        marks = np.arange(0, n, max(1, n // 4))
        ax.set_xticks(marks, places[marks])
        ax.set_yticks(marks, places[marks])
        ax.set(xlabel="moved right (pixels)", ylabel="moved down (pixels)")
        ax.grid(False)
        ax.set_title(f"{plots.plain(name)}:\nright at {(~wrong).sum()} of {n * n} places", fontsize=11)
    said = "; ".join(f"{name} is right at {right}" for name, (right, _) in shares.items())
    alt = f"A {label} at each of {n * n} places of a canvas of {size} × {size}: {said}."
    return fig, alt, pd.DataFrame.from_dict(shares, orient="index", columns=["right at", "of places"])


def move_digit(
    picture: np.ndarray, label: int, size: int, models: Mapping[str, Answer], step: int = 2
) -> None:
    """Two sliders that move a picture over its canvas, with what each model says of it there.

    The first state is shown as a figure, which stays where no widget can be shown. All answers are computed
    beforehand.

    Parameters
    ----------
    picture, label, size, models, step
        As for `answers_by_place`.
    """
    import ipywidgets

    canvases, places = at_every_place(picture, size, step)
    given = {name: answer(canvases) for name, answer in models.items()}

    def look(down: int, right: int) -> None:
        i = int(np.searchsorted(places, down) * len(places) + np.searchsorted(places, right))
        answers = {
            name: (labels[i], None if chances is None else float(chances[i]))
            for name, (labels, chances) in given.items()
        }
        plots.show(*_one_place(canvases[i], label, answers, f"moved {down} down, {right} right (pixels)"))

    options, start = places.tolist(), int(places[len(places) // 2])
    look(start, start)
    ipywidgets.interact(
        look,
        down=text_view.slider("down (pixels)", options, start),
        right=text_view.slider("right (pixels)", options, start),
    )


def _one_place(
    canvas: np.ndarray, label: int, answers: Mapping[str, tuple[int, float | None]], where: str
) -> tuple[Figure, str, pd.DataFrame]:
    """A canvas, and beside it the answer of each model with its probability as a bar."""
    fig, (left, right) = plt.subplots(
        1, 2, figsize=(9, max(3, 0.8 + 0.6 * len(answers))), width_ratios=[1, 1.5]
    )
    left.imshow(plots.as_shown(canvas), **plots.GREYS)
    left.axis("off")
    left.set_title(where, fontsize=11)
    for i, (answer, chance) in enumerate(answers.values()):
        colour = plots.GOOD if answer == label else plots.BAD
        if chance is not None:
            right.barh(i, chance, height=0.5, color=colour)
        verdict = "" if answer == label else "  (wrong)"
        right.text(1.03, i, f"{answer}{verdict}", va="center", fontsize=15, color=colour)
    right.set_yticks(range(len(answers)), [plots.plain(name) for name in answers])
    right.set(
        xlim=(0, 1), ylim=(len(answers) - 0.5, -0.5), xlabel="probability of its answer, where it has one"
    )
    right.set_title("answer", loc="right", fontsize=11)
    right.grid(axis="y", visible=False)
    said = ", ".join(f"{name} says {answer}" for name, (answer, _) in answers.items())
    table = pd.DataFrame.from_dict(answers, orient="index", columns=["answer", "probability"])
    return fig, f"A {label}, {where}: {said}.", table.round(3)
