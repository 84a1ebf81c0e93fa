"""A neural network for tables, with scikit-learn's interface: columns of numbers and columns of categories.

Numbers are filled in and scaled. Each category (an airline, a postcode) gets an **embedding**: a short list
of numbers that the network learns, so that categories that behave alike may come to lie close together
(Guo, C., & Berkhahn, F. 2016, Entity embeddings of categorical variables). Two hidden layers read both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from course_utils import CourseError
from course_utils.models import training
from course_utils.models.bill import network_size
from course_utils.models.checkpoints import random_state_kept
from course_utils.models.costs import Size

Rows = tuple[torch.Tensor, torch.Tensor]
"""Numbers (n_rows, n_numbers) float32 and categories (n_rows, n_categories) int64."""


class TabularNetwork(nn.Module):
    """Two hidden layers that read numbers and the embeddings of categories.

    Parameters
    ----------
    n_numbers : int
        Columns of numbers.
    kinds : sequence of int
        How many categories each column of categories has; their numbers go from 1 to that. 0 stands for a
        category that the training did not have: its embedding is zero and stays so.
    embedding : int
        Numbers in an embedding, at most.
    width : int
        Neurons in the first hidden layer; the second has half as many.
    """

    def __init__(self, n_numbers: int, kinds: Sequence[int], embedding: int, width: int) -> None:
        super().__init__()
        sizes = [min(embedding, (kind + 1) // 2) for kind in kinds]
        pairs = zip(kinds, sizes, strict=True)
        self.embeddings = nn.ModuleList([nn.Embedding(kind + 1, size, padding_idx=0) for kind, size in pairs])
        self.layers = nn.Sequential(
            nn.Linear(n_numbers + sum(sizes), width),
            nn.ReLU(),
            nn.Linear(width, width // 2),
            nn.ReLU(),
            nn.Linear(width // 2, 1),
        )

    def forward(self, numbers: torch.Tensor, categories: torch.Tensor) -> torch.Tensor:
        """One score a row, (n_rows,)."""
        embedded = [table(categories[:, i]) for i, table in enumerate(self.embeddings)]
        return self.layers(torch.cat([numbers, *embedded], dim=1)).squeeze(1)


class _Tabular(BaseEstimator):
    """What the classifier and the regressor share.

    Parameters
    ----------
    categories : sequence of str
        The columns of the table that hold categories; all its other columns hold numbers.
    width, embedding
        As for `TabularNetwork`.
    epochs : int
        Passes over the rows.
    batch_size : int
        Rows in one step.
    learning_rate, weight_decay : float
        Of AdamW, as for `training.fit`.
    seed : int
        Of the first weights and of the order of the rows.
    device : str
        'cpu', 'cuda' or 'mps'.

    Attributes
    ----------
    network_ : TabularNetwork
        After `fit`.
    history_ : History
        Losses of the training.
    kinds_ : dict
        The categories of each column that has them, sorted; the network counts them from 1.
    rows_seen_ : int
        Rows that all steps looked at, repeats included.
    """

    def __init__(
        self,
        categories: Sequence[str] = (),
        width: int = 64,
        epochs: int = 10,
        learning_rate: float = 1e-2,
        weight_decay: float = 1e-2,
        embedding: int = 4,
        batch_size: int = 256,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.categories = categories
        self.width = width
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.embedding = embedding
        self.batch_size = batch_size
        self.seed = seed
        self.device = device

    def _train(self, X: pd.DataFrame, targets: np.ndarray) -> None:
        """Learn from the rows how to prepare them, then train on targets (n_rows,)."""
        if len(targets) != len(X):
            raise CourseError(f"each row needs an answer, got {len(X)} rows and {len(targets)} answers")
        if not np.isfinite(targets).all():
            raise CourseError("an answer is missing or infinite: leave out the rows that have none")
        self._learn_columns(X)
        numbers, categories = self._tensors(X)
        targets = torch.as_tensor(targets, dtype=torch.float32)
        self.rows_seen_ = self.epochs * len(X)
        size = min(self.batch_size, len(X))
        with random_state_kept():
            torch.manual_seed(self.seed)
            kinds = [len(each) for each in self.kinds_.values()]
            network = TabularNetwork(numbers.shape[1], kinds, self.embedding, self.width)
            self.history_ = training.fit(
                network,
                self._batch_loss,
                (numbers, categories, targets),
                steps=-(-self.rows_seen_ // size),  # rounded up
                batch_size=size,
                optimizers=self._optimizers,
                seed=self.seed,
                device=self.device,
            )
        self.network_ = network

    def _optimizers(self, network: nn.Module) -> list[torch.optim.Optimizer]:
        """AdamW, in its version that changes all weights in one go: a small network gains a fifth by it."""
        rates = {"lr": self.learning_rate, "weight_decay": self.weight_decay}
        return [torch.optim.AdamW(network.parameters(), fused=True, **rates)]

    def _learn_columns(self, X: pd.DataFrame) -> None:
        """Means and spreads of the numbers, and which categories there are."""
        if missing := [name for name in self.categories if name not in X.columns]:
            raise CourseError(f"the table has no column {', '.join(missing)}: it has {', '.join(X.columns)}")
        self.numbers_ = [name for name in X.columns if name not in self.categories]
        if texts := [name for name in self.numbers_ if not pd.api.types.is_numeric_dtype(X[name])]:
            raise CourseError(f"{', '.join(texts)} holds no numbers: name it in categories, or leave it out")
        self.kinds_ = {name: sorted(X[name].dropna().unique()) for name in self.categories}
        self.scaler_ = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
        if self.numbers_:
            self.scaler_.fit(X[self.numbers_])

    def _tensors(self, X: pd.DataFrame) -> Rows:
        """The rows as the network reads them; a category that is new or missing is 0."""
        numbers = self.scaler_.transform(X[self.numbers_]) if self.numbers_ else np.empty((len(X), 0))
        categories = np.empty((len(X), len(self.kinds_)))
        for i, (name, kinds) in enumerate(self.kinds_.items()):
            categories[:, i] = pd.Index(kinds).get_indexer(X[name]) + 1  # an unknown one is at -1
        return (
            torch.as_tensor(numbers, dtype=torch.float32, device=self.device),
            torch.as_tensor(categories, dtype=torch.int64, device=self.device),
        )

    @torch.no_grad()
    def _scores(self, X: pd.DataFrame) -> np.ndarray:
        """What the network says of each row, (n_rows,)."""
        check_is_fitted(self)
        return self.network_.eval()(*self._tensors(X)).double().cpu().numpy()

    def size(self, X: pd.DataFrame) -> Size:
        """Parameters and operations, counted on one row of X; looking up an embedding counts nothing.

        Raises
        ------
        NotFittedError
            `fit` comes first.
        """
        check_is_fitted(self)
        row = self._tensors(X[:1])
        target = torch.zeros(1, device=self.device)
        network = self.network_.eval()
        return network_size(
            network, lambda: self._batch_loss(network, *row, target), lambda: network(*row), self.rows_seen_
        )


class TabularClassifier(ClassifierMixin, _Tabular):
    """A network that says how likely the second of two classes is.

    Its parameters and attributes are those of `TabularRegressor`; besides, `classes_` has the two classes.
    """

    def fit(self, X: pd.DataFrame, y: ArrayLike) -> TabularClassifier:
        """Train on a table X (n_rows, n_columns) and its classes y (n_rows,).

        Raises
        ------
        CourseError
            There are not two classes, a column is missing or a text, or an answer is missing.
        """
        y = np.asarray(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) != 2:
            raise CourseError(f"it takes two classes, got {len(self.classes_)}: {self.classes_[:5]}")
        self._train(X, (y == self.classes_[1]).astype(float))
        return self

    @staticmethod
    def _batch_loss(
        network: nn.Module, numbers: torch.Tensor, categories: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        return binary_cross_entropy_with_logits(network(numbers, categories), targets)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probability of each class, (n_rows, 2)."""
        second = expit(self._scores(X))
        return np.column_stack([1 - second, second])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The likelier class of each row, (n_rows,)."""
        is_second = self._scores(X) > 0
        return self.classes_[is_second.astype(int)]


class TabularRegressor(RegressorMixin, _Tabular):
    __doc__ = "A network that says a number.\n\n" + _Tabular.__doc__.partition("\n\n")[2]

    def fit(self, X: pd.DataFrame, y: ArrayLike) -> TabularRegressor:
        """Train on a table X (n_rows, n_columns) and its numbers y (n_rows,).

        The network itself sees them scaled to mean 0 and spread 1, as it sees the columns.

        Raises
        ------
        CourseError
            A column is missing or a text, or an answer is missing.
        """
        y = np.asarray(y, dtype=float)
        self.mean_, self.spread_ = y.mean(), y.std() or 1.0
        self._train(X, (y - self.mean_) / self.spread_)
        return self

    @staticmethod
    def _batch_loss(
        network: nn.Module, numbers: torch.Tensor, categories: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        return mse_loss(network(numbers, categories), targets)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The number of each row, (n_rows,), in the unit of y."""
        scores = self._scores(X)
        return scores * self.spread_ + self.mean_
