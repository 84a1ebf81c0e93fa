"""The reader's own pictures, from folders with one folder a class.

`picture_file` says what is done to each picture. All are grey when every one that could be read is
grey, else all are RGB.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

from course_utils import CourseError
from course_utils.data import picture_file
from course_utils.data.pictures import Images
from course_utils.data.registry import Source

PARTS = ("train", "test")
ENDINGS = (".png", ".jpg", ".jpeg")
MIN_PICTURES, MIN_TRAIN = 10, 8
"""Fewest pictures of a class when the lesson makes the parts, and in a ``train/`` folder."""
N_EXAMPLES = 3
"""Names that the report gives for each reason."""


@dataclass(frozen=True)
class _Picture:
    name: str
    """File, relative to the folder that was given."""
    label: str
    part: str
    """'train', 'test', or '' when there are no parts."""
    pixels: np.ndarray
    """Shape (side, side) when grey, (side, side, 3) when RGB; uint8."""


def class_folders(folder: Path) -> dict[str, list[Path]]:
    """The class folders of each part: ``{'train': […], 'test': […]}``, or ``{'': […]}`` without parts.

    Raises
    ------
    CourseError
        There is no such folder, it cannot be read, has no class folders, or only one of the two parts.
    """
    folder = folder.resolve()
    if not os.path.isdir(folder):
        raise CourseError(f"'{folder.name}' is not a folder: give a folder with one folder a class in it")
    folders = _folders_in(folder)
    parts = {path.name.lower(): path for path in folders if path.name.lower() in PARTS}
    if len(parts) == 1:
        raise CourseError(
            f"'{folder.name}' has a folder '{next(iter(parts))}' only: make both 'train' and 'test', or "
            "neither; if it is the name of a class, give it another one"
        )
    return {part: _folders_in(parts[part]) for part in PARTS} if parts else {"": folders}


def _folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, of which there must be one at least."""
    children = _children(folder)
    if not children:
        raise CourseError(f"the folder '{folder.name}' is empty: put one folder for each class into it")
    if not (folders := [path for path in children if os.path.isdir(path)]):
        raise CourseError(
            f"'{folder.name}' has files but no class folders: put the pictures of each class into a folder "
            "that has the name of the class"
        )
    return folders


def _children(folder: Path) -> list[Path]:
    """What is in a folder and not hidden, sorted by name."""
    try:
        visible = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise CourseError(
            f"cannot read the folder '{folder.name}' ({error.strerror}): see to it that you may open it"
        ) from error
    return sorted(visible, key=lambda path: path.name)  # paths themselves sort differently on Windows


def read(folder: Path, side: int = 32) -> Images:
    """Pictures from ``train/<class>/`` and ``test/<class>/``, or from ``<class>/`` without parts.

    Files named .png, .jpg or .jpeg are read, hidden ones ignored. What is left out, and why, stands in
    the report: files that cannot be read or have more than 50 million pixels; a picture of ``train/``
    that is in ``test/`` too (it would be a leak), or without parts one that was there before; a class
    with fewer than 10 pictures, or fewer than 8 in ``train/``, or none in ``test/``.

    Parameters
    ----------
    folder : Path
        Its own name and place go into neither the data nor the report.
    side : int
        Height and width of the result, in pixels.

    Returns
    -------
    Images
        `is_test` is None without parts.

    Raises
    ------
    CourseError
        The folder has another layout or cannot be read, or fewer than two classes remain; the message
        then has the report.
    """
    folder = folder.resolve()
    parts = class_folders(folder)
    left_out: dict[str, list[str]] = defaultdict(list)
    pictures = _in_one_mode(_read_all(folder, parts, side, left_out))
    labels = sorted({_shown(path.name) for paths in parts.values() for path in paths})
    distinct = _without_copies(pictures, left_out)
    classes = _large_enough(distinct, labels, "" in parts, left_out)
    kept = [picture for picture in distinct if picture.label in classes]
    report = _report(pictures, kept, labels, tuple(parts), left_out)
    if len(classes) < 2:
        raise CourseError(
            "fewer than two classes remain, but a lesson needs two or more: add pictures or put right what "
            f"was left out, then run again\n{report}"
        )
    return _as_images(kept, classes, report)


def _read_all(
    folder: Path, parts: Mapping[str, Sequence[Path]], side: int, left_out: dict[str, list[str]]
) -> list[_Picture]:
    """Every picture that can be read, in the order of parts, classes and file names."""
    places = [(part, path) for part, paths in parts.items() for path in paths]
    used = {folder, *(path for _, path in places), *(path.parent for _, path in places)}
    for parent in sorted({path.parent for _, path in places} | {folder}):
        strays = [path for path in _children(parent) if path not in used]
        left_out["outside the class folders"] += [_relative(path, folder) for path in strays]
    files = [(part, place.name, path) for part, place in places for path in _children(place)]
    pictures = []
    for part, label, path in tqdm(files, desc="reading pictures", unit="file", delay=2, leave=False):
        name = _relative(path, folder)
        if path.suffix.lower() not in ENDINGS or not os.path.isfile(path):
            what = "folder inside a class folder" if os.path.isdir(path) else "no png or jpg file"
            left_out[what].append(name)
            continue
        try:
            pictures.append(_Picture(name, _shown(label), part, picture_file.read(path, side)))
        except picture_file.Refused as refused:
            left_out[str(refused)].append(name)
    return pictures


