import itertools
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import cross_entropy

from course_utils import CourseError
from course_utils.models import callbacks, checkpoints
from course_utils.models.training import batches, fit, rate_factor

# a warning is a checkpoint that was refused, and no test may overlook one
pytestmark = [pytest.mark.filterwarnings("error::UserWarning"), pytest.mark.usefixtures("torch_as_before")]

STEPS = 24
RATE = 0.02


def rows(seed=0, n_rows=44):
    """Images (n_rows, 2, 4, 4) and labels (n_rows,), some of them wrong, so that training overfits."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(n_rows, 2, 4, 4, generator=generator)
    labels = images.flatten(1)[:, :3].argmax(1)
    labels[::8] = torch.randint(3, (len(labels[::8]),), generator=generator)
    return images, labels


DATA, HELD_BACK = rows(0), rows(1)


def perceptron(activation=nn.ReLU, hidden=6):
    return nn.Sequential(nn.Flatten(), nn.Linear(32, hidden), activation(), nn.Linear(hidden, 3))


def convolutions(*layers):
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), *layers, nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))


MODELS = {
    "plain": perceptron,
    "batch norm": lambda: convolutions(nn.BatchNorm2d(4)),
    "dropout": lambda: convolutions(nn.Dropout(0.3)),
    "channels last": lambda: convolutions(nn.BatchNorm2d(4)).to(memory_format=torch.channels_last),
    "all": lambda: convolutions(nn.BatchNorm2d(4), nn.Dropout(0.3)).to(memory_format=torch.channels_last),
}
every_model = pytest.mark.parametrize("kind", MODELS)


def untrained(kind="plain"):
    """A model with the same first weights each time, and the same random numbers after it."""
    torch.manual_seed(0)
    return MODELS[kind]()


def batch_loss(model, images, labels):
    return cross_entropy(model(images), labels)


def validate(model):
    """Loss and accuracy; draws random numbers, as a generator of images would."""
    images, labels = HELD_BACK
    torch.rand(7)
    scores = model(images)
    accuracy = (scores.argmax(1) == labels).float().mean()
    return {"loss": cross_entropy(scores, labels), "accuracy": accuracy}


def train(model, loss=batch_loss, data=DATA, **settings):
    standard = {"steps": STEPS, "batch_size": 8, "learning_rate": RATE, "checkpoint_every": 5}
    return fit(model, loss, data, **(standard | settings))


def weights(model):
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def equal(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def bare_loop(model, steps=STEPS, seed=0, rate=RATE):
    """The weights after the loop of lesson 2, and its losses."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-2)
    losses = []
    model.train()
    for step, chosen in zip(range(steps), batches(len(DATA[0]), 8, seed), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = rate * rate_factor(step, steps)
        loss = batch_loss(model, *(tensor[chosen] for tensor in DATA))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return weights(model), losses


def failing(call, error=KeyboardInterrupt, loss=batch_loss):
    """A loss function that raises when it is called for this time."""
    calls = itertools.count(1)

    def stop(model, *batch):
        if next(calls) == call:
            raise error
        return loss(model, *batch)

    return stop


def interrupted(path, call, kind="plain", **settings):
    """Leaves the checkpoint of a training that was interrupted; the first call looks at the first loss."""
    with pytest.raises(KeyboardInterrupt):
        train(untrained(kind), failing(call), checkpoint=path, **settings)
    return step_of(path)


def header_of(path):
    with safe_open(path, framework="pt") as file:
        return file.metadata()


def state_of(path):
    return json.loads(header_of(path)["state"])


def step_of(path):
    return state_of(path)["step"]


# --- the same as a bare loop ---


@every_model
@pytest.mark.parametrize("with_checkpoint", [False, True])
@pytest.mark.parametrize("with_validation", [False, True])
def test_fit_is_the_bare_loop_bit_for_bit(tmp_path, kind, with_validation, with_checkpoint):
    expected, losses = bare_loop(untrained(kind))
    model = untrained(kind)
    history = train(
        model,
        validate=validate if with_validation else None,
        validate_every=7,
        checkpoint=tmp_path / "a.safetensors" if with_checkpoint else None,
    )
    assert equal(weights(model), expected)
    assert history.losses == losses
    assert (history.best_step, history.resumed_at) == (STEPS, 0)
    assert [found["step"] for found in history.validations] == ([7, 14, 21, 24] if with_validation else [])


def test_the_bare_loop_learns():
    _, losses = bare_loop(untrained(), steps=60)
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_the_same_seed_gives_the_same_weights_and_another_gives_others():
    results = []
    for seed in (3, 3, 4):
        train(model := untrained(), seed=seed)
        results.append(weights(model))
    assert equal(results[0], results[1])
    assert not equal(results[0], results[2])


def test_the_model_ends_in_evaluation_mode():
    model = untrained("all").eval()
    seen = []

    def loss(model, *batch):
        seen.append(model.training)
        return batch_loss(model, *batch)

    train(model, loss, validate=validate, validate_every=5)
    assert seen == [True] * STEPS
    assert not any(module.training for module in model.modules())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_fit_on_a_gpu_agrees_with_the_cpu(tmp_path):
    expected, _ = bare_loop(untrained())
    model = untrained()
    history = train(model, device="cuda", checkpoint=tmp_path / "a.safetensors")
    assert next(model.parameters()).device.type == "cuda"
    assert all(torch.allclose(t.cpu(), expected[name], atol=1e-4) for name, t in weights(model).items())
    assert train(untrained(), checkpoint=tmp_path / "a.safetensors").losses == history.losses  # on the CPU


# --- rate and batches ---


def test_known_values_of_the_learning_rate():
    assert [rate_factor(step, 100) for step in (0, 4, 9, 50, 99)] == pytest.approx(
        [0.1, 0.5 * 0.96, 0.91, 0.5, 0.01]
    )
    assert [rate_factor(step, 4) for step in range(4)] == [1, 0.75, 0.5, 0.25]
    assert rate_factor(0, 1) == 1


@pytest.mark.parametrize(("n_rows", "size"), [(12, 4), (13, 4), (15, 4), (5, 5)])
def test_each_pass_takes_no_row_twice_and_has_its_own_order(n_rows, size):
    a_pass = n_rows // size
    found = torch.stack(list(itertools.islice(batches(n_rows, size, seed=0), 3 * a_pass)))
    assert found.dtype == torch.int64
    passes = found.reshape(3, -1).tolist()
    for taken in passes:
        assert len(set(taken)) == len(taken) == a_pass * size
        assert set(taken) <= set(range(n_rows))
    assert len(set(map(tuple, passes))) == 3


def test_rows_that_are_left_over_come_in_another_pass():
    taken = torch.cat(list(itertools.islice(batches(7, 3, seed=0), 20)))
    assert set(taken.tolist()) == set(range(7))


def test_with_fewer_rows_than_a_batch_every_batch_is_all_rows():
    for chosen in itertools.islice(batches(5, 64, seed=0), 4):
        assert sorted(chosen.tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("n_rows", "size"), [(0, 4), (5, 0), (5, -1)])
def test_a_batch_without_rows_is_refused(n_rows, size):
    """A size below 0 would never come to an end."""
    with pytest.raises(CourseError, match=f"a batch needs a row, got batch_size {size} and {n_rows} rows"):
        next(batches(n_rows, size, seed=0))


def test_batches_follow_their_seed_and_nothing_else():
    def first(seed):
        return next(batches(100, 10, seed)).tolist()

    torch.manual_seed(1)
    before, drawn = first(0), torch.get_rng_state()
    torch.manual_seed(2)
    assert first(0) == before != first(1)
    torch.manual_seed(1)
    first(0)
    assert torch.equal(torch.get_rng_state(), drawn)


# --- validation and early stopping ---


def test_validation_is_in_evaluation_mode_without_gradients():
    modes = []

    def look(model):
        modes.append((model.training, torch.is_grad_enabled()))
        return {"loss": 1.0}

    history = train(untrained("all"), validate=look, validate_every=10)
    assert modes == [(False, False)] * 3
    assert history.validations == [{"step": step, "loss": 1.0} for step in (10, 20, 24)]


def test_history_has_what_validation_measured():
    model = untrained()
    history = train(model, validate=validate, validate_every=STEPS)
    with torch.no_grad():
        measured = validate(model)
    expected = {"step": STEPS, "loss": measured["loss"].item(), "accuracy": measured["accuracy"].item()}
    assert history.validations == [expected]
    assert all(type(value) is float for name, value in history.validations[0].items() if name != "step")


def stopping(**settings):
    return {
        "steps": 90,
        "learning_rate": 0.03,
        "validate": validate,
        "validate_every": 3,
        "patience": 4,
    } | settings


@pytest.mark.parametrize("kind", ["plain", "all"])
def test_early_stopping_keeps_the_best_weights(kind):
    model = untrained(kind)
    history = train(model, **stopping())
    watched = [found["loss"] for found in history.validations]
    best = watched.index(min(watched))
    assert 3 < history.best_step == 3 * (best + 1)  # not merely the first
    assert len(watched) == best + 1 + 4
    assert len(history.losses) == 3 * len(watched) < 90
    with torch.no_grad():
        assert validate(model)["loss"].item() == min(watched) < watched[-1]


def test_early_stopping_stops_at_a_known_step():
    losses = iter([5.0, 4.0, 4.0, 4.5, 3.0, 3.0, 3.1, 3.2, 2.0])
    seen = []

    def look(model):
        seen.append(weights(model))
        return {"loss": next(losses), "other": -len(seen)}

    model = untrained()
    history = train(model, steps=50, validate=look, validate_every=2, patience=3)
    assert (history.best_step, len(history.losses), len(seen)) == (10, 16, 8)
    assert equal(weights(model), seen[4])


def test_the_best_weights_are_kept_when_patience_lasts_to_the_end():
    losses = iter([3.0, 1.0, 2.0, 2.0])
    seen = []

    def look(model):
        seen.append(weights(model))
        return {"loss": next(losses)}

    model = untrained()
    history = train(model, validate=look, validate_every=6, patience=10)
    assert (history.best_step, len(history.losses)) == (12, STEPS)
    assert equal(weights(model), seen[1])


@pytest.mark.parametrize("wrong", [{}, None, 0.5])
@pytest.mark.parametrize("patience", [None, 2])
def test_a_validation_without_named_numbers_is_refused(wrong, patience):
    with pytest.raises(CourseError, match=r"validate must give numbers by name.*it gave "):
        train(untrained(), validate=lambda model: wrong, patience=patience)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_early_stopping_cannot_watch_what_is_not_finite(wrong):
    numbers = iter([1.0, wrong])
    with pytest.raises(CourseError, match=rf"validate gave {wrong} at step 8: mend validate, or leave pat"):
        train(untrained(), validate=lambda model: {"loss": next(numbers)}, validate_every=4, patience=2)


def test_a_number_that_nobody_watches_may_be_nan():
    found = {"loss": 1.0, "recall": math.nan}
    history = train(untrained(), validate=lambda model: found, patience=9)
    assert math.isnan(history.validations[0]["recall"])
    history = train(untrained(), validate=lambda model: {"loss": math.nan})
    assert math.isnan(history.validations[0]["loss"])


# --- the average of the weights ---


def each_steps_weights(kind="plain", **settings):
    """The weights after each step of a training that keeps the last ones."""
    seen = []

    def look(model):
        seen.append(weights(model))
        return {"loss": 0.0}

    train(untrained(kind), validate=look, validate_every=1, **settings)
    return seen


def test_the_average_of_a_single_weight_by_hand():
    """Its gradient is 1, so that plain descent takes away the rate of the step: 0.4, 0.3, 0.2, 0.1."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 1.0)
    seen = []

    def look(model):
        seen.append(model.weight.item())
        return {"loss": 0.0}

    fit(
        model,
        lambda model, images: model(images).mean(),
        (torch.ones(8, 1),),
        steps=4,
        optimizers=lambda model: [torch.optim.SGD(model.parameters(), lr=0.4)],
        validate=look,
        validate_every=1,
        average=0.2,
    )
    first = 0.6
    second = 2 / 11 * first + 9 / 11 * 0.3  # the warm-up: 2/11 is less than 0.2, 3/12 is not
    third = 0.2 * second + 0.8 * 0.1
    fourth = 0.2 * third + 0.8 * 0.0
    assert seen == pytest.approx([first, second, third, fourth], abs=1e-6)
    assert model.weight.item() == seen[-1]


@pytest.mark.parametrize("average", [0.5, 0.999])
@every_model
def test_the_average_is_that_of_each_steps_weights(kind, average):
    names = [name for name, _ in untrained(kind).named_parameters()]
    seen = each_steps_weights(kind)
    expected = {name: seen[0][name] for name in names}
    for updates, found in enumerate(seen[1:], start=1):
        decay = min(average, (1 + updates) / (10 + updates))
        expected = {name: decay * expected[name] + (1 - decay) * found[name] for name in names}
    model = untrained(kind)
    history = train(model, average=average)
    kept = weights(model)
    assert all(torch.allclose(kept[name], expected[name], atol=1e-6) for name in names)
    assert not any(torch.equal(kept[name], seen[-1][name]) for name in names)
    buffers = set(kept) - set(names)
    assert bool(buffers) == (kind in ("batch norm", "channels last", "all"))
    assert all(torch.equal(kept[name], seen[-1][name]) for name in buffers)
    assert history.best_step == STEPS
    assert not model.training


@every_model
def test_a_training_does_not_notice_its_average(kind):
    _, losses = bare_loop(untrained(kind))
    unseen = train(silent := untrained(kind), average=0.9)
    measured = train(model := untrained(kind), average=0.9, validate=validate, validate_every=1)
    assert unseen.losses == measured.losses == losses
    assert equal(weights(model), weights(silent))


def test_validation_measures_the_average():
    model = untrained("all")
    history = train(model, average=0.9, validate=validate, validate_every=7)
    train(last := untrained("all"))
    with torch.no_grad():
        found = history.validations[-1]["loss"]
        assert validate(model)["loss"].item() == found != validate(last)["loss"].item()


def test_the_average_of_weights_that_are_shared(tmp_path):
    def build():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32))
        model[3].weight = model[1].weight
        return model

    train(last := build())
    train(model := build(), average=0.9)
    assert model[3].weight is model[1].weight
    assert not torch.equal(model[1].weight, last[1].weight)
    for _ in range(2):  # the second time from the file
        train(again := build(), average=0.9, checkpoint=tmp_path / "a.safetensors")
        assert equal(weights(again), weights(model))


# --- killed and interrupted ---


def long_training(model, path, loss=batch_loss, average=None):
    """Everything at once: batch norm, dropout, channels last, and early stopping or an average."""
    settings = stopping(steps=300, patience=20, validate_every=5)
    if average is not None:
        settings |= {"steps": 120, "patience": None, "average": average}
    return train(model, loss, checkpoint=path, **settings)


def slow_training(path, average=None):
    """Runs in a process of its own, until that is killed."""

    def loss(model, *batch):
        time.sleep(0.02)
        return batch_loss(model, *batch)

    torch.set_num_threads(1)
    long_training(untrained("all"), Path(path), loss, average)


def test_a_training_that_was_killed_ends_at_the_same_weights(tmp_path, killed_in_training):
    path = tmp_path / "a.safetensors"
    undisturbed = untrained("all")
    expected = long_training(undisturbed, None)
    code = f"import test_training; test_training.slow_training({str(path)!r})"
    returncode = killed_in_training(code, path, versions=6, limit_s=60)
    assert returncode == (1 if sys.platform == "win32" else -9)
    step = step_of(path)
    assert expected.best_step < step < len(expected.losses) < 300  # the best weights come from the file

    model = untrained("all")
    torch.manual_seed(99)  # the random state comes from the file
    history = long_training(model, path)
    assert history.resumed_at == step > 0
    assert equal(weights(model), weights(undisturbed))
    assert (history.losses, history.validations) == (expected.losses, expected.validations)
    assert history.best_step == expected.best_step


def test_an_average_goes_on_after_its_training_was_killed(tmp_path, killed_in_training):
    path = tmp_path / "a.safetensors"
    undisturbed = untrained("all")
    expected = long_training(undisturbed, None, average=0.9)
    code = f"import test_training; test_training.slow_training({str(path)!r}, average=0.9)"
    killed_in_training(code, path, versions=6, limit_s=60)
    step = step_of(path)
    assert 0 < step < 120

    history = long_training(model := untrained("all"), path, average=0.9)
    assert history.resumed_at == step
    assert equal(weights(model), weights(undisturbed))
    assert (history.losses, history.validations) == (expected.losses, expected.validations)


@every_model
def test_an_interrupted_average_ends_at_the_same_weights(tmp_path, kind):
    path = tmp_path / "a.safetensors"
    train(undisturbed := untrained(kind), average=0.999)
    assert interrupted(path, call=15, kind=kind, average=0.999) == 10
    for resumed_at in (10, STEPS):  # the second time it is finished
        history = train(model := untrained(kind), checkpoint=path, average=0.999)
        assert (history.resumed_at, history.best_step) == (resumed_at, STEPS)
        assert equal(weights(model), weights(undisturbed))


@every_model
def test_an_interrupted_training_ends_at_the_same_weights(tmp_path, kind):
    path = tmp_path / "a.safetensors"
    expected, losses = bare_loop(untrained(kind))
    assert interrupted(path, call=15, kind=kind) == 10
    model = untrained(kind)
    torch.manual_seed(99)
    history = train(model, checkpoint=path)
    assert history.resumed_at == 10
    assert history.losses == losses
    assert equal(weights(model), expected)
    assert list(tmp_path.iterdir()) == [path]


def test_a_training_may_be_interrupted_at_any_step_and_again(tmp_path):
    expected, _ = bare_loop(untrained())
    path = tmp_path / "a.safetensors"
    # each rerun looks at the first loss, then repeats what came after the checkpoint
    assert interrupted(path, call=7) == 5
    assert interrupted(path, call=7) == 10
    assert interrupted(path, call=2) == 10
    assert interrupted(path, call=12) == 20
    history = train(model := untrained(), checkpoint=path)
    assert history.resumed_at == 20
    assert equal(weights(model), expected)


def test_a_training_that_was_interrupted_before_its_first_checkpoint_begins_anew(tmp_path):
    path = tmp_path / "a.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train(untrained(), failing(4), checkpoint=path)
    assert list(tmp_path.iterdir()) == []
    assert train(model := untrained(), checkpoint=path).resumed_at == 0
    assert equal(weights(model), bare_loop(untrained())[0])


def test_early_stopping_goes_on_from_a_checkpoint(tmp_path):
    path = tmp_path / "a.safetensors"
    expected = train(undisturbed := untrained("all"), **stopping())
    settings = stopping(checkpoint_every=2)
    call = expected.best_step + 7
    assert expected.best_step < interrupted(path, call, "all", **settings) < len(expected.losses)
    history = train(model := untrained("all"), checkpoint=path, **settings)
    assert history.resumed_at > 0
    assert (history.validations, history.best_step) == (expected.validations, expected.best_step)
    assert equal(weights(model), weights(undisturbed))


@pytest.mark.parametrize(
    "settings", [{"steps": 22, "validate": validate}, stopping()], ids=["all steps", "early"]
)
def test_a_finished_training_is_returned_at_once(tmp_path, settings):
    path = tmp_path / "a.safetensors"
    expected = train(trained := untrained("all"), checkpoint=path, **settings)
    content = path.read_bytes()
    history = train(model := untrained("all"), failing(2, AssertionError), checkpoint=path, **settings)
    assert history.resumed_at == len(expected.losses)
    assert (history.losses, history.validations) == (expected.losses, expected.validations)
    assert history.best_step == expected.best_step
    assert equal(weights(model), weights(trained))
    assert not model.training
    assert path.read_bytes() == content


# --- checkpoints that are refused ---


@pytest.fixture(scope="module")
def halfway(tmp_path_factory):
    """The bytes of a training's checkpoint at step 10."""
    path = tmp_path_factory.mktemp("halfway") / "a.safetensors"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    assert interrupted(path, call=15, kind="dropout") == 10
    torch.set_num_threads(threads)
    return path.read_bytes()


def write(content):
    return lambda path: path.write_bytes(content)


def keep(share):
    """Cuts a file: a whole number of bytes, or a share of it."""

    def cut(path):
        content = path.read_bytes()
        path.write_bytes(content[: share if isinstance(share, int) else int(share * len(content))])

    return cut


DAMAGES = {
    "empty": (keep(0), "cut short or damaged"),
    "cut in the header's size": (keep(7), "cut short or damaged"),
    "cut in the header": (keep(200), "cut short or damaged"),
    "cut in the middle": (keep(0.5), "cut short or damaged"),
    "cut by a byte": (keep(-1), "cut short or damaged"),
    "zeros": (lambda path: path.write_bytes(bytes(path.stat().st_size)), "cut short or damaged"),
    "text": (write(b"step 10, loss 0.3\n" * 9), "cut short or damaged"),
    "pickle": (lambda path: torch.save({"step": torch.ones(2)}, path), "cut short or damaged"),
    "of another program": (
        lambda path: save_file({"a": torch.ones(2)}, path),
        "no checkpoint of this course, or of another version",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_set_aside_and_training_begins_anew(tmp_path, halfway, damage):
    spoil, message = DAMAGES[damage]
    path = tmp_path / "a.safetensors"
    path.write_bytes(halfway)
    spoil(path)
    content = path.read_bytes()
    assert content != halfway
    refused_and_anew(path, message, lambda: untrained("dropout"))
    assert (tmp_path / "a.refused").read_bytes() == content


def refused_and_anew(path, message, build, **settings):
    """Train, expect a warning of one line and the weights of a training without a checkpoint."""
    train(undisturbed := build(), **settings)
    model = build()
    before, drawn = weights(model), torch.get_rng_state()
    with pytest.raises(CourseError):
        optimizer = torch.optim.AdamW(model.parameters())
        checkpoints.load(path, model, [optimizer], {"first_loss": 0.0})
    assert equal(weights(model), before)
    assert optimizer.state_dict()["state"] == {}
    assert torch.equal(torch.get_rng_state(), drawn)
    with pytest.warns(UserWarning, match=message) as caught:
        history = train(model, checkpoint=path, **settings)
    (warning,) = caught
    assert "\n" not in str(warning.message)
    assert "a.refused'; training begins anew" in str(warning.message)
    assert history.resumed_at == 0
    assert equal(weights(model), weights(undisturbed))
    assert step_of(path) == settings.get("steps", STEPS)


def smoothed(model, images, labels):
    return cross_entropy(model(images), labels, label_smoothing=0.1)


def in_float64(model, images, labels):
    return cross_entropy(model(images.double()), labels)


def other(message, build=lambda: untrained("dropout"), **settings):
    return message, build, settings


def with_seed(seed):
    torch.manual_seed(seed)
    return MODELS["dropout"]()


OTHERS = {
    "seed": other(r"another training \(seed 0 there, 1 here, first_loss", seed=1),
    "steps": other(r"another training \(steps 24 there, 30 here\): to go on from it, give", steps=30),
    "rate": other(r"another training \(AdamW lr 0.02 there, 0.0200001 here\): to", learning_rate=0.0200001),
    "decay": other(r"another training \(AdamW weight_decay 0.01 there, 0.0 here\)", weight_decay=0.0),
    "batch size": other(r"another training \(batch_size 8 there, 9 here", batch_size=9),
    "number of rows": other(r"another training \(rows 44 there, 40 here", data=rows(0, 40)),
    "average": other(r"another training \(average None there, 0.9 here\)", average=0.9),
    "data": other(r"another training \(first_loss [\d.]+ there, [\d.]+ here\)", data=rows(2)),
    "loss function": other(r"another training \(first_loss", loss=smoothed),
    "first weights": other(r"another training \(first_loss", build=lambda: with_seed(1)),
    "dropout": other(r"another training \(first_loss", build=lambda: changed_dropout()),
    "shapes": other(r"another training \(first_loss", build=lambda: untrained("plain")),
    "type": other(r"another model: other shapes of weights", build=lambda: doubled(), loss=in_float64),
}


def changed_dropout():
    model = untrained("dropout")
    model[1].p = 0.5
    return model


def doubled():
    return untrained("dropout").double()


@pytest.mark.parametrize("change", OTHERS)
def test_the_checkpoint_of_another_training_is_set_aside(tmp_path, halfway, change):
    message, build, settings = OTHERS[change]
    path = tmp_path / "a.safetensors"
    path.write_bytes(halfway)
    refused_and_anew(path, message, build, **settings)
    assert (tmp_path / "a.refused").read_bytes() == halfway


def test_an_activation_shows_in_the_first_loss(tmp_path):
    """Two architectures with the same weights are told apart."""
    path = tmp_path / "a.safetensors"
    interrupted(path, call=15)

    def build():
        torch.manual_seed(0)
        return perceptron(nn.GELU)

    assert equal(weights(build()), weights(untrained()))
    refused_and_anew(path, r"another training \(first_loss", build)


def test_the_last_digits_of_the_first_loss_do_not_matter(tmp_path, halfway):
    """They differ between a GPU and the CPU."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(halfway)

    def loss(model, *batch):
        return batch_loss(model, *batch) * (1 + 3e-6)

    assert train(untrained("dropout"), loss, checkpoint=path).resumed_at == 10


# --- errors ---


@pytest.mark.parametrize("settings", [{}, {"validate": validate, "average": 0.9}])
def test_patience_needs_something_to_watch_and_is_no_average(settings):
    with pytest.raises(CourseError, match="patience needs validate, and keeps the best weights"):
        train(untrained(), patience=3, **settings)


def test_time_adds_up_over_an_interruption(tmp_path, monkeypatch):
    """Each clock moves a second whenever somebody looks at it."""
    path, seconds = tmp_path / "a.safetensors", itertools.count()
    for name in ("perf_counter", "process_time"):
        monkeypatch.setattr(callbacks.time, name, lambda: float(next(seconds)))
    interrupted(path, call=15)
    saved = state_of(path)["history"]
    history = train(untrained(), checkpoint=path)
    assert saved["wall_s"] == saved["cpu_s"] == 2 * 10  # both look once a step
    assert history.wall_s == history.cpu_s == 2 * STEPS


@pytest.mark.parametrize("every", [5, 7])
def test_a_loss_that_is_nan_names_its_step_and_the_learning_rate(tmp_path, every):
    path = tmp_path / "a.safetensors"
    calls = itertools.count()  # the first is the look at the first loss

    def loss(model, *batch):
        return batch_loss(model, *batch) * (math.nan if next(calls) == 7 else 1)

    with pytest.raises(
        CourseError, match=r"the loss is nan at step 7: lower the learning rate \(it is 0.02\)"
    ):
        train(untrained(), loss, checkpoint=path, checkpoint_every=every)
    assert [step_of(file) for file in tmp_path.iterdir()] == ([5] if every == 5 else [])


def spoiled_gradient(call):
    """A finite loss whose gradient is nan at this call."""
    calls = itertools.count(1)

    def loss(model, *batch):
        zero = (model[-1].weight * 0).sum().sqrt()  # infinite slope times 0
        return batch_loss(model, *batch) + (zero if next(calls) == call else 0)

    return loss


@pytest.mark.parametrize(("step", "saved"), [(5, []), (10, [5]), (STEPS, [20])])
def test_weights_that_are_nan_are_not_saved(tmp_path, step, saved):
    found = step  # at once, because a checkpoint is due
    path = tmp_path / "a.safetensors"
    with pytest.raises(CourseError, match=rf"a weight no longer is after step {found}: lower the learning"):
        train(untrained(), spoiled_gradient(1 + step), checkpoint=path)
    assert [step_of(file) for file in tmp_path.iterdir()] == saved
    assert all(tensor.isfinite().all() for file in tmp_path.iterdir() for tensor in load_file(file).values())


def test_weights_that_are_nan_in_the_end_are_no_result():
    with pytest.raises(CourseError, match="a weight no longer is after step 24"):
        train(untrained(), spoiled_gradient(STEPS))


def test_a_learning_rate_that_is_too_high_is_an_error():
    with pytest.raises(CourseError, match=r"lower the learning rate \(it is 1e\+30\)"):
        train(untrained(), learning_rate=1e30)


@pytest.mark.parametrize("lengths", [(), (4, 5)])
def test_data_must_have_rows_that_belong_together(lengths):
    with pytest.raises(CourseError, match=r"data needs tensors with the same number of rows, got \["):
        train(untrained(), data=[torch.zeros(length, 2) for length in lengths])


def test_a_folder_that_cannot_be_made_is_an_error_before_the_first_step(blocked):
    with pytest.raises(CourseError, match=r"cannot write '.*folder'.*choose a folder that you may write to"):
        train(untrained(), failing(2, AssertionError), checkpoint=blocked / "a.safetensors")


def test_numpys_numbers_are_numbers(tmp_path):
    settings = {"seed": np.int64(3), "steps": np.int32(12), "learning_rate": np.float32(0.02)}
    settings["average"] = np.float32(0.9)
    path = tmp_path / "a.safetensors"
    train(untrained(), checkpoint=path, **settings)
    assert train(untrained(), failing(2, AssertionError), checkpoint=path, **settings).resumed_at == 12


# --- the progress bar ---


def test_the_progress_bar_shows_loss_and_accuracy(capsys, tmp_path):
    path = tmp_path / "a.safetensors"
    history = train(untrained(), validate=validate, validate_every=10, label="small network", checkpoint=path)
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith("small network: 100%")
    assert f"| {STEPS}/{STEPS} [" in last
    latest = history.validations[-1]
    assert f"loss={history.losses[-1]:.4g}, val loss={latest['loss']:.4g}" in last
    assert f"val accuracy={latest['accuracy']:.4g}" in last


def test_the_progress_bar_goes_on_where_the_training_was(capsys, tmp_path):
    path = tmp_path / "a.safetensors"
    interrupted(path, call=15)
    assert capsys.readouterr().err == ""  # no label, no bar
    train(untrained(), checkpoint=path, label="again")
    frames = capsys.readouterr().err.split("\r")
    assert any(f"| 10/{STEPS} [" in frame for frame in frames)
    assert not any(f"| 0/{STEPS} [" in frame for frame in frames)
