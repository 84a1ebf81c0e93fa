"""The twelve models of lab 0_cost."""

import numpy as np
import pytest
import torch

from course_utils.models import priced


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    pixels, labels = rng.random((60, 1, 28, 28), dtype=np.float32), np.arange(60) % 10
    pieces = [torch.from_numpy(rng.integers(0, priced.N_TOKENS, (40, priced.PIECE + 1))) for _ in range(2)]
    return priced.Data(pixels, labels, *pieces)


def test_steps_grow_with_the_training_set():
    found = [priced.passes_over(n, passes=8) for n in (40, 64, 200, 400)]
    assert found == [
        {"steps": steps, "batch_size": size} for steps, size in ((8, 40), (8, 64), (25, 64), (50, 64))
    ]
    assert priced.passes_over(10, passes=0)["steps"] == 1


def test_every_model_has_its_price(data, torch_as_before, monkeypatch):
    monkeypatch.setattr(priced, "ASKED", 20)
    found, models = priced.train(data, n_rows=30, passes=1, seed=0)
    assert {technology: len(several) for technology, several in found.items()} == {
        "classic": 4, "deep": 3, "LLM": 2, "generative": 3,
    }  # fmt: skip
    names = [cost.model for several in found.values() for cost in several]
    assert set(models) == {"Llama", *names} - {"Llama, pre-trained", "Llama, fine-tuned"}
    for technology, several in found.items():
        for cost in several:
            assert cost.technology == technology and cost.train_cpu_s > 0 and cost.predict_cpu_ms > 0
            assert cost.parameters > 0 and cost.predict_operations >= 0


def test_a_llama_goes_on_after_half_a_piece(data, torch_as_before):
    _, models = priced.writers(data.general[:4], data.task[:2], passes=1, seed=0)
    written = priced.write(models["Llama"], data.task[0], n_tokens=3)
    assert written.shape == (3,)
    _, again = priced.writers(data.general[:4], data.task[:2], passes=1, seed=0)
    assert torch.equal(written, priced.write(again["Llama"], data.task[0], n_tokens=3))


def test_only_classic_models_get_flat_rows(data):
    assert priced.rows_for("classic", data.pixels).shape == (60, 784)
    assert priced.rows_for("deep", data.pixels) is data.pixels


def test_the_data_are_in_the_order_of_a_seed():
    one, other = priced.load(0), priced.load(1)
    assert one.pixels.shape[1:] == (1, 28, 28) and not np.array_equal(one.labels, other.labels)
    assert np.array_equal(np.sort(one.labels), np.sort(other.labels))
    assert one.general.shape[1] == priced.PIECE + 1 and len(one.general) > 1200 and len(one.task) > 400
    assert int(one.general.max()) < priced.N_TOKENS
