"""Learning from pictures without labels, and then from a few: lab 2_unlabelled's networks and their rival."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from sklearn import decomposition, svm
from torch import nn
from torch.nn import functional as F

from course_utils import CourseError
from course_utils.models import training
from course_utils.models.callbacks import History
from course_utils.models.convolutional import CNN

BATCH = 128
"""Pictures in one puzzle."""

Change = Callable[[torch.Tensor], torch.Tensor]
PuzzleLoss = Callable[[nn.Module, torch.Tensor], torch.Tensor]


def change(pictures: torch.Tensor) -> torch.Tensor:
    """Each picture turned by up to 30°, zoomed by up to 30 % and shifted by up to 15 %, at random.

    Parameters
    ----------
    pictures : Tensor, shape (n, channels, height, width)
        0 is the empty ground, which comes in from outside.

    Returns
    -------
    Tensor of the same shape; torch's own generator draws the changes.
    """
    n = len(pictures)
    angle, zoom = torch.empty(n).uniform_(-30, 30).deg2rad(), torch.empty(n).uniform_(0.7, 1.3)
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    right, down = torch.empty(2, n).uniform_(-0.3, 0.3)  # 1 is half a picture
    matrix = torch.stack([cos, -sin, right, sin, cos, down], dim=1).view(n, 2, 3)
    grid = F.affine_grid(matrix, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, align_corners=False)


def as_it_is(pictures: torch.Tensor) -> torch.Tensor:
    """The pictures, unchanged."""
    return pictures


def network(n_out: int, seed: int) -> CNN:
    """Lesson 2's network, untrained: (n, 1, height, width) pixels to (n, n_out) numbers."""
    torch.manual_seed(seed)
    return CNN(n_out)


def puzzle_network(seed: int) -> CNN:
    """The same with a head of two layers, 64 → 64 → 32, that is thrown away after the puzzle."""
    net = network(32, seed)
    net.head = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))
    return net


def pre_train(
    pictures: torch.Tensor, loss: PuzzleLoss, steps: int, seed: int, hidden: torch.Tensor | None = None
) -> tuple[CNN, History]:
    """A network that has learned a puzzle on these pictures, and what happened meanwhile.

    Parameters
    ----------
    pictures, hidden : Tensor, shape (n, channels, height, width)
        To learn from, without labels; and others, of which a batch is a puzzle for validation, each time
        with the same changes, from step 0 on.
    loss : callable
        ``loss(net, pictures)`` gives the mean loss of a batch of pictures.
    steps, seed : int
        Steps of `training.fit`; of the first weights, the changes and the order of the pictures.
    """

    def on_hidden(net: nn.Module) -> dict[str, float]:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            return {"loss": loss(net, hidden[:BATCH]).item()}

    validate = None if hidden is None else on_hidden
    net = puzzle_network(seed)
    before = [] if validate is None else [{"step": 0, **validate(copy.deepcopy(net))}]
    how = {"steps": steps, "batch_size": BATCH, "seed": seed, "validate_every": 20}
    history = training.fit(net, loss, (pictures,), validate=validate, **how)
    history.validations[:0] = before
    return net, history


def with_new_head(net: CNN, n_classes: int, seed: int) -> CNN:
    """A copy of a network whose last layer is new, for classes."""
    made = copy.deepcopy(net)
    made.head = network(n_classes, seed).head
    return made


def learn(net: CNN, pictures: torch.Tensor, labels: torch.Tensor, how: Change, steps: int, seed: int) -> CNN:
    """Train a network in place on pictures (n, ...) with labels (n,); `how` changes them at each step."""

    def batch_loss(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(net(how(x)), y)

    torch.manual_seed(seed)
    training.fit(net, batch_loss, (pictures, labels), steps=steps, batch_size=50, seed=seed)
    return net


@torch.no_grad()
def accuracy(net: CNN, pictures: torch.Tensor, labels: torch.Tensor) -> float:
    """Right answers, in %."""
    return 100 * (net(pictures).argmax(dim=1) == labels).double().mean().item()


def few(rows: np.ndarray, labels: np.ndarray, per_class: int, draw: int, seed: int) -> np.ndarray:
    """`per_class` of these row numbers for each class; other draws have other rows, with one seed.

    Raises
    ------
    CourseError
        A class has too few rows for so many draws.
    """
    rows = np.random.default_rng(seed).permutation(rows)
    of_class = [rows[labels[rows] == label] for label in np.unique(labels)]
    if (fewest := min(map(len, of_class))) < (draw + 1) * per_class:
        raise CourseError(
            f"draw {draw} of {per_class} rows a class needs {(draw + 1) * per_class}, and one has {fewest}: "
            "take fewer, or more pictures"
        )
    return np.concatenate([each[draw * per_class : (draw + 1) * per_class] for each in of_class])


class Classic:
    """Principal components of pictures without labels, then a support vector machine on a few with labels.

    Parameters
    ----------
    pictures : Tensor, shape (n, channels, height, width)
        The components see each as it is and as one changed copy.
    copies : int
        Changed copies of each labelled picture that the machine sees besides.
    seed : int
        Of the changes.
    """

    def __init__(self, pictures: torch.Tensor, copies: int, seed: int) -> None:
        torch.manual_seed(seed)
        self.copies = copies
        seen = self._flat(torch.cat([pictures, change(pictures)]))
        self.components = decomposition.PCA(min(60, *seen.shape), random_state=seed).fit(seen)

    def accuracy(
        self, few: tuple[torch.Tensor, torch.Tensor], hidden: tuple[torch.Tensor, torch.Tensor]
    ) -> float:
        """Right answers on hidden pictures and labels after learning from a few, in %."""
        pictures, labels = few
        many = torch.cat([pictures, *(change(pictures) for _ in range(self.copies))])
        machine = svm.SVC(C=10).fit(self._reduced(many), labels.repeat(self.copies + 1).numpy())
        return 100 * float((machine.predict(self._reduced(hidden[0])) == hidden[1].numpy()).mean())

    def _reduced(self, pictures: torch.Tensor) -> np.ndarray:
        return self.components.transform(self._flat(pictures))

    @staticmethod
    def _flat(pictures: torch.Tensor) -> np.ndarray:
        return pictures.flatten(start_dim=1).numpy()
