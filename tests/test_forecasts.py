"""Simple forecasts and the choice of the best of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from course_utils.models import forecasts

DAYS = pd.date_range("2001-01-01", periods=140)
RNG = np.random.default_rng(0)
SERIES = pd.Series(100 + 20 * (DAYS.day_of_week < 5) + RNG.normal(0, 1, 140), DAYS)


def test_ridge_agrees_with_the_library_on_scaled_numbers():
    X = pd.DataFrame(RNG.normal(size=(140, 2)), DAYS, ["a", "b"])
    target = X["a"] * 3 - X["b"] + 5
    train = np.arange(140) < 100
    scaled = (X - X[train].mean()) / X[train].std(ddof=0)
    expected = Ridge().fit(scaled[train], target[train]).predict(scaled[~train])
    assert forecasts.ridge(X, target, train, ~train) == pytest.approx(expected)


def test_ridge_learns_a_weekday_as_a_name_and_fills_gaps():
    X = pd.DataFrame({"weekday": DAYS.day_of_week, "gap": np.where(np.arange(140) % 9, 1.0, np.nan)}, DAYS)
    train = np.arange(140) < 100
    told = forecasts.ridge(X, SERIES, train, ~train)
    assert np.abs(told - SERIES[~train]).mean() < 2.5  # 20 between weekend and week


@pytest.mark.parametrize("weeks", [1, 4])
def test_ets_agrees_with_the_librarys_forecast(weeks):
    train = DAYS < "2001-04-01"
    told = forecasts.weekly_ets(SERIES, train, weeks)
    model = ETSModel(SERIES[train].asfreq("D"), seasonal="add", seasonal_periods=7)
    origin = DAYS[100]
    so_far = ETSModel(SERIES[:origin].asfreq("D"), seasonal="add", seasonal_periods=7)
    ahead = so_far.smooth(model.fit(disp=False).params).forecast(7 * weeks)
    assert told[ahead.index[-1]] == pytest.approx(ahead.iloc[-1])
    assert told.isna().sum() == 7 * weeks


def test_ets_does_not_know_what_came_later():
    train = DAYS < "2001-04-01"
    changed = SERIES.where(DAYS < "2001-05-01", 0.0)
    told, again = (forecasts.weekly_ets(each, train, 1) for each in (SERIES, changed))
    assert (told[:"2001-05-07"].dropna() == again[:"2001-05-07"].dropna()).all()


def test_smoothing_chooses_its_share_by_the_past():
    steps = pd.DataFrame({"a": np.cumsum(RNG.normal(size=300)), "b": np.cumsum(RNG.normal(size=300))})
    noise = pd.DataFrame(RNG.normal(size=(300, 2)))
    train = np.arange(300) < 200
    quick, slow = (forecasts.smoothing(each, train) for each in (steps, noise))
    assert quick.equals(steps.ewm(alpha=0.9, adjust=False).mean().shift(1))
    assert slow.equals(noise.ewm(alpha=0.1, adjust=False).mean().shift(1))
    later = steps.copy()
    later.loc[200:] = 0.0
    assert forecasts.smoothing(later, train)[:200].equals(quick[:200])


def test_columns_of_markets_know_last_week_and_not_this_one():
    weeks = pd.date_range("2015-01-04", periods=60, freq="W", name="date")
    logs = pd.DataFrame(RNG.normal(size=(60, 2)), weeks, pd.Index(["a", "b"], name="region"))
    X = forecasts.market_columns(logs, logs + 5)
    row, b = X.loc[(weeks[55], "b")], logs["b"]
    assert row["lag 52"] == pytest.approx(b.iloc[3] - b.iloc[54])
    assert row["mean 4"] == pytest.approx(b.iloc[51:55].mean() - b.iloc[54])
    assert row["last price"] == pytest.approx(b.iloc[54] + 5)
    assert row["week"] == weeks[55].isocalendar().week
    changed = logs.copy()
    changed.iloc[55:] = 0.0
    again = forecasts.market_columns(changed, changed + 5)
    assert again.loc[: weeks[55]].equals(X.loc[: weeks[55]])


def test_the_best_is_that_of_the_periods_before():
    errors = pd.DataFrame({"a": [1, 1, 9, 9, 9], "b": [2, 2, 2, 2, 2]})
    best = forecasts.best_until(errors, [1, 1, 2, 2, 3])
    assert best.tolist() == [None, None, "a", "a", "b"]  # a: 1, then (1 + 1 + 9 + 9) / 4
