"""The tested twin of the training loop that lesson 2 writes out.

One step is the lesson's, line for line. Around it stand a progress bar, validation with early stopping,
and checkpoints, so that a training that was killed goes on where it was and ends at the same weights.
"""

from __future__ import annotations

import copy
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from itertools import islice
from numbers import Integral
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn
from tqdm.auto import tqdm

from course_utils import CourseError
from course_utils.files import require_writable
from course_utils.models import checkpoints
from course_utils.models.muon import require_each_weight_once
from course_utils.run import PRECISIONS, one_of

BatchLoss = Callable[..., torch.Tensor]
Validate = Callable[[nn.Module], Mapping[str, float]]
Optimizers = Callable[[nn.Module], Sequence[torch.optim.Optimizer]]

READ_EVERY = 20
"""Steps between two looks at the loss: on a GPU each look waits for all work that is under way."""


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


def batches(n_rows: int, batch_size: int, seed: int) -> Iterator[torch.Tensor]:
    """Row numbers of one batch after the other, each (batch_size,) int64, without end.

    Each pass over the rows takes them in a new order. Rows that do not fill a batch wait for the next
    pass; when there are fewer than `batch_size`, every batch is all of them.
    """
    generator = torch.Generator().manual_seed(int(seed))  # numpy's too
    size = min(batch_size, n_rows)
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
    learning_rate: float | None = None,
    weight_decay: float | None = None,
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
        ``batch_loss(model, *batch)`` gives the mean loss of a batch, a tensor of shape (). Random numbers
        it takes from torch's global generator, whose state is in the checkpoint.
    data : sequence of tensors, each (n_rows, ...)
        Rows that belong together, for instance images and labels.
    steps : int
        How often the weights are changed.
    batch_size : int
        Rows in one step.
    learning_rate, weight_decay : float
        Of AdamW (Loshchilov & Hutter 2019), 0.01 each when not given. The rate is the highest one:
        `rate_factor` scales it.
    optimizers : callable, optional
        ``optimizers(model)`` gives a list of optimisers to take AdamW's place, for instance that of
        `optimizers.muon_adamw`. Each weight belongs to one of them. The rates that they are made with
        are the highest ones.
    seed : int
        Of the order of the rows.
    device : str
        'cpu', 'cuda' or 'mps'.
    precision : str
        'float32', or 'bfloat16' for torch's autocast: matrix products, in `validate` too, take numbers
        of 16 bits. Weights and the optimisers' memory keep 32, and so does the loss if it is one of
        torch's loss functions. `runtime.choose_precision` says what suits a device.
    validate : callable, optional
        Measures the model in evaluation mode and without gradients: a mapping of names to numbers.
        Early stopping watches the first of them, which should fall. It may draw random numbers; the
        training's stay the same.
    validate_every : int
        Steps between two validations; one more follows the last step.
    patience : int, optional
        Stop when so many validations in a row bring nothing better, and keep the best weights.
    average : float, optional
        Keep an exponential moving average of the weights instead of the last ones, and have `validate`
        measure it. This is its decay, for instance 0.999; the first steps have a lower one. Buffers, such
        as the running statistics of a batch norm, are not averaged. Not together with `patience`.
    checkpoint : Path, optional
        File to save the state in and to go on from. One that is damaged or belongs to another training
        is set aside under another name, with a warning, and training begins anew.
    checkpoint_every : int
        Steps between two checkpoints; one more follows the last step or the early stop.
    label : str
        Stands before the progress bar; without one there is no bar.

    Raises
    ------
    CourseError
        A size is not positive, the precision is unknown, the tensors differ in length, a weight has no
        optimiser or several, `patience` has nothing to watch, `average` is not between 0 and 1 or comes
        with `patience`, `validate` gives no numbers, the loss or a weight is no longer finite, or the
        checkpoint cannot be written.
    """
    counts = {"steps": steps, "batch_size": batch_size, "validate_every": validate_every}
    counts |= {"checkpoint_every": checkpoint_every, "patience": 1 if patience is None else patience}
    for name, value in counts.items():
        if not isinstance(value, Integral) or value < 1:
            raise CourseError(f"{name} must be a whole number and at least 1, got {value}")
    one_of("precision", precision, PRECISIONS)
    if len({len(tensor) for tensor in data}) != 1 or len(data[0]) == 0:
        raise CourseError(f"data needs tensors with the same number of rows, got {[len(t) for t in data]}")
    if patience is not None and validate is None:
        raise CourseError("patience needs validate, a function that measures the model: give both or neither")
    if average is not None and not 0 < average < 1:
        raise CourseError(f"average must lie between 0 and 1, got {average}")
    if average is not None and patience is not None:
        raise CourseError("average and patience each say which weights are kept: give one of them")
    settings = {"steps": steps, "batch_size": batch_size, "seed": seed, "rows": len(data[0])}
    settings |= {"precision": precision, "validate_every": validate_every, "patience": patience}
    settings |= {"average": average}
    model.to(device).train()
    made = _make_optimizers(model, optimizers, lr=learning_rate, weight_decay=weight_decay)
    data = tuple(tensor.to(device) for tensor in data)
    training = _Training(model, batch_loss, data, made, settings, validate, checkpoint, checkpoint_every)
    training.resume()
    training.run(label)
    return training.finish()


def _make_optimizers(
    model: nn.Module, make: Optimizers | None, **adamw: float | None
) -> list[torch.optim.Optimizer]:
    """Those that `make` gives, else AdamW."""
    given = {name: value for name, value in adamw.items() if value is not None}
    if make is None:
        return [torch.optim.AdamW(model.parameters(), **({"lr": 1e-2, "weight_decay": 1e-2} | given))]
    if given:
        raise CourseError(
            "learning_rate and weight_decay are those of fit's own AdamW, which `optimizers` replaces: leave "
            "them out, and set the optimisers' own"
        )
    made = make(model)
    require_each_weight_once(model, made)
    return list(made)


@dataclass
class _Training:
    """One call of `fit`."""

    model: nn.Module
    batch_loss: BatchLoss
    data: tuple[torch.Tensor, ...]
    optimizers: list[torch.optim.Optimizer]
    settings: dict[str, Any]
    validate: Validate | None
    checkpoint: Path | None
    checkpoint_every: int
    history: History = field(default_factory=History)
    best: dict[str, torch.Tensor] | None = None  # the weights to keep, where those are not the last

    def __post_init__(self) -> None:
        for group in self._groups():
            group.setdefault("initial_lr", group["lr"])  # the highest rate, under torch's name for it

    def _groups(self) -> list[dict[str, Any]]:
        """The optimisers' groups of weights; loading a checkpoint makes new ones."""
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def run(self, label: str) -> None:
        """Step after step, from where the training stands to its end."""
        first, steps = self.history.resumed_at, self.settings["steps"]
        order = islice(self._batches(), first, steps)
        waiting: list[torch.Tensor] = []
        self._since = time.perf_counter(), time.process_time()
        with tqdm(total=steps, initial=first, desc=label, unit="step", disable=not label) as bar:
            for step, rows in enumerate(order, start=first + 1):
                if self._out_of_patience():
                    break
                waiting.append(self._step(step - 1, rows))
                if self.settings["average"] is not None:
                    self._average(step)
                bar.update()
                look = self.validate is not None and self._due(step, self.settings["validate_every"])
                save = self.checkpoint is not None and self._due(step, self.checkpoint_every)
                if look or save or self._due(step, READ_EVERY):
                    self._read(waiting)
                if look:
                    self._look(step)
                if save or (self.checkpoint is not None and self._out_of_patience()):
                    self._save(step)
                if not waiting:
                    bar.set_postfix(self._numbers(), refresh=False)
        self._stop_clock()

    def _step(self, step: int, rows: torch.Tensor) -> torch.Tensor:
        """The body of lesson 2's loop; the loss of the batch."""
        for group in self._groups():
            group["lr"] = group["initial_lr"] * rate_factor(step, self.settings["steps"])
        loss = self._loss(self.model, rows)
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        return loss.detach()

    def _average(self, step: int) -> None:
        """Bring the weights after a step into the average.

        The decay is lower at first, so that early weights are soon forgotten: the warm-up of TensorFlow's
        ExponentialMovingAverage and of diffusers' EMAModel.
        """
        updates = step - 1
        decay = min(self.settings["average"], (1 + updates) / (10 + updates))
        live = self.model.state_dict()
        before = self.best or _copied(live)
        # a weight that layers share has several names, and each of them is saved and loaded
        named = self.model.named_parameters(remove_duplicate=False)
        averages = {name: before[name] for name, weights in named if weights.is_floating_point()}
        get_ema_multi_avg_fn(decay)(list(averages.values()), [live[name] for name in averages], None)
        self.best = live | averages

    def _loss(self, model: nn.Module, rows: torch.Tensor) -> torch.Tensor:
        with self._autocast():
            return self.batch_loss(model, *(tensor[rows] for tensor in self.data))

    def _autocast(self) -> AbstractContextManager[None]:
        """What the forward pass runs in."""
        if self.settings["precision"] == "float32":
            return nullcontext()
        return torch.autocast(self.data[0].device.type, dtype=torch.bfloat16)

    def _batches(self) -> Iterator[torch.Tensor]:
        return batches(len(self.data[0]), self.settings["batch_size"], self.settings["seed"])

    def _due(self, step: int, every: int) -> bool:
        return step % every == 0 or step == self.settings["steps"]

    def _read(self, waiting: list[torch.Tensor]) -> None:
        """Bring the losses of the last steps into the history; they and the weights must be finite."""
        losses = torch.stack(waiting).tolist()
        waiting.clear()
        for loss in losses:
            if not math.isfinite(loss):
                self._stray(f"the loss is {loss} at")
            self.history.losses.append(loss)
        if not all(bool(weights.isfinite().all()) for weights in self.model.parameters()):
            self._stray("the loss is finite, but a weight no longer is before")

    def _stray(self, what: str) -> NoReturn:
        rates = dict.fromkeys(f"{group['initial_lr']:g}" for group in self._groups())
        raise CourseError(
            f"{what} step {len(self.history.losses) + 1}: lower the learning rate (it is "
            f"{' and '.join(rates)}), or look for wrong values in the data"
        )

    def _look(self, step: int) -> None:
        """Validate; with early stopping also keep a copy of the weights when they are the best so far."""
        earlier = self._watched()
        self.history.validations.append({"step": step} | self._measure())
        if self.settings["patience"] is None:
            return
        if not math.isfinite(latest := self._watched()[-1]):
            raise CourseError(
                f"early stopping needs a finite number to watch, but validate gave {latest} at step {step}: "
                "mend validate, or leave patience out"
            )
        if latest < min(earlier, default=math.inf):
            self.best = _copied(self.model.state_dict())
            self.history.best_step = step

    @torch.no_grad()
    def _measure(self) -> dict[str, float]:
        """What `validate` finds, without a trace in the training."""
        self.model.eval()
        with checkpoints.random_state_kept(), self._averaged(), self._autocast():
            numbers = self.validate(self.model)
        self.model.train()
        if not isinstance(numbers, Mapping) or not numbers or "step" in numbers:
            raise CourseError(
                f"validate must give one or more numbers by name, as in {{'loss': 0.3}}, and none is "
                f"called 'step'; it gave {numbers!r}"
            )
        return {name: float(value) for name, value in numbers.items()}

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The model has the average of its weights, if there is one, until the block ends."""
        if self.settings["average"] is None:
            yield
            return
        live = _copied(self.model.state_dict())
        self.model.load_state_dict(self.best)
        try:
            yield
        finally:
            self.model.load_state_dict(live)

    def _watched(self) -> list[float]:
        """The number that early stopping watches, at each validation."""
        return [list(numbers.values())[1] for numbers in self.history.validations]

    def _out_of_patience(self) -> bool:
        if self.settings["patience"] is None or not (watched := self._watched()):
            return False
        return len(watched) - 1 - watched.index(min(watched)) >= self.settings["patience"]

    def _numbers(self) -> dict[str, str]:
        """What the progress bar shows."""
        latest = self.history.validations[-1:]
        shown = {"loss": self.history.losses[-1]}
        shown |= {f"val {name}": value for name, value in (latest[0] if latest else {}).items()}
        shown.pop("val step", None)
        return {name: f"{value:.4g}" for name, value in shown.items()}

    def _save(self, step: int) -> None:
        self._stop_clock()
        state = {"step": step, "settings": self.settings, "history": asdict(self.history)}
        checkpoints.save(self.checkpoint, self.model, self.optimizers, state, self.best)

    def _stop_clock(self) -> None:
        """Add the time since the last call to the history's."""
        now = time.perf_counter(), time.process_time()
        self.history.wall_s += now[0] - self._since[0]
        self.history.cpu_s += now[1] - self._since[1]
        self._since = now

    def resume(self) -> None:
        """Go on from the checkpoint, if there is a good one of this very training."""
        if self.checkpoint is None:
            return
        require_writable(self.checkpoint.parent)
        self.settings["first_loss"] = self._first_loss()
        if not self.checkpoint.exists():
            return
        try:
            state, best = checkpoints.load(self.checkpoint, self.model, self.optimizers, self.settings)
        except CourseError as error:
            kept = checkpoints.set_aside(self.checkpoint)
            warnings.warn(f"{error}. It is kept as '{kept.name}'; training begins anew", stacklevel=3)
            return
        self.history = History(**state["history"])
        if best is not None:
            # a file has no channels_last, and with two orders in memory averaging on a GPU goes the slow way
            live = self.model.state_dict()
            self.best = {name: torch.empty_like(live[name]).copy_(tensor) for name, tensor in best.items()}
        self.history.resumed_at = state["step"]

    def _first_loss(self) -> float:
        """Loss of the untrained model on the first batch.

        It tells one training from another: model, data, loss function and their seeds all show in it.
        """
        rows = next(self._batches())
        with checkpoints.random_state_kept():
            torch.manual_seed(0)  # for dropout and whatever else draws in the forward pass
            untrained = copy.deepcopy(self.model)  # a batch norm counts what passes through it
            return self._loss(untrained, rows).item()

    def finish(self) -> History:
        """Leave the model with the weights to keep."""
        if self.settings["patience"] is None:
            self.history.best_step = self.settings["steps"]
        if self.best is not None:
            self.model.load_state_dict(self.best)
        self.model.eval()
        return self.history


def _copied(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in weights.items()}
