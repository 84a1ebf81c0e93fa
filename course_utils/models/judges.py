"""The tested twin of lesson 4's judge and of its distance between groups of pictures, for the labs.

The judge is a small CNN that says what a picture shows; it learns from real pictures that no generator has
seen. Through its eyes the Fréchet distance compares two groups of pictures.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from course_utils.models.networks import NetworkClassifier

WIDTH = 32
"""Numbers before the judge's last layer."""


def judge_loss(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy; in training the batch (B, C, H, W) is moved by up to one pixel."""
    if model.training:
        down, right = torch.randint(0, 3, (2,)).tolist()
        padded, side = nn.functional.pad(images, (1, 1, 1, 1)), images.shape[-1]
        images = padded[..., down : down + side, right : right + side]
    return nn.functional.cross_entropy(model(images), labels)


def make_judge(
    n_channels: int, n_classes: int, steps: int, seed: int, device: str = "cpu"
) -> NetworkClassifier:
    """An untrained judge of pictures (n, n_channels, H, W) from 0 to 1; `fit` and `predict` as ever."""
    torch.manual_seed(seed)
    layers = []
    for n_in in (n_channels, WIDTH, WIDTH, WIDTH):
        layers += [nn.Conv2d(n_in, WIDTH, 3, padding=1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU()]
    layers.insert(6, nn.MaxPool2d(2))  # after two of the four
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTH, n_classes)]
    model = nn.Sequential(*layers)
    return NetworkClassifier(model, judge_loss, steps, weight_decay=0.1, seed=seed, device=device)


@torch.no_grad()
def features(judge: NetworkClassifier, pictures: np.ndarray) -> np.ndarray:
    """The judge's numbers before its last layer, (n, WIDTH)."""
    layers = judge.model.eval()[:-1]
    return layers(torch.from_numpy(pictures).to(judge.device)).cpu().numpy()


def frechet(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Fréchet distance of two groups of features, (n, width) each, as if both were Gaussian clouds.

    Heusel, M., and others (2017). GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium. With few rows it comes out larger: compare groups of one size.
    """
    gap, covs = ours.mean(axis=0) - theirs.mean(axis=0), (np.cov(ours.T), np.cov(theirs.T))
    roots = np.sqrt(np.linalg.eigvals(covs[0] @ covs[1]).real.clip(0))  # of the matrix product
    return float(gap @ gap + np.trace(covs[0]) + np.trace(covs[1]) - 2 * roots.sum())
