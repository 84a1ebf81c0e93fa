"""The exercises of lesson 2, deep CNN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.exercises import (
    Exercise,
    Mistake,
    always,
    plain,
    same_set,
    same_whole_number,
    workbook,
)

Sets = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

COPIES, TEST_SEED = 4, 100
"""Places for each training picture, seeds 0 to 3; seed of the test pictures' places."""


def _sets(
    place: Callable[..., np.ndarray],
    size: int,
    test_seeds: tuple[int, ...] = (TEST_SEED,),
    repeat: Any = np.tile,
) -> Callable[..., Sets]:
    """A function that puts the training pictures at several places, and the test pictures at `test_seeds`."""

    def make(pixels: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray) -> Sets:
        many = np.concatenate([place(pixels[train], size, seed) for seed in range(COPIES)])
        tested = np.concatenate([place(pixels[test], size, seed) for seed in test_seeds])
        return many, repeat(labels[train], COPIES), tested, np.tile(labels[test], len(test_seeds))

    return make


def _augment_first(place: Callable[..., np.ndarray], size: int) -> Callable[..., Sets]:
    """What the colleague did: every picture at several places, and only then a split."""

    def make(pixels: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray) -> Sets:
        many = np.concatenate([place(pixels, size, seed) for seed in range(COPIES)])
        many_labels, n_test = np.tile(labels, COPIES), COPIES * len(test)
        return many[n_test:], many_labels[n_test:], many[:n_test], many_labels[:n_test]

    return make


def _rows_of_many(place: Callable[..., np.ndarray], size: int) -> Callable[..., Sets]:
    """The colleague's pictures, of which `train` and `test` only reach those of seed 0."""

    def make(pixels: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray) -> Sets:
        first = place(pixels, size, 0)
        return first[train], labels[train], first[test], labels[test]

    return make


def same_sets(
    answer: Callable[..., Sets],
    other: Callable[..., Sets],
    pixels: np.ndarray,
    labels: np.ndarray,
    **context: Any,
) -> bool:
    """Whether two functions make the same sets of a few pictures.

    Raises
    ------
    ValueError
        The answer does not give four arrays, or not a label for each picture.
    """
    few = np.arange(len(labels))[:30]
    test, train = few[: len(few) // 3], few[len(few) // 3 :]
    given = answer(pixels[few], labels[few], train, test)
    if not isinstance(given, (tuple, list)) or len(given) != 4:
        raise ValueError("it should return four arrays: train_pixels, train_labels, test_pixels, test_labels")
    given = plain(tuple(given))  # torch's tensors are as right as numpy's arrays
    for part, images, truths in (("train", *given[:2]), ("test", *given[2:])):
        if np.size(truths) != len(images):
            counts = f"{part}_pixels has {len(images)} rows, but {part}_labels {np.size(truths)} values"
            raise ValueError(f"{counts}: each picture needs its label")
    expected = other(pixels[few], labels[few], train, test)
    return all(np.array_equal(ours, theirs) for ours, theirs in zip(given, expected, strict=True))


Descend = Callable[..., Any]


def _network(
    *,
    channels: int = 1,
    kernel: int = 3,
    pool: bool = True,
    second_relu: bool = True,
    mean: bool = True,
    classes: int = 10,
) -> nn.Sequential:
    """The network that is asked for, or one with a typical mistake in it."""
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Conv2d(channels, 8, kernel), nn.ReLU()]
    layers += [nn.MaxPool2d(2)] if pool else []
    layers += [nn.Conv2d(8, 16, kernel)] + ([nn.ReLU()] if second_relu else [])
    layers += [nn.AdaptiveAvgPool2d(1)] if mean else []
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 if mean else 16 * 5 * 5, classes))


