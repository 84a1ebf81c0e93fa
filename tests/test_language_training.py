"""`training.fit` as a small language model needs it: several optimisers, bfloat16, many rows."""

import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from test_training import equal, failing, step_of, weights
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM

from course_utils import CourseError
from course_utils.models.muon import muon_adamw
from course_utils.models.training import batches, fit, rate_factor

# a warning is a checkpoint that was refused, and no test may overlook one
pytestmark = [pytest.mark.filterwarnings("error::UserWarning"), pytest.mark.usefixtures("torch_as_before")]

STEPS, LENGTH, VOCABULARY = 20, 6, 11
TEXT = torch.arange(200).square() % VOCABULARY  # (n_tokens,)
STARTS = torch.arange(len(TEXT) - LENGTH)
every_precision = pytest.mark.parametrize("precision", ["float32", "bfloat16"])


def untrained():
    """A language model whose first and last layer share their weights; always the same."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "intermediate_size": 12, "num_attention_heads": 2, "num_hidden_layers": 1}
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            max_position_embeddings=LENGTH,
            tie_word_embeddings=True,
            attention_dropout=0.1,
            **sizes,
        )
    )


def batch_loss(model, starts):
    tokens = TEXT[starts[:, None] + torch.arange(LENGTH + 1)]  # (B, T + 1)
    scores = model(tokens[:, :-1]).logits  # (B, T, V)
    return cross_entropy(scores.flatten(0, 1), tokens[:, 1:].flatten())


def validate(model):
    return {"loss": batch_loss(model, STARTS[::9])}


def two(model, muon_rate=0.02, adamw_rate=0.01, **settings):
    return muon_adamw(model, muon_rate, adamw_rate, **({"weight_decay": 0.1} | settings))


def one(model, **settings):
    return [torch.optim.AdamW(model.parameters(), **({"lr": 0.01} | settings))]


def train(model, loss=batch_loss, **settings):
    standard = {"steps": STEPS, "batch_size": 8, "checkpoint_every": 5, "optimizers": two}
    return fit(model, loss, (STARTS,), **(standard | settings))


def bare_loop(model, make, precision, steps=STEPS):
    """The loop of lesson 2 with several optimisers, and its losses."""
    optimizers = make(model)
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    rates = [group["lr"] for group in groups]
    losses = []
    model.train()
    for step, chosen in zip(range(steps), batches(len(STARTS), 8, 0), strict=False):
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate * rate_factor(step, steps)
        half = precision == "bfloat16"
        with torch.autocast("cpu", dtype=torch.bfloat16) if half else nullcontext():
            loss = batch_loss(model, STARTS[chosen])
        model.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
    return weights(model), losses


# --- the same as a bare loop ---


@every_precision
@pytest.mark.parametrize("make", [one, two])
@pytest.mark.parametrize("around", [False, True])
def test_fit_is_the_bare_loop_bit_for_bit(tmp_path, make, precision, around):
    expected, losses = bare_loop(untrained(), make, precision)
    model = untrained()
    more = {"validate": validate, "validate_every": 7, "checkpoint": tmp_path / "a.safetensors"}
    history = train(model, optimizers=make, precision=precision, **(more if around else {}))
    assert equal(weights(model), expected)
    assert history.losses == losses
    assert losses[-1] < losses[0] - 0.1


def test_one_adamw_is_what_fit_does_without_being_asked():
    train(expected := untrained(), optimizers=None, learning_rate=0.01, weight_decay=0.3)
    train(model := untrained(), optimizers=lambda model: one(model, weight_decay=0.3))
    assert equal(weights(model), weights(expected))


def test_without_being_asked_adamws_rate_and_decay_are_a_hundredth():
    train(expected := untrained(), optimizers=None, learning_rate=0.01, weight_decay=0.01)
    train(model := untrained(), optimizers=None)
    assert equal(weights(model), weights(expected))


def test_each_group_has_its_own_highest_rate():
    built, seen = [], []

    def make(model):
        built.extend(two(model))
        return built

    def loss(model, starts):
        seen.append([group["lr"] for optimizer in built for group in optimizer.param_groups])
        return batch_loss(model, starts)

    train(untrained(), loss, optimizers=make, steps=30)
    assert len(built) == 2
    peaks = [0.02, 0.01, 0.01]
    assert seen == [[peak * rate_factor(step, 30) for peak in peaks] for step in range(30)]


# --- precision ---


@pytest.fixture
def dtypes():
    """A loss function and a validation, and what they saw: types of the scores and of the loss."""
    seen = {"train": [], "validate": []}

    def loss(model, starts):
        found = {}
        hook = model.register_forward_hook(lambda module, i, output: found.update(scores=output.logits))
        value = batch_loss(model, starts)
        hook.remove()
        where = "train" if model.training else "validate"
        seen[where].append((found["scores"].dtype, value.dtype))
        return value

    return loss, lambda model: {"loss": loss(model, STARTS[:9])}, seen


@every_precision
def test_training_and_validation_and_first_look_have_the_same_precision(tmp_path, dtypes, precision):
    loss, look, seen = dtypes
    model, built = untrained(), []

    def make(model):
        built.extend(two(model))
        return built

    settings = {"validate": look, "validate_every": 10, "checkpoint": tmp_path / "a.safetensors"}
    train(model, loss, precision=precision, optimizers=make, **settings)
    expected = getattr(torch, precision), torch.float32
    assert seen == {"train": [expected] * (1 + STEPS), "validate": [expected] * 2}
    assert {tensor.dtype for tensor in model.parameters()} == {torch.float32}
    remembered = [t for optimizer in built for memory in optimizer.state.values() for t in memory.values()]
    assert len(remembered) == 7 + 3 * 4  # momentum; step and two averages
    assert {tensor.dtype for tensor in remembered} == {torch.float32}
    assert not torch.is_autocast_enabled("cpu")


def test_bfloat16_learns_nearly_the_same():
    histories = {precision: train(untrained(), precision=precision) for precision in ("float32", "bfloat16")}
    full, half = (torch.tensor(history.losses) for history in histories.values())
    assert 0 < (full - half).abs().max() < 0.02


@every_precision
def test_autocast_ends_with_an_error(precision):
    with pytest.raises(ZeroDivisionError):
        train(untrained(), failing(3, ZeroDivisionError, batch_loss), precision=precision)
    assert not torch.is_autocast_enabled("cpu")


# --- killed ---


def long_training(model, path, precision, loss=batch_loss):
    settings = {"validate": validate, "validate_every": 10, "patience": 40}
    return train(model, loss, steps=120, checkpoint=path, precision=precision, **settings)


def slow_training(path, precision):
    """Runs in a process of its own, until that is killed."""

    def loss(model, starts):
        time.sleep(0.02)
        return batch_loss(model, starts)

    torch.set_num_threads(1)
    long_training(untrained(), Path(path), precision, loss)


@every_precision
def test_a_training_that_was_killed_ends_at_the_same_weights(tmp_path, precision, killed_in_training):
    path = tmp_path / "a.safetensors"
    expected = long_training(undisturbed := untrained(), None, precision)
    code = f"import test_language_training as t; t.slow_training({str(path)!r}, {precision!r})"
    returncode = killed_in_training(code, path, versions=4, limit_s=120)
    assert returncode == (1 if sys.platform == "win32" else -9)
    step = step_of(path)
    assert 0 < step < 120
    model = untrained()
    torch.manual_seed(99)  # the random state comes from the file
    history = long_training(model, path, precision)
    assert history.resumed_at == step
    assert equal(weights(model), weights(undisturbed))
    assert (history.losses, history.validations) == (expected.losses, expected.validations)
    assert model.lm_head.weight is model.model.embed_tokens.weight


def interrupted(path, **settings):
    with pytest.raises(KeyboardInterrupt):
        train(untrained(), failing(14, loss=batch_loss), checkpoint=path, **settings)
    assert step_of(path) == 10


@pytest.mark.parametrize("make", [one, two, lambda model: two(model)[::-1]], ids=["one", "two", "turned"])
def test_rates_go_on_where_they_were(tmp_path, make):
    path = tmp_path / "a.safetensors"
    train(expected := untrained(), optimizers=make)
    interrupted(path, optimizers=make)
    built = []

    def remembered(model):
        built.extend(make(model))
        return built

    assert train(model := untrained(), checkpoint=path, optimizers=remembered).resumed_at == 10
    assert equal(weights(model), weights(expected))
    factor = rate_factor(STEPS - 1, STEPS)
    groups = [group for optimizer in built for group in optimizer.param_groups]
    assert [group["lr"] for group in groups] == [group["initial_lr"] * factor for group in groups]


# --- checkpoints that are refused ---


def torchs(model):
    """torch's Muon for the same weights."""
    muon, adamw = two(model)
    return [torch.optim.Muon(muon.param_groups[0]["params"], lr=0.02), adamw]


