"""Tables: one loader each, with where the data come from and a checksum.

The data of the laptop profile come with the installed packages; `registry` downloads the others. A loader
gives a plain DataFrame, as `pandas.read_csv` would; what its columns mean stands in the data sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from course_utils import CourseError
from course_utils.data.registry import Source, content_sha256, packaged_files, registry, require_content


@dataclass(frozen=True)
class Table:
    """A table for classification.

    Attributes
    ----------
    X : DataFrame, shape (n_rows, n_columns), float64
        Measurements; the column names carry the meaning, the data sheet the units.
    y : ndarray, shape (n_rows,), int64
        Class of each row, an index into `classes`.
    classes : tuple of str
        Names of the classes.
    source : Source
        Where it comes from.
    """

    X: pd.DataFrame
    y: np.ndarray
    classes: tuple[str, ...]
    source: Source


def load_breast_cancer() -> Table:
    """Wisconsin breast cancer: 569 patients, 30 measurements of cell nuclei, malignant or benign."""
    from sklearn import datasets

    return _bundled_table("breast_cancer", datasets.load_breast_cancer)


def load_wine() -> Table:
    """Wine: 178 Italian wines from three grape cultivars, 13 chemical measurements."""
    from sklearn import datasets

    return _bundled_table("wine", datasets.load_wine)


WEATHER = ("temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib")
AVOCADO_REGIONS = (
    "California",
    "GreatLakes",
    "Midsouth",
    "Northeast",
    "Plains",
    "SouthCentral",
    "Southeast",
    "West",
)
"""Places in the avocados' table that are sums of the local markets in them; together they make `TotalUS`."""
KNOWN_AFTERWARDS = (
    "dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum", "cancelled", "late"
)  # fmt: skip
"""Columns of the flights that nobody knows before departure; a cancelled flight often has no `tailnum`."""


def load_flights(weather_hours_before: int = 1) -> pd.DataFrame:
    """Every flight that was to leave New York City in 2023, with its plane and the weather there.

    Parameters
    ----------
    weather_hours_before : int
        The weather is that of so many whole hours before the hour of the scheduled departure.

    Returns
    -------
    DataFrame, 435,352 rows
        In the order of departure. `date` is the day, `carrier` the airline's name; `plane_year`, `seats` and
        `engines` describe the plane; `late` is 1.0 when it arrived more than 15 minutes late, 0.0 when not,
        and missing when it did not arrive; `cancelled` is a bool. Units stand in the data sheet.

    Raises
    ------
    CourseError
        The installed data are not those that the course was written for.
    """
    flights, weather, planes, airlines = _packaged("flights")
    scheduled = pd.to_datetime(flights[["year", "month", "day", "hour"]])
    flights["date"] = scheduled.dt.normalize()
    flights["weekday"] = scheduled.dt.day_name()
    flights["carrier"] = flights["carrier"].map(airlines.set_index("carrier")["name"])
    flights["cancelled"] = flights["dep_time"].isna()
    flights["late"] = (flights["arr_delay"] > 15).astype(float).where(flights["arr_delay"].notna())
    # Flights have New York's time, the weather has UTC whatever its columns say (see the data sheet).
    utc = scheduled.dt.tz_localize("America/New_York").dt.tz_convert("UTC").dt.tz_localize(None)
    flights["weather_time"] = utc - pd.Timedelta(hours=weather_hours_before)
    weather["weather_time"] = pd.to_datetime(weather[["year", "month", "day", "hour"]])
    planes = planes.rename(columns={"year": "plane_year"})
    flights = flights.merge(
        weather[["origin", "weather_time", *WEATHER]], how="left", on=["origin", "weather_time"]
    ).merge(planes[["tailnum", "plane_year", "seats", "engines"]], how="left", on="tailnum")
    return flights.drop(columns=["year", "time_hour", "weather_time"])


def load_weather() -> pd.DataFrame:
    """The weather at New York's three airports in 2023, by the hour, as published: the hours are UTC."""
    return _packaged("flights")[1]


