"""Tables: one loader each, with where the data come from and a checksum.

The data of the laptop profile come with the installed packages; `registry` downloads the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from course_utils.data import docstrings
from course_utils.data.documents import Texts
from course_utils.data.pictures import Images, load_digits, load_faces
from course_utils.data.registry import Source, content_sha256, fetch, registry, require_content
from course_utils.data.sampling import stratified_rows


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


EMBEDDED: dict[str, Callable[[], Table | Images | tuple[Texts, ...]]] = {
    "breast_cancer": load_breast_cancer,
    "wine": load_wine,
    "digits": load_digits,
    "faces": load_faces,
    "docstrings": docstrings.load,
}
"""Loaders of the data that come with the installed packages."""


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
