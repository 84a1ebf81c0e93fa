import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from course_utils.data import picture_file

RED, BLUE = (254, 0, 0), (0, 0, 254)  # what JPEG makes of pure red and blue


def png_head(width, height):
    """A PNG that says how large it is and then has nothing to decode."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    end = b"IDAT"
    content += struct.pack(">I", 0) + end + struct.pack(">I", zlib.crc32(end))
    return b"\x89PNG\r\n\x1a\n" + content


@pytest.fixture
def save(tmp_path):
    """Saves a picture, made from an array unless it is one, and gives its path."""

    def put(picture, name="picture.png", **options):
        picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        picture.save(tmp_path / name, **options)
        return tmp_path / name

    return put


def levels(*rows):
    return np.array(rows, np.uint8)


def test_a_grey_picture_of_the_right_size_is_taken_as_it_is(save):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    read = picture_file.read(save(pixels), 8)
    assert read.dtype == np.uint8 and np.array_equal(read, pixels)


def test_a_colour_picture_keeps_its_channels(save):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert np.array_equal(picture_file.read(save(pixels), 8), pixels)


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        ((20, 40), (2, 6), (0, 8)),  # wide: bars above and below
        ((40, 10), (0, 8), (3, 5)),
        ((2, 4), (2, 6), (0, 8)),  # small pictures are scaled up
        ((1, 900), (3, 4), (0, 8)),  # at least one row is left
        ((500, 500), (0, 8), (0, 8)),
    ],
)
def test_proportions_are_kept_on_a_black_square(save, shape, rows, columns):
    expected = np.zeros((8, 8), np.uint8)
    expected[slice(*rows), slice(*columns)] = 200
    assert np.array_equal(picture_file.read(save(np.full(shape, 200, np.uint8)), 8), expected)


def test_scaling_down_is_pillows_lanczos(save):
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(pixels).resize((8, 8), Image.Resampling.LANCZOS))
    assert np.array_equal(picture_file.read(save(pixels), 8), expected)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_which_modes_stay_grey(save, mode):
    path = save(Image.new("L", (8, 8), 255).convert(mode if mode != "I;16" else "I;16"))
    assert picture_file.read(path, 8).ndim == (3 if mode in ("P", "RGB", "RGBA") else 2)


def test_black_and_white_is_0_and_255(save):
    path = save(Image.fromarray(levels([0, 255], [255, 0])).convert("1"))
    assert picture_file.read(path, 2).tolist() == [[0, 255], [255, 0]]


def test_16_bits_are_scaled_and_not_cut_off(save):
    values = np.array([[0, 257, 65535, 128], [32896, 129, 256 * 255, 65406]], np.uint16)
    read = picture_file.read(save(np.repeat(values, 2, axis=0)), 4)
    assert read[0].tolist() == [0, 1, 255, 0]
    assert read[2].tolist() == [128, 1, 254, 254]


@pytest.mark.parametrize("bits", [8, 16])
def test_a_grey_level_that_stands_for_transparent_is_white(save, bits):
    kind, factor = (np.uint8, 1) if bits == 8 else (np.uint16, 257)
    path = save((np.array([[10, 20], [30, 10]]) * factor).astype(kind), transparency=10 * factor)
    assert picture_file.read(path, 2).tolist() == [[255, 20], [30, 255]]


def test_transparency_is_laid_on_white(save):
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = (100, 50, 0, 255)
    pixels[0, 1] = (100, 50, 0, 0)  # its colour must not come through
    pixels[1, 0] = (0, 0, 0, 51)  # a fifth of black
    read = picture_file.read(save(pixels), 2)
    assert read.tolist() == [[[100, 50, 0], [255] * 3], [[204] * 3, [255] * 3]]


def test_transparent_grey_is_laid_on_white(save):
    pixels = Image.merge("LA", [Image.fromarray(levels([100, 100])), Image.fromarray(levels([255, 0]))])
    assert picture_file.read(save(pixels), 2)[0].tolist() == [100, 255]


@pytest.mark.parametrize("transparency", [None, 1, b"\xff\x00"])
def test_a_palette_gives_its_colours(save, transparency):
    indexed = Image.fromarray(levels([0, 1])).convert("P")
    indexed.putpalette([10, 20, 30, 40, 50, 60])
    options = {} if transparency is None else {"transparency": transparency}
    second = [40, 50, 60] if transparency is None else [255] * 3
    assert picture_file.read(save(indexed, **options), 2)[0].tolist() == [[10, 20, 30], second]


def test_a_jpeg_for_print_becomes_rgb(save):
    ink = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # magenta and yellow make red
    read = picture_file.read(save(ink, "picture.jpg", quality=95), 16)
    assert read.shape == (16, 16, 3)
    assert np.abs(read.astype(int) - (255, 0, 0)).max() <= 5


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [[1, 2], [3, 4]]),
        (2, [[2, 1], [4, 3]]),
        (3, [[4, 3], [2, 1]]),
        (4, [[3, 4], [1, 2]]),
        (5, [[1, 3], [2, 4]]),
        (6, [[3, 1], [4, 2]]),
        (7, [[4, 2], [3, 1]]),
        (8, [[2, 4], [1, 3]]),
        (9, [[1, 2], [3, 4]]),  # there is no such orientation
    ],
)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_pictures_are_turned_as_their_exif_says(save, orientation, expected, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = np.array([[1, 2], [3, 4]]) * (60 if kind is np.uint8 else 60 * 257)
    read = picture_file.read(save(pixels.astype(kind), exif=exif), 2)
    assert (read // 60).tolist() == expected


def test_a_phones_jpeg_lies_upright(save):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8] = RED
    pixels[:, 8:] = BLUE
    read = picture_file.read(save(pixels, "picture.jpg", exif=exif, subsampling=0, quality=100), 16)
    assert np.abs(read[2, 8].astype(int) - RED).max() <= 4  # the left half is now above
    assert np.abs(read[13, 8].astype(int) - BLUE).max() <= 4
    assert read[:, :4].max() == 0 and read[:, 12:].max() == 0


@pytest.mark.parametrize("name", ["picture.png", "picture.jpg"])
def test_of_several_frames_the_first_is_taken(save, name):
    """An animated PNG, and the two pictures in one file that some phones write."""
    frames = [Image.new("RGB", (8, 8), (level,) * 3) for level in (40, 200)]
    kind = "PNG" if name.endswith("png") else "MPO"
    path = save(frames[0], name, format=kind, save_all=True, append_images=frames[1:])
    with Image.open(path) as opened:
        assert opened.n_frames == 2
    assert np.abs(picture_file.read(path, 8).astype(int) - 40).max() <= 1


@pytest.mark.parametrize(
    "size",
    [
        (60_000, 60_000),  # Pillow refuses
        (10_000, 10_000),  # Pillow warns
        (8_000, 8_000),  # Pillow says nothing
        (50_000_001, 1),
    ],
)
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_head(*size))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("was decoded"))
    with (
        warnings.catch_warnings(record=True) as caught,
        pytest.raises(picture_file.Refused, match=r"^more than 50 million pixels$"),
    ):
        warnings.simplefilter("always")
        picture_file.read(path, 8)
    assert caught == []


def test_50_million_pixels_are_not_too_many(save):
    assert picture_file.read(save(Image.new("1", (10_000, 5_000), 1)), 8).max() == 255


def jpeg():
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no PNG"),
        (b"this is no picture", "no PNG"),
        (
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
            "no PNG",
        ),  # what phones write, under the name that was asked for
        (jpeg()[: len(jpeg()) // 2], "unreadable"),
        (jpeg()[:30], "unreadable"),
        (png_head(8, 8), "unreadable"),
        (png_head(0, 8), "no PNG"),
        (b"\x89PNG\r\n\x1a\n", "no PNG"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, content, reason):
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(picture_file.Refused) as caught:
        picture_file.read(path, 8)
    assert (
        str(caught.value)
        == {
            "no PNG": "no PNG, JPEG, WEBP, GIF, BMP or TIFF, or damaged at its beginning",
            "unreadable": "unreadable, damaged or cut short",
        }[reason]
    )


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("name", ["picture.png", "picture.jpg", "picture"])
def test_other_formats_are_read_whatever_the_name_says(save, kind, name):
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4] = (255, 255, 255)
    options = {"lossless": True} if kind == "WEBP" else {}
    read = picture_file.read(save(pixels, name, format=kind, **options), 8)
    assert np.array_equal(read if read.ndim == 3 else picture_file.in_colour(read), pixels)


def test_a_decoder_that_is_not_listed_is_not_let_near(save):
    path = save(np.zeros((8, 8), np.uint8), "picture.png", format="PCX")
    with pytest.raises(picture_file.Refused, match="no PNG, JPEG"):
        picture_file.read(path, 8)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_whose_white_nobody_knows_are_refused(save, mode):
    path = save(Image.new(mode, (8, 8), 1), "picture.tif")
    with pytest.raises(picture_file.Refused, match="numbers of 32 bits"):
        picture_file.read(path, 8)


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\0\x01\x01\x12"]
)
def test_a_bad_exif_chunk_does_not_cost_the_picture(tmp_path, save, content):
    plain = save(levels([10, 200], [60, 90])).read_bytes()
    chunk = b"eXIf" + content
    packed = struct.pack(">I", len(content)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "odd.png").write_bytes(plain[:33] + packed + plain[33:])  # behind the head
    assert picture_file.read(tmp_path / "odd.png", 2).tolist() == [[10, 200], [60, 90]]


def test_a_large_jpeg_is_decoded_small_and_looks_the_same(save):
    """At an eighth here: much quicker, and within a few levels of the whole picture scaled down."""
    soft = np.linspace(0, 255, 2_048)[:, None] * np.linspace(0.2, 1, 2_048)
    path = save(soft.astype(np.uint8), "picture.jpg", quality=95)
    read = picture_file.read(path, 16)
    with Image.open(path) as whole:
        expected = np.asarray(whole.resize((16, 16), Image.Resampling.LANCZOS))
    assert np.abs(read.astype(int) - expected).max() <= 2


def test_a_file_that_is_gone_is_refused(tmp_path):
    with pytest.raises(picture_file.Refused, match="unreadable"):
        picture_file.read(tmp_path / "gone.png", 8)


def test_pillows_remarks_do_not_reach_the_reader(save):
    """Damaged EXIF data make Pillow warn, but the picture is fine."""
    path = save(np.full((8, 8), 90, np.uint8), "picture.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert abs(int(picture_file.read(path, 8).max()) - 90) <= 1
    assert caught == []
