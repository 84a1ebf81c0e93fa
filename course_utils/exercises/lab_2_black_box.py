"""The exercises of lab 2_black_box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, workbook
from course_utils.exercises.exercise import same_whole_number

PATCH = 4
"""Height and width of a patch, in pixels."""

Ask = Callable[[np.ndarray], float]


def cover(canvas: np.ndarray, patches: Sequence[Sequence[int]]) -> np.ndarray:
    """A copy of a canvas (C, H, W) with these patches, each (top, left), black."""
    covered = canvas.copy()
    for top, left in patches:
        covered[:, top : top + PATCH, left : left + PATCH] = 0
    return covered


def _marks(ask: Ask, canvas: np.ndarray, patches: np.ndarray) -> np.ndarray:
    """How far the lead falls with each patch covered."""
    return np.array([ask(canvas) - ask(cover(canvas, [patch])) for patch in patches])


def _marks_that_stay(ask: Ask, canvas: np.ndarray, patches: np.ndarray) -> np.ndarray:
    """The same, but what was covered stays covered."""
    return np.array([ask(canvas) - ask(cover(canvas, patches[: i + 1])) for i in range(len(patches))])


def _one_picture() -> tuple[Ask, np.ndarray, np.ndarray]:
    """A lead to ask for, a canvas (1, 12, 12), and its nine patches."""
    rng = np.random.default_rng(0)
    canvas = rng.random((1, 12, 12)).astype(np.float32)
    weights = rng.normal(size=canvas.shape)

    def ask(picture: np.ndarray) -> float:
        counted = float((weights * np.asarray(picture)).sum())
        return counted - 0.1 * counted**2  # no plain sum: it matters what else is covered

    return ask, canvas, np.argwhere(np.ones((3, 3))) * PATCH


def same_marks(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> bool:
    """Whether two methods mark the patches of a small picture in the same way.

    Raises
    ------
    ValueError
        There is not one mark for each patch.
    """
    ask, canvas, patches = _one_picture()
    marks = np.asarray(answer(ask, canvas, patches), dtype=float)
    if marks.shape != (len(patches),):
        raise ValueError(
            f"it should return {len(patches)} marks for {len(patches)} patches, got shape {marks.shape}"
        )
    return np.allclose(marks, other(ask, canvas, patches), atol=1e-5)


def _inkiest(canvas: np.ndarray, patches: np.ndarray, n: int) -> np.ndarray:
    """The n patches with the most ink, (n, 2)."""
    return patches[np.argsort(_inks(canvas, patches))[-n:]]


def _inks(canvas: np.ndarray, patches: np.ndarray) -> list[float]:
    return [float(canvas[:, y : y + PATCH, x : x + PATCH].sum()) for y, x in patches]


def _brightest(canvas: np.ndarray, patches: np.ndarray, n: int) -> np.ndarray:
    """Those with the brightest single pixel."""
    highest = [canvas[:, y : y + PATCH, x : x + PATCH].max() for y, x in patches]
    return patches[np.argsort(highest)[-n:]]


def same_patches(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> bool:
    """Whether two functions choose the same patches, in any order.

    Raises
    ------
    ValueError
        What comes back is no list of patches.
    """
    _, canvas, patches = _one_picture()
    chosen = np.asarray(answer(canvas, patches, 3))
    if chosen.ndim != 2 or chosen.shape[1] != 2:
        raise ValueError(
            f"it should return rows of patches, shape (3, 2) for n = 3, got shape {chosen.shape}; "
            "argsort gives numbers of patches, and patches[numbers] the rows"
        )
    return sorted(map(tuple, chosen.tolist())) == sorted(map(tuple, other(canvas, patches, 3).tolist()))


def same_flip(answer: Any, other: Any, leads: np.ndarray, **context: Any) -> bool:
    """Whether covering either patch does the same: changes the answer, keeps it, or does least of all.

    Where no patch changes the answer, the one with the lowest lead counts as if it did.

    Raises
    ------
    ValueError
        There is no such patch.
    """
    if not same_whole_number(answer, round(float(answer))):
        return False
    if not 0 <= answer < len(leads):
        raise ValueError(f"patches have numbers from 0 to {len(leads) - 1}")
    here, there = (
        "changes" if leads[k] < 0 or k == np.argmin(leads) else "least" if k == np.argmax(leads) else "keeps"
        for k in (int(answer), int(other))
    )
    return here == there


def _keeps(leads: np.ndarray) -> int:
    """A patch that neither changes the answer nor does least for it; one that there is not, if all do."""
    others = (leads >= 0) & (leads != leads.min()) & (leads != leads.max())
    return int(np.argmax(others)) if others.any() else len(leads)


exercises = workbook(
    Exercise(
        "2_black_box.1",
        "One patch by hand",
        solution=lambda leads: int(np.argmin(leads)),
        mistakes=(
            Mistake(
                _keeps,
                "With this patch covered the lead stays above 0, so the answer stays. Look for one below 0.",
            ),
            Mistake(
                lambda leads: int(np.argmax(leads)) if leads.max() >= 0 else len(leads),
                "Of all patches this one does least for the 9. Where would an eraser make a 4 of it?",
            ),
        ),
        hints=(
            "What would turn this 9 into a 4, if you had an eraser? Try the patches around that place.",
            "The title above the picture says the lead. Look for the slider's place where it is below 0.",
        ),
        same=same_flip,
        expects="the number of a patch, a whole number",
    ),
    Exercise(
        "2_black_box.2",
        "Occlusion",
        solution=always(_marks),
        mistakes=(
            Mistake(
                always(lambda ask, canvas, patches: -_marks(ask, canvas, patches)),
                "The signs are turned round: a mark is positive when the lead falls.",
            ),
            Mistake(
                always(_marks_that_stay),
                "Patches stay covered when you go on to the next. Cover one patch at a time.",
            ),
            Mistake(
                always(lambda ask, canvas, patches: ask(canvas) - _marks(ask, canvas, patches)),
                "Those are the leads themselves. The mark is how far they fall.",
            ),
        ),
        hints=(
            "In a loop over patches: cover this one patch, ask, and compare with ask(canvas).",
            "The mark is ask(canvas) − ask(cover(canvas, [patch])).",
        ),
        same=same_marks,
        expects="a function of (ask, canvas, patches) that returns a mark for each patch",
    ),
    Exercise(
        "2_black_box.3",
        "The inkiest patches",
        solution=always(_inkiest),
        mistakes=(
            Mistake(
                always(
                    lambda canvas, patches, n: patches[np.argsort(_inks(canvas, patches), kind="stable")[:n]]
                ),
                "Those are the patches with the least ink: argsort puts the smallest first.",
            ),
            Mistake(
                always(_brightest),
                "You compare the brightest pixel of each patch. Ink is the sum over all of its pixels.",
            ),
        ),
        hints=(
            "A list first: for each (top, left) the sum of canvas[:, top:top + 4, left:left + 4].",
            "np.argsort(ink)[-n:] gives the numbers of the n largest, and patches[...] their rows.",
        ),
        same=same_patches,
        expects="a function of (canvas, patches, n) that returns n rows of patches",
    ),
)
