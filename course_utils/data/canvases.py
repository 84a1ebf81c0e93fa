"""Pictures on a larger canvas, and their split into folds: what lesson 2 writes out, for its labs."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import StratifiedKFold, train_test_split

from course_utils import CourseError

Fold = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Row numbers to train on, to choose on and to test on."""


def place(pixels: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Each picture at a random place of an empty canvas.

    Parameters
    ----------
    pixels : ndarray, shape (n, channels, height, width)
        From 0 (black) to 1.
    size : int
        Height and width of the canvas, in pixels; at least those of the pictures.
    seed : int
        Of the places.

    Returns
    -------
    ndarray, shape (n, channels, size, size), float32
    """
    rng = np.random.default_rng(seed)
    n, channels, height, width = pixels.shape
    canvas = np.zeros((n, channels, size, size), dtype=np.float32)
    tops = rng.integers(0, size - height + 1, n)
    lefts = rng.integers(0, size - width + 1, n)
    for i, (top, left) in enumerate(zip(tops, lefts, strict=True)):
        canvas[i, :, top : top + height, left : left + width] = pixels[i]
    return canvas


def recentre(canvas: np.ndarray, side: int) -> np.ndarray:
    """The box around all ink, moved to the middle: (C, H, W) to (C, side, side)."""
    ink = canvas.max(axis=0) > 0  # (H, W)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    out = np.zeros((len(canvas), side, side), dtype=canvas.dtype)
    if len(rows) == 0:
        return out  # an empty picture has no box
    box = canvas[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    top, left = (side - box.shape[1]) // 2, (side - box.shape[2]) // 2
    out[:, top : top + box.shape[1], left : left + box.shape[2]] = box
    return out


def recentred(canvases: np.ndarray, side: int) -> np.ndarray:
    """`recentre` for each of several canvases: (n, C, H, W) to (n, C, side, side)."""
    return np.array([recentre(canvas, side) for canvas in canvases])


def folds(labels: np.ndarray, n_folds: int, seed: int, is_test: np.ndarray | None = None) -> list[Fold]:
    """Folds of pictures in which every class has its share of each part.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        Class of each picture, whole numbers from 0.
    n_folds : int
        How often to split.
    seed : int
        Of the split.
    is_test : ndarray, shape (n,), bool, optional
        The source's own test part. Each fold tests on a piece of it, if it has a picture of every class
        for every fold; otherwise, and without it, on a piece of all pictures.

    Raises
    ------
    CourseError
        A class has too few pictures to give each part of each fold one.
    """
    fewest = max(n_folds, 3)
    if (counts := np.bincount(labels)).min() < fewest:
        raise CourseError(
            f"{n_folds} folds need at least {fewest} pictures of each class, and one has {counts.min()}: add "
            "pictures of it, or leave the class out"
        )
    cut = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split
    everything = np.arange(len(labels))
    if is_test is not None and np.bincount(labels[is_test], minlength=len(counts)).min() >= n_folds:
        rest, tested = everything[~is_test], everything[is_test]
        pairs = [(rest, tested[piece]) for _, piece in cut(tested, labels[tested])]
    else:
        pairs = list(cut(everything, labels))
    made = []
    for i, (rest, test) in enumerate(pairs):
        size = max(len(counts), len(rest) // 5)  # one of each class at least
        how = {"test_size": size, "stratify": labels[rest], "random_state": seed + i}
        made.append((*train_test_split(rest, **how), test))
    return made
