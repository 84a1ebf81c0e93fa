"""Colour photographs that come with installed packages, and one of the reader's own.

They are no data set for classification: each stands for itself, in its own shape.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from course_utils import CourseError
from course_utils.data import picture_file
from course_utils.data.registry import Source, packaged_files, registry
from course_utils.files import shown

SIDE = 192
"""Pixels of the longer side."""
MULTIPLE = 4
"""Height and width are cut to a multiple of it, so that a network can halve them twice and back."""
FOR_PILOTS = ("hubble_deep_field", "motorcycle_left", "retina", "ihc")
CALLED = {"china": "palace", "chelsea": "cat", "grace_hopper": "admiral", "motorcycle_left": "motorcycle"}
"""Names of files that do not say what is to be seen, and what says it."""


@dataclass(frozen=True)
class Photos:
    """Photographs by name.

    Attributes
    ----------
    pixels : dict of str to ndarray, each (height, width, 3), uint8
        Red, green and blue, 0 to 255; the longer side has the length asked for, and both are multiples of 4.
    source : Source
        Where they come from.
    """

    pixels: dict[str, np.ndarray]
    source: Source


def load(side: int = SIDE, pilot: bool = False) -> Photos:
    """Seven photographs: a palace, a flower, an astronaut, a cat, a cup of coffee, a rocket, an admiral.

    Parameters
    ----------
    side : int
        Length of the longer side, in pixels.
    pilot : bool
        Give the other four instead (distant stars, a motorcycle, the back of an eye, stained tissue):
        settings were chosen on them, so no experiment uses them.

    Raises
    ------
    CourseError
        An installed copy is missing, or not the one this course was written for.
    """
    paths = [path for path in packaged_files("photos") if (path.stem in FOR_PILOTS) == pilot]
    pixels = {CALLED.get(path.stem, path.stem): _read(path, side) for path in paths}
    return Photos(pixels, registry()["photos"])


def own(path: str | Path, side: int = SIDE) -> np.ndarray:
    """A photograph of the reader's, upright as its EXIF data say; a grey one has three equal channels.

    Parameters
    ----------
    path : str or Path
        A PNG, JPEG, WEBP, GIF, BMP or TIFF file. The name is not kept.
    side : int
        Length of the longer side, in pixels.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8

    Raises
    ------
    CourseError
        There is no such file, or it is no picture.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise CourseError(
            f"there is no file '{shown(str(path))}': give the path of a picture, such as a JPEG"
        )
    try:
        return _read(path, side)
    except picture_file.Refused as refused:
        raise CourseError(f"'{shown(path.name)}' cannot be used: {refused}") from refused


def in_colour(lightness: np.ndarray, ab: ArrayLike) -> np.ndarray:
    """A lightness and colours, in CIELAB, as red, green and blue from 0 to 1.

    Parameters
    ----------
    lightness : ndarray, shape (height, width)
        From 0 (black) to 100 (white).
    ab : array_like, shape (height, width, 2) or (2,)
        Green to red and blue to yellow. What no screen can show is brought to the nearest that it can.

    Returns
    -------
    ndarray, shape (3, height, width)
    """
    from skimage import color

    lightness = np.asarray(lightness, float)
    lab = np.dstack([lightness, np.broadcast_to(ab, (*lightness.shape, 2))])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Conversion from CIE-LAB", UserWarning)
        return color.lab2rgb(lab).transpose(2, 0, 1)


def _read(path: Path, side: int) -> np.ndarray:
    pixels = picture_file.read_whole(path, side)
    height, width = (max(length - length % MULTIPLE, 1) for length in pixels.shape[:2])
    return pixels[:height, :width]
