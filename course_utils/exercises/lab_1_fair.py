"""The exercises of lab 1_fair, biased labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, workbook

Flip = Callable[[np.ndarray, np.ndarray, float, np.random.Generator], Any]
Told = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float]


def flipped(good: np.ndarray, group: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Labels with a share of the group's favourable ones turned: the first exercise's answer.

    The lab goes on with it, so that the answer stands nowhere in the notebook.

    Parameters
    ----------
    good : ndarray, shape (n,)
        1 favourable, 0 not.
    group : ndarray of bool, shape (n,)
        True for members.
    share : float
        From 0 to 1, of the group's favourable labels.
    rng : Generator
        Draws the labels.

    Returns
    -------
    ndarray, shape (n,)
        A copy.
    """
    return _flip(good, group, share, rng)


def _flip(
    good: np.ndarray,
    group: np.ndarray,
    share: float,
    rng: np.random.Generator,
    of_all: bool = False,
    replace: bool = False,
) -> np.ndarray:
    flipped = good.copy()
    rows = np.flatnonzero(group & (good == 1))
    n = round(share * (group.sum() if of_all else len(rows)))
    flipped[rng.choice(rows, n, replace=replace)] = 0
    return flipped


def _of_everybody(good: np.ndarray, group: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    return _flip(good, np.ones_like(group), share, rng)


def _all_members(good: np.ndarray, group: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    flipped, rows = good.copy(), np.flatnonzero(group)
    flipped[rng.choice(rows, round(share * len(rows)), replace=False)] = 0
    return flipped


def _the_first(good: np.ndarray, group: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    flipped, rows = good.copy(), np.flatnonzero(group & (good == 1))
    flipped[rows[: round(share * len(rows))]] = 0
    return flipped


def _both_ways(good: np.ndarray, group: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    flipped, rows = good.copy(), np.flatnonzero(group)
    drawn = rng.choice(rows, round(share * len(rows)), replace=False)
    flipped[drawn] = 1 - flipped[drawn]
    return flipped


def _nature(flip: Flip) -> tuple[Any, ...]:
    """What can be said of a way to turn labels: whose, which, how many, other ones each time, in a copy.

    Raises
    ------
    ValueError
        It does not give labels.
    """
    chance = np.random.default_rng(1)
    group = chance.random(400) < 0.4
    good = (chance.random(400) < 0.7).astype(float)
    kept, said = good.copy(), []
    for seed, share in ((0, 0.3), (1, 0.3), (2, 0.1), (3, 0.0)):
        labels = np.asarray(flip(good, group, share, np.random.default_rng(seed)))
        if labels.shape != good.shape or not np.isin(labels, (0, 1)).all():
            raise ValueError(f"it should return as many labels as it got, 0 or 1, and gives {labels!r:.60}")
        untouched = bool((good == kept).all())
        good = kept.copy()
        said.append((np.flatnonzero(labels != good), untouched))
    favourable = (group & (kept == 1)).sum()
    asked = [round(share * favourable) for share in (0.3, 0.3, 0.1, 0.0)]
    return (
        all(group[rows].all() for rows, _ in said),
        all((kept[rows] == 1).all() for rows, _ in said),
        [len(rows) - n for (rows, _), n in zip(said, asked, strict=True)],
        set(said[0][0].tolist()) != set(said[1][0].tolist()),
        all(untouched for _, untouched in said),
    )


def same_nature(answer: Flip, other: Flip, **context: Any) -> bool:
    """Whether two ways to turn labels keep the same rules; which labels they turn may differ."""
    return _nature(answer) == _nature(other)


def _told(
    X: np.ndarray,
    group: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    new_model: Callable[[], Any],
    column: int = 1,
) -> Told:
    def told(X: np.ndarray, group: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
        p = new_model().fit(X[train], group[train]).predict_proba(X[test])[:, column]
        return p[group[test]].mean() - p[~group[test]].mean()

    return told


def _on_training_rows(new_model: Callable[[], Any], **data: Any) -> Told:
    return lambda X, group, train, test: _told(X, group, train, train, new_model)(X, group, train, train)


def _members_alone(new_model: Callable[[], Any], **data: Any) -> Told:
    def told(X: np.ndarray, group: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
        return new_model().fit(X[train], group[train]).predict_proba(X[test])[group[test], 1].mean()

    return told


def _yes_or_no(new_model: Callable[[], Any], **data: Any) -> Told:
    def told(X: np.ndarray, group: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
        p = new_model().fit(X[train], group[train]).predict(X[test])
        return p[group[test]].mean() - p[~group[test]].mean()

    return told


def same_number_told(answer: Told, other: Told, **data: Any) -> bool:
    """Whether two functions tell the same of the rows at hand."""
    inputs = [data[name] for name in ("X", "group", "train", "test")]
    return bool(np.isclose(float(answer(*inputs)), float(other(*inputs)), atol=1e-4))


exercises = workbook(
    Exercise(
        "1_fair.1",
        "Bias by hand",
        solution=always(flipped),
        mistakes=(
            Mistake(always(_of_everybody), "It turns labels of the others too: keep to the group."),
            Mistake(
                always(_all_members),
                "Some of the drawn labels were 0 already, so too few change. Draw among the favourable ones.",
            ),
            Mistake(
                always(_both_ways),
                "It also makes unfavourable labels favourable. Set drawn favourable ones to 0.",
            ),
            Mistake(always(_the_first), "It turns the same rows every time: draw them with rng.choice."),
            Mistake(
                always(lambda good, group, share, rng: _flip(good, group, share, rng, of_all=True)),
                "The share is one of the group's favourable labels, not of all its rows.",
            ),
            Mistake(
                always(lambda good, group, share, rng: _flip(good, group, share, rng, replace=True)),
                "Some rows are drawn twice: rng.choice needs replace=False.",
            ),
        ),
        hints=(
            "Three steps: copy the labels, find the rows that may be drawn, set the drawn ones to 0.",
            "The rows that may be drawn: np.flatnonzero(group & (good == 1)).",
            "flipped[rng.choice(rows, round(share * len(rows)), replace=False)] = 0",
        ),
        same=same_nature,
        expects="a function of (good, group, share, rng) that returns labels",
    ),
    Exercise(
        "1_fair.2",
        "What the other columns tell",
        solution=_told,
        mistakes=(
            Mistake(_on_training_rows, "It is asked about rows that it learned from. Ask about X[test]."),
            Mistake(
                lambda **data: _told(**data, column=0),
                "predict_proba has two columns: the first is the probability of *not* being in the group.",
            ),
            Mistake(_members_alone, "That is the members' mean alone. Subtract the mean of the others."),
            Mistake(
                _yes_or_no,
                "predict gives True or False. The question asks for probabilities: predict_proba.",
            ),
        ),
        hints=(
            "The group is what the model is to predict: it takes the place of the labels.",
            "new_model().fit(X[train], group[train]) learns; predict_proba(X[test])[:, 1] answers.",
            "p[group[test]].mean() - p[~group[test]].mean()",
        ),
        same=same_number_told,
        expects="a function of (X, group, train, test) that returns a number",
    ),
)
