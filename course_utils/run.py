"""Where and how a lesson or lab runs: its entry in ``notebooks.toml``, profile, settings, device, seeds."""

from __future__ import annotations

import os
import random
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import ROOT, CourseError, variables
from course_utils.files import require_writable

if TYPE_CHECKING:
    import torch

PROFILES = ("smoke", "laptop", "full")
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("float32", "bfloat16")
MPS_TOLERANCE = 1e-3
"""Largest relative difference from the CPU at which Apple's GPU may be used."""


@dataclass(frozen=True)
class Run:
    """The conditions that one execution of a lesson runs under.

    Attributes
    ----------
    lesson : str
        Name of the notebook, '1_classic_ml'.
    profile : str
        'smoke' (a handful of steps, no verdict), 'laptop' or 'full'.
    device : str
        'cpu', 'cuda' or 'mps'; pass it on to whatever trains.
    seed : int
        Every random choice of the lesson follows from it.
    out : Path
        Folder of the typed results.
    """

    lesson: str
    profile: str
    device: str
    seed: int
    out: Path
    started: float = field(default_factory=time.perf_counter, compare=False)

    def settings(self, **laptop: Any) -> SimpleNamespace:
        """These settings, as attributes; in the profiles smoke and full some have the values that
        ``notebooks.toml`` gives them.

        Raises
        ------
        CourseError
            ``notebooks.toml`` sets one that the notebook does not have.
        """
        other = {} if self.profile == "laptop" else notebooks()[self.lesson].profiles.get(self.profile, {})
        if unknown := sorted(set(other) - set(laptop)):
            raise CourseError(
                f"{NOTEBOOKS_PATH.name} sets {', '.join(unknown)} for {self.lesson} in the profile "
                f"'{self.profile}', but the notebook has only {', '.join(laptop)}"
            )
        return SimpleNamespace(**{**laptop, **other})


NOTEBOOKS_PATH = Path(__file__).with_name("notebooks.toml")


@dataclass(frozen=True)
class Notebook:
    """What the course knows of a lesson or lab beside its text.

    Attributes
    ----------
    name : str
        '2_deep_cnn' or, for a lab, '2_depth'.
    question : str
        What it answers.
    takes : str
        Minutes and memory of the laptop profile on two cores, as measured; ``""`` when nobody has yet.
    profiles : mapping
        Settings that the profiles 'smoke' and 'full' have in place of the notebook's own.
    lab : bool
        A lab needs its lesson; a lesson needs no lab.
    """

    name: str
    question: str
    takes: str = ""
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lab: bool = True


@cache
def notebooks(path: Path = NOTEBOOKS_PATH) -> dict[str, Notebook]:
    """Every lesson and lab by its name: lessons first, each in the order of its number."""
    listed = tomllib.loads(path.read_text(encoding="utf-8"))
    made = [
        Notebook(
            name,
            entry["question"],
            entry.get("takes", ""),
            {profile: entry[profile] for profile in PROFILES if profile in entry},
            entry.get("lab", True),
        )
        for name, entry in listed.items()
    ]
    return {each.name: each for each in sorted(made, key=lambda each: each.lab)}


def start(lesson: str) -> Run:
    """Read the conditions from the environment, seed everything and print what to expect.

    The variables are ``COURSE_PROFILE``, ``COURSE_DEVICE``, ``COURSE_SEED`` and ``COURSE_RESULTS``
    (a folder); without them a lesson runs as laptop, auto, 0, ``results/<profile>``.

    Parameters
    ----------
    lesson : str
        Name of the notebook.

    Raises
    ------
    CourseError
        A variable has a value that is not valid; the message lists those that are.
    """
    profile = one_of("profile", variables.read("COURSE_PROFILE") or "laptop", PROFILES)
    device = choose_device(variables.read("COURSE_DEVICE") or "auto")
    seed = whole_number("seed", variables.read("COURSE_SEED") or "0")
    out = results_folder(profile)
    try:
        require_writable(out)  # shows now, not in the last cell
    except CourseError as error:
        raise CourseError(f"{error}, and set COURSE_RESULTS to it") from error
    seed_everything(seed)
    for line in variables.unknown():
        print(line)
    print(f"profile {profile} · device {device} · seed {seed} · {os.cpu_count()} cores")
    takes = notebooks()[lesson].takes
    print(f"takes about {takes} on two cores" if takes else "not timed yet")
    return Run(lesson, profile, device, seed, out)


