import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from course_utils import CourseError
from course_utils.claims import auc
from course_utils.claims.intervals import t_interval


def rows(n_days=12, n_folds=3, per_day=40, seed=0, skill=(1.0, 1.0), day_spread=0.0):
    """Truth, two models' scores (rounded: some are equal), day and fold of each row."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(n_days), per_day)
    truth = (rng.random(day.size) < 0.4).astype(float)
    liked = rng.normal(0, day_spread, n_days)[day]  # on some days the first model is luckier
    ours = (truth * (skill[0] + liked) + rng.normal(size=day.size)).round(1)
    theirs = (truth * skill[1] + rng.normal(size=day.size)).round(1)
    return truth, ours, theirs, day, day % n_folds


def gap_by_hand(truth, ours, theirs, day, fold):
    gaps = []
    for each in np.unique(fold):
        of = fold == each
        gaps.append(roc_auc_score(truth[of], ours[of]) - roc_auc_score(truth[of], theirs[of]))
    return 100 * np.mean(gaps)


def test_the_gap_is_the_mean_over_folds_of_scikit_learns_aucs():
    data = rows(skill=(1.5, 0.5))
    found = auc.auc_gap(*data)
    assert found.effect == pytest.approx(gap_by_hand(*data))
    assert found.low < found.effect < found.high
    assert found.n == 12


def test_weights_do_what_copies_of_the_days_would():
    truth, ours, _, day, _ = rows(n_days=5)
    weights = np.array([[1, 1, 1, 1, 1], [2, 0, 1, 0, 2], [0, 3, 0, 2, 0]])
    found = auc._weighted_auc(truth, ours, day, weights)
    for row, value in zip(weights, found, strict=True):
        times = row[day]
        copied = roc_auc_score(np.repeat(truth, times), np.repeat(ours, times))
        assert value == pytest.approx(copied)


def test_a_model_against_itself_has_no_gap_and_no_width():
    truth, ours, _, day, fold = rows()
    found = auc.auc_gap(truth, ours, ours, day, fold)
    assert (found.effect, found.low, found.high) == (0, 0, 0)


def test_it_follows_its_seed():
    first, again, other = (auc.auc_gap(*rows(), seed=seed, n_resamples=200) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_days_that_differ_widen_the_interval():
    same, differing = (auc.auc_gap(*rows(24, 4, 200, day_spread=spread)) for spread in (0, 1.5))
    assert differing.high - differing.low > 1.5 * (same.high - same.low)


def test_the_interval_covers_no_difference_about_95_times_in_100_or_more():
    covered = 0
    for seed in range(100):
        found = auc.auc_gap(*rows(40, 8, 20, seed, day_spread=0.5), n_resamples=300)
        covered += found.low <= 0 <= found.high
    assert covered >= 90


def test_it_is_about_as_wide_as_the_t_interval_over_the_folds():
    truth, ours, theirs, day, fold = rows(200, 20, 40, day_spread=0.5)
    gaps = [gap_by_hand(*(each[fold == f] for each in (truth, ours, theirs, day, fold))) for f in range(20)]
    found, by_fold = auc.auc_gap(truth, ours, theirs, day, fold), t_interval(gaps)
    assert 0.8 < (found.high - found.low) / (by_fold.high - by_fold.low) < 1.8


def test_days_may_have_any_names():
    truth, ours, theirs, day, fold = rows()
    dates = np.datetime64("2023-01-01") + day
    assert auc.auc_gap(truth, ours, theirs, dates, fold) == auc.auc_gap(truth, ours, theirs, day, fold)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: (*c[:4], np.zeros(c[0].size)), "two folds or more"),
        (lambda c: (c[0][:-1], *c[1:]), "columns of one length"),
        (lambda c: (np.zeros(c[0].size), *c[1:]), "0 ones"),
        (lambda c: (*c[:3], c[4], c[4]), "got 1 groups"),
    ],
)
def test_what_it_cannot_compare_is_refused(change, message):
    with pytest.raises(CourseError, match=message):
        auc.auc_gap(*change(rows()))
