"""Lab 4_gan_vae's classic generator, and what its rivals are compared with it by.

The classic one is a Gaussian mixture for each class, on principal components.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from torch import nn

from course_utils.models import judges
from course_utils.models.networks import NetworkClassifier

N_COMPONENTS = 50
"""Principal components that a picture is told by."""
CHOICES = {"clouds": (1, 2, 4), "shape": ("full", "tied", "diag"), "roundness": (0.03, 0.1, 0.3)}
"""What a mixture can be: how many clouds; scikit-learn's shapes (each its own, one for all, along the axes);
and the variance that is added in every direction, so that no cloud is flat."""

Choice = tuple[int, str, float]


class Clouds:
    """A mixture for each class of some pictures.

    Parameters
    ----------
    pixels : ndarray, (n, C, H, W)
        From 0 to 1.
    labels : ndarray, (n,)
        Classes from 0.
    """

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        self.shape = pixels.shape[1:]
        flat = pixels.reshape(len(pixels), -1)
        self.pca = PCA(min(N_COMPONENTS, *flat.shape), random_state=0).fit(flat)
        points = self.pca.transform(flat).astype(float)
        self.points = [points[labels == k] for k in range(int(labels.max()) + 1)]

    def likelihoods(self) -> pd.Series:
        """Mean log-likelihood, in nats, of a quarter of the pictures, for clouds fitted to the others.

        The index has all of `CHOICES`; the best comes first.
        """
        quarters = [len(points) // 4 for points in self.points]
        found = {}
        for choice in itertools.product(*CHOICES.values()):
            scores = [
                self._fit(points[quarter:], choice, 0).score_samples(points[:quarter])
                for points, quarter in zip(self.points, quarters, strict=True)
            ]
            found[choice] = float(np.concatenate(scores).mean())
        ranked = pd.Series(found, name="log-likelihood").rename_axis(list(CHOICES))
        return ranked.sort_values(ascending=False, kind="stable")

    def sample(self, asked: np.ndarray, choice: Choice, seed: int) -> np.ndarray:
        """Pictures for these classes, (len(asked), C, H, W) from 0 to 1, of clouds fitted to all pictures."""
        made = np.empty((len(asked), self.pca.n_features_in_))
        for k in np.unique(asked):
            rows = asked == k
            drawn, _ = self._fit(self.points[k], choice, seed).sample(int(rows.sum()))  # cloud by cloud
            made[rows] = self.pca.inverse_transform(np.random.default_rng(seed).permutation(drawn))
        return in_greys(made.reshape(-1, *self.shape))

    @staticmethod
    def _fit(points: np.ndarray, choice: Choice, seed: int) -> GaussianMixture:
        n, shape, roundness = choice
        n = min(n, len(points) // 2)
        return GaussianMixture(n, covariance_type=shape, reg_covar=roundness, random_state=seed).fit(points)


def in_greys(made: np.ndarray) -> np.ndarray:
    """Pictures from 0 to 1, rounded to the 256 greys that real ones have."""
    return (np.round(255 * made.clip(0, 1)) / 255).astype(np.float32)


def move(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    """One step of an optimiser, which lowers a loss ()."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@torch.no_grad()
def paint(painter: nn.Module, seed: int, codes: torch.Tensor) -> np.ndarray:
    """What a painter makes of 16 random numbers each, for classes one-hot (n, n_classes): (n, C, H, W)."""
    random = torch.randn((len(codes), 16), generator=torch.Generator().manual_seed(seed))
    return in_greys(painter(random, codes).numpy())


def distances(
    judge: NetworkClassifier, made: Mapping[str, Sequence[np.ndarray]], real: np.ndarray, truth: np.ndarray
) -> pd.DataFrame:
    """Kernel distances in thousandths, a row a training, a column a model.

    Training i of every model is compared with part i of the real pictures, which share none, so that rows are
    independent. Classes are spread evenly over the parts.

    Parameters
    ----------
    judge : NetworkClassifier
        As `judges.make_judge` makes it, and trained.
    made : mapping of names to sequences of ndarray
        For each training the pictures (n, C, H, W) that it made; as many trainings of each model.
    real, truth : ndarray, (m, C, H, W) and (m,)
        Held-out pictures and their classes.
    """
    n_parts = len(next(iter(made.values())))
    order = np.argsort(truth, kind="stable")
    parts = [judges.features(judge, real[order[i::n_parts]]) for i in range(n_parts)]
    return 1000 * pd.DataFrame(
        {
            name: [
                judges.kernel_distance(judges.features(judge, group), part)
                for group, part in zip(groups, parts, strict=True)
            ]
            for name, groups in made.items()
        }
    )
