"""The state of a training in one safetensors file: no pickle, and all of it or nothing.

A file holds tensors (weights, the optimisers' memory, the random state, and the weights to keep where those
are not the latest) and, as JSON in its header, how far the training is and which one it is. A SHA-256 of all
that tells a file that is damaged, or lacks a part, from a whole one.
"""

from __future__ import annotations

import hashlib
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

FORMAT, VERSION = "put-to-the-test-checkpoint", "2"
LOSS_TOLERANCE = 1e-4
"""Largest relative difference of 'first_loss': its last digits differ between devices."""

Tensors = dict[str, torch.Tensor]
Optimizers = Sequence[torch.optim.Optimizer]


def save(
    path: Path,
    model: nn.Module,
    optimizers: Optimizers,
    state: Mapping[str, Any],
    best: Tensors | None = None,
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
        'step' (int), 'settings' and 'history', as JSON can hold them; numpy's numbers become plain ones.
    best : dict of tensors, optional
        The weights to keep, where those are not the latest: the best so far, or an average.

    Raises
    ------
    CourseError
        The file cannot be written.
    """
    tensors = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best/{name}": tensor for name, tensor in (best or {}).items()}
    names = _names(model)
    for weights, memory in [pair for optimizer in optimizers for pair in optimizer.state.items()]:
        tensors |= {f"optimizer/{names[weights]}/{key}": value for key, value in memory.items()}
    tensors |= {f"random/{device}": bits for device, bits in _random_state().items()}
    # safetensors wants plain memory that no other tensor shares
    tensors = {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
    header = {"format": FORMAT, "version": VERSION}
    header |= {"optimizers": _json(_groups(model, optimizers)), "state": _json(state)}
    header["sha256"] = _digest(header, tensors)
    try:
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata=header)
    except SafetensorError as error:  # the disk is full
        raise CourseError(f"cannot write '{path}' ({error}): make room, or choose another folder") from error


def load(
    path: Path, model: nn.Module, optimizers: Optimizers, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], Tensors | None]:
    """Bring model, optimisers and random state to where the checkpoint was.

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
    header, tensors = _read(path)
    state = _state(path, header, settings)
    weights, best, memory = (_part(tensors, name) for name in ("model", "best", "optimizer"))
    for name, found in {"weights": weights, **({"best weights": best} if best else {})}.items():
        if _shapes(found) != _shapes(model.state_dict()):
            raise CourseError(
                f"checkpoint '{path.name}' belongs to another model: its {name} differ in name, shape or type"
            )
    groups = json.loads(header["optimizers"]), json.loads(_json(_groups(model, optimizers)))
    if groups[0] != groups[1]:
        raise CourseError(
            f"checkpoint '{path.name}' belongs to other optimisers ({_difference(*groups)}): to go on from "
            "it, give those that it began with"
        )
    remembered = _remembered(memory, model)
    model.load_state_dict(weights)
    for optimizer in optimizers:
        numbered = enumerate(_parameters(optimizer))
        state_of = {number: remembered[own] for number, own in numbered if own in remembered}
        optimizer.load_state_dict(optimizer.state_dict() | {"state": state_of})
    _set_random_state(_part(tensors, "random"))
    device = next(model.parameters()).device
    return state, {name: tensor.to(device) for name, tensor in best.items()} or None


def _read(path: Path) -> tuple[dict[str, str], Tensors]:
    """Header and tensors of a file that is a whole checkpoint of this course."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            # a copy: the original is a window on the file, and Windows replaces no file that has one
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a dict
    except Exception as error:  # whatever comes of a strange file
        reason = " ".join(str(error).split())
        raise CourseError(f"checkpoint '{path.name}' is cut short or damaged ({reason})") from error
    if (header.get("format"), header.get("version")) != (FORMAT, VERSION):
        raise CourseError(f"'{path.name}' is no checkpoint of this course, or of another version of it")
    if header.pop("sha256", None) != _digest(header, tensors):
        raise CourseError(f"checkpoint '{path.name}' is damaged: its SHA-256 is not that of its content")
    return header, tensors


def _digest(header: Mapping[str, str], tensors: Tensors) -> str:
    """SHA-256 of a header and the names, types, shapes and bytes of the tensors."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _state(path: Path, header: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The state in a header, if it is one of a training with these settings."""
    state = json.loads(header["state"])
    if missing := {"step", "settings", "history"} - set(state):
        raise CourseError(f"checkpoint '{path.name}' does not say its {', '.join(sorted(missing))}")
    found = state["settings"]
    if different := [key for key in {**found, **settings} if not _same(key, found, settings)]:
        values = ", ".join(f"{key} {found.get(key)} there, {settings.get(key)} here" for key in different)
        raise CourseError(
            f"checkpoint '{path.name}' belongs to another training ({values}): to go on from it, give the "
            "settings, data and untrained model that it began with"
        )
    return state


def _same(name: str, there: Mapping[str, Any], here: Mapping[str, Any]) -> bool:
    """Whether two trainings have the same setting of this name."""
    if name == "first_loss" and name in there and name in here:
        return math.isclose(there[name], here[name], rel_tol=LOSS_TOLERANCE)
    return there.get(name) == here.get(name)


def _remembered(memory: Tensors, model: nn.Module) -> dict[torch.Tensor, Tensors]:
    """The optimisers' memory of each of a model's weights, laid out like those."""
    found: dict[torch.Tensor, Tensors] = {}
    parameters = dict(model.named_parameters())
    for path, tensor in memory.items():
        name, key = path.rsplit("/", 1)
        weights = parameters[name]
        if tensor.ndim and tensor.shape == weights.shape:  # a file has no channels_last
            tensor = torch.empty_like(weights, dtype=tensor.dtype).copy_(tensor)
        found.setdefault(weights, {})[key] = tensor
    return found


def _groups(model: nn.Module, optimizers: Optimizers) -> list[dict[str, Any]]:
    """What identifies the optimisers: of each group its class, settings and the names of its weights.

    The learning rate is the one that the group began with, which torch calls 'initial_lr' where it changes.
    """
    names, found = _names(model), []
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            settings = group | {"lr": group.get("initial_lr", group["lr"])}
            settings |= {"class": type(optimizer).__name__, "params": [names[own] for own in group["params"]]}
            settings.pop("initial_lr", None)
            found.append(settings)
    return found


def _difference(there: list[dict[str, Any]], here: list[dict[str, Any]]) -> str:
    """What is different about two lists of groups, in words."""
    classes = [" + ".join(group["class"] for group in groups) for groups in (there, here)]
    if classes[0] != classes[1]:
        return f"{classes[0]} there, {classes[1]} here"
    found = []
    for old, new in zip(there, here, strict=True):
        for key in [key for key in {**old, **new} if old.get(key) != new.get(key)]:
            values = f"{key} {old.get(key)} there, {new.get(key)} here"
            found.append(f"{new['class']} {'on other weights' if key == 'params' else values}")
    return "; ".join(found)


def _json(content: object) -> str:
    return json.dumps(content, default=lambda number: number.item())  # numpy's and torch's


def _names(model: nn.Module) -> dict[torch.Tensor, str]:
    return {weights: name for name, weights in model.named_parameters()}


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


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


def _part(tensors: Tensors, part: str) -> Tensors:
    """The tensors whose names begin with 'part/', without that."""
    return {name.removeprefix(f"{part}/"): t for name, t in tensors.items() if name.startswith(f"{part}/")}


def _shapes(tensors: Tensors) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}


def set_aside(path: Path) -> Path:
    """Rename a file that was refused, so that nothing is lost; its new path.

    Raises
    ------
    CourseError
        The folder does not let it.
    """
    number = 1
    while (kept := path.with_name(f"{path.stem}.refused-{number}{path.suffix}")).exists():
        number += 1
    try:
        return path.rename(kept)
    except OSError as error:
        raise CourseError(
            f"cannot rename '{path}' ({error.strerror}): move it away, or choose another"
        ) from error
