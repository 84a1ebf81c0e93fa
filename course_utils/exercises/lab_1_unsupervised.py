"""The exercises of lab 1_unsupervised, groups without labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, close, workbook

Move = Callable[[np.ndarray, np.ndarray], Any]
Names = Callable[[np.ndarray, np.ndarray], Mapping[int, str]]


def _distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - centres, axis=2)  # (point, centre)


def _means(points: np.ndarray, group: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The mean of each group; a centre without a point stays."""
    return np.array(
        [points[group == k].mean(axis=0) if (group == k).any() else c for k, c in enumerate(centres)]
    )


def _move(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return _means(points, _distances(points, centres).argmin(axis=1), centres)


def _to_the_farthest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return _means(points, _distances(points, centres).argmax(axis=1), centres)


def _groups_only(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return _distances(points, centres).argmin(axis=1)


def _middle_song(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    nearest = _distances(points, centres).argmin(axis=1)
    return np.array([np.median(points[nearest == k], axis=0) for k in range(len(centres))])


def _two_rounds(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return _move(points, _move(points, centres))


def same_move(answer: Move, other: Move, points: np.ndarray, centres: np.ndarray) -> bool:
    """Whether two functions move these centres, and two others, to the same places."""
    tries = (centres, points[[5, 20]])
    return all(close(answer(points, each), other(points, each)) for each in tries)


def _names(groups: np.ndarray, genres: np.ndarray) -> dict[int, str]:
    return {int(k): Counter(genres[groups == k].tolist()).most_common(1)[0][0] for k in np.unique(groups)}


def _most_frequent_of_all(groups: np.ndarray, genres: np.ndarray) -> dict[int, str]:
    return {int(k): Counter(genres.tolist()).most_common(1)[0][0] for k in np.unique(groups)}


def _the_first(groups: np.ndarray, genres: np.ndarray) -> dict[int, str]:
    return {int(k): genres[groups == k][0] for k in np.unique(groups)}


def _least_frequent(groups: np.ndarray, genres: np.ndarray) -> dict[int, str]:
    return {int(k): Counter(genres[groups == k].tolist()).most_common()[-1][0] for k in np.unique(groups)}


def _turned_round(groups: np.ndarray, genres: np.ndarray) -> dict[str, int]:
    return {str(g): Counter(groups[genres == g].tolist()).most_common(1)[0][0] for g in np.unique(genres)}


def same_names(answer: Names, other: Names, groups: np.ndarray, genres: np.ndarray) -> bool:
    """Whether two functions give the same names; a pandas Series counts as a dictionary."""
    return dict(answer(groups, genres)) == dict(other(groups, genres))


exercises = workbook(
    Exercise(
        "1_unsupervised.1",
        "One round",
        solution=always(_move),
        mistakes=(
            Mistake(always(_to_the_farthest), "Each song goes to the *farthest* centre: argmin, not argmax."),
            Mistake(
                always(_groups_only),
                "That is the group of each song. The second step is missing: the mean of each group.",
            ),
            Mistake(always(_middle_song), "Those are the medians of each group. k-means takes means."),
            Mistake(always(_two_rounds), "Those are two rounds. Move each centre once."),
        ),
        hints=(
            "First the number of the nearest centre for each song, then one mean for each centre.",
            "np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1) are the numbers.",
            "points[nearest == k].mean(axis=0) is the new place of centre k.",
        ),
        same=same_move,
        expects="a function of (points, centres) that returns centres",
    ),
    Exercise(
        "1_unsupervised.2",
        "Names",
        solution=always(_names),
        mistakes=(
            Mistake(
                always(_most_frequent_of_all),
                "Every group gets the genre that is most frequent of all. Look at the group's own songs.",
            ),
            Mistake(always(_the_first), "That is the genre of each group's first song. Count all of them."),
            Mistake(always(_least_frequent), "That is the *rarest* genre in each group."),
            Mistake(
                always(_turned_round),
                "That gives a group to each genre. A group needs a genre: its number is the key.",
            ),
        ),
        hints=(
            "genres[groups == k] are the genres of group k's songs.",
            "pd.Series(…).mode()[0] is the most frequent of some values.",
            "{k: pd.Series(genres[groups == k]).mode()[0] for k in np.unique(groups)}",
        ),
        same=same_names,
        expects="a function of (groups, genres) that returns a dictionary",
    ),
)
