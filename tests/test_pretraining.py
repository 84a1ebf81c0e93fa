"""The long training: the same curve whatever stops it, and on however many processes."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pretraining_alone as alone
import pytest
import torch
from accelerate.state import AcceleratorState

from course_utils import CourseError
from course_utils.files import sha256
from course_utils.models import checkpoints, held_out, language, pretraining
from course_utils.models.held_out import Texts
from course_utils.models.pretraining import Recipe

pytestmark = pytest.mark.usefixtures("torch_as_before", "fresh_accelerate")
RECIPE = Recipe(**alone.TINY)


@pytest.fixture
def fresh_accelerate():
    """accelerate remembers its first settings for as long as a process lives."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="module")
def texts():
    return alone.texts()


@pytest.fixture(scope="module")
def tokenizer(texts):
    return language.train_tokenizer([document.text for document in texts.train], alone.TINY["n_tokens"])


@pytest.fixture
def train(texts, tokenizer, tmp_path, monkeypatch):
    """A tiny training, with a checkpoint every four steps."""
    monkeypatch.setattr(pretraining, "SAVE_EVERY", 4)

    def run(recipe=RECIPE, folder=tmp_path / "one", **settings):
        settings = {"cpu": True, "precision": "float32"} | settings
        return pretraining.train(recipe, texts, tokenizer, folder, **settings)

    return run


def curve(history):
    """Without times."""
    return [{key: row[key] for key in ("step", "general", "wide")} for row in history["curve"]]


