"""The exercises of lab 2_black_box."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_set, workbook

Ask = Callable[[np.ndarray], float]


def _marks(
    ask: Ask, canvas: np.ndarray, ink: np.ndarray, cover: float = 0.0, keep: bool = False
) -> np.ndarray:
    """How far the answer falls with each ink pixel covered; with `keep` they stay covered."""
    covered, marks = canvas.copy(), []
    for row, column in ink:
        before = covered.copy()
        covered[:, row, column] = cover
        marks.append(ask(canvas) - ask(covered))
        covered = covered if keep else before
    return np.array(marks)


def same_marks(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> bool:
    """Whether two methods mark the ink of a small picture in the same way.

    Raises
    ------
    ValueError
        There is not one mark for each ink pixel.
    """
    rng = np.random.default_rng(0)
    canvas = rng.random((1, 5, 5)).astype(np.float32)
    canvas[canvas < 0.5] = 0
    weights, ink = rng.normal(size=canvas.shape), np.argwhere(canvas[0] > 0)

    def ask(picture: np.ndarray) -> float:
        counted = float((weights * np.asarray(picture)).sum())
        return counted - 0.1 * counted**2  # no plain sum: it matters what else is covered

    marks = np.asarray(answer(ask, canvas, ink), dtype=float)
    if marks.shape != (len(ink),):
        raise ValueError(
            f"it should return {len(ink)} marks for {len(ink)} ink pixels, got shape {marks.shape}"
        )
    return np.allclose(marks, other(ask, canvas, ink), atol=1e-6)


exercises = workbook(
    Exercise(
        "2_black_box.1",
        "Occlusion",
        solution=always(_marks),
        mistakes=(
            Mistake(
                always(lambda ask, canvas, ink: -_marks(ask, canvas, ink)),
                "The signs are turned round: a mark is positive when the answer falls.",
            ),
            Mistake(
                always(lambda ask, canvas, ink: _marks(ask, canvas, ink, keep=True)),
                "Pixels stay covered when you go on to the next. Start each time from a new copy.",
            ),
            Mistake(
                always(lambda ask, canvas, ink: _marks(ask, canvas, ink, cover=1.0)),
                "You paint the pixel white (1). Black is 0.",
            ),
            Mistake(
                always(lambda ask, canvas, ink: ask(canvas) - _marks(ask, canvas, ink)),
                "Those are the log probabilities themselves. The mark is how far they fall.",
            ),
        ),
        hints=(
            "In a loop over ink: make a copy of canvas, and set one pixel of it to 0.",
            "The mark is ask(canvas) − ask(covered).",
            "covered = canvas.copy(); covered[:, row, column] = 0; marks.append(ask(canvas) - ask(covered))",
        ),
        same=same_marks,
        expects="a function of (ask, canvas, ink) that returns a mark for each ink pixel",
    ),
    Exercise(
        "2_black_box.2",
        "Marks that ask no network",
        solution=always({"deletion"}),
        mistakes=(
            Mistake(
                always({"deletion", "random weights"}),
                "With random weights the brightness is the same as before: the rank correlation is 1.",
            ),
            Mistake(
                always({"random weights"}),
                "It is the other way round. Does the brightness of a pixel change when the weights do?",
            ),
            Mistake(
                always(set()),
                "Blanking bright pixels takes away more ink than blanking faint ones. Might that hurt?",
            ),
        ),
        hints=(
            "The marks are the picture itself. What changes when the weights change?",
            "Nothing. So the rank correlation is 1, and that check cannot be passed.",
            'Blanking bright pixels can hurt more than blanking others: only "deletion".',
        ),
        same=same_set,
        expects="a set of names",
    ),
)
