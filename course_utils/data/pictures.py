"""Pictures with their classes: one loader each, with where the data come from and a checksum.

The digits and the faces come with installed packages; `registry` downloads the others. `own_pictures`
reads the reader's own into the same form.
"""

from __future__ import annotations

import gzip
import math
import tarfile
import zlib
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from course_utils import CourseError
from course_utils.data.registry import (
    Source,
    content_sha256,
    fetch,
    packaged_files,
    registry,
    require_content,
)
from course_utils.data.tables import stratified_rows

FASHION_CLASSES = ("T-shirt/top", "trouser", "pullover", "dress", "coat")
FASHION_CLASSES += ("sandal", "shirt", "sneaker", "bag", "ankle boot")
CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR_FILES = tuple(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6))
CIFAR_FILES += ("cifar-10-batches-bin/test_batch.bin",)
CIFAR_RECORDS = 10_000
"""Pictures in each of the files."""
DAMAGED = (OSError, EOFError, zlib.error, tarfile.TarError)
"""What gzip and tar raise when a file is none of theirs, or is cut short."""


@dataclass(frozen=True)
class Images:
    """Pictures for classification, all of one size.

    Attributes
    ----------
    pixels : ndarray, shape (n, channels, height, width), float32
        Brightness from 0 (black) to 1; one channel is grey, three are red, green and blue.
    labels : ndarray, shape (n,), int64
        Class of each picture, an index into `classes`.
    classes : tuple of str
        Names of the classes.
    source : Source
        Where it comes from.
    is_test : ndarray, shape (n,), bool, or None
        Whether a picture belongs to the test part; None when the source has no parts and the lesson
        makes them.
    report : str
        What a reader should know about the reading; empty when all was as expected.
    """

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    source: Source
    is_test: np.ndarray | None = None
    report: str = ""

    def rows(self, chosen: np.ndarray) -> Images:
        """Some of the pictures, in this order; `chosen` has their indices."""
        is_test = None if self.is_test is None else self.is_test[chosen]
        return replace(self, pixels=self.pixels[chosen], labels=self.labels[chosen], is_test=is_test)


def load_digits() -> Images:
    """Handwritten digits: 1,797 scans of 8 × 8 pixels, 17 levels of grey, no parts.

    Raises
    ------
    CourseError
        The installed copy is not the one this course was written for.
    """
    from sklearn import datasets

    bunch = datasets.load_digits()
    classes = tuple(str(digit) for digit in bunch.target_names)
    source = registry()["digits"]
    require_content(source, content_sha256((*bunch.feature_names, *classes), bunch.data, bunch.target))
    pixels = bunch.data.astype(np.float32).reshape(-1, 1, 8, 8) / 16
    return Images(pixels, bunch.target.astype(np.int64), classes, source)


def load_mnist(pilot: bool = False) -> Images:
    """Handwritten digits of MNIST: 4,000 scans of 28 × 28 pixels, 400 a class, no parts.

    Parameters
    ----------
    pilot : bool
        Give the other 1,000 instead, the first 100 of each class in the package's order: settings and
        sizes of experiments were chosen on them, so no experiment uses them.

    Raises
    ------
    CourseError
        The installed copy is missing, or not the one this course was written for.
    """
    (path,) = packaged_files("mnist")
    table = pd.read_csv(path, header=None).to_numpy(np.uint8)  # 784 pixels and the label, 0 to 255
    labels = table[:, -1].astype(np.int64)
    rank = pd.Series(labels).groupby(labels).cumcount()  # of each picture among those of its class
    rows = np.flatnonzero((rank < 100) == pilot)
    pixels = (table[rows, :-1] / 255).astype(np.float32).reshape(-1, 1, 28, 28)
    return Images(pixels, labels[rows], tuple("0123456789"), registry()["mnist"])


def load_faces() -> Images:
    """Faces: 100 grey crops of 25 × 25 pixels (class 1), then 100 crops without a face (class 0), no parts.

    The order of the pictures is the one in which scikit-image has them. The file is read where the
    package lies: `skimage.data.lfw_subset` would download it again if it were damaged, even with
    ``COURSE_OFFLINE`` set.

    Raises
    ------
    CourseError
        The installed copy is missing, damaged, or not the one this course was written for.
    """
    classes = ("no face", "face")
    labels = np.repeat(np.array([1, 0], np.int64), 100)
    source = registry()["faces"]
    try:
        crops = np.load(resources.files("skimage") / "data" / "lfw_subset.npy")
        found = content_sha256(classes, crops, labels)
    except (OSError, EOFError, ValueError) as error:
        raise CourseError(
            f"cannot read data set 'faces', which comes with scikit-image ({type(error).__name__}): "
            "reinstall the packages of requirements.lock"
        ) from error
    require_content(source, found)
    return Images(crops.astype(np.float32).reshape(-1, 1, 25, 25), labels, classes, source)


