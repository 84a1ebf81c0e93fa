"""The exercises of lesson 2, deep CNN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.exercises import (
    Exercise,
    Mistake,
    always,
    same_choice,
    same_set,
    same_whole_number,
    workbook,
)

Sets = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Batches = list[tuple[np.ndarray, np.ndarray]]

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
    for part, images, truths in (("train", *given[:2]), ("test", *given[2:])):
        if np.size(truths) != len(images):
            counts = f"{part}_pixels has {len(images)} rows, but {part}_labels {np.size(truths)} values"
            raise ValueError(f"{counts}: each picture needs its label")
    expected = other(pixels[few], labels[few], train, test)
    return all(np.array_equal(ours, theirs) for ours, theirs in zip(given, expected, strict=True))


def _accuracy(batches: Batches) -> float:
    return 100 * np.mean(np.concatenate([said == truth for said, truth in batches]))


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
        "Parameters of a layer",
        solution=always(32 * (16 * 3 * 3 + 1)),
        mistakes=(
            Mistake(always(32 * 16 * 9), "Those are the weights. Each of the 32 outputs also has one bias."),
            Mistake(
                always(32 * (9 + 1)),
                "That is for one input channel. A kernel has nine weights for each of the 16 channels.",
            ),
            Mistake(
                always(16 * (32 * 9 + 1)),
                "You have 16 outputs of 32 inputs there. nn.Conv2d takes the number of inputs first.",
            ),
        ),
        hints=(
            "One output map comes from one kernel. How many numbers does that kernel have?",
            "It looks at 3 × 3 pixels in all 16 input channels at once, and has one bias.",
            "32 * (16 * 3 * 3 + 1). The size of the picture plays no part.",
        ),
        same=same_whole_number,
        expects="a whole number",
    ),
    Exercise(
        "2.3",
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
        "2.4",
        "Accuracy from batches",
        solution=_accuracy,
        mistakes=(
            Mistake(
                lambda batches: 100 * np.mean([np.mean(said == truth) for said, truth in batches]),
                "That is the mean of the batches' accuracies. A picture in the small last batch would count "
                "more than one in a full batch. Count pictures, not batches.",
            ),
            Mistake(
                lambda batches: _accuracy(batches[:-1]),
                "The last batch is missing. It is smaller than the others, but its pictures count too.",
            ),
            Mistake(
                lambda batches: _accuracy(batches) / 100,
                "That is the share between 0 and 1. The question asks for %.",
            ),
        ),
        hints=(
            "How many pictures are there in all, and how many of them are right?",
            "Add up np.sum(said == truth) over the batches, and len(truth).",
            "100 * sum(np.sum(said == truth) ...) / sum(len(truth) ...).",
        ),
        expects="a number in %",
    ),
    Exercise(
        "2.5",
        "You are the judge",
        solution=always("inconclusive"),
        mistakes=(
            Mistake(
                always("supported"),
                "The mean lies within ± 2, but the whole interval must. Its upper end is above.",
            ),
            Mistake(
                always("not supported"),
                "For that the whole interval would have to lie outside of ± 2. Most of this one lies inside.",
            ),
        ),
        hints=(
            "Which values are allowed, from where to where?",
            "Is the whole interval within the margins? Is it wholly outside?",
            "Neither. There is a word for that.",
        ),
        same=same_choice,
        expects="one of the three words",
    ),
    Exercise(
        "2.6",
        "Who would notice shuffled pixels?",
        solution=always({"CNN"}),
        mistakes=(
            Mistake(
                always({"MLP", "CNN"}),
                "The MLP connects every neuron with every pixel: their order is all the same to it.",
            ),
            Mistake(
                always({"logistic regression", "SVM", "MLP", "CNN"}),
                "You would, and so would the CNN. But the others never knew which pixels are neighbours.",
            ),
            Mistake(
                always({"logistic regression", "SVM", "MLP"}),
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
