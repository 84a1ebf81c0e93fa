"""A torch network with scikit-learn's interface, so that it enters a comparison like any other model."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted
from torch import nn

from course_utils.models.costs import Size, count_operations
from course_utils.models.training import BatchLoss, fit

PREDICT_ROWS = 500
"""Rows that are predicted at once, so that memory does not grow with the data."""


def mlp(n_inputs: int, n_classes: int, seed: int, width: int = 256) -> nn.Sequential:
    """An untrained MLP with two hidden layers: (B, ...) inputs to (B, n_classes) scores."""
    torch.manual_seed(seed)
    hidden: list[nn.Module] = []
    for n_in in (n_inputs, width):
        hidden += [nn.Linear(n_in, width), nn.BatchNorm1d(width), nn.ReLU()]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(width, n_classes))


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """Trains a network with `training.fit` for a fixed number of steps.

    Parameters
    ----------
    model : Module
        Maps (B, ...) inputs to (B, n_classes) scores. It is trained in place and brings its first
        weights with it, so fit a classifier once.
    batch_loss : callable
        ``batch_loss(model, inputs, labels)``, as for `training.fit`.
    steps, batch_size, learning_rate, weight_decay, seed, device, checkpoint
        As for `training.fit`.

    Attributes
    ----------
    history_ : History
        Losses and times of the training.
    rows_seen_ : int
        Rows that all steps of the training looked at, repeats included.
    """

    def __init__(
        self,
        model: nn.Module,
        batch_loss: BatchLoss,
        steps: int,
        batch_size: int = 64,
        learning_rate: float = 1e-2,
        weight_decay: float = 1e-2,
        seed: int = 0,
        device: str = "cpu",
        checkpoint: Path | None = None,
    ) -> None:
        self.model = model
        self.batch_loss = batch_loss
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.seed = seed
        self.device = device
        self.checkpoint = checkpoint

    def fit(self, X: ArrayLike, y: ArrayLike) -> NetworkClassifier:
        """Train on X (n_rows, ...) and y (n_rows,), whole numbers from 0 to n_classes - 1."""
        data = self._tensor(X), torch.as_tensor(y, dtype=torch.int64)
        settings = self.get_params(deep=False)
        model, batch_loss = settings.pop("model"), settings.pop("batch_loss")
        self.history_ = fit(model, batch_loss, data, **settings)
        self.rows_seen_ = self.steps * min(self.batch_size, len(data[0]))
        return self

    def _tensor(self, X: ArrayLike) -> torch.Tensor:
        """Pictures (4-dimensional) with their channels together in memory, which convolutions like."""
        tensor = torch.as_tensor(np.asarray(X, dtype=np.float32), device=self.device)
        return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor

    @torch.no_grad()
    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probability of each class, (n_rows, n_classes), rows add up to 1.

        Raises
        ------
        NotFittedError
            `fit` comes first.
        """
        check_is_fitted(self)
        self.model.eval()  # `model` is public: somebody may have trained it on
        parts = self._tensor(X).split(PREDICT_ROWS)
        return torch.cat([self.model(part).softmax(dim=1) for part in parts]).cpu().numpy()

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The likeliest class of each row, (n_rows,)."""
        return self.predict_proba(X).argmax(axis=1)

    def size(self, X: ArrayLike) -> Size:
        """Parameters, and operations of the training and of one prediction, counted on two rows of X.

        Raises
        ------
        NotFittedError
            `fit` comes first.
        """
        check_is_fitted(self)
        model = copy.deepcopy(self.model).eval()  # counting leaves gradients behind
        rows = self._tensor(X)[:2]
        labels = torch.zeros(len(rows), dtype=torch.int64, device=self.device)
        learn = count_operations(lambda: self.batch_loss(model, rows, labels).backward())
        predict = count_operations(lambda: model(rows))
        parameters = sum(parameter.numel() for parameter in model.parameters())
        return Size(parameters, learn / len(rows) * self.rows_seen_, predict / len(rows))
