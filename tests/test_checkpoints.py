import json
import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn

from course_utils import CourseError
from course_utils.models import checkpoints

pytestmark = pytest.mark.usefixtures("torch_as_before")

STATE = {"step": 3, "settings": {"seed": 0}, "history": {"losses": [0.1, 1 / 3]}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.safetensors"


class Tied(nn.Module):
    """Two names for one matrix, as the first and the last layer of a language model."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 5)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.embedding(tokens))


class Odd(nn.Module):
    """Buffers of unusual types and shapes."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2, dtype=torch.bfloat16)
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.register_buffer("mask", torch.tensor([True, False]))
        self.register_buffer("empty", torch.zeros(0, 3))
        self.register_buffer("hidden", torch.tensor([0.0, -torch.inf, torch.nan]))
        self.register_buffer("turned", torch.arange(6).reshape(2, 3).T)


def build(model, optimizers, seed):
    torch.manual_seed(seed)
    model = model()
    return model, optimizers(model)


def adamw(model):
    return [torch.optim.AdamW(model.parameters(), lr=0.1)]


def muon(model):
    return [torch.optim.Muon([p for p in model.parameters() if p.ndim == 2], lr=0.1)]


def momentum(model):
    return [torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)]


def mixed(model):
    """Three groups in two optimisers, in another order than in the model."""
    vectors, kernels = ([p for p in model.parameters() if p.ndim == n] for n in (1, 4))
    groups = [{"params": vectors, "weight_decay": 0.0}, {"params": kernels, "lr": 0.05}]
    return [*muon(model), torch.optim.AdamW(groups, lr=0.1)]


def network():
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 2))


def channels_last():
    return network().to(memory_format=torch.channels_last)


INPUTS = {
    network: lambda: torch.randn(6, 2, 4, 4),
    channels_last: lambda: torch.randn(6, 2, 4, 4),
    Tied: lambda: torch.randint(5, (6,)),
}


def learn(model, optimizers, inputs, steps):
    """Some steps on random numbers from the global generator."""
    for _ in range(steps):
        model.zero_grad()
        model(inputs()).square().mean().backward()
        for optimizer in optimizers:
            optimizer.step()


def same(first, second):
    """Whether two models have the same weights, type and bits."""
    first, second = first.state_dict(), second.state_dict()
    return first.keys() == second.keys() and all(
        a.dtype == b.dtype and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)
        for a, b in zip(first.values(), second.values(), strict=True)
    )


@pytest.mark.parametrize("kinds", [adamw, muon, momentum, mixed])
@pytest.mark.parametrize("kind", INPUTS)
def test_training_goes_on_as_if_nothing_had_been(path, kind, kinds):
    model, optimizers = build(kind, kinds, seed=0)
    learn(model, optimizers, INPUTS[kind], steps=3)
    checkpoints.save(path, model, optimizers, STATE)
    again, again_optimizers = build(kind, kinds, seed=1)
    assert checkpoints.load(path, again, again_optimizers, {"seed": 0}) == (STATE, None)
    learn(again, again_optimizers, INPUTS[kind], steps=3)

    reference, reference_optimizers = build(kind, kinds, seed=0)
    learn(reference, reference_optimizers, INPUTS[kind], steps=6)
    assert same(again, reference)
    assert not same(again, model)


def test_weights_that_are_shared_stay_shared(path):
    model, optimizers = build(Tied, adamw, seed=0)
    learn(model, optimizers, INPUTS[Tied], steps=1)
    checkpoints.save(path, model, optimizers, STATE)
    again, again_optimizers = build(Tied, adamw, seed=1)
    checkpoints.load(path, again, again_optimizers, {"seed": 0})
    assert again.head.weight is again.embedding.weight
    assert same(again, model)


def test_unusual_tensors_are_kept(path):
    model, optimizers = build(Odd, adamw, seed=0)
    (model.layer(torch.ones(3, dtype=torch.bfloat16)).sum() * model.scale).backward()
    optimizers[0].step()
    best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    checkpoints.save(path, model, optimizers, STATE, best)
    again, again_optimizers = build(Odd, adamw, seed=1)
    state, found = checkpoints.load(path, again, again_optimizers, {"seed": 0})
    assert state == STATE
    assert same(again, model)
    again.load_state_dict(found)
    assert same(again, model)
    assert (
        again_optimizers[0].state[again.scale]["exp_avg"] == optimizers[0].state[model.scale]["exp_avg"] != 0
    )


