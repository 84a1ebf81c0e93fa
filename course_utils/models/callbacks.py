"""What happens between the steps of a training: averaging, validation and checkpoints.

Each is called with the number of steps that are done, after every step.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from course_utils import CourseError
from course_utils.files import require_writable
from course_utils.models import checkpoints

Validate = Callable[[nn.Module], Mapping[str, float]]


@dataclass
class History:
    """What happened in a training.

    Attributes
    ----------
    losses : list of float
        Training loss of each step, before that step changed the weights.
    validations : list of dict
        'step' and the measured numbers, for each validation.
    best_step : int
        Steps that the kept weights were trained for: all of them, or with early stopping as many as
        gave the best validation.
    resumed_at : int
        Step of the checkpoint that this training went on from; 0 when it began anew.
    wall_s, cpu_s : float
        Seconds of training by the clock and by the processor, those before an interruption included.
    """

    losses: list[float] = field(default_factory=list)
    validations: list[dict[str, float]] = field(default_factory=list)
    best_step: int = 0
    resumed_at: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0


def groups(optimizers: Sequence[torch.optim.Optimizer]) -> list[dict[str, Any]]:
    """The optimisers' groups of weights; loading a checkpoint makes new ones."""
    return [group for optimizer in optimizers for group in optimizer.param_groups]


def set_rates(optimizers: Sequence[torch.optim.Optimizer], factor: float) -> None:
    """Every group of weights gets this share of the learning rate that it began with, its highest."""
    for group in groups(optimizers):
        group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor  # torch's name for it


