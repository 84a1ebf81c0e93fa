"""One picture file as a small square of pixels, or as a small picture of its own shape.

What is done to a picture, in this order: it is turned as its EXIF orientation says; 16-bit grey
becomes 8-bit; what is transparent is laid on white; the picture is scaled, with its proportions kept,
until its longer side has the length asked for (Lanczos filter); `read` centres it on a black square.

Pictures of mode 1, L, LA or 16-bit grey stay grey, all others become RGB; a palette counts as colour.
Of an animation the first frame is taken. A large JPEG is decoded at an eighth, quarter or half of its size
where that is still four times what is asked for. Files come from anywhere, so that no other decoders than
those of `FORMATS` are let near them, and none before the size that the file states was looked at.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
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
        The file has none of the formats, is damaged or cut short, or has more than 50 million pixels.
    """
    return _guarded(path, lambda: _square(_decoded(path, side), side))


def read_whole(path: Path, side: int) -> np.ndarray:
    """Pixels of one picture in colour, in its own shape.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8
        The longer of height and width is `side`.

    Raises
    ------
    Refused
        As `read`.
    """
    return in_colour(_guarded(path, lambda: _small(_decoded(path, side), side)))


def _guarded(path: Path, decode: Callable[[], Image.Image]) -> np.ndarray:
    """What `decode` gives, as an array; whatever goes wrong is a reason to refuse the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on odd but readable files, and on sizes, which we look at
            return np.asarray(decode())
    except Refused:
        raise
    except Image.DecompressionBombError as error:
        raise Refused(f"more than {MAX_PIXELS // 10**6} million pixels") from error
    except UnidentifiedImageError as error:
        raise Refused(
            f"no {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, or damaged at its beginning"
        ) from error
    except Exception as error:  # decoders have no error in common: OSError, SyntaxError, struct.error …
        raise Refused("unreadable, damaged or cut short") from error


def in_colour(pixels: np.ndarray) -> np.ndarray:
    """The pixels with three channels, shape (side, side, 3)."""
    return pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)


def _decoded(path: Path, side: int) -> Image.Image:
    """The picture, upright and in mode L or RGB."""
    with Image.open(path, formats=FORMATS) as image:  # reads the head of the file only
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        image.draft(None, (4 * side, 4 * side))  # only JPEG can
        image.load()
        with contextlib.suppress(Exception):  # without usable EXIF data it stays as it lies
            ImageOps.exif_transpose(image, in_place=True)  # without a second copy of a large picture
        return _flat(image)


def _flat(image: Image.Image) -> Image.Image:
    """The picture in mode L or RGB, 8 bits a channel, what is transparent laid on white."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        levels = np.asarray(image).astype(np.uint32)  # Pillow itself would cut them off at 255
        if "transparency" in image.info:
            levels[levels == image.info["transparency"]] = 65535
        return Image.fromarray(((levels + 128) // 257).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise Refused("numbers of 32 bits, of which nobody knows what is white")
    grey = image.mode in ("1", "L", "LA")
    mode = "L" if grey else "RGB"
    if not image.has_transparency_data:
        return image.convert(mode)
    image = image.convert("LA" if grey else "RGBA")
    white = Image.new(mode, image.size, "white")
    white.paste(image.convert(mode), mask=image.getchannel("A"))
    return white


def _small(image: Image.Image, side: int) -> Image.Image:
    """The picture with its longer side as long as asked for."""
    scale = side / max(image.size)
    size = [max(1, round(length * scale)) for length in image.size]
    return image.resize(size, Image.Resampling.LANCZOS)


def _square(image: Image.Image, side: int) -> Image.Image:
    """The picture in the middle of a black square.

    `ImageOps.pad` does the same, but leaves nothing of a picture that is 2 · side times as long as high.
    """
    small = _small(image, side)
    square = Image.new(small.mode, (side, side))
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square
