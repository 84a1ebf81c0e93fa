"""AUC over rows that come in groups."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from course_utils import CourseError
from course_utils.claims import ranking
from course_utils.claims.intervals import t_interval

RNG = np.random.default_rng(0)
DAY = np.repeat(np.arange(12), 50)
LATE = RNG.integers(2, size=600).astype(float)
SCORE = np.round(LATE + RNG.normal(0, 2, 600) + RNG.normal(0, 1, 12)[DAY], 1)  # with many draws


def test_wins_over_pairs_is_the_librarys_auc():
    won, of = ranking.wins(SCORE, LATE, DAY), ranking.pairs(LATE, DAY)
    assert won.shape == of.shape == (12, 12)
    assert won.sum() / of.sum() == pytest.approx(roc_auc_score(LATE, SCORE))
    three = DAY == 3
    assert won[3, 3] / of[3, 3] == pytest.approx(roc_auc_score(LATE[three], SCORE[three]))


def test_wins_counted_by_hand():
    won = ranking.wins([0.9, 0.5, 0.5, 0.1], [1, 0, 1, 0], ["b", "a", "a", "b"])
    assert won.tolist() == [[0.5, 1.0], [1.0, 1.0]]  # rows: a's late flight, b's late flight
    assert ranking.pairs([1, 0, 1, 0], ["b", "a", "a", "b"]).tolist() == [[1, 1], [1, 1]]


def test_a_day_drawn_twice_counts_twice():
    won, of = ranking.wins(SCORE, LATE, DAY), ranking.pairs(LATE, DAY)
    times = np.arange(12) % 3  # 0, 1 or 2 times
    rows = np.repeat(np.arange(600), times[DAY])
    ours = ranking._weighted(won, times[None]) / ranking._weighted(of, times[None])
    assert ours[0] == pytest.approx(roc_auc_score(LATE[rows], SCORE[rows]))


def test_an_interval_covers_about_as_often_as_it_says():
    """Days differ in how much the better model gains there, draws in how much they gain altogether."""
    covered, rng = 0, np.random.default_rng(1)
    for _ in range(60):
        gain = 0.02 + rng.normal(0, 0.02, (1, 40)) + rng.normal(0, 0.01, (10, 1))  # (draw, day)
        won = np.broadcast_to(gain[:, :, None], (10, 40, 40))
        estimate = ranking.auc(won, np.ones((40, 40)), n_resamples=400)
        covered += estimate.low < 2 < estimate.high
    assert 50 <= covered <= 60


def test_equal_models_differ_by_nothing():
    won = np.stack([ranking.wins(SCORE, LATE, DAY)] * 3)
    of = ranking.pairs(LATE, DAY)
    estimate = ranking.auc(won, of, minus=won)
    assert (estimate.effect, estimate.low, estimate.high, estimate.n) == (0, 0, 0, 12)
    alone = ranking.auc(won, of)
    assert alone.effect == pytest.approx(100 * roc_auc_score(LATE, SCORE))
    assert alone.low < alone.effect < alone.high
    assert alone == ranking.auc(won, of)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ranking.wins(SCORE, LATE, DAY[:-1]),
        lambda: ranking.wins(SCORE, LATE + 1, DAY),
        lambda: ranking.wins(SCORE * np.nan, LATE, DAY),
        lambda: ranking.wins(SCORE, LATE * 0, DAY),
        lambda: ranking.auc(np.ones((1, 4, 4)), np.ones((4, 4))),
        lambda: ranking.auc(np.ones((3, 4, 4)), np.ones((5, 5))),
        lambda: ranking.auc(np.ones((3, 4, 4)), np.ones((4, 4)), minus=np.ones((2, 4, 4))),
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(CourseError, match="expected"):
        wrong()


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
    found = ranking.auc_gap_of_folds(*data)
    assert found.effect == pytest.approx(gap_by_hand(*data))
    assert found.low < found.effect < found.high
    assert found.n == 12


def test_a_model_against_itself_has_no_gap_and_no_width():
    truth, ours, _, day, fold = rows()
    found = ranking.auc_gap_of_folds(truth, ours, ours, day, fold)
    assert (found.effect, found.low, found.high) == (0, 0, 0)


def test_it_follows_its_seed():
    first, again, other = (
        ranking.auc_gap_of_folds(*rows(), seed=seed, n_resamples=200) for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_days_that_differ_widen_the_interval():
    same, differing = (ranking.auc_gap_of_folds(*rows(24, 4, 200, day_spread=spread)) for spread in (0, 1.5))
    assert differing.high - differing.low > 1.5 * (same.high - same.low)


def test_the_interval_covers_no_difference_about_95_times_in_100_or_more():
    covered = 0
    for seed in range(100):
        found = ranking.auc_gap_of_folds(*rows(40, 8, 20, seed, day_spread=0.5), n_resamples=300)
        covered += found.low <= 0 <= found.high
    assert covered >= 90


def test_it_is_about_as_wide_as_the_t_interval_over_the_folds():
    truth, ours, theirs, day, fold = rows(200, 20, 40, day_spread=0.5)
    gaps = [gap_by_hand(*(each[fold == f] for each in (truth, ours, theirs, day, fold))) for f in range(20)]
    found, by_fold = ranking.auc_gap_of_folds(truth, ours, theirs, day, fold), t_interval(gaps)
    assert 0.8 < (found.high - found.low) / (by_fold.high - by_fold.low) < 1.8


def test_days_may_have_any_names():
    truth, ours, theirs, day, fold = rows()
    dates = np.datetime64("2023-01-01") + day
    assert ranking.auc_gap_of_folds(truth, ours, theirs, dates, fold) == ranking.auc_gap_of_folds(
        truth, ours, theirs, day, fold
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: (*c[:4], np.zeros(c[0].size)), "two folds or more"),
        (lambda c: (c[0][:-1], *c[1:]), "columns of one length"),
        (lambda c: (np.zeros(c[0].size), *c[1:]), "labels that are 0 or 1, some of each"),
    ],
)
def test_what_it_cannot_compare_is_refused(change, message):
    with pytest.raises(CourseError, match=message):
        ranking.auc_gap_of_folds(*change(rows()))