def equal(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


class StoppedError(Exception):
    pass


def stop_after(monkeypatch, n_checkpoints):
    """Lets a training break off when it has written so many."""
    save, written = checkpoints.save, []

    def saving(*arguments):
        save(*arguments)
        written.append(1)
        if len(written) == n_checkpoints:
            raise StoppedError

    monkeypatch.setattr(checkpoints, "save", saving)


def test_the_rates_rise_stay_level_and_fall_to_nothing():
    recipe = Recipe(steps=1000)
    found = [recipe.rate_factor(step) for step in (0, 49, 99, 100, 160, 580, 1000)]
    assert found == pytest.approx([0.01, 0.5, 1, 1, 1, 0.525, 0])


def test_a_training_learns_and_tells_its_curve(train):
    model, history = train()
    assert len(history["losses"]) == 24 and not model.training
    assert history["losses"][-1] < history["losses"][0] - 0.5
    assert [row["step"] for row in history["curve"]] == [0, 10, 20, 24]
    assert history["curve"][-1]["general"] < history["curve"][0]["general"] - 0.5
    assert history["made"] | {"windows": 0} == {
        **{"processes": 1, "device": "cpu", "precision": "float32", "windows": 0}
    }


def test_the_curve_is_what_the_returned_model_scores(train, texts, tokenizer):
    model, history = train()
    for name, documents in texts.validation.items():
        level = held_out.bits_per_byte(model, tokenizer, documents, RECIPE.context)
        assert history["curve"][-1][name] == pytest.approx(level, abs=1e-4)


def test_the_same_recipe_gives_the_same_curve_and_another_seed_another(train, tmp_path):
    model, history = train()
    again, same = train(folder=tmp_path / "two")
    assert same["losses"] == history["losses"] and equal(model, again)
    _, other = train(replace(RECIPE, seed=1), tmp_path / "three")
    assert other["losses"] != history["losses"]


@pytest.mark.parametrize("n_checkpoints", [1, 3, 5, 6])
def test_a_training_that_broke_off_gives_the_same_curve(train, tmp_path, monkeypatch, n_checkpoints):
    model, history = train()
    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        stop_after(patch, n_checkpoints)
        train(folder=tmp_path / "two")
    again, same = train(folder=tmp_path / "two")
    assert same["losses"] == history["losses"] and curve(same) == curve(history)
    assert equal(model, again)


def test_a_training_that_was_killed_gives_the_same_curve(train, tmp_path, killed_in_training):
    recipe, folder = replace(RECIPE, steps=60), tmp_path / "two"
    model, history = train(recipe)
    arguments = ["--cpu", "--out", str(folder), *alone.options(steps=60)]
    code = f"import sys, runpy; sys.argv[1:] = {arguments}; runpy.run_module('pretraining_alone', "
    killed_in_training(
        code + "run_name='__main__')", folder / pretraining.CHECKPOINT, versions=3, limit_s=300
    )
    assert checkpoints._read(folder / pretraining.CHECKPOINT)[0]["step"] in range(12, 60)
    again, same = train(recipe, folder)
    assert same["losses"] == history["losses"] and curve(same) == curve(history)
    assert equal(model, again)


def test_a_finished_training_takes_no_more_steps(train, monkeypatch):
    model, history = train()
    monkeypatch.setattr(language, "next_token_loss", None)
    again, same = train()
    assert same["losses"] == history["losses"] and curve(same) == curve(history)
    assert equal(model, again)


def test_the_number_of_steps_may_change_as_long_as_the_rates_do_not(train, tmp_path, monkeypatch):
    long, short = replace(RECIPE, steps=300), replace(RECIPE, steps=200)
    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        stop_after(patch, 15)
        train(long)  # 60 steps, and the rates rise in both up to 73
    _, changed = train(short)
    _, direct = train(short, tmp_path / "two")
    assert changed["losses"] == direct["losses"]


@pytest.mark.parametrize(("first", "then", "n_checkpoints"), [(300, 200, 20), (200, 300, 20), (24, 23, 6)])
def test_the_number_of_steps_may_not_change_once_the_rates_differ(
    train, monkeypatch, first, then, n_checkpoints
):
    with monkeypatch.context() as patch, pytest.raises(StoppedError):
        stop_after(patch, n_checkpoints)
        train(replace(RECIPE, steps=first))
    with pytest.raises(CourseError, match=f"of {first} steps, which has taken {4 * n_checkpoints} at other"):
        train(replace(RECIPE, steps=then))


def test_another_recipe_is_not_gone_on_with(train):
    train()
    with pytest.raises(CourseError, match=r"another training \(muon_rate 0.02 there, 0.01 here\)"):
        train(replace(RECIPE, muon_rate=0.01))


def test_a_text_that_fills_no_batch_is_refused(texts, tokenizer, tmp_path):
    few = replace(texts, train=texts.train[:1])
    with pytest.raises(CourseError, match=r"the text has \d+ windows, a batch needs 40: bring more text"):
        pretraining.train(replace(RECIPE, batch_size=40), few, tokenizer, tmp_path, cpu=True)


# --- more than one process


def test_another_number_of_processes_is_an_error(train):
    with pytest.raises(CourseError, match=r"2 process\(es\) expected, 1 run: start them with torchrun"):
        train(processes=2)


@pytest.mark.parametrize(("batch_size", "processes"), [(4, 3), (5, 2)])
def test_a_batch_that_cannot_be_shared_evenly_is_refused(batch_size, processes):
    with pytest.raises(CourseError, match=f"{processes} processes cannot share {batch_size} windows evenly"):
        pretraining._require_shares(batch_size, 99, processes)


def launched(launcher, *arguments):
    """What a launcher of several processes prints; they train the tiny model on two kernels."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *launcher, "pretraining_alone.py", "--cpu", *arguments]
    return subprocess.run(
        command, cwd=Path(__file__).parent, env=environment, capture_output=True, text=True, timeout=600
    )


def test_two_processes_have_the_curve_of_one(train, texts, tokenizer, tmp_path):
    """`--processes` asserts that there are two; sums are added up in another order, so not bit for bit."""
    model, history = train()
    torchrun = ("torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    folder = tmp_path / "two"
    done = launched(torchrun, "--processes", "2", "--out", str(folder), *alone.options())
    assert done.returncode == 0, done.stderr
    state, parts = checkpoints._read(folder / pretraining.CHECKPOINT)
    assert state["history"]["made"]["processes"] == 2
    assert np.allclose(state["history"]["losses"], history["losses"], atol=1e-4)
    for name, weights in model.state_dict().items():
        assert torch.allclose(parts["model"][name], weights, atol=1e-3), name
    found = json.loads((folder / "training.json").read_text())["curve"]
    for name in ("general", "wide"):
        assert [row[name] for row in found] == pytest.approx([r[name] for r in history["curve"]], abs=2e-3)
    assert done.stdout.count("'step': 20") == 1  # one process speaks


def test_a_launcher_that_starts_one_process_in_silence_is_found_out(tmp_path):
    """accelerate 1.15 does so with these options on a machine without a GPU."""
    launcher = ("accelerate.commands.launch", "--cpu", "--num_processes", "2")
    done = launched(launcher, "--processes", "2", "--out", str(tmp_path), *alone.options())
    assert done.returncode != 0
    assert "2 process(es) expected, 1 run" in done.stderr


# --- the files


@pytest.fixture
def remade(texts, tmp_path, monkeypatch):
    """The folder that the command writes."""
    monkeypatch.setattr(pretraining, "corpus", lambda: texts)
    monkeypatch.setattr(pretraining, "choose_precision", lambda device: "float32")
    pretraining.main(["--cpu", "--out", str(tmp_path / "made"), *alone.options()])
    return tmp_path / "made"


def test_a_tiny_remake_can_be_loaded_and_scores_what_it_says(remade, texts, monkeypatch):
    files = {path.name for path in remade.iterdir()}
    assert files == {*language.MODEL_FILES, "training.json", pretraining.CHECKPOINT}
    found = json.loads((remade / "training.json").read_text(encoding="utf-8"))
    llama, _ = language.load_pretrained(str(remade))
    monkeypatch.setenv("COURSE_MODEL", str(remade))
    model, tokenizer = language.shipped()
    tokens = torch.arange(12)[None]
    with torch.no_grad():
        assert torch.allclose(model(tokens), llama(input_ids=tokens).logits, atol=1e-5)
    assert found["parameters"] == sum(weights.numel() for weights in model.parameters())
    assert found["sha256"] == {name: sha256(remade / name) for name in language.MODEL_FILES}
    assert found["recipe"] | alone.TINY == found["recipe"] and found["made"]["processes"] == 1
    assert len(found["losses"]) == 24 and np.isfinite(found["losses"]).all()
    for key, step in (("bits per byte", 1), ("slice", held_out.SLICE)):
        for name, documents in texts.test.items():
            level = held_out.bits_per_byte(model, tokenizer, documents[::step], RECIPE.context)
            assert found[key][name] == pytest.approx(level, abs=1e-3)
    assert list(found["samples"]) == list(held_out.PROMPTS) and all(found["samples"].values())


def test_the_defaults_of_the_command_are_the_recipe(monkeypatch, texts):
    asked = {}

    def note(recipe, *arguments, **settings):
        asked.update(settings, recipe=recipe, folder=arguments[-1])
        raise StoppedError

    monkeypatch.setattr(pretraining, "corpus", lambda: texts)
    monkeypatch.setattr(pretraining, "train", note)
    with pytest.raises(StoppedError):
        pretraining.main([])
    assert asked == {
        **{"recipe": Recipe(), "folder": Path("results/pretrained"), "processes": 1, "cpu": False}
    }


def test_xz_and_the_n_gram_know_what_they_have_read(texts, tokenizer):
    """A text that was read costs next to nothing, one of unknown words a good deal."""
    again = texts.train[0]
    read = Texts(texts.train, {"read": [again]}, {"read": [again], "new": texts.test["general"]})
    found = held_out.rivals(read, tokenizer)
    assert list(found) == ["4-gram", "xz"]
    for levels in found.values():
        assert levels["read"] == levels["read, validation"] < levels["new"] < 8
    assert found["xz"]["read"] < 0.5


def test_samples_go_on_from_their_prompts(train, tokenizer):
    model, _ = train()
    one, two = (held_out.samples(model, tokenizer, ["word1", ""]) for _ in range(2))
    assert one == two and list(one) == ["word1", ""]
    assert one["word1"].startswith("word1") and len(one["word1"]) > 5