def test_the_optimisers_memory_has_its_weights_order_in_memory(path):
    """Otherwise a step on a GPU takes the slow way."""
    model, optimizers = build(channels_last, adamw, seed=0)
    learn(model, optimizers, INPUTS[channels_last], steps=1)
    checkpoints.save(path, model, optimizers, STATE)
    again, again_optimizers = build(channels_last, adamw, seed=1)
    checkpoints.load(path, again, again_optimizers, {"seed": 0})
    assert again[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert (
        again_optimizers[0].state[again[0].weight]["exp_avg"].is_contiguous(memory_format=torch.channels_last)
    )


def test_the_best_weights_are_not_those_of_now(path):
    model, optimizers = build(network, adamw, seed=0)
    best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    learn(model, optimizers, INPUTS[network], steps=2)
    checkpoints.save(path, model, optimizers, STATE, best)
    again, again_optimizers = build(network, adamw, seed=1)
    _, found = checkpoints.load(path, again, again_optimizers, {"seed": 0})
    assert same(again, model)
    assert found.keys() == best.keys()
    assert all(torch.equal(found[name], best[name]) for name in best)
    assert not torch.equal(found["3.weight"], again[3].weight)


def test_the_random_state_goes_on(path):
    model, optimizers = build(network, adamw, seed=0)
    torch.rand(5)
    checkpoints.save(path, model, optimizers, STATE)
    drawn = torch.rand(5)
    torch.manual_seed(9)
    checkpoints.load(path, model, optimizers, {"seed": 0})
    assert torch.equal(torch.rand(5), drawn)


@pytest.mark.parametrize("error", [None, ValueError])
def test_a_block_can_leave_the_random_state_alone(error):
    before = torch.get_rng_state()
    try:
        with checkpoints.random_state_kept():
            torch.manual_seed(5)
            torch.rand(3)
            assert not torch.equal(torch.get_rng_state(), before)
            if error:
                raise error
    except ValueError:
        pass
    assert torch.equal(torch.get_rng_state(), before)


# --- files ---


@pytest.fixture
def saved(path):
    """A checkpoint, and a model and an optimiser that it fits."""
    model, optimizers = build(network, adamw, seed=0)
    learn(model, optimizers, INPUTS[network], steps=2)
    checkpoints.save(path, model, optimizers, STATE)
    return build(network, adamw, seed=1)


def refused(path, model, optimizers, settings, message):
    """Expect an error of one line and that nothing was changed."""
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    drawn = torch.get_rng_state()
    with pytest.raises(CourseError, match=message) as caught:
        checkpoints.load(path, model, optimizers, settings)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())
    assert [optimizer.state_dict()["state"] for optimizer in optimizers] == [{}] * len(optimizers)
    assert torch.equal(torch.get_rng_state(), drawn)


def test_the_file_is_plain_safetensors(path, saved):
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
    assert (header["format"], header["version"]) == ("put-to-the-test-checkpoint", "2")
    assert json.loads(header["state"]) == STATE
    parts = {name.split("/")[0] for name in load_file(path)}
    assert {"model", "optimizer", "random"} == parts
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_file_that_was_loaded_is_not_held(path, saved):
    """Windows cannot replace a file that somebody looks into."""
    model, optimizers = saved
    held = checkpoints.load(path, model, optimizers, {"seed": 0}), optimizers[0].state_dict()
    assert str(path) not in Path("/proc/self/maps").read_text()
    with safe_open(path, framework="pt") as file:
        held = file.get_tensor("model/3.bias")
    assert str(path) in Path("/proc/self/maps").read_text()  # so the first look could have found it
    del held


def test_no_damage_is_overlooked(path, saved):
    """A file with any byte changed, or cut anywhere, is refused and changes nothing."""
    content = path.read_bytes()
    generator = random.Random(0)
    for place in [*range(0, 40), *generator.sample(range(len(content)), 160)]:
        changed = bytearray(content)
        changed[place] ^= 1 << generator.randrange(8)
        path.write_bytes(changed)
        refused(path, *saved, {"seed": 0}, "a.safetensors'")
        path.write_bytes(content[:place])
        refused(path, *saved, {"seed": 0}, "a.safetensors' is cut short or damaged")
    path.write_bytes(content)
    assert checkpoints.load(path, *saved, {"seed": 0}) == (STATE, None)


