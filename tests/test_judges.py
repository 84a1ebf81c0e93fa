"""Lesson 4's judge, its distance between groups, and how near is too near: against what can be worked out."""

import numpy as np
import pytest
import torch

from course_utils.models import judges


def groups(seed, *means, n=300, width=8):
    rng = np.random.default_rng(seed)
    return [rng.normal(mean, 1, (n, width)) for mean in means]


def test_the_kernel_distance_is_that_of_its_formula():
    ours, theirs = groups(0, 0, 1, n=5, width=3)
    k = lambda x, y: (x @ y / 3 + 1) ** 3  # noqa: E731
    apart = [
        np.mean([k(x, y) for i, x in enumerate(g) for j, y in enumerate(g) if i != j]) for g in (ours, theirs)
    ]
    between = np.mean([k(x, y) for x in ours for y in theirs])
    assert judges.kernel_distance(ours, theirs) == pytest.approx(sum(apart) - 2 * between)


def test_the_kernel_distance_of_one_kind_is_around_zero_however_many_there_are():
    for n in (20, 200):
        found = [judges.kernel_distance(*groups(seed, 0, 0, n=n)) for seed in range(40)]
        assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(40)
        assert min(found) < 0 < max(found)
    assert judges.kernel_distance(*groups(0, 0, 1)) > 10 * max(found)


def test_the_interval_of_distances_finds_what_is_nearer():
    held, near, far = groups(1, 0, 0.1, 1)
    assert judges.distance_below([near, near[::-1]], far, held, n_resamples=50).high < 0
    other_way = judges.distance_below([far, far[::-1]], near, held, n_resamples=50)
    assert other_way.low > 0
    apart = judges.kernel_distance(far, held) - judges.kernel_distance(near, held) / 4
    assert other_way.effect == pytest.approx(1000 * apart, rel=1e-4)


def test_a_resample_counts_no_item_with_itself():
    """An item that was drawn twice would be alike to itself, and every group would look narrower."""
    held, near = groups(2, 0, 0)
    found = judges.distance_below([near, near], near, held, share=0, n_resamples=200)
    assert found.low < found.effect < found.high
    assert (found.low + found.high) / 2 == pytest.approx(found.effect, abs=0.5 * (found.high - found.low))


@pytest.fixture(scope="module")
def strokes():
    """Random strokes on 12 × 12 pixels, (40, 1, 12, 12), with an empty border."""
    made = np.zeros((40, 1, 12, 12), np.float32)
    made[..., 2:10, 2:10] = np.random.default_rng(0).random((40, 1, 8, 8)) > 0.6
    return made


@pytest.mark.parametrize(
    "altered",
    [
        lambda p: p,
        lambda p: 0.5 * p,
        lambda p: np.roll(p, 1, axis=3),  # its border is empty
        lambda p: np.roll(p, (-1, 1), axis=(2, 3)),
    ],
)
def test_altered_copies_are_at_distance_zero(strokes, altered):
    ratios, which = judges.relative_distance(altered(strokes), strokes, strokes)
    assert ratios == pytest.approx(0, abs=1e-5)
    assert np.array_equal(which, np.arange(40))


def test_relative_distance_is_measured_against_the_surroundings(strokes):
    seen, others, made = strokes[:10], strokes[10:], strokes[10:11]
    ratios, which = judges.relative_distance(made, seen, others)
    distances = judges.cosine_distances(made, seen)[0]
    around = np.sort(judges.cosine_distances(made, others)[0])  # fewer than 50: all of them
    assert ratios[0] == pytest.approx(distances.min() / around.mean())
    assert which[0] == distances.argmin()


def test_ink_that_is_moved_out_does_not_come_in_again():
    edge = np.zeros((1, 1, 4, 4), np.float32)
    edge[..., 0] = 1
    assert sorted(each.sum() for each in judges.moved(edge)) == [0, 0, 0, 3, 3, 3, 3, 4, 4]


def test_what_is_held_against_real_pictures_draws_them_anew():
    """With one training and made pictures that are all alike, only the real ones vary."""
    real = np.repeat([0.0, 100.0], [4, 96])
    found = judges.against_real(judges.mean_difference, [np.full(50, 90.0)], real)
    assert found.effect == pytest.approx(-6)
    spread = 100 * np.sqrt(0.04 * 0.96 / 100)
    assert found.high - found.low == pytest.approx(4 * spread, rel=0.15)


def test_share_of_copies_is_what_lies_below_one_in_a_hundred():
    held = np.linspace(1, 2, 1001)  # its first percentile is 1.01
    made = [np.repeat([0.5, 1.5], [10, 90]), np.repeat([1.005, 1.5], [20, 80])]
    found = judges.share_of_copies(made, held)
    assert found.effect == pytest.approx(15)
    assert found.low < 15 < found.high
    assert judges.share_of_copies([held], held).effect == pytest.approx(1, abs=0.1)


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
    assert 9 <= len({tuple(images.flatten().tolist()) for images in seen}) <= 25
    assert all(images.shape == pictures.shape for images in seen)
    seen.clear()
    judges.judge_loss(model.eval(), pictures, labels)
    assert torch.equal(seen[0], pictures)
