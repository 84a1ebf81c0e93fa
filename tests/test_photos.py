"""Photographs that come with packages, and one of the reader's own."""

import numpy as np
import pytest
from PIL import Image
from skimage import color

from course_utils import CourseError
from course_utils.data import photos, registry


def test_seven_photographs_and_four_others_for_pilots():
    seven, four = photos.load(), photos.load(pilot=True)
    assert list(seven.pixels) == ["palace", "flower", "astronaut", "cat", "coffee", "rocket", "admiral"]
    assert sorted(four.pixels) == ["hubble_deep_field", "ihc", "motorcycle", "retina"]
    assert seven.source == registry.registry()["photos"]
    for pixels in (*seven.pixels.values(), *four.pixels.values()):
        assert pixels.dtype == np.uint8 and pixels.shape[2] == 3 and max(pixels.shape) == photos.SIDE


def test_they_are_in_colour_and_the_right_way_up():
    palace = photos.load(side=64).pixels["palace"]
    red, _, blue = palace[:10].reshape(-1, 3).mean(axis=0)  # the sky
    assert blue > red + 10


def test_a_photograph_of_ones_own_is_turned_and_scaled(tmp_path):
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 20:] = (200, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    Image.fromarray(pixels).save(tmp_path / "own.png", exif=exif)
    found = photos.own(str(tmp_path / "own.png"), side=20)
    assert found.shape == (20, 8, 3) and found[:8].max() < 30 and found[12:, :, 0].min() > 170


def test_a_grey_one_gets_three_equal_channels(tmp_path):
    Image.fromarray(np.full((8, 4), 77, np.uint8)).save(tmp_path / "grey.jpg")
    assert (photos.own(tmp_path / "grey.jpg", side=8) == 77).all()


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere.jpg", "there is no file"), ("text.jpg", "cannot be used")]
)
def test_what_is_no_picture_is_refused(tmp_path, name, message):
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(CourseError, match=message):
        photos.own(tmp_path / name)


def test_lightness_and_colours_make_a_picture():
    palace = photos.load(side=64).pixels["palace"]
    lab = color.rgb2lab(palace)
    assert np.allclose(
        photos.in_colour(lab[..., 0], lab[..., 1:]).transpose(1, 2, 0), palace / 255, atol=0.01
    )
    red, green, blue = photos.in_colour(np.full((2, 3), 50), [200, 0])  # beyond what a screen can show
    assert red.shape == (2, 3) and (red > green).all() and (red > blue).all() and red.max() <= 1