class Training:
    """A model, its optimisers, and where its training stands.

    ``kept`` has the weights that the model gets in the end, where those are not the last: the best so
    far, or an average.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        steps: int,
        patience: int | None = None,
    ) -> None:
        self.model, self.optimizers, self.steps, self.patience = model, optimizers, steps, patience
        self.history, self.kept = History(), None
        self.began = time.perf_counter(), time.process_time()
        set_rates(optimizers, 1.0)

    def record(self, loss: float) -> None:
        """Write down the loss of a step and the time until now.

        Raises
        ------
        CourseError
            The loss is no longer finite.
        """
        self.history.losses.append(loss)
        if not math.isfinite(loss):
            raise self._stray(f"the loss is {loss} at")
        self.history.wall_s = time.perf_counter() - self.began[0]
        self.history.cpu_s = time.process_time() - self.began[1]

    def require_finite(self) -> None:
        """Raise a CourseError if a weight is no longer finite."""
        if not all(bool(weights.isfinite().all()) for weights in self.model.parameters()):
            raise self._stray("the loss is finite, but a weight no longer is after")

    def _stray(self, what: str) -> CourseError:
        rates = dict.fromkeys(f"{group['initial_lr']:g}" for group in groups(self.optimizers))
        return CourseError(
            f"{what} step {len(self.history.losses)}: lower the learning rate (it is "
            f"{' and '.join(rates)}), or look for wrong values in the data"
        )

    def is_due(self, step: int, every: int) -> bool:
        """Whether it is time for what happens so often, and after the last step."""
        return step % every == 0 or step == self.steps

    def is_over(self) -> bool:
        """Whether `patience` validations in a row brought nothing better."""
        later = [found for found in self.history.validations if found["step"] > self.history.best_step]
        return self.patience is not None and len(later) >= self.patience

    def numbers(self) -> dict[str, str]:
        """What the progress bar shows."""
        shown = {"loss": self.history.losses[-1]}
        for name, value in list(self.history.validations[-1].items() if self.history.validations else ())[1:]:
            shown[f"val {name}"] = value
        return {name: f"{value:.4g}" for name, value in shown.items()}

    def finish(self) -> None:
        """Leave the model with the weights to keep, in evaluation mode."""
        self.require_finite()
        if self.patience is None:
            self.history.best_step = self.steps
        if self.kept is not None:
            self.model.load_state_dict(self.kept)
        self.model.eval()


class Average:
    """Keeps an exponential moving average of the weights."""

    def __init__(self, training: Training, decay: float) -> None:
        self.training, self.decay = training, decay

    def __call__(self, step: int) -> None:
        """Bring the weights after a step into the average.

        The decay is lower at first, so that early weights are soon forgotten: the warm-up of TensorFlow's
        ExponentialMovingAverage and of diffusers' EMAModel.
        """
        model, live = self.training.model, self.training.model.state_dict()
        before = self.training.kept or copied(live)
        # a weight that layers share has several names, and each of them is saved and loaded
        named = model.named_parameters(remove_duplicate=False)
        averages = {name: before[name] for name, weights in named if weights.is_floating_point()}
        mix = get_ema_multi_avg_fn(min(self.decay, step / (9 + step)))
        mix(list(averages.values()), [live[name] for name in averages], None)
        self.training.kept = live | averages


class Validation:
    """Measures the model now and then; with `patience` it also keeps the best weights."""

    def __init__(
        self,
        training: Training,
        validate: Validate,
        every: int,
        autocast: Callable[[], AbstractContextManager],
    ) -> None:
        self.training, self.validate = training, validate
        self.every, self.autocast = every, autocast

    def __call__(self, step: int) -> None:
        if not self.training.is_due(step, self.every):
            return
        history = self.training.history
        earlier = [self._watched(found) for found in history.validations]
        history.validations.append({"step": step} | self._measure())
        if self.training.patience is None:
            return
        if not math.isfinite(latest := self._watched(history.validations[-1])):
            raise CourseError(
                f"early stopping needs a finite number to watch, but validate gave {latest} at step {step}: "
                "mend validate, or leave patience out"
            )
        if latest < min(earlier, default=math.inf):
            self.training.kept, history.best_step = copied(self.training.model.state_dict()), step

    @staticmethod
    def _watched(found: Mapping[str, float]) -> float:
        """The number that early stopping watches: the first behind 'step'."""
        return list(found.values())[1]

    @torch.no_grad()
    def _measure(self) -> dict[str, float]:
        """What `validate` finds, without a trace in the training."""
        model = self.training.model.eval()
        with checkpoints.random_state_kept(), self._averaged(), self.autocast():
            numbers = self.validate(model)
        model.train()
        if not isinstance(numbers, Mapping) or not numbers:
            raise CourseError(
                f"validate must give numbers by name, as in {{'loss': 0.3}}; it gave {numbers!r}"
            )
        return {name: float(value) for name, value in numbers.items()}

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The model has the average of its weights, if there is one, until the block ends."""
        if self.training.patience is not None or self.training.kept is None:
            yield
            return
        live = copied(self.training.model.state_dict())
        self.training.model.load_state_dict(self.training.kept)
        try:
            yield
        finally:
            self.training.model.load_state_dict(live)


class Saving:
    """Writes the state of a training to a file now and then, after it went on from what stands there."""

    def __init__(self, training: Training, path: Path, every: int, settings: Mapping[str, Any]) -> None:
        require_writable(path.parent)
        self.training, self.path, self.every = training, path, every
        self.settings = {**settings, **checkpoints.described(training.optimizers)}
        if path.exists():
            self._resume()

    def _resume(self) -> None:
        """Go on from the file, if it is a good one of this very training."""
        training = self.training
        try:
            state, kept = checkpoints.load(self.path, training.model, training.optimizers, self.settings)
        except CourseError as error:
            aside = self.path.replace(self.path.with_suffix(".refused"))
            warnings.warn(f"{error}. It is kept as '{aside.name}'; training begins anew", stacklevel=4)
            return
        training.kept = kept
        vars(training.history).update(state["history"], resumed_at=state["step"])
        wall_s, cpu_s = training.began
        training.began = wall_s - training.history.wall_s, cpu_s - training.history.cpu_s

    def __call__(self, step: int) -> None:
        if self.training.is_due(step, self.every) or self.training.is_over():
            self.training.require_finite()
            state = {"step": step, "settings": self.settings, "history": vars(self.training.history)}
            model, optimizers = self.training.model, self.training.optimizers
            checkpoints.save(self.path, model, optimizers, state, self.training.kept)


def copied(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A copy of each tensor."""
    return {name: tensor.clone() for name, tensor in weights.items()}