def same_network(answer: Any, other: nn.Module, **context: Any) -> bool:
    """Whether two networks have the same layers, in the same order, and work on a picture of 16 × 16.

    Raises
    ------
    TypeError
        The answer is no network.
    """
    if not isinstance(answer, nn.Module):
        raise TypeError(f"it should be a network, nn.Sequential(...), and is a {type(answer).__name__}")
    shapes = []
    for network in (answer, other):
        weights = [
            (type(part).__name__, tuple(part.weight.shape), getattr(part, "bias", None) is not None)
            for part in network.modules()
            if hasattr(part, "weight")
        ]
        steps = [type(part).__name__ for part in network.modules() if not list(part.children())]
        shapes.append((weights, steps))
    if shapes[0] != shapes[1]:
        return False
    first = next(part for part in other.modules() if isinstance(part, nn.Conv2d))
    x = torch.zeros(2, first.in_channels, 16, 16)
    with torch.no_grad():
        return answer(x).shape == other(x).shape


def _descend(
    batch_loss: Callable[..., torch.Tensor],
    *,
    sign: int = -1,
    forget: bool = True,
    use_rate: bool = True,
    fewer: int = 0,
) -> Descend:
    """Gradient descent, or with a typical mistake in it."""

    def descend(model: nn.Module, images: Any, labels: Any, steps: int, rate: float) -> None:
        for _ in range(steps - fewer):
            if forget:
                model.zero_grad()
            batch_loss(model, images, labels).backward()
            with torch.no_grad():
                for w in model.parameters():
                    w += sign * (rate if use_rate else 1.0) * w.grad

    return descend


def same_descent(answer: Descend, other: Descend, **context: Any) -> bool:
    """Whether two functions take a small network to the same weights, in four steps."""
    torch.manual_seed(1)
    images, labels = torch.randn(12, 1, 3, 3), torch.arange(12) % 3
    ends = []
    for descend in (answer, other):
        torch.manual_seed(2)
        model = nn.Sequential(nn.Flatten(), nn.Linear(9, 5), nn.Tanh(), nn.Linear(5, 3))
        descend(model, images, labels, 4, 0.3)
        ends.append(torch.cat([w.detach().flatten() for w in model.parameters()]))
    return torch.allclose(*ends, atol=1e-5)