def _relative(path: Path, folder: Path) -> str:
    return _shown(path.relative_to(folder).as_posix())


def _shown(name: str) -> str:
    """A name that any screen can print: line breaks and broken letters become question marks."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def _in_one_mode(pictures: list[_Picture]) -> list[_Picture]:
    """All grey as they are, or all RGB."""
    if all(picture.pixels.ndim == 2 for picture in pictures):
        return pictures
    return [
        picture
        if picture.pixels.ndim == 3
        else replace(picture, pixels=np.stack([picture.pixels] * 3, axis=-1))
        for picture in pictures
    ]


def _without_copies(pictures: Sequence[_Picture], left_out: dict[str, list[str]]) -> list[_Picture]:
    """One of each picture, where a second one could be trained on and tested with."""
    in_test = {picture.pixels.tobytes() for picture in pictures if picture.part == "test"}
    seen, distinct = set(), []
    for picture in pictures:
        content = picture.pixels.tobytes()
        if picture.part == "train" and content in in_test:
            left_out["in train/, but the same picture is in test/"].append(picture.name)
        elif not picture.part and content in seen:
            left_out["the same picture as one before"].append(picture.name)
        else:
            distinct.append(picture)
        seen.add(content)
    return distinct


def _large_enough(
    pictures: Sequence[_Picture], labels: Sequence[str], no_parts: bool, left_out: dict[str, list[str]]
) -> list[str]:
    """The classes that have enough pictures."""
    counts = Counter((picture.label, picture.part) for picture in pictures)
    classes = []
    for label in labels:
        if no_parts and counts[label, ""] < MIN_PICTURES:
            left_out[f"class with fewer than {MIN_PICTURES} pictures"].append(label)
        elif not no_parts and not counts[label, "test"]:
            left_out["class without pictures in test/"].append(label)
        elif not no_parts and not counts[label, "train"]:
            left_out["class without pictures in train/"].append(label)
        elif not no_parts and counts[label, "train"] < MIN_TRAIN:
            left_out[f"class with fewer than {MIN_TRAIN} pictures in train/"].append(label)
        else:
            classes.append(label)
    return classes


def _report(
    pictures: Sequence[_Picture],
    kept: Sequence[_Picture],
    labels: Sequence[str],
    parts: Sequence[str],
    left_out: Mapping[str, Sequence[str]],
) -> str:
    """How many pictures were read and are used, by class and part, and what was left out."""
    read, used = (Counter((picture.label, picture.part) for picture in some) for some in (pictures, kept))
    columns = [f"{part} {what}".strip() for part in parts for what in ("read", "used")]
    rows = [(label, *(counts[label, part] for part in parts for counts in (read, used))) for label in labels]
    lines = [f"own pictures: {len(pictures)} read, {len(kept)} used"]
    lines += [tabulate(rows, headers=("class", *columns), disable_numparse=[0])]
    lines += ["left out:"] if any(left_out.values()) else []
    for reason, names in left_out.items():
        if names:
            more = f" and {len(names) - N_EXAMPLES} more" if len(names) > N_EXAMPLES else ""
            lines.append(f"  {reason} ({len(names)}): {', '.join(names[:N_EXAMPLES])}{more}")
    return "\n".join(lines)


def _as_images(pictures: Sequence[_Picture], classes: Sequence[str], report: str) -> Images:
    pixels = np.stack([picture.pixels for picture in pictures])  # (n, side, side) or (n, side, side, 3)
    pixels = pixels[:, np.newaxis] if pixels.ndim == 3 else np.moveaxis(pixels, 3, 1)
    labels = np.array([classes.index(picture.label) for picture in pictures], np.int64)
    is_test = np.array([picture.part == "test" for picture in pictures])
    digest = hashlib.sha256("\n".join((*classes, str(pixels.shape))).encode())
    for array in (pixels, labels.astype("<i8"), is_test):
        digest.update(np.ascontiguousarray(array).tobytes())
    source = Source(
        "own_pictures", "Your own pictures", "known to you", "a folder of yours", digest.hexdigest()
    )
    scaled = pixels.astype(np.float32) / 255
    parted = bool(pictures[0].part)
    return Images(scaled, labels, tuple(classes), source, is_test if parted else None, report)
