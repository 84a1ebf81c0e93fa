"""The picture files of a folder with one folder a class, by their names: none is opened here."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from tqdm import tqdm

from course_utils import CourseError
from course_utils.files import shown

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
PARTS = ("train", "test")

Group = tuple[str, str]
"""Part ('train', 'test', or '' without parts) and class."""


def find(folder: Path) -> tuple[dict[Group, list[str]], dict[str, list[str]]]:
    """The picture files of each part and class, sorted; and other things, by the reason to leave them out.

    Files are named from the folder on: ``train/cats/1.png``. Hidden ones are ignored. A listing tells files
    from folders by itself, so that 70,000 of them take a fraction of a second.

    Raises
    ------
    CourseError
        There is no such folder, it cannot be read, has no class folders, or only one of the two parts.
    """
    folder = folder.resolve()
    places, strays = _layout(folder)
    left_out: dict[str, list[str]] = defaultdict(list)
    left_out["outside the class folders"] += map(shown, strays)
    found: dict[Group, list[str]] = defaultdict(list)
    bar = tqdm(desc="finding pictures", unit="file", delay=2, leave=False)
    for part, place in places:
        files = found[part, shown(place.rpartition("/")[2])]  # an empty class is one, too
        for name, kind in _children(folder, place):
            if kind == "file" and os.path.splitext(name)[1].lower() in ENDINGS:
                files.append(name)
            else:
                what = "folder inside a class folder" if kind == "folder" else "no picture file"
                left_out[what].append(shown(name))
            bar.update()
    bar.close()
    return dict(found), left_out


def _layout(folder: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Each class folder after its part, train before test; and what lies beside the class folders."""
    if not os.path.isdir(folder):
        raise CourseError(f"'{folder.name}' is not a folder: give a folder with one folder a class in it")
    folders, strays = _folders_in(folder, "")
    parts = {name.lower(): name for name in folders if name.lower() in PARTS}
    if len(parts) == 1:
        raise CourseError(
            f"'{folder.name}' has a folder '{next(iter(parts))}' only: make both 'train' and 'test', or "
            "neither; if it is the name of a class, give it another one"
        )
    if not parts:
        return [("", name) for name in folders], strays
    strays = sorted([*strays, *(name for name in folders if name not in parts.values())])
    places = []
    for part in PARTS:
        classes, others = _folders_in(folder, parts[part])
        places += [(part, name) for name in classes]
        strays += others
    return places, strays


def _folders_in(folder: Path, place: str) -> tuple[list[str], list[str]]:
    """The folders in a folder, of which there must be one at least; and what else there is."""
    children = _children(folder, place)
    name = (folder / place).name
    folders = [each for each, kind in children if kind == "folder"]
    if not children:
        raise CourseError(f"the folder '{name}' is empty: put one folder for each class into it")
    if not folders:
        raise CourseError(
            f"'{name}' has files but no class folders: put the pictures of each class into a folder that has "
            "the name of the class"
        )
    return folders, [each for each, kind in children if kind != "folder"]


def _children(folder: Path, place: str) -> list[tuple[str, str]]:
    """What is in a place below the folder and not hidden: its name from there on, and what it is; sorted."""
    before = f"{place}/" if place else ""
    try:
        with os.scandir(folder / place) as entries:
            return sorted((before + each.name, _kind(each)) for each in entries if each.name[0] != ".")
    except OSError as error:
        name = (folder / place).name
        raise CourseError(
            f"cannot read the folder '{name}' ({error.strerror}): see to it that you may open it"
        ) from error


def _kind(entry: os.DirEntry[str]) -> str:
    """'file' or 'folder', also behind a link; '' is neither, such as a pipe or a link in a circle."""
    try:
        return "file" if entry.is_file() else "folder" if entry.is_dir() else ""
    except OSError:
        return ""