OTHERS = {
    "AdamW, then both": ({"optimizers": one}, {}, r"another training \(AdamW params \d+ there, None here"),
    "other rate of Muon": (
        {},
        {"optimizers": lambda model: two(model, muon_rate=0.03)},
        r"another training \(Muon 1 lr 0.02 there, 0.03 here\)",
    ),
    "other rate of AdamW": (
        {},
        {"optimizers": lambda model: two(model, adamw_rate=0.02)},
        r"\(AdamW 2 lr 0.01 there, 0.02 here, AdamW 3 lr 0.01 there, 0.02 here\)",
    ),
    "other betas": (
        {"optimizers": one},
        {"optimizers": lambda model: one(model, betas=(0.9, 0.95))},
        r"\(AdamW betas \[0.9, 0.999\] there, \[0.9, 0.95\] here\)",
    ),
    "torch's Muon": ({}, {"optimizers": torchs}, r"another training \(Muon 1 "),
    "bfloat16": ({}, {"precision": "bfloat16"}, r"\(precision float32 there, bfloat16 here"),
    "float32": ({"precision": "bfloat16"}, {}, r"\(precision bfloat16 there, float32 here"),
}


@pytest.mark.parametrize("change", OTHERS)
def test_the_checkpoint_of_another_training_is_set_aside(tmp_path, change):
    before, now, message = OTHERS[change]
    path = tmp_path / "a.safetensors"
    interrupted(path, **before)
    content = path.read_bytes()
    train(expected := untrained(), **now)
    with pytest.warns(UserWarning, match=message) as caught:
        history = train(model := untrained(), checkpoint=path, **now)
    (warning,) = caught
    assert "\n" not in str(warning.message)
    assert str(warning.message).endswith("'a.refused'; training begins anew")
    assert history.resumed_at == 0
    assert equal(weights(model), weights(expected))
    assert (tmp_path / "a.refused").read_bytes() == content
    assert step_of(path) == STEPS


