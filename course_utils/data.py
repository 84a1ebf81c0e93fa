"""Data sets: one loader each, with where the data come from and a checksum.

The data of the laptop profile come with the installed packages. What has to be downloaded is listed
in ``datasets/registry.toml``; it gets its final name only after its SHA-256 was checked.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pooch

from course_utils import ROOT, CourseError
from course_utils.files import atomic_path, sha256

pooch.get_logger().setLevel("WARNING")  # its advice on checksums is not for students
REGISTRY_PATH = ROOT / "datasets" / "registry.toml"


@dataclass(frozen=True)
class Source:
    """One entry of the registry: what a data set is and how to know that it is the right one."""

    name: str
    title: str
    licence: str
    origin: str
    sha256: str
    package: str = ""
    """Installed package that carries the data; empty when the data are downloaded."""
    url: str = ""
    file: str = ""
    archive_member: str = ""
    size_mb: float = 0.0

    @property
    def datasheet(self) -> str:
        """Path of the data sheet, relative to the checkout."""
        return f"datasets/{self.name}.md"


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
        The data cannot be downloaded, or fewer rows are there than asked for.
    """
    from sklearn.model_selection import train_test_split

    rows = np.loadtxt(fetch("forest_cover"), delimiter=",", dtype=np.float32)  # reads .gz as well
    if n_rows > len(rows):
        raise CourseError(f"forest_cover has {len(rows)} rows, {n_rows} were asked for: ask for fewer")
    kinds = len(np.unique(rows[:, -1]))
    if n_rows < kinds:
        raise CourseError(f"{n_rows} rows cannot show all {kinds} kinds of forest: ask for more")
    if n_rows <= len(rows) - kinds:  # else there is not one row of each kind to leave out
        rows, _ = train_test_split(rows, train_size=n_rows, stratify=rows[:, -1], random_state=seed)
    elif n_rows < len(rows):
        rows = np.random.default_rng(seed).permutation(rows)[:n_rows]
    terrain = "elevation aspect slope water_distance water_height road_distance shade_9h shade_12h shade_15h"
    columns = [*terrain.split(), "fire_distance", *(f"area_{i}" for i in range(1, 5))]
    columns += [f"soil_{i}" for i in range(1, 41)]
    classes = ("spruce/fir", "lodgepole pine", "ponderosa pine", "cottonwood/willow")
    classes += ("aspen", "douglas fir", "krummholz")
    X = pd.DataFrame(rows[:, :-1].astype(float), columns=columns)
    return Table(X, rows[:, -1].astype(np.int64) - 1, classes, registry()["forest_cover"])


EMBEDDED: dict[str, Callable[[], Table]] = {"breast_cancer": load_breast_cancer, "wine": load_wine}
"""Loaders of the data that come with the installed packages."""


def _bundled_table(name: str, load: Callable[..., Any]) -> Table:
    """A table from scikit-learn, refused when its content is not the content we know."""
    bunch = load(as_frame=True)
    classes = tuple(str(label) for label in bunch.target_names)
    table = Table(bunch.data, bunch.target.to_numpy(np.int64), classes, registry()[name])
    found = fingerprint(table)
    if found != table.source.sha256:
        raise CourseError(
            f"data set '{name}' is not the one this course was written for "
            f"(SHA-256 {found[:12]}…, expected {table.source.sha256[:12]}…): "
            "reinstall the packages of requirements.lock"
        )
    return table


def fingerprint(table: Table) -> str:
    """SHA-256 over column names, values and classes.

    The content is hashed, not the file: packages for Windows may carry it with other line ends.
    """
    digest = hashlib.sha256("\n".join((*map(str, table.X.columns), *table.classes)).encode())
    digest.update(np.ascontiguousarray(table.X.to_numpy(), dtype="<f8").tobytes())
    digest.update(np.ascontiguousarray(table.y, dtype="<i8").tobytes())
    return digest.hexdigest()


def registry(path: Path | None = None) -> dict[str, Source]:
    """Every data set that the course knows, by name.

    Raises
    ------
    CourseError
        The file is missing, is no TOML, or an entry has a wrong or missing field.
    """
    path = path or REGISTRY_PATH
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: Source(name=name, **entry) for name, entry in entries.items()}
    except (OSError, ValueError, TypeError) as error:  # no UTF-8, no TOML, wrong fields
        raise CourseError(f"cannot read the data registry {path.name}: {error}") from error


def cache_folder() -> Path:
    """Where downloads are kept: ``COURSE_DATA`` or the user's cache folder."""
    return Path(os.environ.get("COURSE_DATA") or pooch.os_cache("put-to-the-test"))


def fetch(name: str) -> Path:
    """Path of a downloaded data set's file; downloads it when it is not in the cache yet.

    ``COURSE_DATA_MIRROR`` names a server or folder (``http://…``) that holds the files under their
    plain names, for a classroom without fast internet; ``COURSE_OFFLINE=1`` forbids downloading.
    A file in the cache is checked too, every time.

    Raises
    ------
    CourseError
        Unknown name, offline, an unreachable server, or a file with another checksum. Nothing is
        left under the final name.
    """
    source = _downloadable(name)
    path = cache_folder() / source.file
    if path.exists():
        if sha256(path) == source.sha256:
            return path
        raise CourseError(f"'{path}' was changed or damaged (SHA-256 differs): delete it and run again")
    if os.environ.get("COURSE_OFFLINE", "0") not in ("", "0"):
        raise CourseError(
            f"data set '{name}' is not in {cache_folder()} and COURSE_OFFLINE is set: "
            f"unset it once and run 'course data {name}'"
        )
    with atomic_path(path) as temporary:
        _download(source, temporary)
    return path


def _downloadable(name: str) -> Source:
    sources = {key: source for key, source in registry().items() if source.url}
    if name not in sources:
        raise CourseError(f"unknown data set '{name}': those to download are {', '.join(sources)}")
    return sources[name]


def _download(source: Source, target: Path) -> None:
    """Bring one file to `target`, unpacked and checked."""
    mirror = os.environ.get("COURSE_DATA_MIRROR", "").rstrip("/")
    url = f"{mirror}/{source.file}" if mirror else source.url
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        try:
            # the checksum in the registry is the unpacked file's; it is checked below
            got = Path(pooch.retrieve(url, known_hash=None, path=folder, progressbar=True))
        except Exception as error:  # requests, urllib3 and sockets each have their own
            raise CourseError(
                f"cannot download '{source.name}' from {url} ({type(error).__name__}): check the "
                "network, or set COURSE_DATA_MIRROR to a server that has the file"
            ) from error
        if source.archive_member and zipfile.is_zipfile(got):
            try:
                with zipfile.ZipFile(got) as archive:
                    got = Path(archive.extract(source.archive_member, folder))
            except (KeyError, zipfile.BadZipFile, zlib.error) as error:
                raise CourseError(
                    f"the archive from {url} is damaged or lacks '{source.archive_member}' ({error}): "
                    "it was not kept; try another mirror"
                ) from error
        if (found := sha256(got)) != source.sha256:
            raise CourseError(
                f"'{source.file}' from {url} has SHA-256 {found[:12]}…, expected "
                f"{source.sha256[:12]}…: it was not kept; try another mirror"
            )
        os.replace(got, target)
