"""The reader's own pictures, from folders with one folder a class.

`picture_file` says what is done to each picture. All are grey when every one that is used is grey, else all
are RGB. From a large folder some are drawn; the rest is not opened.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

from course_utils import CourseError
from course_utils.data import picture_file
from course_utils.data.pictures import Images
from course_utils.data.registry import Source
from course_utils.files import shown

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
LEAST = {"": 20, "train": 16, "test": 5}
"""Fewest pictures of a class, without parts and in each part: enough for the five folds of lesson 2, with a
fifth of the others for validation, and for the three parts of lesson 4."""
AT_MOST = 6_000
MAX_RATIO = 10
"""Of a part, no class gets more than so many times the pictures of the smallest: a lesson would measure
little but the largest class."""
N_EXAMPLES, MAX_ROWS = 3, 20
"""Names that the report gives for each reason, and rows of its table."""

Group = tuple[str, str]
"""Part ('train', 'test', or '' without parts) and class."""


def read(folder: Path, side: int = 32, at_most: int = AT_MOST, seed: int = 0) -> Images:
    """Pictures from ``train/<class>/`` and ``test/<class>/``, or from ``<class>/`` without parts.

    Hidden files are ignored. What is left out, and why, stands in the report: files that cannot be read or
    have more than 50 million pixels; a picture of ``train/`` that is in ``test/`` too (it would be a leak),
    or without parts one that was there before; a class with too few pictures (`LEAST`).

    Parameters
    ----------
    folder : Path
        Its own name and place go into neither the data nor the report.
    side : int
        Height and width of the result, in pixels.
    at_most : int
        Pictures to draw when there are more: from each class its share, but never fewer than `LEAST`.
    seed : int
        Of the draw.

    Returns
    -------
    Images
        `is_test` is None without parts.

    Raises
    ------
    CourseError
        The folder has another layout or cannot be read, or fewer than two classes have enough pictures; the
        message then has the report.
    """
    found, left_out = find(folder)
    counts = {group: len(files) for group, files in found.items()}
    wanted: dict[Group, int] = {}
    taken: dict[Group, list[np.ndarray]] = {}
    classes = _large_enough(counts, left_out)
    if len(classes) > 1:
        wanted = _shares({group: n for group, n in counts.items() if group[1] in classes}, at_most)
        taken = _read_groups(folder.resolve(), found, wanted, side, np.random.default_rng(seed), left_out)
        classes = _large_enough({group: len(pictures) for group, pictures in taken.items()}, left_out)
    used = {group: pictures for group, pictures in taken.items() if group[1] in classes}
    drawn = any(wanted[group] < counts[group] for group in wanted)
    report = _report(counts, used, left_out, at_most if drawn else None)
    if len(classes) < 2:
        parts = [part for part in LEAST if any(part == other for other, _ in counts)]
        needed = " and ".join(f"{LEAST[part]} pictures{f' in {part}/' if part else ''}" for part in parts)
        raise CourseError(
            f"fewer than two classes remain, but a lesson needs two or more, each with at least {needed}: "
            f"add pictures or put right what was left out, then run again\n{report}"
        )
    return _as_images(used, classes, report)


def find(folder: Path) -> tuple[dict[Group, list[Path]], dict[str, list[str]]]:
    """The picture files of each part and class, by name; and other things, by the reason to leave them out.

    Raises
    ------
    CourseError
        There is no such folder, it cannot be read, has no class folders, or only one of the two parts.
    """
    folder = folder.resolve()
    places = _class_folders(folder)
    used = {folder, *(path for _, path in places), *(path.parent for _, path in places)}
    left_out: dict[str, list[str]] = defaultdict(list)
    for parent in sorted({path.parent for _, path in places} | {folder}):
        strays = [path for path in _children(parent) if path not in used]
        left_out["outside the class folders"] += [_relative(path, folder) for path in strays]
    found: dict[Group, list[Path]] = defaultdict(list)
    for part, place in places:
        files = found[part, shown(place.name)]  # an empty class is one, too
        for path in _children(place):
            if path.suffix.lower() in ENDINGS and os.path.isfile(path):
                files.append(path)
            else:
                what = "folder inside a class folder" if os.path.isdir(path) else "no picture file"
                left_out[what].append(_relative(path, folder))
    return dict(found), left_out


def _class_folders(folder: Path) -> list[tuple[str, Path]]:
    """Each class folder with its part: 'train' or 'test', or '' when there are no parts."""
    if not os.path.isdir(folder):
        raise CourseError(f"'{folder.name}' is not a folder: give a folder with one folder a class in it")
    folders = _folders_in(folder)
    parts = {path.name.lower(): path for path in folders if path.name.lower() in ("train", "test")}
    if len(parts) == 1:
        raise CourseError(
            f"'{folder.name}' has a folder '{next(iter(parts))}' only: make both 'train' and 'test', or "
            "neither; if it is the name of a class, give it another one"
        )
    if not parts:
        return [("", path) for path in folders]
    return [(part, path) for part in ("train", "test") for path in _folders_in(parts[part])]


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


def _relative(path: Path, folder: Path) -> str:
    return shown(path.relative_to(folder).as_posix())


def _large_enough(counts: Mapping[Group, int], left_out: dict[str, list[str]]) -> list[str]:
    """The classes that have enough pictures, sorted."""
    parts = {part for part, _ in counts}
    classes = []
    for label in sorted({label for _, label in counts}):
        few = [part for part in LEAST if part in parts and counts.get((part, label), 0) < LEAST[part]]
        if few:
            where = f" in {few[0]}/" if few[0] else ""
            left_out[f"class with fewer than {LEAST[few[0]]} pictures{where}"].append(label)
        else:
            classes.append(label)
    return classes


def _shares(counts: Mapping[Group, int], at_most: int) -> dict[Group, int]:
    """How many pictures to draw from each part and class."""
    smallest = {part: min(n for (other, _), n in counts.items() if other == part) for part, _ in counts}
    evened = {group: min(n, MAX_RATIO * smallest[group[0]]) for group, n in counts.items()}
    total = max(sum(evened.values()), at_most)
    return {group: max(LEAST[group[0]], n * at_most // total) for group, n in evened.items()}


def _read_groups(
    folder: Path,
    found: Mapping[Group, Sequence[Path]],
    wanted: Mapping[Group, int],
    side: int,
    rng: np.random.Generator,
    left_out: dict[str, list[str]],
) -> dict[Group, list[np.ndarray]]:
    """So many pictures of each part and class; of the files, as many as that takes are opened."""
    taken: dict[Group, list[np.ndarray]] = {}
    seen: dict[bytes, str] = {}  # content -> part; test comes first, so that train has none of its pictures
    bar = tqdm(total=sum(wanted.values()), desc="reading pictures", unit="picture", delay=2, leave=False)
    for part, label in sorted(wanted):  # 'test' comes before 'train'
        files, n, pictures = found[part, label], wanted[part, label], []
        for path in [files[i] for i in rng.permutation(len(files))[: 2 * n]] if n < len(files) else files:
            if len(pictures) == n:
                break
            try:
                pixels = picture_file.read(path, side)
                content = picture_file.in_colour(pixels).tobytes()
                if part == "train" and seen.get(content) == "test":
                    raise picture_file.Refused("in train/, but the same picture is in test/")
                if not part and content in seen:
                    raise picture_file.Refused("the same picture as one before")
            except picture_file.Refused as refused:
                left_out[str(refused)].append(_relative(path, folder))
                continue
            seen[content] = part
            pictures.append(pixels)
            bar.update()
        taken[part, label] = pictures
    bar.close()
    return taken


def _report(
    counts: Mapping[Group, int],
    used: Mapping[Group, Sequence[np.ndarray]],
    left_out: Mapping[str, Sequence[str]],
    at_most: int | None,
) -> str:
    """Files and pictures used, by class and part; whether some were drawn; what was left out."""
    parts = list(dict.fromkeys(part for part, _ in counts))
    labels = sorted({label for _, label in counts})
    rows = [
        (label, *(n for p in parts for n in (counts.get((p, label), 0), len(used.get((p, label), ())))))
        for label in labels[:MAX_ROWS]
    ]
    columns = [f"{part} {what}".strip() for part in parts for what in ("files", "used")]
    lines = [f"own pictures: {sum(counts.values()):,} files, {sum(map(len, used.values())):,} used"]
    lines += [tabulate(rows, headers=("class", *columns), disable_numparse=[0])]
    if len(labels) > MAX_ROWS:
        lines.append(f"and {len(labels) - MAX_ROWS} more classes")
    if at_most is not None:
        lines.append(
            f"drawn: of more than {at_most:,} pictures so many, from each class its share, but at least the "
            f"fewest that a lesson needs, and at most {MAX_RATIO} times as many as from the smallest class"
        )
    lines += ["left out:"] if any(left_out.values()) else []
    for reason, names in left_out.items():
        if names:
            more = f" and {len(names) - N_EXAMPLES:,} more" if len(names) > N_EXAMPLES else ""
            lines.append(f"  {reason} ({len(names):,}): {', '.join(names[:N_EXAMPLES])}{more}")
    return "\n".join(lines)


def _as_images(used: Mapping[Group, list[np.ndarray]], classes: Sequence[str], report: str) -> Images:
    """The pictures in the order of parts, train before test, and classes."""
    groups = sorted(used, key=lambda group: (group[0] == "test", group[1]))
    sizes = [len(used[group]) for group in groups]
    pictures = [picture for group in groups for picture in used[group]]
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [picture_file.in_colour(picture) for picture in pictures]
    pixels = np.stack(pictures)  # (n, side, side) or (n, side, side, 3)
    pixels = pixels[:, np.newaxis] if pixels.ndim == 3 else np.moveaxis(pixels, 3, 1)
    labels = np.repeat([classes.index(label) for _, label in groups], sizes)
    is_test = np.repeat([part == "test" for part, _ in groups], sizes)
    digest = hashlib.sha256("\n".join((*classes, str(pixels.shape))).encode())
    for array in (pixels, labels.astype("<i8"), is_test):
        digest.update(np.ascontiguousarray(array).tobytes())
    source = Source(
        "own_pictures", "Your own pictures", "known to you", "a folder of yours", digest.hexdigest()
    )
    scaled = pixels.astype(np.float32) / 255
    parted = groups[0][0] != ""
    return Images(scaled, labels, tuple(classes), source, is_test if parted else None, report)