def cancelled_lately(flights: pd.DataFrame, hours_before: Sequence[int] = (3, 4, 5)) -> pd.Series:
    """Share of the flights cancelled that were to leave some hours before, from the same airport.

    Parameters
    ----------
    flights : DataFrame
        Rows of `load_flights`.
    hours_before : sequence of int
        A flight counts when it was to leave so many whole hours before, on the same day.

    Returns
    -------
    Series, float
        Between 0 and 1 for each row of `flights`; missing where no flight counts.
    """
    where = ["origin", "date", "hour"]
    hourly = flights.groupby(where, observed=True)["cancelled"].agg(["sum", "size"]).reset_index()
    later = [hourly.assign(hour=hourly["hour"] + hours) for hours in hours_before]
    total = pd.concat(later).groupby(where, observed=True).sum()
    share = (total["sum"] / total["size"]).rename("lately")
    return flights[where].join(share, on=where)["lately"]


def load_houses() -> pd.DataFrame:
    """21,613 sales of houses around Seattle, May 2014 to May 2015; `price` is in US dollars, `date` a day."""
    (houses,) = _packaged("houses")
    return houses.assign(date=pd.to_datetime(houses["date"]))


def load_births() -> pd.DataFrame:
    """Children born in the USA on each of 3,652 days, 1994 to 2003; `date` is the day, `births` how many."""
    (births,) = _packaged("births")
    return births.assign(date=pd.to_datetime(births["date"]))


def load_avocados() -> pd.DataFrame:
    """Avocados sold in the USA, a row a week, market and kind: 18,249 rows, January 2015 to March 2018."""
    (avocados,) = _packaged("avocados")
    return avocados.assign(date=pd.to_datetime(avocados["date"]))


def load_arrests() -> pd.DataFrame:
    """5,226 people arrested in Toronto for a little marijuana, 1997 to 2002: was the person released?"""
    (arrests,) = _packaged("arrests")
    return arrests


def load_songs() -> pd.DataFrame:
    """6,000 songs, 1,000 of each of six genres, with what Spotify measured from their sound."""
    (songs,) = _packaged("songs")
    return songs


def load_lifts() -> pd.DataFrame:
    """41,152 results of international powerlifting meets, 1973 to 2019; `date` is a day, lifts are in kg."""
    (lifts,) = _packaged("lifts")
    return lifts.assign(date=pd.to_datetime(lifts["date"]))


def _packaged(name: str) -> list[pd.DataFrame]:
    """The files of a table, read from the installed package, refused when they are not those we know."""
    paths = packaged_files(name)
    return [pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path) for path in paths]


def _bundled_table(name: str, load: Callable[..., Any]) -> Table:
    """A table from scikit-learn, refused when its content is not the content we know."""
    bunch = load(as_frame=True)
    classes = tuple(str(label) for label in bunch.target_names)
    table = Table(bunch.data, bunch.target.to_numpy(np.int64), classes, registry()[name])
    require_content(table.source, fingerprint(table))
    return table


def fingerprint(table: Table) -> str:
    """SHA-256 over column names, values and classes of a table."""
    names = (*map(str, table.X.columns), *table.classes)
    return content_sha256(names, table.X.to_numpy(), table.y)


def stratified_rows(labels: np.ndarray, n_rows: int, seed: int, name: str) -> np.ndarray:
    """Indices of rows drawn without replacement, each class in its share of the whole.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        Class of each row.
    n_rows : int
        Rows to draw, from the number of classes to n.
    seed : int
        Of the draw.
    name : str
        Name of the data set, for the message.

    Returns
    -------
    ndarray, shape (n_rows,), int64
        In random order, or all in their own order when `n_rows` is n.

    Raises
    ------
    CourseError
        There are fewer rows than asked for, or more classes than rows were asked for.
    """
    from sklearn.model_selection import train_test_split

    rows, kinds = np.arange(len(labels)), len(np.unique(labels))
    if n_rows > len(rows):
        raise CourseError(f"{name} has {len(rows)} rows, {n_rows} were asked for: ask for fewer")
    if n_rows < kinds:
        raise CourseError(f"{n_rows} rows of {name} cannot show all {kinds} classes: ask for more")
    if n_rows <= len(rows) - kinds:  # else there is not one row of each class to leave out
        return train_test_split(rows, train_size=n_rows, stratify=labels, random_state=seed)[0]
    return rows if n_rows == len(rows) else np.random.default_rng(seed).permutation(rows)[:n_rows]