def test_a_folder_and_a_missing_file_are_refused(tmp_path, saved):
    refused(tmp_path, *saved, {"seed": 0}, "is cut short or damaged")
    refused(tmp_path / "none", *saved, {"seed": 0}, r"'none' is cut short or damaged \(No such file")


@pytest.mark.parametrize("lacking", ["step", "settings", "history"])
def test_a_state_that_lacks_a_part_is_refused(path, saved, lacking):
    model, optimizers = build(network, adamw, seed=0)
    state = {name: value for name, value in STATE.items() if name != lacking}
    checkpoints.save(path, model, optimizers, state)
    refused(path, *saved, {"seed": 0}, f"checkpoint 'a.safetensors' does not say its {lacking}$")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": 1}, r"\(seed 0 there, 1 here\)"),
        ({}, r"\(seed 0 there, None here\)"),
        ({"seed": 0, "steps": 9}, r"\(steps None there, 9 here\)"),
        ({"seed": 1e-9}, r"\(seed 0 there, 1e-09 here\)"),
        ({"seed": 0, "first_loss": 0.5}, r"\(first_loss None there, 0.5 here\)"),
        ({"seed": 2, "steps": 9}, r"\(seed 0 there, 2 here, steps None there, 9 here\)"),
    ],
)
def test_other_settings_are_refused(path, saved, settings, message):
    refused(path, *saved, settings, rf"'a.safetensors' belongs to another training {message}: to go on")


@pytest.mark.parametrize(
    ("loss", "good"), [(0.5, True), (0.50001, True), (0.5002, False), (float("nan"), False)]
)
def test_the_first_loss_may_differ_in_its_last_digits(path, loss, good):
    model, optimizers = build(network, adamw, seed=0)
    checkpoints.save(path, model, optimizers, STATE | {"settings": {"first_loss": 0.5, "rate": 0.5}})
    if good:
        checkpoints.load(path, model, optimizers, {"first_loss": loss, "rate": 0.5})
    else:
        refused(path, model, optimizers, {"first_loss": loss, "rate": 0.5}, r"\(first_loss 0.5 there")
    refused(
        path, model, optimizers, {"first_loss": 0.5, "rate": 0.50001}, r"\(rate 0.5 there, 0.50001 here\)"
    )


def wider():
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 3))


def named():
    return nn.ModuleDict({str(index + 1): layer for index, layer in enumerate(network())})


@pytest.mark.parametrize("other", [wider, named, lambda: network().double(), lambda: network()[:-1]])
def test_another_models_checkpoint_is_refused(path, saved, other):
    model, optimizers = build(other, adamw, seed=1)
    refused(path, model, optimizers, {"seed": 0}, "another model: its weights differ in name, shape or type$")


def test_best_weights_of_another_model_are_refused(path):
    model, optimizers = build(network, adamw, seed=0)
    checkpoints.save(path, model, optimizers, STATE, wider().state_dict())
    refused(path, model, optimizers, {"seed": 0}, "another model: its best weights differ")


def changed(**settings):
    """The optimisers of `mixed`, with other settings in the last group."""

    def make(model):
        optimizers = mixed(model)
        optimizers[-1].param_groups[-1] |= settings
        return optimizers

    return make


def turned(model):
    """The optimisers of `mixed`, with two biases of the same length in another order."""
    optimizers = mixed(model)
    vectors = optimizers[-1].param_groups[0]["params"]
    vectors[0], vectors[1] = vectors[1], vectors[0]
    return optimizers


