"""Learning from pictures without labels, and from a few with labels."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils import CourseError
from course_utils.models import puzzles

LABELS = np.repeat(np.arange(3), 20)


@pytest.fixture(scope="module")
def pictures():
    """60 pictures: a bar that lies, stands, or fills a square, with noise."""
    x = 0.05 * torch.rand(60, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    x[:20, :, 12:16, 4:24] = 1
    x[20:40, :, 4:24, 12:16] = 1
    x[40:, :, 8:20, 8:20] = 1
    return x


def loss(net, x):
    return F.mse_loss(net(puzzles.change(x)), torch.zeros(len(x), 32))


def test_changes_keep_the_shape_are_new_each_time_and_repeat_with_the_seed(pictures):
    torch.manual_seed(1)
    first, second = puzzles.change(pictures), puzzles.change(pictures)
    torch.manual_seed(1)
    assert torch.equal(puzzles.change(pictures), first) and not torch.equal(first, second)
    assert first.shape == pictures.shape and first.min() >= 0 and first.max() <= 1


def test_changes_are_as_large_as_said():
    dot = torch.zeros(400, 1, 28, 28)
    dot[:, :, 12:16, 12:16] = 1  # in the middle, where a turn does not move it
    torch.manual_seed(0)
    changed = puzzles.change(dot)
    across = torch.arange(28.0)
    middle = (changed.sum(dim=(1, 2)) @ across) / changed.sum(dim=(1, 2, 3))
    assert 3 < (middle - 13.5).abs().max() < 0.15 * 28 * 2**0.5 / 0.7
    area = changed.sum(dim=(1, 2, 3)) / 16
    assert 0.5 < area.min() < 0.7 and 1.6 < area.max() < 2.2  # 1 / 1.3 ** 2 and 1 / 0.7 ** 2


def test_pre_training_lowers_the_loss_and_is_measured_from_step_0(pictures):
    net, history = puzzles.pre_train(pictures, loss, 30, 0, hidden=pictures[:10])
    assert [each["step"] for each in history.validations] == [0, 20, 30]
    assert history.losses[-1] < history.losses[0]
    assert history.validations[-1]["loss"] < history.validations[0]["loss"]
    assert net(pictures).shape == (60, 32)


def test_validation_does_not_change_the_training(pictures):
    watched, _ = puzzles.pre_train(pictures, loss, 4, 0, hidden=pictures[:10])
    alone, history = puzzles.pre_train(pictures, loss, 4, 0)
    assert history.validations == []
    assert all(torch.equal(a, b) for a, b in zip(watched.parameters(), alone.parameters(), strict=True))


def test_a_new_head_leaves_the_pre_trained_network_as_it_is(pictures):
    net, _ = puzzles.pre_train(pictures, loss, 2, 0)
    before = net.conv1.weight.clone()
    made = puzzles.with_new_head(net, 3, seed=1)
    assert torch.equal(made.conv1.weight, before) and made(pictures).shape == (60, 3)
    puzzles.learn(made, pictures, torch.tensor(LABELS), puzzles.as_it_is, 3, 0)
    assert torch.equal(net.conv1.weight, before) and not torch.equal(made.conv1.weight, before)


def test_few_labels_are_learned(pictures):
    rows, labels = puzzles.few(np.arange(60), LABELS, 4, 0, seed=0), torch.tensor(LABELS)
    net = puzzles.learn(puzzles.network(3, 0), pictures[rows], labels[rows], puzzles.as_it_is, 60, 0)
    assert puzzles.accuracy(net, pictures, labels) > 90


def test_draws_are_balanced_and_share_no_row():
    rows = np.arange(5, 60)
    draws = [puzzles.few(rows, LABELS, 3, draw, seed=0) for draw in range(4)]
    assert all((np.bincount(LABELS[draw]) == 3).all() for draw in draws)
    assert len(set(np.concatenate(draws))) == 36 and set(np.concatenate(draws)) <= set(rows)
    with pytest.raises(CourseError, match="needs 18, and one has 15"):
        puzzles.few(rows, LABELS, 3, 5, seed=0)


def test_the_classic_model_learns_few_labels(pictures):
    rows, labels = puzzles.few(np.arange(60), LABELS, 4, 0, seed=0), torch.tensor(LABELS)
    model = puzzles.Classic(pictures, copies=10, seed=0)
    few = pictures[rows], labels[rows]
    assert model.accuracy(few, (pictures, labels)) > 60
    assert model.accuracy(few, (pictures, labels.roll(20))) < 40
