"""Models for tables: a small neural network with scikit-learn's interface, and operation counts.

The network is here so that lesson 1 can treat it like any other model. How such a training loop
works is lesson 2's subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from torch import nn

from course_utils import CourseError


class TabularMLP(ClassifierMixin, BaseEstimator):
    """Multi-layer perceptron: two hidden layers with ReLU, AdamW, early stopping.

    Columns are standardised with the mean and spread of the rows that it is fitted to. With a
    validation set, training stops when the validation loss has not improved for `patience` epochs
    and the best epoch's weights are kept; without one it runs for `epochs`.

    Parameters
    ----------
    hidden : int
        Neurons in each of the two hidden layers.
    learning_rate, weight_decay : float
        Of AdamW (Loshchilov & Hutter 2019).
    epochs : int
        Passes over the data: the number to run, or with a validation set the most to run.
    patience : int
        Epochs without improvement before it stops.
    batch_size : int
        Rows in one step.
    device : str
        'cpu', 'cuda' or 'mps'.
    seed : int
        Of the initial weights and of the order of the rows.

    Attributes
    ----------
    epochs_ : int
        Epochs that the kept weights were trained for.
    history_ : list of dict
        Loss on training and validation rows after each epoch, in nats a row.
    """

    def __init__(
        self,
        hidden: int = 64,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-2,
        epochs: int = 200,
        patience: int = 15,
        batch_size: int = 32,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.device = device
        self.seed = seed

    def fit(
        self, X: ArrayLike, y: ArrayLike, X_val: ArrayLike | None = None, y_val: ArrayLike | None = None
    ) -> TabularMLP:
        """Train on X (n_rows, n_columns) and y (n_rows,), optionally with early stopping.

        Raises
        ------
        CourseError
            Only one of `X_val` and `y_val` is given, or the loss is no longer finite.
        """
        if (X_val is None) != (y_val is None):
            raise CourseError("early stopping needs both X_val and y_val: give both or neither")
        self.classes_, targets = np.unique(y, return_inverse=True)
        self.scaler_ = StandardScaler().fit(X)
        inputs, targets = self._tensor(X), torch.as_tensor(targets, device=self.device)
        generator = torch.Generator().manual_seed(self.seed)
        self.model_ = self._build(inputs.shape[1], generator)
        optimizer = torch.optim.AdamW(
            self.model_.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        self.history_: list[dict[str, float]] = []
        best_loss, best_weights, self.epochs_ = float("inf"), None, self.epochs
        for epoch in range(1, self.epochs + 1):
            losses = {"train": self._train_epoch(inputs, targets, optimizer, generator)}
            self.history_.append(losses)
            if X_val is not None:
                losses["validation"] = self.loss(X_val, y_val)
            if not np.isfinite(sum(losses.values())):
                raise CourseError(f"the loss became {sum(losses.values())}: lower the learning rate")
            if X_val is None:
                continue
            if losses["validation"] < best_loss:
                best_loss, self.epochs_ = losses["validation"], epoch
                best_weights = {name: w.clone() for name, w in self.model_.state_dict().items()}
            elif epoch - self.epochs_ >= self.patience:
                break
        if best_weights is not None:
            self.model_.load_state_dict(best_weights)
        return self

    def _build(self, n_columns: int, generator: torch.Generator) -> nn.Sequential:
        """The network, with weights drawn from `generator` and not from torch's global state."""
        sizes = [n_columns, self.hidden, self.hidden, len(self.classes_)]
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(sizes):
            linear = nn.utils.skip_init(nn.Linear, n_in, n_out)
            bound = n_in**-0.5  # torch's own default for nn.Linear
            for parameter in linear.parameters():
                nn.init.uniform_(parameter, -bound, bound, generator=generator)
            layers += [linear, nn.ReLU()]
        return nn.Sequential(*layers[:-1]).to(self.device)

    def _train_epoch(
        self,
        inputs: torch.Tensor,
        targets: torch.Tensor,
        optimizer: torch.optim.Optimizer,
        generator: torch.Generator,
    ) -> float:
        """One pass over the rows in random order; mean loss in nats a row."""
        total = 0.0
        order = torch.randperm(len(inputs), generator=generator).to(self.device)
        for rows in order.split(self.batch_size):
            loss = nn.functional.cross_entropy(self.model_(inputs[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        return total / len(inputs)

    def _tensor(self, X: ArrayLike) -> torch.Tensor:
        """Standardised rows, (n_rows, n_columns) float32."""
        return torch.as_tensor(self.scaler_.transform(X), dtype=torch.float32, device=self.device)

    @torch.no_grad()
    def loss(self, X: ArrayLike, y: ArrayLike) -> float:
        """Cross-entropy in nats a row.

        Raises
        ------
        CourseError
            A label in `y` did not occur in the training.
        """
        if unknown := sorted(set(np.unique(y)) - set(self.classes_)):
            raise CourseError(f"label {unknown[0]} was not among the classes trained on: {self.classes_}")
        targets = torch.as_tensor(np.searchsorted(self.classes_, y), device=self.device)
        return nn.functional.cross_entropy(self.model_(self._tensor(X)), targets).item()

    @torch.no_grad()
    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probability of each class, (n_rows, n_classes), rows add up to 1."""
        return self.model_(self._tensor(X)).softmax(dim=1).cpu().numpy()

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The likeliest class of each row, (n_rows,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@dataclass(frozen=True)
class Size:
    """How large a fitted model is and how much arithmetic it takes.

    Attributes
    ----------
    parameters : int
        Numbers that training has set.
    train_operations : float
        For one training, after all choices are made.
    predict_operations : float
        For one row.
    """

    parameters: int
    train_operations: float
    predict_operations: float


def size(model: Any, n_rows: int) -> Size:
    """Count parameters and operations of a model that was fitted to `n_rows` rows.

    Raises
    ------
    CourseError
        The counting rule for this kind of model is not known.
    """
    if isinstance(model, Pipeline):
        model = model[-1]
    if isinstance(model, TabularMLP):
        return _mlp_size(model, n_rows)
    if isinstance(model, LogisticRegression):
        return _logistic_size(model, n_rows)
    if isinstance(model, (RandomForestClassifier, GradientBoostingClassifier)):
        return _ensemble_size(list(np.ravel(model.estimators_)))
    if isinstance(model, SVC):
        return _svm_size(model, n_rows)
    raise CourseError(f"no counting rule for {type(model).__name__}: write one in {__name__}")


def _mlp_size(mlp: TabularMLP, n_rows: int) -> Size:
    """A weight costs a multiplication and an addition a row, and twice that again on the way back.

    On the way back the first layer needs only its weights' gradient, not that of its input. The
    optimiser's own work is left out, which favours the network.
    """
    layers = [layer.weight.numel() for layer in mlp.model_ if isinstance(layer, nn.Linear)]
    parameters = sum(parameter.numel() for parameter in mlp.model_.parameters())
    a_row = 2 * (3 * sum(layers) - layers[0])
    return Size(parameters, a_row * n_rows * mlp.epochs_, 2 * sum(layers))


def _logistic_size(model: LogisticRegression, n_rows: int) -> Size:
    """Each iteration of lbfgs takes loss and gradient: two products of the table with the weights.

    Every iteration counts twice, because its line search may look at more than one point: more than
    it usually needs, which again favours the network.
    """
    weights = model.coef_.size
    train = 2 * int(model.n_iter_.max()) * 4 * n_rows * weights
    return Size(weights + model.intercept_.size, train, 2 * weights)


def _ensemble_size(trees: list[Any]) -> Size:
    """To split a node of m rows, a tree sorts them by each column that it tries and scores each cut.

    That is m log2 m comparisons and about 10 m operations a column. A prediction makes one comparison
    a level; the mean depth is weighted by how many training rows pass.
    """
    parameters = train = predict = 0.0
    for tree in trees:
        rows, is_split = tree.tree_.n_node_samples, tree.tree_.children_left >= 0
        m = rows[is_split]
        train += (tree.max_features_ * m * (np.log2(m) + 10)).sum()
        predict += m.sum() / rows[0]
        parameters += 2 * is_split.sum() + tree.tree_.value[~is_split].size  # column, cut; leaf values
    return Size(int(parameters), train, predict)


def _svm_size(model: SVC, n_rows: int) -> Size:
    """libsvm (Chang and Lin 2011) with its Gaussian kernel; each pair of classes has an SVM of its own.

    Training computes the kernel of each row that it moves with all rows of the pair, once, as the cache
    allows: a product and a sum a column. It moves the pair's support vectors and hardly another row. Each
    iteration updates a gradient with two kernel values a row. A prediction compares the row with all
    support vectors: a difference, a square and a sum a column.
    """
    columns, classes = model.support_vectors_.shape[1], len(model.classes_)
    pairs = classes * (classes - 1) // 2
    rows = 2 * n_rows / classes  # of one pair, when classes are of equal size
    moved = np.count_nonzero(model.dual_coef_)  # over all pairs
    train = 2 * columns * rows * moved + 4 * rows * float(np.sum(model.n_iter_))
    predict = 3 * model.support_vectors_.size + 2 * model.dual_coef_.size
    return Size(model.support_vectors_.size + model.dual_coef_.size + pairs, train, predict)
