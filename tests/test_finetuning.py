"""Lesson 3's experiment: draws, early stopping, arms, and the record that ships."""

import numpy as np
import pandas as pd
import pytest
import torch

from course_utils.data import docstrings
from course_utils.models import finetuning, language
from course_utils.models.transformer import Size, Transformer


def pages(n, seed, length=300):
    """Token numbers in which each is one more than the one before, mostly: something to learn."""
    rng = np.random.default_rng(seed)
    return [(rng.integers(20) + np.arange(length) + (rng.random(length) < 0.1)) % 20 for _ in range(n)]


@pytest.fixture
def experiment():
    return finetuning.Experiment(Transformer(Size(20, 32, 1), 1), pages(12, 1), pages(3, 2), pages(5, 3))


def test_a_draw_keeps_a_fifth_for_validation_and_no_page_twice():
    found = finetuning.draw(list(np.arange(100)[:, None]), 30, seed=4)
    assert (len(found.train), len(found.validation)) == (24, 6)
    assert len(np.unique(np.concatenate([*found.train, *found.validation]))) == 30
    assert len(finetuning.draw([np.zeros(1)] * 3, 30, 0).validation) == 1
    other = finetuning.draw(list(np.arange(100)[:, None]), 30, seed=5)
    assert not np.array_equal(found.train, other.train)


def test_a_training_stops_when_validation_gets_no_better_and_keeps_the_best():
    model = Transformer(Size(20, 32, 1), 0)
    rng = np.random.default_rng(0)
    noise = finetuning.Draw([rng.integers(20, size=300)], [rng.integers(20, size=300)])
    windows, parts = language.windows(noise.train, finetuning.CONTEXT), {"noise": noise.validation}
    history = finetuning.adapt(model, windows, parts, share=1.0, passes=50, seed=0)
    levels = [look["noise"] for look in history.validations]
    assert len(levels) < 50 and levels[-1] > min(levels)
    (bits,) = language.token_bits(model, noise.validation, finetuning.CONTEXT, finetuning.CONTEXT)
    assert bits.mean() == pytest.approx(min(levels), rel=1e-2)


def test_the_plain_loop_learns_from_every_batch():
    model, texts = Transformer(Size(20, 32, 1), 0), pages(8, 5)
    batches = language.windows(texts, 64).split(4)
    before = [language.next_token_loss(model, batch).item() for batch in batches]
    assert finetuning.fine_tune(model, batches * 3, 0.01) is model
    after = [language.next_token_loss(model, batch).item() for batch in batches]
    assert np.all(np.array(after) < np.array(before) - 0.3)


def test_every_arm_is_measured_on_every_page(experiment):
    table = experiment.run({"few": 4, "many": 12}, seeds=range(2))
    assert len(table) == 5 * 2 * 2 * 3
    assert list(table) == ["arm", "budget", "seed", "steps", "page", "bits"]
    total = table.groupby(["arm", "budget", "seed"])["bits"].sum().unstack("arm")
    assert (total["fine-tuned"] < total["pre-trained only"]).all()
    assert total["pre-trained only"].nunique() == 1
    steps = table.groupby(["arm", "budget", "seed"])["steps"].first().unstack("arm")
    assert (steps["more general text"] == steps["fine-tuned"]).all()
    assert (steps[["pre-trained only", finetuning.COUNTED]] == 0).all(axis=None)
    counted = total[finetuning.COUNTED].unstack("seed")
    assert (counted.loc["many"] < counted.loc["few"]).all()


def test_the_model_before_stays_as_it_is(experiment):
    before = {name: each.clone() for name, each in experiment.pretrained.state_dict().items()}
    tuned, steps = experiment.train("fine-tuned", 12, seed=0)
    assert steps > 0 and tuned is not experiment.pretrained
    after = experiment.pretrained.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_what_was_kept_is_not_trained_again(experiment, tmp_path, monkeypatch):
    first = experiment.run({"few": 4}, [0], folder=tmp_path)
    monkeypatch.setattr(finetuning.Experiment, "train", None)
    again = experiment.run({"few": 4}, [0], folder=tmp_path)
    pd.testing.assert_frame_equal(first, again)


def test_the_same_seed_gives_the_same_bits(experiment):
    one, other = (experiment.run({"few": 4}, [3]) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_the_record_is_whole():
    table = finetuning.record()
    n_pages = len(docstrings.load()[1].test)
    shape = table.groupby(["arm", "budget", "seed"])["page"].agg(["nunique", "size"])
    assert len(shape) == len(finetuning.ARMS) * len(finetuning.BUDGETS) * len(finetuning.SEEDS)
    assert (shape == n_pages).all(axis=None)
    assert (table["bits"] > 0).all()


def test_the_record_has_what_the_shipped_model_needs_for_a_page():
    model, tokenizer = language.shipped()
    texts = [document.text for document in docstrings.load()[1].test[:10]]
    bits = finetuning.page_bits(model, language.encode(tokenizer, texts))
    table = finetuning.record()
    kept = table[(table["arm"] == "pre-trained only") & (table["page"] < 10) & (table["seed"] == 0)]
    assert kept[kept["budget"] == "30 pages"]["bits"].to_numpy() == pytest.approx(bits, rel=1e-3)
