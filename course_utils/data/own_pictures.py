"""The reader's own pictures, from folders with one folder a class.

`picture_folder` finds them, `picture_file` says what is done to each. All are grey when every one that is
used is grey, else all are RGB. From a large folder some are drawn by their names; the rest is not opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

from course_utils import CourseError
from course_utils.data import picture_file, picture_folder
from course_utils.data.picture_folder import Group
from course_utils.data.pictures import Images
from course_utils.data.registry import Source
from course_utils.files import shown

LEAST = {"": 20, "train": 16, "test": 5}
"""Fewest pictures of a class, without parts and in each part: enough for the five folds of lesson 2, with a
fifth of the others for validation, and for the three parts of lesson 4."""
AT_MOST = 1_000
MAX_RATIO = 10
"""Of a part, no class gets more than so many times the pictures of the smallest: a lesson would measure
little but the largest class."""
SPARE = 200
"""Where some of a class are drawn, so many files are opened at most, or twice as many as are wanted: others
take the place of those that cannot be used."""
N_EXAMPLES, MAX_ROWS = 3, 20
"""Names that the report gives for each reason, and rows of its table."""


def read(folder: Path, side: int = 32, at_most: int = AT_MOST, seed: int = 0) -> Images:
    """Pictures from ``train/<class>/`` and ``test/<class>/``, or from ``<class>/`` without parts.

    Hidden files are ignored. What is left out, and why, stands in the report: files that cannot be read or
    have more than 50 million pixels; a picture of ``train/`` that is in ``test/`` too (it would be a leak),
    or without parts one that was there before; a class with too few pictures (`LEAST`), or beyond as many
    classes as `at_most` pictures are enough for.

    Parameters
    ----------
    folder : Path
        Its own name and place go into neither the data nor the report.
    side : int
        Height and width of the result, in pixels.
    at_most : int
        Pictures to draw when there are more: from each class its share, but never fewer than `LEAST`. Some
        more can come of it where classes are small.
    seed : int
        Of the draw. It is made among the sorted names, so that it is the same on every machine.

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
    found, left_out = picture_folder.find(folder)
    counts = {group: len(names) for group, names in found.items()}
    rng = np.random.default_rng(seed)
    enough = _large_enough(counts, left_out)
    classes = _few_enough(enough, counts, at_most, rng, left_out)
    wanted: dict[Group, int] = {}
    taken: dict[Group, list[np.ndarray]] = {}
    if len(classes) > 1:
        wanted = _shares({group: n for group, n in counts.items() if group[1] in classes}, at_most)
        drawn = {group: _draw(found[group], n, rng) for group, n in sorted(wanted.items())}
        taken = _read_groups(folder.resolve(), drawn, wanted, side, left_out)
        partly = [group for group in drawn if len(drawn[group]) < counts[group]]
        classes = _large_enough({group: len(each) for group, each in taken.items()}, left_out, partly)
    used = {group: pictures for group, pictures in taken.items() if group[1] in classes}
    fewer = any(wanted.get(group, 0) < n for group, n in counts.items() if group[1] in enough)
    report = _report(counts, used, left_out, drawn=bool(wanted) and fewer)
    if len(classes) < 2:
        parts = [part for part in LEAST if any(part == other for other, _ in counts)]
        needed = " and ".join(f"{LEAST[part]} pictures{f' in {part}/' if part else ''}" for part in parts)
        raise CourseError(
            f"fewer than two classes remain, but a lesson needs two or more, each with at least {needed}: "
            f"add pictures or put right what was left out, then run again\n{report}"
        )
    return _as_images(used, classes, report)


def _large_enough(
    counts: Mapping[Group, int], left_out: dict[str, list[str]], partly: Collection[Group] = ()
) -> list[str]:
    """The classes that have enough pictures, sorted; of the groups `partly`, not every file was opened."""
    parts = {part for part, _ in counts}
    classes = []
    for label in sorted({label for _, label in counts}):
        few = [part for part in LEAST if part in parts and counts.get((part, label), 0) < LEAST[part]]
        if few:
            where = f" in {few[0]}/" if few[0] else ""
            where += " among the files drawn" if (few[0], label) in partly else ""
            left_out[f"class with fewer than {LEAST[few[0]]} pictures{where}"].append(label)
        else:
            classes.append(label)
    return classes