# --- errors ---


def test_frozen_weights_need_no_optimiser():
    def frozen():
        model = untrained()
        model.model.embed_tokens.requires_grad_(False)
        return model

    model = frozen()
    train(model)
    assert equal(weights(model.model.embed_tokens), weights(frozen().model.embed_tokens))
    assert not equal(weights(model), weights(frozen()))


@pytest.mark.parametrize("wrong", ["float16", "bf16", "", "FLOAT32"])
def test_an_unknown_precision_is_refused(wrong):
    message = f"unknown precision '{wrong}': choose one of float32, bfloat16"
    with pytest.raises(CourseError, match=message):
        train(untrained(), failing(1, AssertionError), precision=wrong)


def test_rates_that_are_too_high_are_named():
    def make(model):
        return [torch.optim.SGD([p], lr=rate) for p, rate in zip(model.parameters(), rates, strict=True)]

    rates = [1e30] + [1e20] * (sum(1 for _ in untrained().parameters()) - 1)
    with pytest.raises(CourseError, match=r"lower the learning rate \(it is 1e\+30 and 1e\+20\), or look"):
        train(untrained(), optimizers=make)


# --- many rows ---


def test_a_language_models_rows_are_the_ones_of_the_pass():
    seen = []

    def loss(model, starts):
        assert starts.dtype == torch.int64
        seen.append(starts)
        return batch_loss(model, starts)

    train(untrained(), loss, steps=len(STARTS) // 8)
    taken = torch.cat(seen)
    assert len(set(taken.tolist())) == len(taken) == len(STARTS) // 8 * 8
    assert not torch.equal(taken, taken.sort().values)
