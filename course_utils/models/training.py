"""The training loop that lesson 2 writes out, with what a longer training wants around it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from course_utils import CourseError
from course_utils.models import checkpoints
from course_utils.models.callbacks import Average, History, Saving, Training, Validate, Validation, set_rates
from course_utils.run import PRECISIONS, one_of

BatchLoss = Callable[..., torch.Tensor]
Optimizers = Callable[[nn.Module], Sequence[torch.optim.Optimizer]]


def batches(n_rows: int, batch_size: int, seed: int) -> Iterator[torch.Tensor]:
    """Row numbers of one batch after the other, each (batch_size,) int64, without end.

    Each pass over the rows takes them in a new order. Rows that do not fill a batch wait for the next
    pass; when there are fewer than `batch_size`, every batch is all of them.

    Raises
    ------
    CourseError
        There is no row, or `batch_size` is below 1.
    """
    generator = torch.Generator().manual_seed(int(seed))  # numpy's too
    if (size := min(batch_size, n_rows)) < 1:
        raise CourseError(f"a batch needs a row, got batch_size {batch_size} and {n_rows} rows of data")
    while True:
        order = torch.randperm(n_rows, generator=generator)
        for start in range(0, n_rows - n_rows % size, size):
            yield order[start : start + size]


def rate_factor(step: int, steps: int) -> float:
    """Share of the highest learning rate for a step: it rises over a tenth of the steps, then falls to 0."""
    return min(1.0, 10 * (step + 1) / steps) * (1 - step / steps)


def fit(
    model: nn.Module,
    batch_loss: BatchLoss,
    data: Sequence[torch.Tensor],
    *,
    steps: int,
    batch_size: int = 64,
    learning_rate: float = 1e-2,
    weight_decay: float = 1e-2,
    optimizers: Optimizers | None = None,
    seed: int = 0,
    device: str = "cpu",
    precision: str = "float32",
    validate: Validate | None = None,
    validate_every: int = 100,
    patience: int | None = None,
    average: float | None = None,
    checkpoint: Path | None = None,
    checkpoint_every: int = 100,
    label: str = "",
) -> History:
    """Train a model in place for a fixed number of steps, with AdamW if nothing else is asked for.

    Parameters
    ----------
    model : Module
        Moved to `device`; in evaluation mode afterwards. It brings its first weights with it: to go on
        from a checkpoint, build it anew.
    batch_loss : callable
        ``batch_loss(model, *batch)`` gives the mean loss of a batch, a tensor of shape ().
    data : sequence of tensors, each (n_rows, ...)
        Rows that belong together, for instance images and labels.
    steps, batch_size : int
        How often the weights are changed, and rows in one step.
    learning_rate, weight_decay : float
        Of AdamW (Loshchilov & Hutter 2019). The rate is the highest one: `rate_factor` scales it.
    optimizers : callable, optional
        ``optimizers(model)`` gives a list of optimisers to take AdamW's place, for instance that of
        `muon.muon_adamw`. The rates that they are made with are the highest ones.
    seed : int
        Of the order of the rows.
    device, precision : str
        'cpu', 'cuda' or 'mps'; 'float32', or 'bfloat16' for torch's autocast, in `validate` too.
    validate : callable, optional
        Measures the model in evaluation mode and without gradients, every `validate_every` steps and
        after the last: a mapping of names to numbers.
    patience : int, optional
        Stop when so many validations in a row bring nothing better in the first of their numbers, which
        should fall; keep the best weights.
    average : float, optional
        Keep an exponential moving average of the weights with this decay, for instance 0.999, instead of
        the last ones, and have `validate` measure it.
    checkpoint : Path, optional
        File to save the state in, every `checkpoint_every` steps and after the last, and to go on from. One
        that is damaged or belongs to another training is set aside, with a warning.
    label : str
        Stands before the progress bar; without one there is no bar.

    Raises
    ------
    CourseError
        The tensors differ in length, settings contradict each other, the loss or a weight is no longer
        finite, or the checkpoint cannot be written.
    """
    one_of("precision", precision, PRECISIONS)
    if len({len(tensor) for tensor in data}) != 1:
        raise CourseError(f"data needs tensors with the same number of rows, got {[len(t) for t in data]}")
    if patience is not None and (validate is None or average is not None):
        raise CourseError("patience needs validate, and keeps the best weights: average would keep others")
    model.to(device).train()
    data = [tensor.to(device) for tensor in data]
    autocast = partial(torch.autocast, device, torch.bfloat16, enabled=precision == "bfloat16")
    adamw = partial(torch.optim.AdamW, lr=learning_rate, weight_decay=weight_decay)
    made = list(optimizers(model)) if optimizers else [adamw(model.parameters())]
    training = Training(model, made, steps, patience)
    callbacks = []
    if average is not None:
        callbacks.append(Average(training, average))
    if validate is not None:
        callbacks.append(Validation(training, validate, validate_every, autocast))
    if checkpoint is not None:
        settings = {"steps": steps, "batch_size": batch_size, "seed": seed, "precision": precision}
        settings |= {"validate_every": validate_every, "patience": patience, "average": average}
        rows = next(batches(len(data[0]), batch_size, seed))
        settings |= {"rows": len(data[0]), "first_loss": _first_loss(model, batch_loss, data, rows, autocast)}
        callbacks.append(Saving(training, checkpoint, checkpoint_every, settings))

    history, first = training.history, training.history.resumed_at
    order = islice(batches(len(data[0]), batch_size, seed), first, steps)
    bar = tqdm(order, label, total=steps, initial=first, unit="step", disable=not label)
    for step, rows in enumerate(bar, start=first):
        if training.is_over():
            break
        set_rates(made, rate_factor(step, steps))
        with autocast():
            loss = batch_loss(model, *(tensor[rows] for tensor in data))
        for optimizer in made:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in made:
            optimizer.step()
        training.record(loss.item())
        for callback in callbacks:
            callback(step + 1)
        bar.set_postfix(training.numbers(), refresh=False)
    training.finish()
    return history


def _first_loss(
    model: nn.Module,
    batch_loss: BatchLoss,
    data: Sequence[torch.Tensor],
    rows: torch.Tensor,
    autocast: Callable[[], AbstractContextManager],
) -> float:
    """Loss of the untrained model on the first batch.

    It tells one training from another: model, data, loss function and their seeds all show in it.
    """
    with checkpoints.random_state_kept(), autocast():
        torch.manual_seed(0)  # for dropout and whatever else draws in the forward pass
        untrained = copy.deepcopy(model)  # a batch norm counts what passes through it
        return batch_loss(untrained, *(tensor[rows] for tensor in data)).item()