exercises = workbook(
    Exercise(
        "2.1",
        "A convolution by hand",
        solution=always(6),  # 3 · 1 + 2 · 2 + 5 · 0 + 1 · (-1)
        mistakes=(
            Mistake(always(-1), "That is the upper left. One row further down there is room for the window."),
            Mistake(always(3), "That is the upper right. Rows count from the top, columns from the left."),
            Mistake(always(4), "That is the lower right. Columns count from the left."),
            Mistake(always(7), "One of the four products is missing: the last weight is −1."),
            Mistake(
                always(8),
                "You turned the kernel round. Mathematicians do that, deep learning does not.",
            ),
        ),
        hints=(
            "The window lies on rows 2 and 3 and on columns 1 and 2.",
            "Multiply each of these four numbers with the weight that lies on it, and add up.",
            "3 · 1 + 2 · 2 + 5 · 0 + 1 · (−1).",
        ),
        same=same_whole_number,
        expects="a whole number",
    ),
    Exercise(
        "2.2",
        "Your network",
        solution=always(_network()),
        mistakes=(
            Mistake(
                always(_network(pool=False)),
                "nn.MaxPool2d(2) is missing behind the first ReLU.",
            ),
            Mistake(
                always(_network(second_relu=False)),
                "Behind the second convolution there is a ReLU, too.",
            ),
            Mistake(
                always(_network(mean=False)),
                "Without the mean over all places the last layer knows where a thing stands.",
            ),
            Mistake(
                always(_network(kernel=5)),
                "Your windows are 5 × 5: the third number of nn.Conv2d is the width of the kernel.",
            ),
            Mistake(
                always(_network(classes=1)),
                "The last layer gives a single number. Each of the 10 classes gets a score.",
            ),
            Mistake(
                always(_network(channels=3)),
                "Your first convolution takes three channels. The digits are grey: they have one.",
            ),
        ),
        hints=(
            "nn.Conv2d takes: how many come in, how many go out, how wide the kernel is.",
            "nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), …)",
            "… nn.Conv2d(8, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))",
        ),
        same=same_network,
        expects="nn.Sequential with eight layers in the order of the text",
    ),
    Exercise(
        "2.3",
        "Gradient descent",
        solution=lambda batch_loss, **context: _descend(batch_loss),
        mistakes=(
            Mistake(
                lambda batch_loss, **context: _descend(batch_loss, forget=False),
                "backward adds the new slopes to the old ones. Forget those first: model.zero_grad().",
            ),
            Mistake(
                lambda batch_loss, **context: _descend(batch_loss, sign=1),
                "You go uphill. The slope points to where the loss grows: subtract it.",
            ),
            Mistake(
                lambda batch_loss, **context: _descend(batch_loss, use_rate=False),
                "The rate is missing: each weight moves by rate times its slope.",
            ),
            Mistake(
                lambda batch_loss, **context: _descend(batch_loss, fewer=1),
                "That is one step too few.",
            ),
            Mistake(
                always(lambda model, images, labels, steps, rate: None),
                "The weights are where they were. w = w - … makes a new number; w -= … changes the weight.",
            ),
        ),
        hints=(
            "for _ in range(steps): and in it the four things of the list, in their order.",
            "batch_loss(model, images, labels).backward() is 2 and 3 in one line.",
            "with torch.no_grad(): and in it, for w in model.parameters(): w -= rate * w.grad",
        ),
        same=same_descent,
        expects="a function of (model, images, labels, steps, rate) that changes the model's weights",
        in_place=True,
    ),
    Exercise(
        "2.4",
        "Augmentation that stays in the training part",
        solution=lambda place, size, **context: _sets(place, size),
        mistakes=(
            Mistake(
                lambda place, size, **context: _sets(place, size, test_seeds=tuple(range(COPIES))),
                "The test digits are there four times. They are no new digits: the score would rest on as "
                "many as before, but its interval would believe in four times as many.",
            ),
            Mistake(
                lambda place, size, **context: _augment_first(place, size),
                "That is the colleague's way: a digit may be in the training at one place and in the test at "
                "another. Use train and test to split the digits first.",
            ),
            Mistake(
                lambda place, size, **context: _rows_of_many(place, size),
                "No digit is in both sets, but each is there once: train and test are row numbers of pixels, "
                "not of many. Take pixels[train] first, and then put these at four places.",
            ),
            Mistake(
                lambda place, size, **context: _sets(place, size, repeat=np.repeat),
                "The pictures are right, but the labels are in another order: np.repeat gives 0 0 0 0 1 1 …, "
                "your pictures come as 0 1 … 0 1 … (np.tile).",
            ),
        ),
        hints=(
            "Split first: pixels[train] and pixels[test]. Only the first of them is augmented.",
            "place(pixels[train], large, seed) for the seeds 0, 1, 2 and 3; np.concatenate joins them.",
            "Labels: np.tile(labels[train], 4) and labels[test]. Test: place(pixels[test], large, 100).",
        ),
        same=same_sets,
        expects="a function of (pixels, labels, train, test) that gives 4 * len(train) and len(test) rows",
    ),
    Exercise(
        "2.5",
        "Who would notice shuffled pixels?",
        solution=always({"CNN"}),
        mistakes=(
            Mistake(
                always({"MLP", "CNN"}),
                "The MLP connects every neuron with every pixel: their order is all the same to it.",
            ),
            Mistake(
                always({"SVM", "random forest", "MLP", "CNN"}),
                "You would, and so would the CNN. But the others never knew which pixels are neighbours.",
            ),
            Mistake(
                always({"SVM", "random forest", "MLP"}),
                "It is the other way round: those three would not notice.",
            ),
            Mistake(
                always(set()),
                "One of them looks at windows of 3 × 3 neighbours. What is left of them after shuffling?",
            ),
        ),
        hints=(
            "Which of these models uses that two pixels are neighbours?",
            "An SVM compares pictures pixel by pixel, and adds up. Does the order matter in a sum?",
            "Only a convolution looks at windows.",
        ),
        same=same_set,
        expects="a set of names",
    ),
)