def results_folder(profile: str) -> Path:
    """Where results go: ``COURSE_RESULTS``, else ``results/<profile>`` in the reader's `own_folder`."""
    chosen = variables.read("COURSE_RESULTS")
    return Path(chosen) if chosen else own_folder() / "results" / profile


def own_folder() -> Path:
    """Where a reader's own files lie: the checkout, else ``put-to-the-test`` in the reader's home.

    The home has them with an installed package, and with a checkout that its reader may not write to.
    """
    mine = (ROOT / "pyproject.toml").exists() and os.access(ROOT, os.W_OK)
    return ROOT if mine else Path.home() / "put-to-the-test"


def one_of(what: str, value: str, valid: tuple[str, ...]) -> str:
    """The value itself when it is one of the valid ones.

    Raises
    ------
    CourseError
        It is not; the message lists the valid values.
    """
    if value not in valid:
        raise CourseError(f"unknown {what} '{value}': choose one of {', '.join(valid)}")
    return value


def whole_number(what: str, text: str) -> int:
    """A seed between 0 and 2**32 - 1 from text.

    Raises
    ------
    CourseError
        The text is something else.
    """
    if not text.isdecimal() or len(text) > 10 or int(text) >= 2**32:
        raise CourseError(f"{what} must be a whole number from 0 to {2**32 - 1}, got '{text[:20]}'")
    return int(text)


def choose_device(name: str = "auto") -> str:
    """'cuda' where there is one, else 'cpu'; 'mps' only on request and after a parity check.

    Raises
    ------
    CourseError
        Unknown name, a device that this machine has not, or an MPS device whose numbers are off.
    """
    import torch

    one_of("device", name, DEVICES)
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise CourseError("device 'cuda' was asked for, but torch sees no NVIDIA GPU: use auto or cpu")
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise CourseError("device 'mps' was asked for, but this is no Mac with a GPU: use auto or cpu")
        if not (error := parity_error("mps")) <= MPS_TOLERANCE:  # nan is refused too
            raise CourseError(
                f"device 'mps' computes something else than the CPU (relative difference {error:.1e}, "
                f"at most {MPS_TOLERANCE:.0e} is allowed): use cpu"
            )
    return name


def choose_precision(device: str) -> str:
    """'bfloat16' where the hardware computes in it, else 'float32': emulated, it would be slower.

    Raises
    ------
    CourseError
        The device is not 'cpu', 'cuda' or 'mps'.
    """
    import torch

    one_of("device", device, DEVICES[1:])
    able = False
    if device == "cuda":
        able = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device == "cpu" and torch.backends.mkldnn.is_available():  # without oneDNN torch does not use it
        found = torch.cpu.get_capabilities()
        able = any(found.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))
    return "bfloat16" if able else "float32"


def parity_error(device: str) -> float:
    """Largest relative difference from the CPU, in one small training step.

    Looks at loss and gradients of a convolution, attention (with its softmax) and linear layers.
    """
    errors = [
        ((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1e-12)).item()
        for ours, theirs in zip(_training_step(device), _training_step("cpu"), strict=True)
    ]
    return float(np.max(errors))  # unlike Python's own max, passes a nan on


def _training_step(device: str) -> list[torch.Tensor]:
    """Loss and gradients of a fixed small network, on the CPU."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    generator = torch.Generator().manual_seed(0)
    images = torch.randn(8, 1, 8, 8, generator=generator).to(device)  # (B, C, H, W)
    labels = (torch.arange(8) % 4).to(device)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.ModuleList([nn.Conv2d(1, 8, 3), nn.Linear(8, 24), nn.Linear(288, 4)]).to(device)
    tokens = layers[0](images).relu().flatten(2).mT  # (B, T, C): the pixels that are left
    heads = [part.unflatten(2, (2, 4)).transpose(1, 2) for part in layers[1](tokens).chunk(3, dim=2)]
    mixed = F.scaled_dot_product_attention(*heads)  # (B, heads, T, C / heads)
    loss = F.cross_entropy(layers[2](mixed.transpose(1, 2).flatten(1)), labels)
    loss.backward()
    return [loss.detach().cpu(), *(weights.grad.cpu() for weights in layers.parameters())]


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch."""
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries still draw from the global generator
    torch.manual_seed(seed)
