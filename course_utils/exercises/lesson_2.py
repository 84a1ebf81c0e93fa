"""The exercises of lesson 2, deep CNN."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.exercises import (
    Exercise,
    Mistake,
    always,
    same_results,
    workbook,
)
from course_utils.models.convolutional import CNN

Convolve = Callable[[np.ndarray, np.ndarray], np.ndarray]
PICTURE, KERNEL = np.array([[1.0, 0, 2], [3, 2, 1], [5, 1, 0]]), np.array([[1.0, 2], [0, -1]])
"""The example of the text."""
LARGER = np.random.default_rng(0).random((7, 5)), np.random.default_rng(1).normal(size=(3, 3))


def _convolve(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)  # (h, w, k, k)
    return np.einsum("hwij,ij->hw", windows, kernel)


def _windows(reduce: Callable[[np.ndarray], Any]) -> Convolve:
    """What `reduce` makes of the products in each window."""

    def convolve(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)
        return reduce(windows * kernel)

    return convolve


class _Wrong(CNN):
    """Lesson 2's network with a typical mistake in it."""

    def __init__(
        self,
        n_classes: int,
        *,
        stride: int = 2,
        relu: bool = True,
        norm: bool = True,
        pools: int = 2,
        pool_all: str = "amax",
    ) -> None:
        super().__init__(n_classes)
        self.relu, self.pools, self.pool_all = relu, pools, pool_all
        self.conv1.stride = (stride, stride)
        if not norm:
            self.norm1 = self.norm2 = self.norm3 = self.norm4 = nn.Identity()

    def features(self, x: torch.Tensor) -> torch.Tensor:
        act = torch.relu if self.relu else nn.Identity()
        layers = zip(
            (self.conv1, self.conv2, self.conv3, self.conv4),
            (self.norm1, self.norm2, self.norm3, self.norm4),
            (False, self.pools > 0, self.pools > 1, False),
            strict=True,
        )
        for convolution, norm, pool in layers:
            x = act(norm(convolution(x)))
            x = nn.functional.max_pool2d(x, 2) if pool else x
        return getattr(x, self.pool_all)(dim=(2, 3))


def _wrong(**change: Any) -> Callable[..., Callable[[int], nn.Module]]:
    return always(lambda n_classes: _Wrong(n_classes, **change))


def _built(answer: Any, n_classes: int = 3) -> nn.Module:
    """A network of the answer's.

    Raises
    ------
    TypeError
        The answer is a network already, or makes none.
    """
    if isinstance(answer, nn.Module):
        raise TypeError("it should be the class (or function) itself, without brackets behind its name")
    torch.manual_seed(0)
    network = answer(n_classes)
    if not isinstance(network, nn.Module):
        raise TypeError(f"with {n_classes} classes it gives a {type(network).__name__}, and no network")
    return network


def _layers(network: nn.Module) -> dict[str, list[nn.Module]]:
    """Layers that have weights, by kind, in the order in which they were made."""
    found = defaultdict(list)
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d, nn.Linear)):
            found[type(layer).__name__].append(layer)
    return found


