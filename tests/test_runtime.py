import dataclasses
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import ROOT, CourseError
from course_utils import run as runtime


@pytest.fixture
def cuda(monkeypatch):
    """Says whether there is an NVIDIA GPU."""
    return lambda answer: monkeypatch.setattr(torch.cuda, "is_available", lambda: answer)


@pytest.fixture
def mac(monkeypatch):
    """A Mac whose GPU changes the CPU's numbers by a function."""
    step = runtime._training_step

    def pretend(change):
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
        monkeypatch.setattr(
            runtime,
            "_training_step",
            lambda device: [change(t) if device == "mps" else t for t in step("cpu")],
        )

    return pretend


@pytest.fixture
def global_generators():
    """Puts the global random states back afterwards."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.set_rng_state(states[2])


def test_start_without_settings_is_laptop_auto_0(capsys, cuda, global_generators):
    cuda(False)
    run = runtime.start("1_classic_ml")
    assert run == runtime.Run("1_classic_ml", "laptop", "cpu", 0, ROOT / "results" / "laptop")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("profile laptop · device cpu · seed 0 · ")
    assert second == f"takes about {runtime.notebooks()['1_classic_ml'].takes} on two cores"


def test_start_reads_the_environment(monkeypatch, tmp_path, global_generators):
    settings = {"PROFILE": "smoke", "DEVICE": "cpu", "SEED": "12", "RESULTS": str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(f"COURSE_{name}", value)
    run = runtime.start("1_labels")
    assert run == runtime.Run("1_labels", "smoke", "cpu", 12, tmp_path)
    drawn = torch.rand(3)
    torch.manual_seed(12)
    assert torch.equal(drawn, torch.rand(3))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PROFILE", "fast", "unknown profile 'fast': choose one of smoke, laptop, full"),
        ("DEVICE", "gpu", "unknown device 'gpu': choose one of auto, cpu, cuda, mps"),
        ("SEED", "one", "seed must be a whole number from 0 to 4294967295, got 'one'"),
    ],
)
def test_start_refuses_a_wrong_setting(monkeypatch, name, value, message):
    monkeypatch.setenv(f"COURSE_{name}", value)
    with pytest.raises(CourseError, match=message):
        runtime.start("1_classic_ml")


def test_start_says_at_once_that_results_cannot_be_written(monkeypatch, blocked):
    """Not in the last cell of a lesson."""
    monkeypatch.setenv("COURSE_RESULTS", str(blocked))
    with pytest.raises(
        CourseError, match=r"cannot write .*: choose a folder .*, and set COURSE_RESULTS to it"
    ):
        runtime.start("1_labels")


def test_results_of_a_checkout_that_is_not_ones_own_go_home(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_RESULTS", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert runtime.results_folder("smoke") == ROOT / "results" / "smoke"
    monkeypatch.setattr(runtime.os, "access", lambda path, mode: False)  # root may write anywhere
    assert runtime.results_folder("smoke") == tmp_path / "put-to-the-test" / "results" / "smoke"
    monkeypatch.undo()
    monkeypatch.delenv("COURSE_RESULTS", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(runtime, "ROOT", tmp_path / "site-packages")  # installed: no checkout
    assert runtime.results_folder("smoke") == tmp_path / "put-to-the-test" / "results" / "smoke"


def test_settings_are_the_notebooks_own_but_for_those_of_the_profile(monkeypatch):
    entry = runtime.Notebook("9_x", "?", profiles={"smoke": {"folds": 2}, "full": {"rows": 7}})
    monkeypatch.setattr(runtime, "notebooks", lambda: {"9_x": entry})

    def settings(profile):
        return vars(runtime.Run("9_x", profile, "cpu", 0, Path("out")).settings(folds=5, trees=100))

    assert settings("laptop") == {"folds": 5, "trees": 100}
    assert settings("smoke") == {"folds": 2, "trees": 100}
    with pytest.raises(
        CourseError, match=r"sets rows for 9_x in the profile 'full', but .* only folds, trees"
    ):
        settings("full")


def test_a_run_cannot_be_changed_and_its_clock_does_not_count():
    run = runtime.Run("1_lesson", "smoke", "cpu", 0, Path("out"))
    assert run == dataclasses.replace(run, started=run.started + 5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.seed = 1


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("4294967295", 2**32 - 1)])
def test_whole_number(text, number):
    assert runtime.whole_number("seed", text) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "1.5", "1e3", "abc", "²", "4294967296", pytest.param("9" * 5000, id="5000 digits")]
)
def test_anything_but_a_seed_is_refused(text):
    with pytest.raises(CourseError, match="seed must be a whole number from 0 to 4294967295"):
        runtime.whole_number("seed", text)


def test_auto_takes_the_gpu_where_there_is_one(cuda):
    cuda(True)
    assert [runtime.choose_device(name) for name in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


def test_without_a_gpu_auto_is_the_cpu_and_cuda_is_refused(cuda):
    cuda(False)
    assert [runtime.choose_device(name) for name in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(CourseError, match="torch sees no NVIDIA GPU: use auto or cpu"):
        runtime.choose_device("cuda")


def test_mps_is_refused_where_there_is_none(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(CourseError, match="this is no Mac with a GPU: use auto or cpu"):
        runtime.choose_device("mps")


def test_mps_is_taken_on_request_when_it_computes_the_same(mac):
    mac(lambda tensor: tensor * (1 + 1e-5))
    assert runtime.choose_device("mps") == "mps"


@pytest.mark.parametrize("factor", [1.01, 0.99, 0.0, float("nan"), float("inf")])
def test_mps_is_refused_when_it_computes_something_else(mac, factor):
    mac(lambda tensor: tensor * factor)
    with pytest.raises(CourseError, match=r"computes something else than the CPU.*: use cpu"):
        runtime.choose_device("mps")


def test_one_wrong_gradient_is_enough_to_refuse_mps(mac):
    mac(lambda tensor: tensor if tensor.ndim != 4 else torch.full_like(tensor, float("nan")))
    with pytest.raises(CourseError, match="use cpu"):
        runtime.choose_device("mps")


def test_parity_error_is_the_largest_relative_difference(mac):
    assert runtime.parity_error("cpu") == 0
    mac(lambda tensor: tensor * 1.25)
    assert runtime.parity_error("mps") == pytest.approx(0.25, rel=1e-4)


def test_the_parity_check_looks_at_the_loss_and_every_gradient():
    loss, *gradients = runtime._training_step("cpu")
    assert loss.shape == ()
    assert [tuple(g.shape) for g in gradients] == [(8, 1, 3, 3), (8,), (24, 8), (24,), (4, 288), (4,)]
    assert all(g.abs().max() > 0 for g in gradients)


def test_the_parity_check_leaves_the_global_generator_alone(global_generators):
    torch.manual_seed(123)
    before = torch.get_rng_state()
    runtime.parity_error("cpu")
    assert torch.equal(before, torch.get_rng_state())


# --- precision ---


@pytest.fixture
def cpu_with(monkeypatch):
    """Says what the processor can, and whether torch has oneDNN."""

    def pretend(*able, onednn=True):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(able, True))
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: onednn)

    return pretend


@pytest.mark.parametrize("able", ["avx512_bf16", "amx_bf16", "bf16", "sve_bf16"])
def test_a_processor_that_computes_in_bfloat16_may_use_it(cpu_with, able):
    cpu_with("avx2", able)
    assert runtime.choose_precision("cpu") == "bfloat16"


def test_emulation_does_not_count(cpu_with):
    cpu_with("avx2", "avx512_bw", "avx512_vl", "avx512_dq", "amx_int8", "neon", "fp16_arith")
    assert runtime.choose_precision("cpu") == "float32"
    cpu_with("bf16", onednn=False)  # a Mac's processor could, but torch does not use it
    assert runtime.choose_precision("cpu") == "float32"


def test_this_machines_processor_is_asked_without_an_error():
    assert runtime.choose_precision("cpu") in runtime.PRECISIONS


@pytest.mark.parametrize(("able", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_a_gpu_that_only_emulates_bfloat16_keeps_to_float32(monkeypatch, able, precision):
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or able
    )
    assert runtime.choose_precision("cuda") == precision


def test_apples_gpu_keeps_to_float32(cpu_with):
    cpu_with("bf16")
    assert runtime.choose_precision("mps") == "float32"


@pytest.mark.parametrize("device", ["auto", "gpu", ""])
def test_a_precision_is_chosen_for_a_device(device):
    with pytest.raises(CourseError, match=f"unknown device '{device}': choose one of cpu, cuda, mps"):
        runtime.choose_precision(device)


def test_seed_everything_seeds_all_three(global_generators):
    def draw(seed):
        runtime.seed_everything(seed)
        return random.random(), np.random.random(), torch.rand(1).item()  # noqa: NPY002

    first, again, other = draw(5), draw(5), draw(6)
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))
