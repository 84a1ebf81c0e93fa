"""Attacks on a generator: their measures against counting, their intervals against simulation."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from course_utils import CourseError
from course_utils.models import diffusion, membership
from course_utils.show import membership_figures


def scored(n, gap, seed=0):
    """Scores of n members, higher by `gap`, and of n others; and who is a member."""
    member = np.arange(2 * n) < n
    return np.random.default_rng(seed).normal(size=2 * n).round(1) + gap * member, member  # with ties


def test_the_auc_is_that_of_scikit_learn_and_ties_count_half():
    scores, member = scored(60, 0.7)
    assert membership.auc(membership.curve(scores, member)) == pytest.approx(
        100 * roc_auc_score(member, scores)
    )
    assert membership.auc(membership.curve(np.ones(4), [True, False, True, False])) == 50


def test_members_are_counted_above_the_threshold_that_few_others_pass():
    others, members = np.arange(200.0), np.array([150, 197.5, 198.5, 500])
    curve = membership.curve(np.append(members, others), np.arange(204) < 4)
    assert membership.found_at(curve) == 75  # two others in 200, those with 198 and 199, may be accused
    assert membership.found_at(curve, alarms=0) == 25
    assert membership.found_at(curve, alarms=100) == 100


def test_a_record_drawn_twice_counts_as_two():
    scores, member = scored(20, 1.0)
    times = np.random.default_rng(1).integers(1, 4, size=40)
    repeated = membership.curve(np.repeat(scores, times), np.repeat(member, times))
    weighted = membership._Scores(scores, member).curve(times)
    assert membership.auc(weighted) == pytest.approx(membership.auc(repeated))
    assert membership.found_at(weighted, 10) == pytest.approx(membership.found_at(repeated, 10))


@pytest.mark.parametrize("statistic", [membership.auc, membership.found_at])
def test_the_interval_holds_the_mean_and_counts_records_not_pairs(statistic):
    scores, member = scored(200, 1.0)
    runs = np.stack([scores, scores + np.random.default_rng(2).normal(0, 0.1, 400)])
    found = membership.over_trainings(runs, member, statistic, n_resamples=200)
    assert found.effect == pytest.approx(np.mean([statistic(membership.curve(run, member)) for run in runs]))
    assert found.low < found.effect < found.high and found.n == 400
    assert found == membership.over_trainings(runs, member, statistic, n_resamples=200)


def test_many_halvings_of_one_table_do_not_make_the_interval_narrow():
    """A patient's score hardly depends on the halving: thirty of them say little more than a few."""
    rng = np.random.default_rng(3)
    ease = rng.normal(size=100)
    member = np.array([rng.permutation(100) < 50 for _ in range(30)])
    scores = ease + 0.5 * member
    found = membership.over_trainings(scores, member, n_resamples=300)
    assert found.high - found.low > 3
    truth = 100 * np.mean(np.subtract.outer(rng.normal(0.5, 1, 1000), rng.normal(0, 1, 1000)) > 0)
    assert found.low < truth < found.high


@pytest.mark.parametrize(
    ("scores", "member"),
    [([1.0, 2.0], [True, True]), ([1.0, np.nan], [True, False]), ([1.0, 2.0, 3.0], [True, False])],
)
def test_what_cannot_be_measured_is_refused(scores, member):
    with pytest.raises((CourseError, ValueError)):
        membership.curve(scores, member)


def test_a_network_that_knows_the_picture_makes_no_error():
    pixels = np.random.default_rng(0).random((3, 1, 4, 4)).astype(np.float32)
    labels = np.array([0, 1, 0])

    class Knows(torch.nn.Module):
        device, n_classes = torch.device("cpu"), 2

        def forward(self, noisy, t, classes):
            known = torch.from_numpy(2 * pixels - 1)
            return known + classes.view(-1, 1, 1, 1)  # wrong by 1 for class 1

    assert membership.guess_errors(Knows(), pixels, labels, [100, 500]) == pytest.approx([0, 1, 0], abs=1e-5)


def test_errors_do_not_depend_on_how_many_pictures_are_asked_about(monkeypatch):
    pixels = np.random.default_rng(0).random((5, 1, 8, 8)).astype(np.float32)
    labels, model = np.array([0, 1, 0, 1, 0]), diffusion.UNet((1, 8, 8), 2, 0, channels=(8, 8)).eval()
    at_once = membership.guess_errors(model, pixels, labels, [300])
    monkeypatch.setattr(diffusion, "AT_ONCE", 2)
    assert membership.guess_errors(model, pixels, labels, [300]) == pytest.approx(at_once, rel=1e-4)
    assert membership.guess_errors(model, pixels[3:], labels[3:], [300]) == pytest.approx(
        at_once[3:], rel=1e-4
    )


def test_the_figures_say_what_their_axes_are():
    scores, member = scored(50, 1.0)
    told = membership.over_trainings([scores, scores], member, n_resamples=20)
    fig, numbers = membership_figures.plane({"a": (told, told), "b": (told, told)}, (60, -5))
    assert list(numbers)[:2] == ["a: told apart (%)", "a: gained (points)"]
    assert "%" in fig.axes[0].get_xlabel() and "points" in fig.axes[0].get_ylabel()
    one = membership.curve(scores, member)
    curves = {"an attack": {"20": [one, one]}, "another": {"20": [one]}}
    fig = membership_figures.who_is_found(curves)
    assert [ax.get_title() for ax in fig.axes] == ["an attack", "another"]
    assert all("%" in ax.get_xlabel() for ax in fig.axes)


def test_the_summary_has_means_over_trainings():
    perfect = membership.curve([3, 2, 1, 0], [True, True, False, False])
    blind = membership.curve([1, 1, 1, 1], [True, True, False, False])
    table = membership.summary({"near": {"20": [perfect, blind], "100": [blind]}})
    assert table["near: AUC"].to_dict() == {"20": 75, "100": 50}
    assert table["near: found at 1 %"].to_dict() == {"20": 50, "100": 0}
