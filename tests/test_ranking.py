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


def folds(n_folds=3, n_days=4, per_day=40, seed=0, skill=(1.0, 1.0), day_spread=0.0):
    """Labels, two models' scores (rounded: some are equal) and days, a list of folds each."""
    rng = np.random.default_rng(seed)
    columns = [], [], [], []
    for fold in range(n_folds):
        day = np.repeat(np.arange(n_days), per_day)
        label = (rng.random(day.size) < 0.4).astype(float)
        liked = rng.normal(0, day_spread, n_days)[day]  # on some days the first model is luckier
        ours = (label * (skill[0] + liked) + rng.normal(size=day.size)).round(1)
        theirs = (label * skill[1] + rng.normal(size=day.size)).round(1)
        for column, each in zip(columns, (label, ours, theirs, 1000 * fold + day), strict=True):
            column.append(each)
    return columns


def gaps_by_hand(labels, ours, theirs, groups):
    return [
        100 * (roc_auc_score(label, one) - roc_auc_score(label, other))
        for label, one, other in zip(labels, ours, theirs, strict=True)
    ]


def test_the_gap_of_folds_is_the_mean_of_scikit_learns_aucs():
    data = folds(skill=(1.5, 0.5))
    found = ranking.auc_gap_of_folds(*data)
    assert found.effect == pytest.approx(np.mean(gaps_by_hand(*data)))
    assert found.low < found.effect < found.high
    assert found.n == 12


def test_a_model_against_itself_has_no_gap_and_no_width():
    labels, ours, _, groups = folds()
    found = ranking.auc_gap_of_folds(labels, ours, ours, groups)
    assert (found.effect, found.low, found.high) == (0, 0, 0)


def test_the_gap_of_folds_follows_its_seed():
    first, again, other = (
        ranking.auc_gap_of_folds(*folds(), seed=seed, n_resamples=200) for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_days_that_differ_widen_the_interval_of_the_gap():
    same, differing = (ranking.auc_gap_of_folds(*folds(4, 6, 200, day_spread=spread)) for spread in (0, 1.5))
    assert differing.high - differing.low > 1.5 * (same.high - same.low)


def test_the_interval_covers_no_gap_about_95_times_in_100_or_more():
    covered = 0
    for seed in range(100):
        found = ranking.auc_gap_of_folds(*folds(8, 5, 20, seed, day_spread=0.5), n_resamples=300)
        covered += found.low <= 0 <= found.high
    assert covered >= 90


def test_the_interval_of_the_gap_is_somewhat_wider_than_that_over_the_folds():
    data = folds(20, 10, 40, day_spread=0.5)
    found, by_fold = ranking.auc_gap_of_folds(*data), t_interval(gaps_by_hand(*data))
    assert 0.8 < (found.high - found.low) / (by_fold.high - by_fold.low) < 1.8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: [each[:1] for each in c], "two folds or more, got 1, 1, 1 and 1"),
        (lambda c: [c[0][:-1], *c[1:]], "got 2, 3, 3 and 3"),
        (lambda c: [[each * 0 for each in c[0]], *c[1:]], "labels that are 0 or 1, some of each"),
    ],
)
def test_folds_that_cannot_be_compared_are_refused(change, message):
    with pytest.raises(CourseError, match=message):
        ranking.auc_gap_of_folds(*change(folds()))
