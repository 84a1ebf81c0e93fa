"""Lab 4_gan_vae's classic generator, and what its rivals are compared by."""

import numpy as np
import pandas as pd
import pytest
import torch

from course_utils.models import judges, rivals

CHANCE = np.random.default_rng(0)
LABELS = np.arange(80) % 2
PIXELS = np.clip(0.2 + 0.6 * LABELS[:, None] + 0.1 * CHANCE.normal(size=(80, 64)), 0, 1)
PIXELS = PIXELS.reshape(-1, 1, 8, 8).astype(np.float32)


@pytest.fixture(scope="module")
def clouds():
    return rivals.Clouds(PIXELS, LABELS)


def test_a_mixture_makes_pictures_of_the_classes_that_it_is_asked_for(clouds):
    asked = np.array([1, 0, 0, 1, 1])
    made = clouds.sample(asked, (2, "full", 0.03), seed=1)
    assert made.shape == (5, 1, 8, 8) and made.dtype == np.float32 and 0 <= made.min() <= made.max() <= 1
    assert ((made.mean(axis=(1, 2, 3)) > 0.5) == asked).all()
    assert np.allclose(255 * made, np.round(255 * made), atol=1e-4)
    assert (made == clouds.sample(asked, (2, "full", 0.03), seed=1)).all()
    assert (made != clouds.sample(asked, (2, "full", 0.03), seed=2)).any()


def test_the_likeliest_mixture_comes_first(clouds):
    found = clouds.likelihoods()
    assert found.index.names == ["clouds", "shape", "roundness"] and len(found) == 27
    assert found.is_monotonic_decreasing
    alone = {choice[1]: value for choice, value in found.items() if choice[0] == 1 and choice[2] == 0.1}
    assert alone["full"] == pytest.approx(alone["tied"])  # of one cloud, there is one shape


def test_more_clouds_than_a_few_pictures_bear_are_cut_down():
    few = rivals.Clouds(PIXELS[:12], LABELS[:12])
    assert few.sample(np.array([0, 1]), (8, "diag", 0.1), seed=0).shape == (2, 1, 8, 8)


def test_a_painter_gets_the_same_numbers_for_the_same_seed():
    def painter(random, codes):
        assert random.shape == (3, 16)
        return (random[:, :4] + codes[:, :1]).sigmoid().reshape(-1, 1, 2, 2)

    codes = torch.eye(3)
    first = rivals.paint(painter, 5, codes)
    assert first.shape == (3, 1, 2, 2) and first.dtype == np.float32
    assert (first == rivals.paint(painter, 5, codes)).all()
    assert (first != rivals.paint(painter, 6, codes)).any()


def test_a_step_goes_down():
    weight = torch.nn.Parameter(torch.tensor(3.0))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(2):  # slopes do not pile up
        rivals.move(optimizer, weight**2)
    assert weight.item() == pytest.approx(3 * 0.8**2)


def test_each_training_is_compared_with_a_part_of_its_own(monkeypatch):
    seen = []
    monkeypatch.setattr(judges, "features", lambda judge, pictures: pictures.reshape(len(pictures), -1))
    monkeypatch.setattr(judges, "kernel_distance", lambda ours, theirs: seen.append(theirs) or ours.mean())
    real = np.arange(12, dtype=np.float32).reshape(12, 1, 1, 1)
    made = {"a": [np.full((2, 1, 1, 1), 0.001), np.full((2, 1, 1, 1), 0.002)], "b": [real, real]}
    table = rivals.distances(None, made, real, np.arange(12) % 2)
    pd.testing.assert_series_equal(table["a"], pd.Series([1.0, 2.0], name="a"))
    parts = [set(part.ravel()) for part in seen[:2]]
    assert not parts[0] & parts[1] and parts[0] | parts[1] == set(range(12))
    assert [sum(value % 2 for value in part) for part in parts] == [3, 3]  # classes evenly
    assert (seen[2] == seen[0]).all()


def test_as_many_trainings_of_each():
    made = {"a": [PIXELS], "b": [PIXELS, PIXELS]}
    with pytest.raises(ValueError):
        rivals.distances(judges.make_judge(1, 2, 1, 0), made, PIXELS, LABELS)
