"""AUC over rows that come in groups."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from course_utils import CourseError
from course_utils.claims import ranking

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