@pytest.mark.parametrize(
    ("there", "here", "message"),
    [
        (adamw, muon, "AdamW there, Muon here"),
        (adamw, momentum, "AdamW there, SGD here"),
        (adamw, mixed, r"AdamW there, Muon \+ AdamW \+ AdamW here"),
        (mixed, adamw, r"Muon \+ AdamW \+ AdamW there, AdamW here"),
        (mixed, muon, r"Muon \+ AdamW \+ AdamW there, Muon here"),
        (mixed, lambda model: mixed(model)[::-1], r"there, AdamW \+ AdamW \+ Muon here"),
        (mixed, turned, "AdamW on other weights"),
        (mixed, changed(lr=0.06), "AdamW lr 0.05 there, 0.06 here"),
        (mixed, changed(initial_lr=0.06), "AdamW lr 0.05 there, 0.06 here"),
        (mixed, changed(betas=(0.9, 0.95)), r"AdamW betas \[0.9, 0.999\] there, \[0.9, 0.95\] here"),
        (mixed, changed(eps=1e-6, lr=1), "AdamW lr 0.05 there, 1 here; AdamW eps 1e-08 there, 1e-06 here"),
        (mixed, changed(extra=1), "AdamW extra None there, 1 here"),
        (changed(extra=1), mixed, "AdamW extra 1 there, None here"),
        (adamw, lambda model: [torch.optim.AdamW(list(model.parameters())[1:], lr=0.1)], "on other weights"),
    ],
)
def test_other_optimisers_are_refused(path, there, here, message):
    model, optimizers = build(network, there, seed=0)
    learn(model, optimizers, INPUTS[network], steps=2)
    checkpoints.save(path, model, optimizers, STATE)
    model, optimizers = build(network, here, seed=1)
    message = (
        rf"'a.safetensors' belongs to other optimisers \(.*{message}\): to go on from it, give those that"
    )
    refused(path, model, optimizers, {"seed": 0}, message)


def test_the_rate_of_now_does_not_matter_but_the_one_at_the_beginning(path):
    model, optimizers = build(network, changed(initial_lr=0.05), seed=0)
    optimizers[-1].param_groups[-1]["lr"] = 0.001
    checkpoints.save(path, model, optimizers, STATE)
    again, again_optimizers = build(network, changed(initial_lr=0.05), seed=1)
    assert checkpoints.load(path, again, again_optimizers, {"seed": 0}) == (STATE, None)


def test_tensors_and_numpys_numbers_may_be_settings(path):
    def make(model):
        return [torch.optim.AdamW(model.parameters(), lr=torch.tensor(0.1), eps=np.float32(1e-6))]

    model, optimizers = build(network, make, seed=0)
    checkpoints.save(path, model, optimizers, STATE)
    assert checkpoints.load(path, *build(network, make, seed=1), {"seed": 0}) == (STATE, None)
    refused(path, *build(network, adamw, seed=1), {"seed": 0}, "AdamW lr 0.1000000.* there, 0.1 here")


# --- writing ---


@pytest.mark.parametrize(
    ("error", "raised", "message"),
    [
        (SafetensorError("I/O error: No space left on device"), CourseError, "No space left.*: make room"),
        (OSError(28, "No space left on device"), CourseError, "No space left on device"),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
    ],
)
def test_a_write_that_fails_keeps_the_earlier_checkpoint(path, saved, monkeypatch, error, raised, message):
    before = path.read_bytes()

    def fail(tensors, file, metadata):
        Path(file).write_bytes(before[:100])
        raise error

    monkeypatch.setattr(checkpoints, "save_file", fail)
    with pytest.raises(raised, match=message):
        checkpoints.save(path, *saved, STATE)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_checkpoint_that_cannot_be_renamed_keeps_the_earlier_one(path, saved, monkeypatch):
    before = path.read_bytes()

    def refuse(source, destination):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(CourseError, match=r"cannot write '.*a.safetensors' \(Permission denied\)"):
        checkpoints.save(path, *saved, STATE)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_is_made_or_named(path, blocked, saved):
    checkpoints.save(path.parent / "new" / "b.safetensors", *saved, STATE)
    assert (path.parent / "new" / "b.safetensors").exists()
    with pytest.raises(CourseError, match=r"cannot write '.*b.safetensors'.*choose a folder"):
        checkpoints.save(blocked / "b.safetensors", *saved, STATE)


def test_refused_files_are_numbered(path):
    for number in (1, 2, 3):
        path.write_text(f"file {number}")
        kept = checkpoints.set_aside(path)
        assert kept.name == f"a.refused-{number}.safetensors"
        assert not path.exists()
    contents = [path.with_name(f"a.refused-{number}.safetensors").read_text() for number in (1, 2, 3)]
    assert contents == ["file 1", "file 2", "file 3"]


def test_a_refused_file_that_cannot_be_renamed_is_named(path, monkeypatch):
    path.write_text("text")

    def refuse(self, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(
        CourseError, match=r"cannot rename '.*a.safetensors' \(Permission denied\): move it away"
    ):
        checkpoints.set_aside(path)
    assert path.read_text() == "text"
