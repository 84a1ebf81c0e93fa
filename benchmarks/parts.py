"""Three parts of `make benchmarks`: import, fit, language."""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from figures import LanguageScore, LoopTime, Options, StartTime
from threadpoolctl import threadpool_limits
from torch import nn

from course_utils import ROOT, CourseError
from course_utils.data import docstrings, pictures
from course_utils.files import write_text
from course_utils.models import training
from course_utils.models.convolutional import CNN

PROGRAMS = {
    "python -c pass": "pass",
    "import course_utils": "import course_utils",
    "course --help": "from course_utils.cli import main; main(['--help'])",
    "import torch": "import torch",
}


def import_part(options: Options) -> list[StartTime]:
    """Seconds of fresh interpreters, and which of them load torch."""
    seconds: dict[str, list[float]] = {what: [] for what in PROGRAMS}
    loads: dict[str, bool] = {}
    for _ in range(2 if options.tiny else 10):  # in turn, so that a slow moment meets all of them
        for what, code in PROGRAMS.items():
            ends = f"import sys\ntry:\n    {code}\nfinally:\n    print('torch' in sys.modules)"
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", ends], check=True, capture_output=True, text=True, cwd=ROOT
            )
            seconds[what].append(round(time.perf_counter() - started, 4))
            loads[what] = done.stdout.split()[-1] == "True"
    # the first of each is left out: it reads the files from the disk and writes their bytecode
    return [StartTime(what, each[1:], loads[what]) for what, each in seconds.items()]


@contextmanager
def one_core() -> Iterator[None]:
    """What is computed in this block uses one core: its CPU seconds compare."""
    before = torch.get_num_threads()
    with threadpool_limits(1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def make_tiny() -> nn.Module:
    """A network so small that what stands around its steps shows."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))


KNOBS = {"batch_size": 64, "learning_rate": 0.01, "weight_decay": 0.1}
"""Lesson 2's."""


def make_cnn(seed: int) -> nn.Module:
    """Lesson 2's network, untrained."""
    torch.manual_seed(seed)
    return CNN(10)


def batch_loss(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of a batch, in nats per picture."""
    return nn.functional.cross_entropy(model(images), labels)


def bare_loop(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, steps: int) -> None:
    """The loop that lesson 2 teaches, with the batches and rates of `training.fit`."""
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=KNOBS["weight_decay"])
    batches = training.batches(len(images), KNOBS["batch_size"], seed=0)
    model.train()
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = KNOBS["learning_rate"] * training.rate_factor(step, steps)
        rows = next(batches)
        loss = batch_loss(model, images[rows], labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()


def fit_part(options: Options) -> list[LoopTime]:
    """A bare loop and `training.fit`: same steps, batches, seeds and weights, in turn."""
    models = {
        "tiny MLP (784, 32, 10)": (make_tiny, 1000),
        "lesson 2's CNN": (partial(make_cnn, 0), 300),
    }
    rows = []
    with one_core():
        for name, (make, steps) in models.items():
            steps, repeats = (4, 1) if options.tiny else (steps, 9)
            loops = loops_of(make, steps)
            parameters = sum(weights.numel() for weights in make().parameters())
            rows.append(LoopTime(name, parameters, steps, *milliseconds(loops, steps, repeats)))
    return rows


def loops_of(make: Callable[[], nn.Module], steps: int) -> list[Callable[[], nn.Module]]:
    """The bare loop, `fit`, and `fit` with checkpoints; each trains a new model on MNIST digits."""
    digits = pictures.load_mnist(pilot=True)
    data = torch.from_numpy(digits.pixels), torch.from_numpy(digits.labels)

    def bare() -> nn.Module:
        model = make()
        bare_loop(model, *data, steps)
        return model

    def fit(**saving: Any) -> nn.Module:
        model = make()
        training.fit(model, batch_loss, data, steps=steps, seed=0, **KNOBS, **saving)
        return model

    def fit_saving() -> nn.Module:
        with tempfile.TemporaryDirectory() as folder:
            return fit(checkpoint=Path(folder, "c.safetensors"), checkpoint_every=100)

    return [bare, fit, fit_saving]


def milliseconds(loops: Sequence[Callable[[], object]], steps: int, repeats: int) -> list[list[float]]:
    """Milliseconds a step by the clock: one list a loop, one number a repeat."""
    for loop in loops:
        loop()  # a first time costs more: torch sets itself up
    found: list[list[float]] = [[] for _ in loops]
    for repeat in range(repeats):
        for i in range(len(loops)):
            place = (repeat + i) % len(loops)  # each is first as often as the others
            started = time.perf_counter()
            loops[place]()
            found[place].append(round(1000 * (time.perf_counter() - started) / steps, 4))
    return found


def language_part(options: Options) -> list[LanguageScore]:
    """`language_model.py` for so many seconds, on a text of the user's or on lesson 3's general text.

    Raises
    ------
    CourseError
        It fails (the message is its own), or the user's file is no UTF-8 text.
    """
    with tempfile.TemporaryDirectory() as folder:
        text, train, held_out = texts(options)
        paths = Path(folder, "train.txt"), Path(folder, "held_out.txt")
        for path, piece in zip(paths, (train, held_out), strict=True):
            write_text(path, piece)
        command = [sys.executable, str(Path(__file__).with_name("language_model.py")), str(paths[0])]
        command += ["--held-out", str(paths[1]), "--seconds", str(options.seconds)]
        command += ["--width", "32", "--depth", "1", "--context", "16"] if options.tiny else []
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise CourseError(f"language_model.py failed: {last[0]}")
    found = json.loads(done.stdout)
    kept = ("bits per byte", "seconds", "steps", "characters a second", "parameters", "peak memory (MB)")
    bits, *others = (found[key] for key in kept)
    return [LanguageScore(text, bits, round(xz_bits_per_byte(train, held_out), 3), *others)]


def texts(options: Options) -> tuple[str, str, str]:
    """What the text is, what to learn from, and what to be measured on.

    Raises
    ------
    CourseError
        The user's file is no UTF-8 text.
    """
    if options.text is not None:
        try:
            text = options.text.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise CourseError(
                f"'{options.text.name}' is no UTF-8 text ({error.reason}): convert it"
            ) from error
        cut = len(text) * 9 // 10
        return f"a file of {len(text):,} characters", text[:cut], text[cut:]
    general, _ = docstrings.load()
    train, held_out = ("\n\n".join(d.text for d in part) for part in (general.train, general.validation))
    if options.tiny:
        train, held_out = train[:50_000], held_out[:5_000]
    return "docstrings of numpy, scipy and pandas (lesson 3)", train, held_out


def xz_bits_per_byte(train: str, held_out: str) -> float:
    """Bits for each byte of the held-out text that xz adds when it comes after the other: a baseline."""
    before, after = (len(lzma.compress(text.encode(), preset=9)) for text in (train, train + held_out))
    return 8 * (after - before) / len(held_out.encode())
