import json
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
    assert header["format"] == "put-to-the-test-checkpoint-3"
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


def test_a_file_that_is_cut_anywhere_is_refused(path, saved):
    content = path.read_bytes()
    for place in [*range(40), *random.Random(0).sample(range(len(content)), 100), len(content) - 1]:
        path.write_bytes(content[:place])
        refused(path, *saved, {"seed": 0}, "a.safetensors' is cut short or damaged")
    path.write_bytes(content)
    assert checkpoints.load(path, *saved, {"seed": 0}) == (STATE, None)


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
    refused(path, model, optimizers, {"seed": 0}, "another model: other shapes of weights$")


def with_rate(lr, **settings):
    return lambda model: [torch.optim.AdamW(model.parameters(), lr=lr, **settings)]


@pytest.mark.parametrize(
    ("other", "different"),
    [
        (with_rate(0.1), {}),
        (with_rate(torch.tensor(0.1)), {}),
        (with_rate(0.2), {"AdamW lr"}),
        (with_rate(0.1, betas=(0.9, 0.95)), {"AdamW betas"}),
        (with_rate(np.float32(0.1), eps=1e-6), {"AdamW eps"}),
        (lambda model: [torch.optim.AdamW(list(model.parameters())[1:], lr=0.1)], {"AdamW params"}),
    ],
)
def test_optimisers_are_described_by_their_settings(other, different):
    one, another = (
        {
            k: torch.tensor(v).double().tolist()
            for k, v in checkpoints.described(make(network())).items()
            if v is not None
        }
        for make in (adamw, other)
    )
    assert {key for key in one if one[key] != pytest.approx(another[key])} == set(different)


def test_the_rate_of_now_does_not_describe_an_optimiser_but_the_one_at_the_beginning():
    (optimizer,) = adamw(network())
    before = checkpoints.described([optimizer])
    optimizer.param_groups[0] |= {"initial_lr": 0.1, "lr": 0.001}
    assert checkpoints.described([optimizer]) == before
    assert list(checkpoints.described(mixed(network())))[::20][0].startswith("Muon 1 ")


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


def test_a_folder_is_made_or_named(path, blocked, saved):
    checkpoints.save(path.parent / "new" / "b.safetensors", *saved, STATE)
    assert (path.parent / "new" / "b.safetensors").exists()
    with pytest.raises(CourseError, match=r"cannot write '.*b.safetensors'.*choose a folder"):
        checkpoints.save(blocked / "b.safetensors", *saved, STATE)
