"""Simple forecasts that a learning model has to beat, and the choice of the best of them.

A forecast of the rows `test` may use what the columns `X` hold, which is known when it is made, and the
targets of the rows `train`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

KINDS = ("weekday", "month")
"""Columns whose numbers are names; ridge regression gets a column for each."""
SHARES = np.arange(1, 10) / 10


def ridge(X: pd.DataFrame, target: pd.Series, train: ArrayLike, test: ArrayLike) -> np.ndarray:
    """Ridge regression with scikit-learn's own penalty; gaps are filled with the column's mean.

    Parameters
    ----------
    X : DataFrame, (n, columns)
    target : Series, (n,)
        No gaps in the rows of `train`.
    train, test : array_like of bool, each (n,)

    Returns
    -------
    ndarray, shape (rows of `test`,)
    """
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    kinds = [name for name in KINDS if name in X]
    encoded = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), kinds), remainder=numbers)
    return make_pipeline(encoded, Ridge()).fit(X[train], target[train]).predict(X[test])


def weekly_ets(series: pd.Series, train: ArrayLike, weeks: int) -> pd.Series:
    """Exponential smoothing with a level and a pattern of seven days, so many weeks ahead, for each day.

    The parameters are fitted to the days of `train`; level and pattern then follow all days. A whole number
    of weeks ahead, the forecast is the level plus the weekday's pattern.

    Parameters
    ----------
    series : Series
        One number a day, no day missing.
    train : array_like of bool
        Days from the first on.
    weeks : int
        At least 1.

    References
    ----------
    Hyndman, R. J., Koehler, A. B., Ord, J. K., & Snyder, R. D. (2008). Forecasting with Exponential
    Smoothing: ETS(A,N,A), by statsmodels.
    """
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    def model(days: pd.Series) -> ETSModel:
        return ETSModel(days.asfreq("D"), seasonal="add", seasonal_periods=7)

    parameters = model(series[train]).fit(disp=False).params
    states = model(series).smooth(parameters).states
    return (states["level"] + states["seasonal"]).shift(7 * weeks)


def smoothing(table: pd.DataFrame, train: ArrayLike) -> pd.DataFrame:
    """Simple exponential smoothing of each column, one row ahead.

    Each row moves the forecast by a share towards what came. The share, one for all columns, is the one of
    `SHARES` with the smallest absolute error on the rows of `train`.
    """
    told = [table.ewm(alpha=share, adjust=False).mean().shift(1) for share in SHARES]
    return min(told, key=lambda each: (each - table)[train].abs().mean().mean())


def market_columns(logs: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """What is known of each week in each market a week before, to forecast the change since last week.

    Parameters
    ----------
    logs : DataFrame, (weeks, markets)
        Logarithm of what was sold; the index `date` is one day a week, the columns `region` the markets.
    prices : DataFrame, (weeks, markets)

    Returns
    -------
    DataFrame, (weeks × markets, 8)
        A row a week and market. Weeks 2, 3, 4 and 52 before, and the means of the last 4 and 13 weeks, all
        less last week; last week's price; the week of the year. Missing where a week before is.
    """
    last = logs.shift(1)
    known = {f"lag {k}": logs.shift(k) - last for k in (2, 3, 4, 52)}
    known |= {f"mean {n}": last.rolling(n).mean() - last for n in (4, 13)}
    known["last price"] = prices.shift(1)
    X = pd.concat(known, axis=1).stack("region", future_stack=True)
    X["week"] = X.index.get_level_values("date").isocalendar().week.to_numpy(float)
    return X


def best_until(errors: pd.DataFrame, period: ArrayLike) -> pd.Series:
    """For each row the column with the smallest mean in the periods before; missing in the first period.

    Parameters
    ----------
    errors : DataFrame
        A column a forecast, rows in the order of time.
    period : array_like
        Of each row, such as its year; never falls.
    """
    period = np.asarray(period)
    best = {now: errors[period < now].mean().idxmin() for now in np.unique(period)[1:]}
    return pd.Series([best.get(now) for now in period], errors.index, dtype=object)
