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


def _one_picture() -> tuple[Ask, np.ndarray, np.ndarray]:
    """A lead to ask for, a canvas (1, 12, 12), and its nine patches."""
    rng = np.random.default_rng(0)
    canvas = rng.random((1, 12, 12)).astype(np.float32)
    weights = rng.normal(size=canvas.shape)

    def ask(picture: np.ndarray) -> float:
        counted = float((weights * np.asarray(picture)).sum())
        return counted - 0.1 * counted**2  # no plain sum: it matters what else is covered

    return ask, canvas, np.argwhere(np.ones((3, 3))) * PATCH


def _changes(ask: Ask, canvas: np.ndarray, patches: np.ndarray, strength: np.ndarray, n: int) -> bool:
    """Whether the answer changes with the n strongest patches covered."""
    return ask(cover(canvas, patches[np.argsort(strength)[-n:]])) < 0


def _changes_with_the_weakest(
    ask: Ask, canvas: np.ndarray, patches: np.ndarray, strength: np.ndarray, n: int
) -> bool:
    return ask(cover(canvas, patches[np.argsort(strength)[:n]])) < 0


def _changes_alone(ask: Ask, canvas: np.ndarray, patches: np.ndarray, strength: np.ndarray, n: int) -> bool:
    """Covers them one at a time."""
    return any(ask(cover(canvas, [patch])) < 0 for patch in patches[np.argsort(strength)[-n:]])


def same_test(answer: Callable[..., Any], other: Callable[..., Any], **context: Any) -> bool:
    """Whether two tests come to the same for many choices of patches of a small picture.

    Raises
    ------
    ValueError
        What comes back is neither True nor False.
    """
    ask_for_more, canvas, patches = _one_picture()
    rng = np.random.default_rng(1)
    tries = [(rng.random(len(patches)), n) for n in (1, 2, 3, 4) * 10]
    left = [ask_for_more(cover(canvas, patches[np.argsort(strength)[-n:]])) for strength, n in tries]

    def ask(picture: np.ndarray) -> float:
        return ask_for_more(picture) - float(np.median(left))  # so that half of the answers change

    for strength, n in tries:
        said = answer(ask, canvas, patches, strength, n)
        if not isinstance(said, (bool, np.bool_)):
            raise ValueError(f"it should return True or False, and returns a {type(said).__name__}")
        if said != other(ask, canvas, patches, strength, n):
            return False
    return True


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
        "The test",
        solution=always(_changes),
        mistakes=(
            Mistake(
                always(_changes_with_the_weakest),
                "You cover the weakest patches: argsort puts the smallest first.",
            ),
            Mistake(
                always(_changes_alone),
                "You cover one patch at a time. Cover all n in one copy.",
            ),
            Mistake(
                always(lambda *given: not _changes(*given)),
                "It is the other way round: below 0 the answer has changed.",
            ),
        ),
        hints=(
            "np.argsort(strength)[-n:] gives the numbers of the n strongest, and patches[...] their rows.",
            "cover(canvas, rows) covers them together. Then compare ask(...) with 0.",
        ),
        same=same_test,
        expects="a function of (ask, canvas, patches, strength, n) that returns True or False",
    ),
)