def _few_enough(
    classes: list[str],
    counts: Mapping[Group, int],
    at_most: int,
    rng: np.random.Generator,
    left_out: dict[str, list[str]],
) -> list[str]:
    """As many of the classes, drawn and sorted, as can have their `LEAST` among the pictures drawn."""
    most = max(2, at_most // sum(LEAST[part] for part in {part for part, _ in counts}))
    if len(classes) <= most:
        return classes
    kept = sorted(classes[i] for i in rng.permutation(len(classes))[:most])
    beyond = f"class beyond the {most} that {at_most:,} pictures are enough for"
    left_out[beyond] += sorted({*classes} - {*kept})
    return kept


def _shares(counts: Mapping[Group, int], at_most: int) -> dict[Group, int]:
    """How many pictures to draw from each part and class."""
    smallest = {part: min(n for (other, _), n in counts.items() if other == part) for part, _ in counts}
    evened = {group: min(n, MAX_RATIO * smallest[group[0]]) for group, n in counts.items()}
    total = max(sum(evened.values()), at_most)
    return {group: max(LEAST[group[0]], n * at_most // total) for group, n in evened.items()}


def _draw(names: Sequence[str], n: int, rng: np.random.Generator) -> Sequence[str]:
    """Files to open in this order until `n` pictures are found: all in their own order, or drawn ones."""
    if n >= len(names):
        return names
    return [names[i] for i in rng.permutation(len(names))[: max(2 * n, SPARE)]]


def _read_groups(
    folder: Path,
    drawn: Mapping[Group, Sequence[str]],
    wanted: Mapping[Group, int],
    side: int,
    left_out: dict[str, list[str]],
) -> dict[Group, list[np.ndarray]]:
    """So many pictures of each part and class; of the files, as many as that takes are opened."""
    taken: dict[Group, list[np.ndarray]] = {}
    seen: dict[bytes, str] = {}
    bar = tqdm(total=sum(wanted.values()), desc="reading pictures", unit="picture", delay=2, leave=False)
    for group in sorted(wanted):  # 'test' comes before 'train', so that train has none of its pictures
        pictures = taken[group] = []
        for name in drawn[group]:
            if len(pictures) == wanted[group]:
                break
            try:
                pictures.append(_new_picture(folder / name, side, group[0], seen))
            except picture_file.Refused as refused:
                left_out[str(refused)].append(shown(name))
            else:
                bar.update()
    bar.close()
    return taken


def _new_picture(path: Path, side: int, part: str, seen: dict[bytes, str]) -> np.ndarray:
    """A picture that may be used beside those before it: `seen` has the parts of what they look like."""
    pixels = picture_file.read(path, side)
    content = hashlib.sha256(picture_file.in_colour(pixels).tobytes()).digest()
    if part == "train" and seen.get(content) == "test":
        raise picture_file.Refused("in train/, but the same picture is in test/")
    if not part and content in seen:
        raise picture_file.Refused("the same picture as one before")
    seen[content] = part
    return pixels


def _report(
    counts: Mapping[Group, int],
    used: Mapping[Group, Sequence[np.ndarray]],
    left_out: Mapping[str, Sequence[str]],
    drawn: bool,
) -> str:
    """Files and pictures used, by class and part; whether some were drawn; what was left out."""
    parts = list(dict.fromkeys(part for part, _ in counts))
    labels = sorted({label for _, label in counts})
    rows = [
        (label, *(n for p in parts for n in (counts.get((p, label), 0), len(used.get((p, label), ())))))
        for label in labels[:MAX_ROWS]
    ]
    columns = [f"{part} {what}".strip() for part in parts for what in ("files", "used")]
    n_files, n_used = sum(counts.values()), sum(map(len, used.values()))
    lines = [f"own pictures: {n_files:,} files, {n_used:,} used"]
    lines += [tabulate(rows, headers=("class", *columns), disable_numparse=[0])]
    if len(labels) > MAX_ROWS:
        lines.append(f"and {len(labels) - MAX_ROWS} more classes")
    if drawn:
        lines.append(
            f"drew {n_used:,} of {n_files:,} pictures: of each class its share, but at least the fewest that "
            f"a lesson needs, and at most {MAX_RATIO} times as many as of the smallest class"
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
