"""The state of a training in one safetensors file: no pickle, and all of it or nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from course_utils import CourseError
from course_utils.files import atomic_path

FORMAT = "put-to-the-test-checkpoint-3"
LOSS_TOLERANCE = 1e-4
"""Largest relative difference of 'first_loss': its last digits differ between devices."""

Tensors = dict[str, torch.Tensor]
Optimizers = Sequence[torch.optim.Optimizer]


def save(
    path: Path,
    model: nn.Module,
    optimizers: Optimizers,
    state: Mapping[str, Any],
    kept: Tensors | None = None,
) -> None:
    """Write a checkpoint; a file that stood under this name stays until the new one is whole.

    Parameters
    ----------
    path : Path
        Where; the folder is made if need be.
    model : Module
        All its weights and buffers are written.
    optimizers : sequence of Optimizer
        Each has weights of the model. Their memory must be tensors, as that of AdamW and Muon is.
    state : mapping
        'step' (int), 'settings' and 'history', as JSON can hold them.
    kept : dict of tensors, optional
        The weights to keep, where those are not the latest: the best so far, or an average.

    Raises
    ------
    CourseError
        The file cannot be written.
    """
    names = {weights: name for name, weights in model.named_parameters()}
    parts = {"model": model.state_dict(), "kept": kept or {}, "random": _random_state()}
    parts["optimizer"] = {
        f"{names[weights]}/{key}": value
        for optimizer in optimizers
        for weights, memory in optimizer.state.items()
        for key, value in memory.items()
    }
    # safetensors wants plain memory that no other tensor shares
    tensors = {
        f"{part}/{name}": tensor.detach().cpu().contiguous().clone()
        for part, held in parts.items()
        for name, tensor in held.items()
    }
    try:
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata={"format": FORMAT, "state": _json(state)})
    except SafetensorError as error:  # the disk is full
        raise CourseError(f"cannot write '{path}' ({error}): make room, or choose another folder") from error


def load(
    path: Path, model: nn.Module, optimizers: Optimizers, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], Tensors | None]:
    """Bring model, optimisers and random state to where the checkpoint was, and give `state` and `kept`.

    Parameters
    ----------
    settings : mapping
        What identifies the training; the checkpoint must have the same.

    Raises
    ------
    CourseError
        The file is damaged, is no checkpoint of this course, or belongs to another training. Nothing was
        changed then.
    """
    state, parts = _read(path)
    if different := _difference(state["settings"], json.loads(_json(settings))):
        raise CourseError(
            f"checkpoint '{path.name}' belongs to another training ({different}): to go on from it, give "
            "the settings, data and untrained model that it began with"
        )
    live = model.state_dict()
    if _shapes(parts["model"]) != _shapes(live):
        raise CourseError(f"checkpoint '{path.name}' belongs to another model: other shapes of weights")
    weights, memory = dict(model.named_parameters()), {}
    for entry, tensor in parts["optimizer"].items():
        name, key = entry.rsplit("/", 1)
        memory.setdefault(weights[name], {})[key] = _laid_out(tensor, weights[name])
    model.load_state_dict(parts["model"])
    for optimizer in optimizers:
        numbered = enumerate(each for group in optimizer.param_groups for each in group["params"])
        of_each = {number: memory[each] for number, each in numbered if each in memory}
        optimizer.load_state_dict(optimizer.state_dict() | {"state": of_each})
    _set_random_state(parts["random"])
    return state, {name: _laid_out(tensor, live[name]) for name, tensor in parts["kept"].items()} or None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensors]]:
    """State and tensors, by part, of a file that is a checkpoint of this course."""
    parts: dict[str, Tensors] = {"model": {}, "optimizer": {}, "kept": {}, "random": {}}
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("format") == FORMAT:
                for entry in file.keys():  # noqa: SIM118 - not a dict
                    part, name = entry.split("/", 1)
                    # a copy: the original is a window on the file, and Windows replaces no file that has one
                    parts[part][name] = file.get_tensor(entry).clone()
                return json.loads(header["state"]), parts
    except Exception as error:  # whatever comes of a strange file
        reason = " ".join(str(error).split())
        raise CourseError(f"checkpoint '{path.name}' is cut short or damaged ({reason})") from error
    raise CourseError(f"'{path.name}' is no checkpoint of this course, or of another version of it")


def described(optimizers: Optimizers) -> dict[str, Any]:
    """What identifies the optimisers: the settings of each group, with the rate that it began with."""
    groups = [(type(each).__name__, group) for each in optimizers for group in each.param_groups]
    found = {}
    for number, (kind, group) in enumerate(groups, start=1):
        name = kind if len(groups) == 1 else f"{kind} {number}"
        settings = group | {"lr": group.get("initial_lr", group["lr"])}  # the rate of now goes up and down
        settings["params"] = sum(weights.numel() for weights in group["params"])
        settings.pop("initial_lr", None)
        found |= {f"{name} {key}": value for key, value in settings.items()}
    return found


def _difference(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """The first settings that are not the same, in words; ``""`` when all are."""

    def same(name: str) -> bool:
        if name == "first_loss" and name in there and name in here:
            return math.isclose(there[name], here[name], rel_tol=LOSS_TOLERANCE)
        return there.get(name) == here.get(name)

    different = [name for name in {**there, **here} if not same(name)]
    return ", ".join(f"{name} {there.get(name)} there, {here.get(name)} here" for name in different[:3])


def _json(content: object) -> str:
    return json.dumps(content, default=lambda number: number.item())  # numpy's and torch's


def _laid_out(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The tensor in memory as `like` is, when it has its shape: a file has no channels_last."""
    if tensor.ndim == 0 or tensor.shape != like.shape:
        return tensor
    return torch.empty_like(like, dtype=tensor.dtype).copy_(tensor)


def _shapes(tensors: Tensors) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}


def _generators() -> dict[str, Any]:
    """Module that keeps the random state, for each kind of device that this machine has."""
    found = {"cpu": torch.random, "cuda": torch.cuda, "mps": torch.mps}
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return {device: module for device, module in found.items() if present[device]}


def _random_state() -> Tensors:
    return {device: module.get_rng_state() for device, module in _generators().items()}


def _set_random_state(state: Tensors) -> None:
    for device, module in _generators().items():
        if device in state:  # a checkpoint may come from a machine without
            module.set_rng_state(state[device])


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Puts torch's random state back when the block ends, on every device."""
    before = _random_state()
    try:
        yield
    finally:
        _set_random_state(before)