def same_network(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two classes make networks that give the same scores with the same weights.

    Raises
    ------
    ValueError
        The answer does not give a score for each picture and class.
    """
    ours, theirs = _built(answer), _built(other)
    x = torch.randn(2, 1, 40, 40, generator=torch.Generator().manual_seed(1))
    if tuple(ours(x).shape) != (2, 3):
        raise ValueError(f"for 2 pictures and 3 classes it gives scores of shape {tuple(ours(x).shape)}")
    mine, right = _layers(ours), _layers(theirs)
    if {kind: len(layers) for kind, layers in mine.items()} != {k: len(v) for k, v in right.items()}:
        return False
    for kind, layers in right.items():
        for one, two in zip(mine[kind], layers, strict=True):
            if one.weight.shape != two.weight.shape:
                return False
            one.load_state_dict(two.state_dict(), strict=False)  # with or without a bias
    with torch.no_grad():
        return torch.allclose(ours.eval()(x), theirs.eval()(x), atol=1e-4)


def _cross_entropy(scores: np.ndarray, right: int) -> float:
    return float(np.log(np.exp(scores).sum()) - scores[right])


SCORES = [(np.array([2.0, 0.0, -1.0]), 0), (np.array([1.0, 3.0, 0.5, 0.0]), 2), (np.zeros(10), 4)]

Epoch = Callable[[nn.Module, Any, float], Any]


def _epoch(
    batch_loss: Callable[..., torch.Tensor],
    *,
    sign: int = -1,
    forget: bool = True,
    use_rate: bool = True,
    batches: int | None = None,
) -> Epoch:
    """One epoch of gradient descent, or with a typical mistake in it."""

    def one_epoch(model: nn.Module, loader: Any, rate: float) -> None:
        for images, labels in list(loader)[:batches]:
            if forget:
                model.zero_grad()
            batch_loss(model, images, labels).backward()
            with torch.no_grad():
                for w in model.parameters():
                    w += sign * (rate if use_rate else 1.0) * w.grad

    return one_epoch


def same_epoch(answer: Epoch, other: Epoch, **context: Any) -> bool:
    """Whether two functions take a small network to the same weights, over four batches."""
    torch.manual_seed(1)
    loader = [(torch.randn(6, 1, 3, 3), torch.arange(6) % 3) for _ in range(4)]
    ends = []
    for one_epoch in (answer, other):
        torch.manual_seed(2)
        model = nn.Sequential(nn.Flatten(), nn.Linear(9, 5), nn.Tanh(), nn.Linear(5, 3))
        one_epoch(model, copy.deepcopy(loader), 0.3)
        ends.append(torch.cat([w.detach().flatten() for w in model.parameters()]))
    return torch.allclose(*ends, atol=1e-5)


def same_kind(answer: Any, other: Any, **context: Any) -> bool:
    """Whether two variants are of the same kind: no scores for each class, the lesson's network, another."""
    kinds = []
    for each in (answer, other):
        scores = _built(each)(torch.zeros(2, 1, 40, 40))
        right_shape = isinstance(scores, torch.Tensor) and tuple(scores.shape) == (2, 3)
        kinds.append("ours" if right_shape and same_network(each, CNN) else right_shape)
    return kinds[0] == kinds[1]


exercises = workbook(
    Exercise(
        "2.1",
        "Slide a window",
        solution=always(_convolve),
        mistakes=(
            Mistake(
                always(lambda picture, kernel: _convolve(picture, kernel[::-1, ::-1])),
                "You turned the kernel round. Mathematicians do that, deep learning does not.",
            ),
            Mistake(
                always(lambda picture, kernel: _convolve(picture, kernel)[:-1, :-1]),
                "The last row and column are missing: there are H - k + 1 places from top to bottom.",
            ),
            Mistake(
                always(_windows(lambda products: products.mean(axis=(2, 3)))),
                "Add the products up. You took their mean.",
            ),
            Mistake(
                always(lambda picture, kernel: _convolve(picture, np.ones_like(kernel))),
                "You add up the window itself. Multiply it with the kernel first.",
            ),
            Mistake(
                always(lambda picture, kernel: _convolve(picture, kernel).T),
                "Rows and columns are exchanged: the first number in the brackets is the row.",
            ),
        ),
        hints=(
            "Two loops: for row in range(H - k + 1), and in it for column in range(W - k + 1).",
            "The window is picture[row : row + k, column : column + k].",
            "out = np.zeros((H - k + 1, W - k + 1)), and in the loops "
            "out[row, column] = np.sum(window * kernel)",
        ),
        same=same_results((PICTURE, KERNEL), LARGER),
        expects="a function of (picture, kernel) that gives an array of (H - k + 1, W - k + 1)",
    ),
    Exercise(
        "2.2",
        "Your network",
        solution=always(CNN),
        mistakes=(
            Mistake(_wrong(stride=1), "The first convolution steps by two pixels: stride=2."),
            Mistake(_wrong(pools=0), "Pool behind the second and behind the third convolution."),
            Mistake(_wrong(pools=1), "There are two poolings: behind the second and the third convolution."),
            Mistake(
                _wrong(pool_all="mean"),
                "In the end you take the mean of each map; the figure takes the largest number: amax.",
            ),
            Mistake(_wrong(relu=False), "torch.relu goes round each batch norm, all four of them."),
            Mistake(_wrong(norm=False), "Behind each convolution comes a batch norm, with as many maps."),
            Mistake(
                always(lambda n_classes: CNN(n_classes, width=8)),
                "The first convolution makes 16 maps, the second 32, the third and the fourth 64.",
            ),
        ),
        hints=(
            "In __init__: four convolutions, four batch norms, one nn.Linear(64, n_classes).",
            "self.conv2 = nn.Conv2d(16, 32, 3, padding=1); only the first one has stride=2.",
            "In forward: x = nn.functional.max_pool2d(torch.relu(self.norm2(self.conv2(x))), 2)",
        ),
        same=same_network,
        expects="a class Network(nn.Module) that is made with n_classes",
    ),
    Exercise(
        "2.3",
        "Cross-entropy by hand",
        solution=always(_cross_entropy),
        mistakes=(
            Mistake(
                always(lambda scores, right: float(np.exp(-_cross_entropy(scores, right)))),
                "That is the probability. The loss is minus its logarithm.",
            ),
            Mistake(
                always(lambda scores, right: -_cross_entropy(scores, right)),
                "The sign: a logarithm of a probability is negative, a loss is positive.",
            ),
            Mistake(
                always(lambda scores, right: _cross_entropy(scores, right) / np.log(10)),
                "That is the logarithm to base 10. np.log is the natural one.",
            ),
            Mistake(
                always(lambda scores, right: _cross_entropy(scores, right) / np.log(2)),
                "That is the logarithm to base 2. np.log is the natural one.",
            ),
            Mistake(
                always(lambda scores, right: -float(scores[right])),
                "Scores are no probabilities yet: np.exp of each, divided by the sum of all of these.",
            ),
        ),
        hints=(
            "First the probabilities: np.exp(scores), divided by its own sum.",
            "Then take the one of the right class, probabilities[right].",
            "return -np.log(np.exp(scores)[right] / np.exp(scores).sum())",
        ),
        same=same_results(*SCORES, rel_tol=1e-4),
        expects="a function of (scores, right) that gives a number of nats",
    ),
    Exercise(
        "2.4",
        "The training loop",
        solution=lambda batch_loss, **context: _epoch(batch_loss),
        mistakes=(
            Mistake(
                lambda batch_loss, **context: _epoch(batch_loss, forget=False),
                "backward adds the new slopes to the old ones. Forget those first: model.zero_grad().",
            ),
            Mistake(
                lambda batch_loss, **context: _epoch(batch_loss, sign=1),
                "You go uphill. The slope points to where the loss grows: subtract it.",
            ),
            Mistake(
                lambda batch_loss, **context: _epoch(batch_loss, use_rate=False),
                "The rate is missing: each weight moves by rate times its slope.",
            ),
            Mistake(
                lambda batch_loss, **context: _epoch(batch_loss, batches=1),
                "Only the first batch counted. Is there a return, or the four lines outside the loop?",
            ),
            Mistake(
                always(lambda model, loader, rate: None),
                "The weights are where they were. w = w - … makes a new number; w -= … changes the weight.",
            ),
        ),
        hints=(
            "for images, labels in loader: and in it the four things of the list, in their order.",
            "batch_loss(model, images, labels).backward() is 2 and 3 in one line.",
            "with torch.no_grad(): and in it, for w in model.parameters(): w -= rate * w.grad",
        ),
        same=same_epoch,
        expects="a function of (model, loader, rate) that changes the model's weights",
        in_place=True,
    ),
    Exercise(
        "2.5",
        "Change one thing",
        solution=always(lambda n_classes: CNN(n_classes, width=8)),
        mistakes=(
            Mistake(always(CNN), "This is the lesson's network. Change one thing in it."),
            Mistake(
                always(lambda n_classes: CNN(n_classes + 1)),
                "It should give one score for each class: (B, n_classes).",
            ),
        ),
        hints=(
            "The shortest way: network = convolutional.CNN(n_classes, width=8), and return it.",
            "Or change a layer of it: network.norm1 = nn.Identity() takes a batch norm away, "
            "network.conv1.stride = (1, 1) lets the first convolution step by one.",
        ),
        same=same_kind,
        expects="a function of n_classes that gives an untrained network",
    ),
)
