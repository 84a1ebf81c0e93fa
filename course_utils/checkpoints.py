"""The state of a training in one safetensors file: no pickle, and all of it or nothing.

A file holds tensors (weights, the optimiser's memory, the random state, with early stopping the best
weights so far) and, as JSON in its header, how far the training is and which one it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from course_utils import CourseError
from course_utils.files import atomic_path

FORMAT, VERSION = "put-to-the-test-checkpoint", "1"

Tensors = dict[str, torch.Tensor]


def save(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    state: Mapping[str, Any],
    best: Tensors | None = None,
) -> None:
    """Write a checkpoint; a file that stood under this name stays until the new one is whole.

    Parameters
    ----------
    path : Path
        Where; the folder is made if need be.
    model, optimizer : Module, Optimizer
        Of the optimiser's state only tensors are kept, which is all that AdamW and Muon have.
    state : mapping
        'step' (int), 'settings' and 'history', as JSON can hold them.
    best : dict of tensors, optional
        The best weights so far.

    Raises
    ------
    CourseError
        The file cannot be written.
    """
    tensors = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best/{name}": tensor for name, tensor in (best or {}).items()}
    for index, memory in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{key}": value for key, value in memory.items()}
    tensors["random/cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random/cuda"] = torch.cuda.get_rng_state()
    # safetensors wants plain memory that no other tensor shares
    tensors = {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
    header = {"format": FORMAT, "version": VERSION, "state": json.dumps(state)}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata=header)


def load(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], Tensors | None]:
    """Bring model, optimiser and random state to where the checkpoint was.

    They are changed only after everything in the file was found to be in order.

    Parameters
    ----------
    settings : mapping
        What identifies the training; the checkpoint must have the same.

    Returns
    -------
    state : dict
        As given to `save`.
    best : dict of tensors or None
        As given to `save`.

    Raises
    ------
    CourseError
        The file is damaged, is no checkpoint of this course, or belongs to another training.
    """
    state, tensors = _read(path)
    found = state.get("settings", {})
    if different := [key for key in {**found, **settings} if not _same(found.get(key), settings.get(key))]:
        values = ", ".join(f"{key} {found.get(key)} there, {settings.get(key)} here" for key in different)
        raise CourseError(f"checkpoint '{path.name}' belongs to another training ({values})")
    weights, best, memory = (_part(tensors, name) for name in ("model", "best", "optimizer"))
    for name, expected in {"weights": weights, **({"best weights": best} if best else {})}.items():
        if _shapes(expected) != _shapes(model.state_dict()):
            raise CourseError(
                f"checkpoint '{path.name}' belongs to another model: its {name} differ in shape"
            )
    remembered: dict[int, Tensors] = {}
    for key, tensor in memory.items():
        index, name = key.split("/")
        remembered.setdefault(int(index), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    model.load_state_dict(weights)
    optimizer.load_state_dict({"state": remembered, "param_groups": groups})
    torch.set_rng_state(tensors["random/cpu"])
    if torch.cuda.is_available() and "random/cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random/cuda"])
    device = next(model.parameters()).device
    return state, {name: tensor.to(device) for name, tensor in best.items()} or None


def _read(path: Path) -> tuple[dict[str, Any], Tensors]:
    """State and tensors of a file that is a whole checkpoint of this course."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError) as error:
        raise CourseError(f"checkpoint '{path.name}' is cut short or damaged ({error})") from error
    if (header.get("format"), header.get("version")) != (FORMAT, VERSION):
        raise CourseError(f"'{path.name}' is no checkpoint of this course, or of another version of it")
    return json.loads(header["state"]), tensors


def _same(there: Any, here: Any) -> bool:
    """Whether two settings are the same; a loss may differ in its last digits between devices."""
    if isinstance(there, float) and isinstance(here, float):
        return math.isclose(there, here, rel_tol=1e-4)
    return there == here


def _part(tensors: Tensors, part: str) -> Tensors:
    """The tensors whose names begin with 'part/', without that."""
    return {name.removeprefix(f"{part}/"): t for name, t in tensors.items() if name.startswith(f"{part}/")}


def _shapes(tensors: Tensors) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def set_aside(path: Path) -> Path:
    """Rename a file that was refused, so that nothing is lost; its new path."""
    number = 1
    while (kept := path.with_name(f"{path.stem}.refused-{number}{path.suffix}")).exists():
        number += 1
    return path.rename(kept)