def load_fashion_mnist(n_train: int, n_test: int, seed: int = 0) -> Images:
    """Fashion-MNIST (downloaded): a stratified sample of its grey pictures of clothes, 28 × 28.

    Parameters
    ----------
    n_train, n_test : int
        Pictures to draw from the official parts, at most 60,000 and 10,000.
    seed : int
        Of the draw.

    Raises
    ------
    CourseError
        The data cannot be downloaded or read, or a part has fewer pictures than asked for.
    """
    train_pixels, train_labels, test_pixels, test_labels = map(_read_idx, fetch("fashion_mnist"))
    parts = ((train_pixels, train_labels), (test_pixels, test_labels))
    for pixels, labels in parts:
        if pixels.shape != (len(labels), 28, 28) or labels.ndim != 1:
            raise _damaged("fashion_mnist", f"pictures {pixels.shape} with labels {labels.shape}")
    train, test = ((pixels[:, np.newaxis], labels) for pixels, labels in parts)
    return _sample("fashion_mnist", FASHION_CLASSES, train, test, (n_train, n_test), seed)


def load_cifar10(n_train: int, n_test: int, seed: int = 0) -> Images:
    """CIFAR-10 (downloaded): a stratified sample of its colour photographs, 32 × 32.

    Parameters
    ----------
    n_train, n_test : int
        Pictures to draw from the official parts, at most 50,000 and 10,000.
    seed : int
        Of the draw.

    Raises
    ------
    CourseError
        The data cannot be downloaded or read, or a part has fewer pictures than asked for.
    """
    (path,) = fetch("cifar10")
    records = _read_cifar(path)  # (files, N, 3073)
    train, test = (
        (part[:, 1:].reshape(-1, 3, 32, 32), part[:, 0])
        for part in (records[:-1].reshape(-1, 3073), records[-1])
    )
    return _sample("cifar10", CIFAR_CLASSES, train, test, (n_train, n_test), seed)


def _sample(
    name: str,
    classes: tuple[str, ...],
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    wanted: tuple[int, int],
    seed: int,
) -> Images:
    """So many of each part, as floats; the test pictures come last."""
    pixels, labels = [], []
    for (bytes_, numbers), n_rows, part in zip((train, test), wanted, ("train", "test"), strict=True):
        if numbers.max(initial=0) >= len(classes):
            raise _damaged(name, f"a class {numbers.max()}")
        rows = stratified_rows(numbers, n_rows, seed, f"{name} ({part})")
        pixels.append(bytes_[rows].astype(np.float32) / 255)
        labels.append(numbers[rows].astype(np.int64))
    is_test = np.repeat([False, True], wanted)
    return Images(np.concatenate(pixels), np.concatenate(labels), classes, registry()[name], is_test)


def _read_idx(path: Path) -> np.ndarray:
    """Bytes of a packed IDX file in their shape.

    The format: two zero bytes, 8 for 'unsigned bytes', the number of axes, the length of each axis as a
    big-endian 32-bit number, and the bytes, row by row.
    """
    try:
        with gzip.open(path) as file:
            content = file.read()
    except DAMAGED as error:
        raise _damaged("fashion_mnist", f"'{path.name}': {error}") from error
    n_axes = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    start = 4 + 4 * n_axes
    shape = tuple(int(length) for length in np.frombuffer(content[4:start].ljust(4 * n_axes), ">u4"))
    if not n_axes or len(content) != start + math.prod(shape):
        raise _damaged("fashion_mnist", f"'{path.name}' is no IDX file of bytes, or is cut short")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _read_cifar(path: Path) -> np.ndarray:
    """Records of the files in the archive, shape (6, 10,000, 3073), uint8; nothing is unpacked to disk.

    A record is a label and the red, green and blue plane of a picture, each row by row.
    """
    records = np.empty((len(CIFAR_FILES), CIFAR_RECORDS, 3073), np.uint8)
    missing = list(CIFAR_FILES)
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name in missing and member.isfile() and member.size == records[0].size:
                    content = np.frombuffer(archive.extractfile(member).read(), np.uint8)
                    records[CIFAR_FILES.index(member.name)] = content.reshape(CIFAR_RECORDS, 3073)
                    missing.remove(member.name)
    except DAMAGED as error:
        raise _damaged("cifar10", str(error)) from error
    if missing:
        raise _damaged("cifar10", f"no '{missing[0]}' of {records[0].size} bytes")
    return records


def _damaged(name: str, found: str) -> CourseError:
    return CourseError(
        f"the files of data set '{name}' are not what they should be ({found}): "
        f"delete them, see 'course data {name}', and run again"
    )
