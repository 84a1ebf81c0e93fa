"""Lesson 4's judge and its distance between groups, against scipy and against what can be worked out."""

import numpy as np
import pytest
import torch
from scipy import linalg

from course_utils.models import judges


def test_in_one_dimension_the_distance_is_that_of_means_and_spreads():
    rng = np.random.default_rng(0)
    ours, theirs = (
        np.stack([rng.normal(mean, spread, 200_000), np.zeros(200_000)], axis=1)
        for mean, spread in ((1, 2), (3, 5))
    )
    assert judges.frechet(ours, theirs) == pytest.approx((1 - 3) ** 2 + (2 - 5) ** 2, rel=0.02)


def test_the_distance_agrees_with_the_root_of_a_matrix():
    rng = np.random.default_rng(1)
    ours, theirs = (rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4)) + mean for mean in (0, 1))
    root = linalg.sqrtm(np.cov(ours.T) @ np.cov(theirs.T)).real
    gap = ours.mean(axis=0) - theirs.mean(axis=0)
    expected = gap @ gap + np.trace(np.cov(ours.T) + np.cov(theirs.T) - 2 * root)
    assert judges.frechet(ours, theirs) == pytest.approx(expected)
    assert judges.frechet(ours, ours) == pytest.approx(0, abs=1e-9)


def corners(n):
    """Pictures of two classes: the ink is at the upper left or at the lower right."""
    pictures, labels = np.zeros((n, 1, 8, 8), np.float32), np.arange(n) % 2
    pictures[labels == 0, :, :3, :3] = pictures[labels == 1, :, 4:, 3:] = 1
    return pictures, labels


def test_a_judge_learns_and_its_features_are_those_before_the_last_layer():
    pictures, labels = corners(40)
    judge = judges.make_judge(1, 2, steps=60, seed=0).fit(pictures, labels)
    assert np.array_equal(judge.predict(pictures), labels)
    found = judges.features(judge, pictures)
    assert found.shape == (40, judges.WIDTH)
    last = judge.model[-1]
    scores = found @ last.weight.detach().numpy().T + last.bias.detach().numpy()
    assert np.array_equal(scores.argmax(axis=1), labels)


def test_only_training_moves_the_pictures():
    seen = []

    class Sees(torch.nn.Module):
        def forward(self, images):
            seen.append(images)
            return torch.zeros(len(images), 2)

    pictures, labels = (torch.from_numpy(each) for each in corners(4))
    torch.manual_seed(0)
    model = Sees()
    for _ in range(30):
        judges.judge_loss(model, pictures, labels)
    assert 4 <= len({tuple(images.flatten().tolist()) for images in seen}) <= 9
    assert all(images.shape == pictures.shape for images in seen)
    seen.clear()
    judges.judge_loss(model.eval(), pictures, labels)
    assert torch.equal(seen[0], pictures)
