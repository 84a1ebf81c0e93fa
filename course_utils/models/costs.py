"""What a model costs: seconds of the processor, memory, operations, parameters."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from numpy.typing import ArrayLike

from course_utils import CourseError
from course_utils.claims.estimates import number

if TYPE_CHECKING:
    import pandas as pd


class CostMeter:
    """Seconds that a block of code took, by the clock and by the processor.

    ``cpu_s`` adds up the time of all threads of this process, so that a model cannot look cheap by
    using more cores, and another program on the machine hardly disturbs it.

    Examples
    --------
    >>> with CostMeter() as cost:
    ...     model.fit(X, y)
    >>> cost.cpu_s
    """

    wall_s: float
    cpu_s: float

    def __enter__(self) -> CostMeter:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *exception: object) -> None:
        self.wall_s = time.perf_counter() - self._wall
        self.cpu_s = time.process_time() - self._cpu


def cpu_seconds(function: Callable[[], object], at_least_s: float = 0.1) -> float:
    """Mean CPU seconds of a call, over as many calls as fill `at_least_s`.

    One call of a quick function is over before some systems' processor clock has moved.
    """
    calls, started = 0, time.process_time()
    while (spent := time.process_time() - started) < at_least_s:
        function()
        calls += 1
    return spent / calls


def count_operations(function: Callable[[], object]) -> int:
    """Floating-point operations of torch's matrix products and convolutions during a call.

    A multiplication and an addition count as two. The rest of a network (activations, norms, the
    optimiser) is small beside them and is not counted.
    """
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops()


def use_one_core() -> None:
    """Let numpy, scikit-learn and torch compute on one core, so that CPU seconds can be compared."""
    import torch
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    torch.set_num_threads(1)


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in megabytes (10**6 bytes)."""
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / 1e6
    if sys.platform == "linux":  # where getrusage would start at the parent's peak
        status = Path("/proc/self/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # in bytes on macOS


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


def size(model: Any, X: ArrayLike) -> Size:
    """Count parameters and operations of a model that was fitted to the rows X (n_rows, ...).

    A model with a method ``size(X)`` counts itself, as `networks.NetworkClassifier` does; for
    scikit-learn's the rules stand below.

    Raises
    ------
    CourseError
        The counting rule for this kind of model is not known.
    """
    kind = type(model).__name__
    if kind == "Pipeline":
        return size(model[-1], X)
    if hasattr(model, "size"):
        return model.size(X)
    if kind not in RULES:
        raise CourseError(f"no counting rule for {kind}: write one in {__name__}")
    return RULES[kind](model, len(X))


def _logistic_size(model: Any, n_rows: int) -> Size:
    """Each iteration of lbfgs takes loss and gradient: two products of the table with the weights.

    Every iteration counts twice, because its line search may look at more than one point: more than
    it usually needs, which favours the network that it is compared with.
    """
    weights = model.coef_.size
    train = 2 * int(model.n_iter_.max()) * 4 * n_rows * weights
    return Size(weights + model.intercept_.size, train, 2 * weights)


def _forest_size(model: Any, n_rows: int) -> Size:
    """To split a node of m rows, a tree sorts them by each column that it tries and scores each cut.

    That is m log2 m comparisons and about 10 m operations a column. A prediction makes one comparison
    a level; the mean depth is weighted by how many training rows pass.
    """
    parameters = train = predict = 0.0
    for tree in np.ravel(model.estimators_):
        rows, is_split = tree.tree_.n_node_samples, tree.tree_.children_left >= 0
        m = rows[is_split]
        train += (tree.max_features_ * m * (np.log2(m) + 10)).sum()
        predict += m.sum() / rows[0]
        parameters += 2 * is_split.sum() + tree.tree_.value[~is_split].size  # column, cut; leaf values
    return Size(int(parameters), train, predict)


def _histogram_size(model: Any, n_rows: int) -> Size:
    """Boosted trees on columns that are sorted once into bins, as LightGBM does it (Ke and others 2017).

    Sorting a value into its bin takes 8 comparisons. To split a node, the rows of its smaller half are added
    to a histogram of each column, 3 sums a value, and that of the larger half is what is left; scoring each
    bin's edge takes about 10 operations. A tree's gradients take 5 operations a row. A prediction makes one
    comparison a level; the mean depth is weighted by how many training rows pass.
    """
    columns, bins = model.n_features_in_, model.max_bins
    parameters = predict = 0.0
    train = 8.0 * n_rows * columns
    for tree in [tree.nodes for trees in model._predictors for tree in trees]:
        rows, split = tree["count"].astype(float), tree["is_leaf"] == 0
        smaller = np.minimum(rows[tree["left"][split]], rows[tree["right"][split]])
        train += 3 * columns * (rows[0] + smaller.sum()) + 10 * bins * columns * len(tree) + 5 * rows[0]
        predict += rows[split].sum() / rows[0]
        parameters += 2 * split.sum() + (~split).sum()  # column, cut; leaf values
    return Size(int(parameters), train, predict)


def _ridge_size(model: Any, n_rows: int) -> Size:
    """Cholesky's way: the products of all pairs of columns and with the target, then two triangles."""
    weights = model.coef_.size
    train = n_rows * (weights * (weights + 1) + 2.0 * weights) + weights**3 / 3
    return Size(weights + 1, train, 2 * weights)


def _svm_size(model: Any, n_rows: int) -> Size:
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


def _mlp_size(model: Any, n_rows: int) -> Size:
    """A weight costs a multiplication and an addition a row, and twice that again on the way back.

    On the way back the first layer needs only its weights' gradient, not that of its input. With early
    stopping, some rows are only watched: they go through the network once an epoch. The optimizer's own
    work is left out, which favours the network.
    """
    layers = [weights.size for weights in model.coefs_]
    watched = round(n_rows * model.validation_fraction) if model.early_stopping else 0
    forward, learn = 2 * sum(layers), 2 * (3 * sum(layers) - layers[0])
    epoch = (n_rows - watched) * learn + watched * forward
    parameters = sum(layers) + sum(biases.size for biases in model.intercepts_)
    return Size(parameters, float(epoch * model.n_iter_), float(forward))


RULES: dict[str, Callable[[Any, int], Size]] = {
    "LogisticRegression": _logistic_size,
    "RandomForestClassifier": _forest_size,
    "GradientBoostingClassifier": _forest_size,
    "HistGradientBoostingClassifier": _histogram_size,
    "HistGradientBoostingRegressor": _histogram_size,
    "Ridge": _ridge_size,
    "SVC": _svm_size,
    "MLPClassifier": _mlp_size,
}
"""How to count a model of scikit-learn, by the name of its class."""


TECHNOLOGIES = {
    "classic": "Classic machine learning",
    "deep": "Deep learning",
    "LLM": "Large language models",
    "generative": "Generative AI",
}
"""Short and full names, in the order of the first article and of the lessons."""


@dataclass(frozen=True)
class Cost:
    """What one model costs to train once and to use.

    Attributes
    ----------
    model, data : str
        Which model on which data set.
    technology : str
        A key of `TECHNOLOGIES`.
    parameters : int
        Numbers that training sets.
    train_operations, predict_operations : float
        Floating-point operations for one training and for one prediction.
    train_cpu_s, predict_cpu_ms : float
        CPU seconds for one training, CPU milliseconds for one prediction; from a clock.
    """

    model: str
    data: str
    technology: str
    parameters: int
    train_operations: float
    predict_operations: float
    train_cpu_s: float
    predict_cpu_ms: float


TIMED_COSTS = ("train_cpu_s", "predict_cpu_ms")
"""Fields of `Cost` that come from a clock."""


def cost_table(costs: Iterable[Cost]) -> pd.DataFrame:
    """Costs as a person reads them, one row a model."""
    import pandas as pd

    rows = {
        (cost.technology, cost.model): {
            "parameters": number(cost.parameters),
            "training (operations)": number(cost.train_operations),
            "training (CPU s)": number(cost.train_cpu_s),
            "one use (operations)": number(cost.predict_operations),
            "one use (CPU ms)": number(cost.predict_cpu_ms),
        }
        for cost in costs
    }
    return pd.DataFrame(rows).T.rename_axis(["technology", "model"])
