"""The tested twin of lesson 4's instruments: is a made picture like real ones, and is it new?

The judge is a small CNN that says what a picture shows; it learns from real pictures that no generator has
seen. Through its eyes the kernel distance compares two groups of pictures. Whether a picture is a copy is
asked of the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import nn

from course_utils.claims.estimates import Estimate
from course_utils.claims.resampling import percentile_interval
from course_utils.models.networks import NetworkClassifier

WIDTH = 64
"""Numbers before the judge's last layer."""
NEIGHBOURS = 50
"""That make up a picture's surroundings."""


def judge_loss(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy; in training the batch (B, C, H, W) is moved by up to two pixels."""
    if model.training:
        down, right = torch.randint(0, 5, (2,)).tolist()
        padded, side = nn.functional.pad(images, (2, 2, 2, 2)), images.shape[-1]
        images = padded[..., down : down + side, right : right + side]
    return nn.functional.cross_entropy(model(images), labels)


def make_judge(
    n_channels: int, n_classes: int, steps: int, seed: int, device: str = "cpu"
) -> NetworkClassifier:
    """An untrained judge of pictures (n, n_channels, H, W) from 0 to 1; `fit` and `predict` as ever."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for n_in, n_out, stride in ((n_channels, 32, 2), (32, 32, 1), (32, WIDTH, 2), (WIDTH, WIDTH, 1)):
        convolution = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(n_out), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTH, n_classes)]
    model = nn.Sequential(*layers)
    return NetworkClassifier(model, judge_loss, steps, weight_decay=0.1, seed=seed, device=device)


@torch.no_grad()
def features(judge: NetworkClassifier, pictures: np.ndarray) -> np.ndarray:
    """The judge's numbers before its last layer, (n, WIDTH)."""
    layers = judge.model.eval()[:-1]
    parts = torch.from_numpy(pictures.astype(np.float32)).split(500)
    return torch.cat([layers(part.to(judge.device)) for part in parts]).cpu().numpy()


