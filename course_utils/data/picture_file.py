"""One picture file as a small square of pixels.

What is done to a picture, in this order: it is turned as its EXIF orientation says; 16-bit grey
becomes 8-bit; what is transparent is laid on white; the picture is scaled, with its proportions kept,
until its longer side has the length asked for (Lanczos filter); it is centred on a black square.

Pictures of mode 1, L, LA or 16-bit grey stay grey, all others become RGB; a palette counts as colour.
Of an animation the first frame is taken. Files come from anywhere, so that only the decoders for PNG
and JPEG are let near them, and none before the size that the file states was looked at.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

MAX_PIXELS = 50_000_000
"""A file that says it has more is not decoded: it may be small and yet fill the memory."""


class Refused(Exception):
    """A file that is not taken as a picture; the message is the reason in a few words."""


def read(path: Path, side: int) -> np.ndarray:
    """Pixels of one picture.

    Returns
    -------
    ndarray, shape (side, side) when grey or (side, side, 3) when RGB, uint8
        0 is black.

    Raises
    ------
    Refused
        The file is no PNG or JPEG, is damaged or cut short, or has more than 50 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on odd but readable files, and on sizes, which we look at
            return np.asarray(_square(_decoded(path), side))
    except Image.DecompressionBombError as error:
        raise Refused(f"more than {MAX_PIXELS // 10**6} million pixels") from error
    except Exception as error:  # decoders have no error in common: OSError, SyntaxError, struct.error …
        raise Refused("unreadable, damaged or cut short") from error


def _decoded(path: Path) -> Image.Image:
    """The picture, upright and in mode L or RGB."""
    with Image.open(path, formats=("PNG", "JPEG")) as image:  # reads the head of the file only
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        ImageOps.exif_transpose(image, in_place=True)  # without a second copy of a large picture
        return _flat(image)


def _flat(image: Image.Image) -> Image.Image:
    """The picture in mode L or RGB, 8 bits a channel, what is transparent laid on white."""
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow itself would cut off at 255
        levels = np.asarray(image).astype(np.uint32)
        if "transparency" in image.info:
            levels[levels == image.info["transparency"]] = 65535
        return Image.fromarray(((levels + 128) // 257).astype(np.uint8))
    grey = image.mode in ("1", "L", "LA")
    mode = "L" if grey else "RGB"
    if not image.has_transparency_data:
        return image.convert(mode)
    image = image.convert("LA" if grey else "RGBA")
    white = Image.new(mode, image.size, "white")
    white.paste(image.convert(mode), mask=image.getchannel("A"))
    return white


def _square(image: Image.Image, side: int) -> Image.Image:
    """The picture in the middle of a black square."""
    scale = side / max(image.size)
    size = [max(1, round(length * scale)) for length in image.size]
    small = image.resize(size, Image.Resampling.LANCZOS)
    square = Image.new(small.mode, (side, side))
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square
