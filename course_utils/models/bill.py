"""What a training and a use cost, measured in the same way for every kind of model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from course_utils.claims.intervals import paired_ratio
from course_utils.models import training
from course_utils.models.costs import Cost, CostMeter, Size, count_operations, cpu_seconds, size
from course_utils.models.single_calls import call_ms

if TYPE_CHECKING:
    from torch import Tensor, nn

    from course_utils.claims.estimates import Estimate
    from course_utils.models.training import BatchLoss


def measure(
    model: str,
    technology: str,
    data: str,
    *,
    train: Callable[[], object],
    use: Callable[[], object],
    count: Callable[[], Size],
    n_uses: int,
    at_least_s: float = 0.1,
) -> Cost:
    """Train a model, then use and count it.

    Parameters
    ----------
    model, technology, data : str
        As in `Cost`.
    train, use : callable
        One training; afterwards, `n_uses` predictions, repeated until `at_least_s` seconds have passed.
    count : callable
        Says how large the trained model is.
    """
    with CostMeter() as trained:
        train()
    use_ms = 1000 * cpu_seconds(use, at_least_s) / n_uses
    return Cost(model, data, technology, **vars(count()), train_cpu_s=trained.cpu_s, predict_cpu_ms=use_ms)


def measure_classifier(
    name: str, technology: str, data: str, model: Any, X: ArrayLike, y: ArrayLike, X_test: ArrayLike
) -> Cost:
    """`measure` for a model with scikit-learn's interface: it is fitted to X and y, and predicts X_test."""
    return measure(
        name,
        technology,
        data,
        train=lambda: model.fit(X, y),
        use=lambda: model.predict(X_test),
        count=lambda: size(model, X),
        n_uses=len(X_test),
    )


def measure_network(
    name: str,
    technology: str,
    data: str,
    network: nn.Module,
    batch_loss: BatchLoss,
    rows: Sequence[Tensor],
    *,
    use: Callable[[], object],
    n_uses: int,
    use_once: Callable[[], object],
    steps: int,
    batch_size: int,
    **fit: Any,
) -> Cost:
    """`measure` for a network that `training.fit` trains; operations are counted on its first row.

    Parameters
    ----------
    name, technology, data : str
        As in `Cost`.
    network, batch_loss, rows, steps, batch_size, **fit
        As for `training.fit`.
    use : callable
        `n_uses` predictions, for the clock.
    use_once : callable
        One prediction, for the counter.
    """
    return measure(
        name,
        technology,
        data,
        train=lambda: training.fit(network, batch_loss, rows, steps=steps, batch_size=batch_size, **fit),
        use=use,
        count=lambda: network_size(
            network, lambda: batch_loss(network, *(each[:1] for each in rows)), use_once, batch_size * steps
        ),
        n_uses=n_uses,
    )


def network_size(
    model: nn.Module, loss: Callable[[], Tensor], use: Callable[[], object], rows_seen: int
) -> Size:
    """Count a torch network's parameters and operations.

    Parameters
    ----------
    model : Module
        Its gradients are gone afterwards.
    loss : callable
        The loss of one row; the way back from there is counted, too.
    use : callable
        One prediction.
    rows_seen : int
        Rows that all steps of the training look at, repeats included.
    """
    learn = count_operations(lambda: loss().backward())
    model.zero_grad()
    parameters = sum(weights.numel() for weights in model.parameters())
    return Size(parameters, learn * rows_seen, count_operations(use))


def mean(costs: Sequence[Cost]) -> Cost:
    """The cost of one model from several trainings; parameters are rounded to a whole number."""
    names = [field.name for field in fields(Cost) if field.type != "str"]
    means = {name: fmean(getattr(cost, name) for cost in costs) for name in names}
    return replace(costs[0], **{**means, "parameters": round(means["parameters"])})


def in_order(groups: Sequence[Sequence[float]]) -> float:
    """Share in % of all pairs of costs from two groups in which that of the later group is the larger."""
    pairs = [low < high for one, other in combinations(groups, 2) for low in one for high in other]
    return 100 * fmean(pairs)


def waits_ms(ask: Callable[[Any], object], questions: Iterable[Any], warm_up: int) -> np.ndarray:
    """Milliseconds by the clock from each question to its answer, one after the other.

    The first `warm_up` questions are not counted.
    """
    return call_ms(ask, questions, time.perf_counter)[warm_up:]


def time_ratio(one: Callable[[], object], other: Callable[[], object], repeats: int = 3) -> Estimate:
    """How many times the CPU seconds of `other` `one` takes, with an interval; they run in turn."""
    pairs = [(cpu_seconds(one), cpu_seconds(other)) for _ in range(repeats)]
    return paired_ratio(*zip(*pairs, strict=True))
