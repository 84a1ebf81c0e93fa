"""Tables: one loader each, with where the data come from and a checksum.

The data of the laptop profile come with the installed packages; `registry` downloads the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from course_utils import CourseError
from course_utils.data.registry import Source, content_sha256, fetch, registry, require_content


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


def load_forest_cover(n_rows: int, seed: int = 0) -> Table:
    """Forest cover (downloaded): a stratified sample of its 581,012 patches of forest.

    Parameters
    ----------
    n_rows : int
        Rows to draw without replacement, at most 581,012.
    seed : int
        Of the draw.

    Raises
    ------
    CourseError
        The data cannot be downloaded, or they have fewer rows than asked for, or more kinds.
    """
    (path,) = fetch("forest_cover")
    rows = np.loadtxt(path, delimiter=",", dtype=np.float32)  # reads .gz as well
    rows = rows[stratified_rows(rows[:, -1], n_rows, seed, "forest_cover")]
    terrain = "elevation aspect slope water_distance water_height road_distance shade_9h shade_12h shade_15h"
    columns = [*terrain.split(), "fire_distance", *(f"area_{i}" for i in range(1, 5))]
    columns += [f"soil_{i}" for i in range(1, 41)]
    classes = ("spruce/fir", "lodgepole pine", "ponderosa pine", "cottonwood/willow")
    classes += ("aspen", "douglas fir", "krummholz")
    X = pd.DataFrame(rows[:, :-1].astype(float), columns=columns)
    return Table(X, rows[:, -1].astype(np.int64) - 1, classes, registry()["forest_cover"])


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