def kernel(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """How alike each two of them are, (n, m), by a cubic kernel on their features (n, width), (m, width)."""
    return (ours @ theirs.T / ours.shape[1] + 1.0) ** 3


def kernel_distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """KID of two groups of features, (n, width) and (m, width): around 0 for groups of one kind.

    Bińkowski, M., and others (2018). Demystifying MMD GANs. It is unbiased, so its mean does not depend on
    how many there are, and it may be below 0.
    """
    return _distance(*_kernels(ours, theirs), np.ones(len(ours)), np.ones(len(theirs)))


def _kernels(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kernels among ours, among theirs (no item with itself), and between the two."""
    within = [kernel(each, each) for each in (ours, theirs)]
    for each in within:
        np.fill_diagonal(each, 0)
    return within[0], within[1], kernel(ours, theirs)


def _distance(
    ours: np.ndarray, theirs: np.ndarray, between: np.ndarray, w: np.ndarray, v: np.ndarray
) -> float:
    """The distance when items count `w` (n,) and `v` (m,) times; pairs of an item with itself never count."""

    def mean(kernels: np.ndarray, weights: np.ndarray) -> float:
        return weights @ kernels @ weights / (weights.sum() ** 2 - (weights**2).sum())

    return float(mean(ours, w) + mean(theirs, v) - 2 * w @ between @ v / (w.sum() * v.sum()))


def distance_below(
    made: Sequence[np.ndarray],
    mixture: np.ndarray,
    held_out: np.ndarray,
    share: float = 0.25,
    seed: int = 0,
    n_resamples: int = 500,
) -> Estimate:
    """Thousandths: the kernel distance of `made` to `held_out`, minus a share of that of `mixture`.

    The interval draws anew, with replacement, trainings, made pictures, the mixture's and the held-out ones.

    Parameters
    ----------
    made : sequence of ndarray, each (n, width)
        Features of what each training made; the mean over trainings counts.
    mixture, held_out : ndarray, (m, width) and (k, width)
    """
    rng = np.random.default_rng(seed)
    kernels = [_kernels(each, held_out) for each in (*made, mixture)]

    def difference(weights: Sequence[np.ndarray], held: np.ndarray, runs: Sequence[int]) -> float:
        found = [_distance(*kernels[i], weights[i], held) for i in (*runs, len(made))]
        return 1000 * (np.mean(found[:-1]) - share * found[-1])

    def draw(n: int) -> np.ndarray:
        return np.bincount(rng.integers(n, size=n), minlength=n).astype(np.float32)

    sizes = [len(each) for each in (*made, mixture)]
    drawn = []
    for _ in range(n_resamples):
        runs = rng.integers(len(made), size=len(made))
        drawn.append(difference([draw(n) for n in sizes], draw(len(held_out)), runs))
    effect = difference([np.ones(n) for n in sizes], np.ones(len(held_out)), range(len(made)))
    interval = percentile_interval(drawn)
    return Estimate(effect, interval.low, interval.high, sum(sizes[:-1]))


def moved(pictures: np.ndarray) -> Iterator[np.ndarray]:
    """The pictures (n, C, H, W) as they are, and moved by a pixel to all eight sides; zeros come in."""
    padded, side = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1))), pictures.shape[-1]
    for down in range(3):
        for right in range(3):
            yield padded[..., down : down + side, right : right + side]


def directions(pictures: np.ndarray) -> np.ndarray:
    """Each picture as a row of length 1, (n, pixels): the product of two rows is their cosine."""
    rows = pictures.reshape(len(pictures), -1).astype(np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def cosine_distances(made: np.ndarray, known: np.ndarray) -> np.ndarray:
    """1 minus the cosine of each two pictures, the smallest while `made` is moved by a pixel, (n, m)."""
    theirs = directions(known).T
    return np.clip(1 - np.max([directions(each) @ theirs for each in moved(made)], axis=0), 0, None)


def relative_distance(
    made: np.ndarray, seen: np.ndarray, around: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How near each made picture is to the nearest it could copy, for how dense its surroundings are.

    Parameters
    ----------
    made : ndarray, (n, C, H, W)
    seen : ndarray, (m, C, H, W)
        What the model was trained on.
    around : ndarray, (k, C, H, W)
        Real pictures; an area's density is the mean distance to the `NEIGHBOURS` nearest of them.

    Returns
    -------
    ratios : ndarray, (n,)
        Distance to the nearest of `seen` over the mean distance in `around`: 0 for an exact copy.
    which : ndarray, (n,)
        The nearest of `seen`.
    """
    parts = np.array_split(made, -(-len(made) // 500))
    ratios, which = [], []
    for part in parts:
        near = cosine_distances(part, seen)
        dense = near if around is seen else cosine_distances(part, around)
        k = min(NEIGHBOURS, dense.shape[1])
        ratios.append(near.min(axis=1) / np.partition(dense, k - 1, axis=1)[:, :k].mean(axis=1))
        which.append(near.argmin(axis=1))
    return np.concatenate(ratios), np.concatenate(which)


def with_nearest(made: np.ndarray, seen: np.ndarray, around: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Three of the made pictures, and for each the nearest that it could copy; as for `relative_distance`."""
    some = made[np.random.default_rng(4).choice(len(made), 3, replace=False)]
    return some, seen[relative_distance(some, seen, around)[1]]


Statistic = Callable[[Sequence[np.ndarray], np.ndarray], float]


def against_real(
    statistic: Statistic, made: Sequence[np.ndarray], real: np.ndarray, seed: int = 0, n_resamples: int = 2000
) -> Estimate:
    """A statistic of made and real pictures; its interval draws anew trainings, made and real ones.

    Parameters
    ----------
    statistic : callable
        ``statistic(made, real)`` gives a number.
    made : sequence of ndarray, each (n,)
        One value a picture, for each training.
    real : ndarray, (m,)
        One value a picture.
    """
    rng = np.random.default_rng(seed)

    def anew(values: np.ndarray) -> np.ndarray:
        return values[rng.integers(len(values), size=len(values))]

    drawn = []
    for _ in range(n_resamples):
        runs = rng.integers(len(made), size=len(made))
        drawn.append(statistic([anew(made[i]) for i in runs], anew(real)))
    interval = percentile_interval(drawn)
    return Estimate(statistic(made, real), interval.low, interval.high, sum(map(len, made)))


def mean_difference(made: Sequence[np.ndarray], real: np.ndarray) -> float:
    """Mean over trainings minus the mean of real pictures."""
    return float(np.mean([group.mean() for group in made]) - real.mean())


def share_below(made: Sequence[np.ndarray], real: np.ndarray) -> float:
    """Share of near-copies in %, by `relative_distance`: closer than one in a hundred real pictures is."""
    limit = np.quantile(real, 0.01)
    return 100 * float(np.mean([np.mean(group < limit) for group in made]))


def share_of_copies(made: Sequence[np.ndarray], real: np.ndarray, seed: int = 0) -> Estimate:
    """`share_below` with its interval; the limit is drawn anew, too."""
    return against_real(share_below, made, real, seed)
