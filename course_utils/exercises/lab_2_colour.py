"""The exercises of lab 2_colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.exercises import Exercise, Mistake, always, same_results, workbook

Saved = Callable[[np.ndarray, np.ndarray, np.ndarray], float]


def _distance(guess: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.sqrt(((guess - true) ** 2).sum(axis=-1))


def saved(guess: np.ndarray, mean: np.ndarray, true: np.ndarray) -> float:
    """How much of the mean colour's error a guess saves, in %.

    Parameters
    ----------
    guess, true : ndarray, shape (height, width, 2)
        Colours a and b of each pixel.
    mean : ndarray, shape (2,)
        One colour for all pixels.
    """
    return 100 - 100 * _distance(guess, true).mean() / _distance(mean, true).mean()


def _root_of_mean_square(guess: np.ndarray, mean: np.ndarray, true: np.ndarray) -> float:
    ours, theirs = (np.sqrt((_distance(each, true) ** 2).mean()) for each in (guess, mean))
    return 100 - 100 * ours / theirs


def _apart(guess: np.ndarray, mean: np.ndarray, true: np.ndarray) -> float:
    return 100 - 100 * np.abs(guess - true).mean() / np.abs(mean - true).mean()


def _mean_of_ratios(guess: np.ndarray, mean: np.ndarray, true: np.ndarray) -> float:
    return (100 - 100 * _distance(guess, true) / _distance(mean, true)).mean()


CHANCE = np.random.default_rng(0)
COLOURS = [(CHANCE.normal(size=(4, 5, 2)), np.array([1.0, -2.0]), CHANCE.normal(size=(4, 5, 2)))]
COLOURS += [(10 * CHANCE.normal(size=(3, 2, 2)), np.array([5.0, 9.0]), CHANCE.normal(size=(3, 2, 2)))]


def _network(
    *,
    channels: int = 1,
    out: int = 2,
    second_stride: int = 2,
    dilation: int = 2,
    padding: int = 2,
    norm: bool = True,
    last_relu: bool = False,
    stretch: int | None = 4,
) -> Callable[[], nn.Sequential]:
    """A function that makes the network that is asked for, or one with a typical mistake in it."""

    def make() -> nn.Sequential:
        convolutions = [
            nn.Conv2d(channels, 16, 3, stride=2, padding=1),
            nn.Conv2d(16, 32, 3, stride=second_stride, padding=1),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.Conv2d(64, 64, 3, padding=padding, dilation=dilation),
        ]
        layers: list[nn.Module] = []
        for each in convolutions:
            layers += [each, *([nn.BatchNorm2d(each.out_channels)] if norm else []), nn.ReLU()]
        layers += [nn.Conv2d(64, out, 1)] + ([nn.ReLU()] if last_relu else [])
        layers += [nn.Upsample(scale_factor=stretch, mode="bilinear")] if stretch else []
        return nn.Sequential(*layers)

    return make


def _told(network: nn.Module) -> list[tuple[Any, ...]]:
    """What can be said of each step of a network."""
    told = []
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            shape = tuple(part.weight.shape)
            told.append(("convolution", shape, part.stride, part.padding, part.dilation))
        elif not list(part.children()):
            told.append((type(part).__name__, getattr(part, "num_features", getattr(part, "mode", None))))
    return told


def same_network(answer: Any, other: Callable[[], nn.Module], **context: Any) -> bool:
    """Whether two functions make networks of the same layers, in order, that give as large a picture.

    Raises
    ------
    TypeError
        The answer is no function that makes a network.
    """
    network, right = answer(), other()
    if not isinstance(network, nn.Module):
        raise TypeError(
            f"it should return a network, nn.Sequential(...), and returns a {type(network).__name__}"
        )
    if _told(network) != _told(right):
        return False
    first = next(part for part in right.modules() if isinstance(part, nn.Conv2d))
    x = torch.zeros(2, first.in_channels, 16, 24)
    with torch.no_grad():
        return network(x).shape == right(x).shape


exercises = workbook(
    Exercise(
        "2_colour.1",
        "What a guess saves",
        solution=always(saved),
        mistakes=(
            Mistake(
                always(lambda guess, mean, true: 100 - saved(guess, mean, true)),
                "That is what is left of the error. What is saved is 100 minus that.",
            ),
            Mistake(
                always(lambda guess, mean, true: saved(guess, mean, true) / 100),
                "That is a share. Multiply by 100 for percent.",
            ),
            Mistake(
                always(lambda guess, mean, true: 100 - 100 / (1 - saved(guess, mean, true) / 100)),
                "The ratio is upside down: divide the guess's error by the mean colour's.",
            ),
            Mistake(
                always(_root_of_mean_square),
                "Take the root at each pixel (a distance) and then the mean, not the root of the mean.",
            ),
            Mistake(
                always(_apart),
                "A distance joins a and b: np.linalg.norm(..., axis=-1).",
            ),
            Mistake(
                always(_mean_of_ratios),
                "Take the mean distance of each first, and then one ratio of the two means.",
            ),
        ),
        hints=(
            "Two mean distances, the guess's and the mean colour's, and then one ratio.",
            "np.linalg.norm(guess - true, axis=-1).mean() is the guess's mean distance.",
            "100 - 100 * ours / theirs",
        ),
        same=same_results(*COLOURS),
        expects="a function of (guess, mean, true) that returns a number",
    ),
    Exercise(
        "2_colour.2",
        "A network from a picture to a picture",
        solution=always(_network()),
        mistakes=(
            Mistake(
                always(_network(stretch=None)), "What comes out is too small: the last layer stretches it."
            ),
            Mistake(
                always(_network(stretch=2)),
                "Two strides of 2 quarter the picture, so it has to be stretched by 4.",
            ),
            Mistake(always(_network(out=3)), "L is known. Only two numbers a pixel are asked for: a and b."),
            Mistake(always(_network(channels=3)), "A black-and-white picture has one channel."),
            Mistake(
                always(_network(dilation=1, padding=1)),
                "The fourth convolution needs dilation=2 and padding=2.",
            ),
            Mistake(
                always(_network(padding=1)),
                "With dilation=2 the window reaches two pixels out on each side, so padding is 2.",
            ),
            Mistake(
                always(_network(second_stride=1)),
                "The second convolution has a stride of 2 as well.",
            ),
            Mistake(always(_network(norm=False)), "Batch norm is missing between convolution and ReLU."),
            Mistake(
                always(_network(last_relu=True)),
                "No ReLU behind the last convolution: a and b may be negative.",
            ),
        ),
        hints=(
            "Four times colouring.block; then a convolution of 1 × 1, and nn.Upsample.",
            "The sizes: 1 to 16, 16 to 32, 32 to 64, 64 to 64, and 64 to 2.",
            'The end: nn.Conv2d(64, 2, 1), nn.Upsample(scale_factor=4, mode="bilinear").',
        ),
        same=same_network,
        expects="a function of () that returns a network",
    ),
)
