"""Costs measured in the same way for every kind of model, and the small VAE that is one of them."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from course_utils.exercises import CORRECT, NOT_YET
from course_utils.exercises.lab_0_cost import exercises
from course_utils.models import bill, costs, vae


def test_a_model_is_trained_before_it_is_used_and_counted():
    happened = []
    size = costs.Size(7, 8.0, 9.0)
    cost = bill.measure(
        *("net", "deep", "digits"),
        train=lambda: happened.append("train"),
        use=lambda: happened.append("use"),
        count=lambda: happened.append("count") or size,
        n_uses=4,
        at_least_s=0.001,
    )
    assert happened[0] == "train" and happened[-1] == "count" and set(happened[1:-1]) == {"use"}
    assert (cost.model, cost.technology, cost.data) == ("net", "deep", "digits")
    assert (cost.parameters, cost.train_operations, cost.predict_operations) == (7, 8.0, 9.0)
    assert cost.train_cpu_s >= 0 and 0 < cost.predict_cpu_ms < 1000 * 0.01 / 4


def test_a_classifier_is_fitted_and_counted_by_its_rule():
    X, y = np.random.default_rng(0).random((40, 3)), np.arange(40) % 2
    model = LogisticRegression()
    cost = bill.measure_classifier("logistic", "classic", "noise", model, X, y, X[:5])
    assert cost.parameters == 4
    assert cost.train_operations == costs.size(model, X).train_operations > 0


def test_a_networks_operations_are_counted_forward_and_back():
    layer, row = nn.Linear(4, 3, bias=False), torch.ones(1, 4)
    size = bill.network_size(layer, lambda: layer(row).sum(), lambda: layer(row), rows_seen=10)
    one_pass = 2 * 4 * 3
    assert size == costs.Size(12, 10 * 2 * one_pass, one_pass)  # the input needs no gradient
    assert layer.weight.grad is None


def test_a_network_is_trained_and_counted_a_row_at_a_time():
    layer, rows = nn.Linear(4, 3, bias=False), torch.ones(20, 4)
    before = layer.weight.detach().clone()
    cost = bill.measure_network(
        *("layer", "deep", "ones", layer, lambda model, batch: model(batch).sum(), (rows,)),
        use=lambda: layer(rows),
        n_uses=len(rows),
        use_once=lambda: layer(rows[:1]),
        steps=3,
        batch_size=5,
    )
    one_pass = 2 * 4 * 3
    assert (cost.parameters, cost.predict_operations) == (12, one_pass)
    assert cost.train_operations == 3 * 5 * 2 * one_pass  # forward and back, for each row of each step
    assert not torch.equal(layer.weight, before)
    assert cost.train_cpu_s >= 0 and cost.predict_cpu_ms > 0


def test_what_takes_ten_times_as_long_is_told_apart():
    def busy(n):
        return lambda: sum(range(n))

    ratio = bill.time_ratio(busy(400_000), busy(40_000))
    assert ratio.n == 3 and 3 < ratio.effect < 30 and ratio.low <= ratio.effect <= ratio.high


def test_the_mean_cost_of_several_trainings():
    one = costs.Cost("net", "digits", "deep", 10, 100.0, 4.0, 1.0, 0.5)
    other = costs.Cost("net", "digits", "deep", 13, 300.0, 4.0, 3.0, 0.1)
    assert bill.mean([one, other]) == costs.Cost("net", "digits", "deep", 12, 200.0, 4.0, 2.0, 0.3)


def test_questions_that_warm_up_are_asked_but_not_counted():
    asked = []
    waits = bill.waits_ms(asked.append, "abcd", warm_up=1)
    assert asked == list("abcd") and waits.shape == (3,) and (waits >= 0).all()


def test_the_loss_of_a_vae_by_hand(torch_as_before):
    """An encoder that gives noise and a decoder that gives grey: log 2 a pixel, and nothing else."""
    model = vae.VAE(6)
    for weights in model.parameters():
        nn.init.zeros_(weights)
    assert vae.batch_loss(model, torch.rand(5, 6)).item() == pytest.approx(6 * np.log(2))
    nn.init.constant_(model.encoder[-1].bias[: vae.N_RANDOM], 2.0)  # means of 2: 2² / 2 nats each
    assert vae.batch_loss(model, torch.rand(5, 6)).item() == pytest.approx(6 * np.log(2) + 16 * 2)


def test_a_vae_learns_and_makes_rows_of_the_same_seed_again(torch_as_before):
    torch.manual_seed(0)
    model, rows = vae.VAE(8), torch.tensor([[1.0] * 4 + [0.0] * 4]).repeat(16, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(100):
        optimizer.zero_grad()
        vae.batch_loss(model, rows).backward()
        optimizer.step()
    made = vae.sample(model, 5, seed=3)
    assert made.shape == (5, 8) and (made[:, :4] > 0.8).all() and (made[:, 4:] < 0.2).all()
    assert torch.equal(made, vae.sample(model, 5, seed=3))


@pytest.mark.parametrize(
    ("groups", "share"),
    [
        ([[1, 5], [3, 9]], 75),
        ([[1, 2], [3], [4, 5]], 100),
        ([[3], [2], [1]], 0),
        ([[1], [1]], 0),
        ([[1, 4], [2, 3], [9]], 75),  # 1 < 2, 1 < 3, and four pairs with 9; 4 is above 2 and 3
    ],
)
def test_pairs_in_order_by_hand(groups, share):
    assert bill.in_order(groups) == pytest.approx(share)


def right_pairs(lower, upper):
    return 100 * np.mean([[low < high for high in upper] for low in lower])


def one_by_one(lower, upper):
    return 100 * np.mean([low < high for low, high in zip(lower, upper, strict=False)])


@pytest.mark.parametrize(
    ("answer", "status", "hint"),
    [
        (right_pairs, CORRECT, ""),
        (lambda lower, upper: right_pairs(lower, upper) / 100, NOT_YET, "from 0 to 1"),
        (lambda lower, upper: sum(a < b for a in lower for b in upper), NOT_YET, "counts the pairs"),
        (one_by_one, NOT_YET, "Each meets"),
        (lambda lower, upper: right_pairs(upper, lower), NOT_YET, "other way round"),
    ],
)
def test_the_share_of_pairs_in_order(answer, status, hint, capsys):
    exercises.check("0_cost.1", answer)
    told = capsys.readouterr().out
    assert told.startswith({CORRECT: "✔", NOT_YET: "✘"}[status]) and hint in told


@pytest.mark.parametrize(
    ("answer", "status", "hint"),
    [(100_000, CORRECT, ""), (100, NOT_YET, "same unit"), (0.04, NOT_YET, "divide")],
)
def test_when_use_has_cost_as_much_as_training(answer, status, hint, capsys):
    exercises.check("0_cost.2", answer, train_cpu_s=2.0, predict_cpu_ms=0.02)
    told = capsys.readouterr().out
    assert told.startswith({CORRECT: "✔", NOT_YET: "✘"}[status]) and hint in told
