"""HOG slid over a canvas, window by window, with a support vector machine: the best features made by hand.

Dalal and Triggs (2005), Histograms of oriented gradients for human detection, CVPR,
https://doi.org/10.1109/CVPR.2005.177. Gradients and cells are computed once, for all windows together.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy import linalg
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.utils.validation import check_is_fitted
from torch.nn.functional import avg_pool2d, normalize, pad

from course_utils import CourseError

ROWS = 100
"""Canvases that are described at once, so that memory does not grow with the data."""
SHIFTS = np.array([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)])  # rows and columns
"""Windows with the object in their middle, give or take a pixel: a slid window rarely fits exactly."""
BESIDE = 3
"""Windows tried at random on each training canvas; those far from the object are examples of none."""
NONE, DROPPED = -1, -2
"""In place of a class: no object in the middle; too near to say."""


def block_maps(pixels: torch.Tensor, cell: int, orientations: int = 16, signed: bool = True) -> torch.Tensor:
    """HOG's block of 2 × 2 cells at every place of each picture.

    Parameters
    ----------
    pixels : Tensor, shape (n, channels, height, width), float32
        From 0 to 1. Of several channels, the one with the strongest gradient counts.
    cell : int
        Side of a cell, in pixels.
    orientations : int
        Directions of a cell's histogram. A gradient's strength is shared between the two nearest.
    signed : bool
        Whether dark to light and light to dark are two directions (360°) or one (180°).

    Returns
    -------
    Tensor, shape (n, 4 * orientations, height - 2 * cell + 1, width - 2 * cell + 1)
        Four histograms, scaled to length 1, cut off at 0.2 and scaled again.
    """
    down = pad(pixels[:, :, 2:] - pixels[:, :, :-2], (0, 0, 1, 1))  # (n, C, H, W), 0 at the edges
    right = pad(pixels[..., 2:] - pixels[..., :-2], (1, 1))
    strength, channel = torch.hypot(down, right).max(dim=1, keepdim=True)  # (n, 1, H, W)
    turns = torch.atan2(down.gather(1, channel), right.gather(1, channel)) / (2 * torch.pi)
    place = turns * orientations * (1 if signed else 2) - 0.5  # among the bins
    bins = torch.arange(orientations).view(1, -1, 1, 1)
    apart = (place - bins + orientations / 2) % orientations - orientations / 2  # the bins form a circle
    votes = strength * (1 - apart.abs()).clamp(min=0)  # (n, orientations, H, W)
    cells = avg_pool2d(votes, cell, stride=1)
    upper, lower = cells[:, :, :-cell], cells[:, :, cell:]
    four = [upper[..., :-cell], upper[..., cell:], lower[..., :-cell], lower[..., cell:]]
    return normalize(normalize(torch.cat(four, dim=1), eps=1e-5).clamp(max=0.2), eps=1e-5)


def middle(canvas: np.ndarray) -> np.ndarray:
    """Row and column of the middle of the box around all ink of a canvas (C, H, W)."""
    ink = canvas.max(axis=0) > 0
    found = [np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0)]
    ends = [(f[0], f[-1]) if len(f) else (0, n - 1) for f, n in zip(found, ink.shape, strict=True)]
    return np.mean(ends, axis=1)


class WindowHog(ClassifierMixin, BaseEstimator):
    """Looks at every window of a canvas and says the class of the one that scores highest.

    Training windows are those around the middle of the ink, as photos of such a data set come with a box
    around each object, and windows beside it as examples of no class. No such box is used in prediction.
    The classifier is a least-squares SVM with an RBF kernel (Suykens and Vandewalle 1999), one class
    against all the rest, on some of the training windows as landmarks (Nyström; Williams and Seeger 2001).

    Parameters
    ----------
    window : int
        Side of a window in pixels, at least 8; it has 4 × 4 cells, and 3 × 3 blocks that overlap.
    step : int
        From one window to the next, in pixels.
    orientations : int
        Of the cells' histograms, see `block_maps`.
    C : float
        What it costs to miss the score of a training window: 1 for its class, −1 for all others.
    landmarks : int
        Training windows that each window is compared with, at most.
    seed : int
        Of the windows beside the object and of the landmarks.
    """

    def __init__(
        self,
        window: int = 28,
        step: int = 2,
        orientations: int = 16,
        C: float = 10,
        landmarks: int = 1000,
        seed: int = 0,
    ) -> None:
        self.window, self.step, self.orientations = window, step, orientations
        self.C, self.landmarks, self.seed = C, landmarks, seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> WindowHog:
        """Learn from canvases X (n, channels, height, width), 0 is empty, and their classes y (n,).

        Raises
        ------
        CourseError
            X has another shape, or the window is below 8 pixels or larger than the canvases.
        """
        room = self._room(X := np.asarray(X, dtype=np.float32))
        self.classes_, index = np.unique(y, return_inverse=True)
        rng = np.random.default_rng(self.seed)
        best = np.array([middle(canvas) for canvas in X]) - (self.window - 1) / 2  # (n, 2) upper left corners
        best = np.clip(np.round(best).astype(int), 0, room)[:, None]
        beside = rng.integers(0, room + 1, (len(X), BESIDE, 2))
        far = np.abs(beside - best).max(axis=2) >= max(2, self.window // 9)
        corners = np.concatenate([np.clip(best + SHIFTS, 0, room), beside], axis=1)  # (n, 5 + 3, 2)
        classes = np.repeat(index[:, None], corners.shape[1], axis=1)
        classes[:, len(SHIFTS) :] = np.where(far, NONE, DROPPED)
        kept = classes != DROPPED
        windows, classes = self.describe(X, corners)[kept], classes[kept]
        targets = np.where(classes[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)  # (windows, classes)
        self.gamma_ = 1 / (windows.shape[1] * max(windows.var(), 1e-9))  # as in scikit-learn's SVC
        marks = rng.permutation(len(windows))[: self.landmarks]
        self.landmarks_, self.offset_ = windows[marks], targets.mean(axis=0)
        near = rbf_kernel(windows, self.landmarks_, self.gamma_).astype(np.float64)  # (windows, landmarks)
        penalty = near[marks] / self.C + 1e-6 * np.eye(len(marks))  # the little that a computer rounds away
        right = near.T @ (targets - self.offset_)
        self.weights_ = linalg.solve(near.T @ near + penalty, right, assume_a="pos").astype(np.float32)
        return self

    def _room(self, X: np.ndarray) -> np.ndarray:
        """Last row and column at which a window may start, after a check of the canvases."""
        if X.ndim != 4 or self.window < 8 or min(X.shape[2:]) < self.window:
            raise CourseError(
                f"expected canvases (n, channels, height, width) and windows from 8 pixels to the canvas's "
                f"side, got {X.shape} and {self.window}: choose a smaller window or larger canvases"
            )
        return np.array(X.shape[2:]) - self.window

    def describe(self, X: np.ndarray, corners: np.ndarray) -> np.ndarray:
        """HOG of k windows of each canvas (n, C, H, W), corners (n, k, 2): (n, k, 36 * orientations)."""
        cell, parts = self.window // 4, []
        steps = np.arange(3) * cell  # of the blocks in a window
        for first in range(0, len(X), ROWS):
            maps = block_maps(torch.from_numpy(X[first : first + ROWS]), cell, self.orientations)
            maps = maps.permute(0, 2, 3, 1).contiguous().numpy()  # (rows, H', W', 4 * orientations)
            top, left = np.moveaxis(corners[first : first + ROWS, :, :, None, None], 2, 0)
            row = np.arange(len(maps))[:, None, None, None]
            blocks = maps[row, top + steps[:, None], left + steps]  # (rows, k, 3, 3, 4 * orientations)
            parts.append(blocks.reshape(*blocks.shape[:2], -1))
        return np.concatenate(parts)

    def scores(self, X: ArrayLike) -> np.ndarray:
        """Score of each class in each window, (n, classes, rows, columns); raises as `fit` does."""
        check_is_fitted(self)
        down, right = self._room(X := np.asarray(X, dtype=np.float32))
        tops, lefts = np.arange(0, down + 1, self.step), np.arange(0, right + 1, self.step)
        grid = np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(1, -1, 2)
        parts = []
        for first in range(0, len(X), ROWS):
            some = X[first : first + ROWS]
            windows = self.describe(some, np.repeat(grid, len(some), axis=0))
            near = rbf_kernel(windows.reshape(-1, windows.shape[-1]), self.landmarks_, self.gamma_)
            parts.append(near @ self.weights_ + self.offset_)
        shape = len(X), len(tops), len(lefts), len(self.classes_)
        return np.concatenate(parts).reshape(shape).transpose(0, 3, 1, 2)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of each canvas's best window, (n,)."""
        scores = self.scores(X)
        return self.classes_[scores.max(axis=(2, 3)).argmax(axis=1)]
