import gzip
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


@pytest.fixture
def forest(cache, register):
    """Puts a small forest-cover file into the cache: 10 rows of each of the 7 kinds; gives the rows."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 300, size=(70, 55))
    rows[:, -1] = np.repeat(np.arange(1, 8), 10)
    content = gzip.compress("\n".join(",".join(map(str, row)) for row in rows).encode())
    register(content, name="forest_cover", file="covtype.data.gz")
    cache.mkdir()
    (cache / "covtype.data.gz").write_bytes(content)
    return rows


def as_rows(table):
    """The rows as they stand in the file: kinds count from 1 there. No two are the same."""
    return {tuple(row) for row in np.column_stack([table.X, table.y + 1])}


def test_forest_cover_with_all_rows(forest):
    table = tables.load_forest_cover(70)
    assert as_rows(table) == {tuple(row) for row in forest}
    assert (table.y.dtype, set(table.X.dtypes)) == (np.dtype("int64"), {np.dtype("float64")})
    assert [table.X.columns[i] for i in (0, 9, 10, 13, 14, 53)] == [
        *("elevation", "fire_distance", "area_1", "area_4", "soil_1", "soil_40")
    ]
    assert (len(table.classes), table.classes[6]) == (7, "krummholz")
    assert table.source.name == "forest_cover"


def test_forest_cover_draws_rows_that_keep_the_shares(forest):
    table = tables.load_forest_cover(28)
    assert np.bincount(table.y).tolist() == [4] * 7
    assert as_rows(table) <= {tuple(row) for row in forest}
    assert len(as_rows(table)) == 28


def test_forest_cover_follows_its_seed(forest):
    first, again, other = (tables.load_forest_cover(28, seed).X for seed in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)


def test_forest_cover_has_no_more_rows_than_it_has(forest):
    with pytest.raises(CourseError, match="has 70 rows, 71 were asked for: ask for fewer"):
        tables.load_forest_cover(71)


@pytest.mark.parametrize("n_rows", [0, 3])
def test_forest_cover_needs_a_row_of_each_kind(forest, n_rows):
    with pytest.raises(CourseError, match="ask for"):
        tables.load_forest_cover(n_rows)


def test_forest_cover_gives_nearly_all_rows_too(forest):
    table = tables.load_forest_cover(69)
    assert len(table.X) == len(as_rows(table)) == 69
    assert as_rows(table) < {tuple(row) for row in forest}
