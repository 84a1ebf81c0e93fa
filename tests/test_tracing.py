"""Lab 4_why's experiment: the exam, gradients, correction, halves, rank correlations, and the record."""

import numpy as np
import pytest
from scipy import stats

from course_utils.models import tracing


@pytest.fixture(scope="module")
def small():
    """Some pictures and a model that has hardly learned."""
    pictures = tracing.training_pictures()[:8]
    return pictures, tracing.train(pictures, 0, steps=3)[0]


def test_there_are_two_hundred_sevens():
    assert tracing.training_pictures().shape == (200, 1, 28, 28)


def test_a_step_against_a_gradient_makes_the_loss_fall_by_what_the_gradients_say(small):
    pictures, model = small
    gradients, before = tracing.gradients(model, pictures), tracing.losses(model, pictures)
    rate, start = 1e-4, 0
    weights = [each for each in model.parameters() if each.grad is not None]
    for weight in weights:
        part = gradients[0, start : start + weight.numel()].reshape(weight.shape)
        weight.data -= rate * weight.data.new_tensor(part)
        start += weight.numel()
    assert start == gradients.shape[1]
    fell = before - tracing.losses(model, pictures)
    assert np.allclose(fell, rate * gradients @ gradients[0], rtol=0.1, atol=1e-6)


def test_the_same_noise_makes_the_same_pictures(small):
    _, model = small
    assert np.array_equal(tracing.make(model, 2, 3), tracing.make(model, 2, 3))


def test_a_correction_finds_the_picture_that_was_mixed_in():
    rng = np.random.default_rng(0)
    common, own = 3 * rng.normal(size=50), rng.normal(size=(20, 50))
    found = tracing.corrected(common + own, common + own[[4]], share=0.01)
    assert found.shape == (1, 20) and found.argmax() == 4


def test_each_half_is_a_half_and_stays_when_more_are_drawn():
    kept = tracing.halves(10, 6)
    assert kept.shape == (6, 10) and (kept.sum(axis=1) == 5).all()
    assert len(np.unique(kept, axis=0)) > 1
    assert np.array_equal(kept, tracing.halves(10, 9)[:6])


def test_rank_correlations_are_spearmans():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(12, 3)), rng.normal(size=(12, 3)).round(0)
    ours = tracing.rank_correlations(a, b)
    assert np.allclose(ours, [stats.spearmanr(a[:, i], b[:, i]).statistic for i in range(3)])
    assert tracing.rank_correlations(np.ones((4, 1)), a[:4, :1]) == [0]


def test_agreement_has_its_effect_in_its_interval():
    rng = np.random.default_rng(0)
    cause = rng.normal(size=(40, 10))
    found = tracing.agreement(cause + rng.normal(size=cause.shape), cause, n_resamples=200)
    assert 0.4 < found.low < found.effect < found.high < 0.9 and found.n == 40
    none = tracing.agreement(rng.normal(size=cause.shape), cause, n_resamples=200)
    assert none.low < 0 < none.high


def test_what_was_trained_is_kept_and_not_trained_again(tmp_path):
    table = tracing.run(tmp_path, [0], steps=2)
    assert len(table) == len(tracing.SEEDS) * tracing.N_MADE
    again = tracing.run(tmp_path, [0], steps=2)
    assert again.equals(table)


def test_the_record_is_whole():
    recorded, made = tracing.record(), tracing.made_pictures()
    assert recorded.shape == (tracing.N_HALVES, len(tracing.SEEDS), tracing.N_MADE)
    assert np.isfinite(recorded).all() and (recorded > 0).all()
    assert made.shape == (tracing.N_MADE, 1, 28, 28) and made.max() > 0.9 and made.mean() < 0.4
