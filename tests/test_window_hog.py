"""HOG slid over canvases: the blocks against scikit-image's, windows that move, classes, errors."""

import numpy as np
import pytest
import torch
from skimage.feature import hog
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from course_utils import CourseError
from course_utils.data.canvases import place
from course_utils.data.pictures import load_digits
from course_utils.models.window_hog import WindowHog, block_maps, middle


def digits(n=200, classes=10):
    """Some of the 8 × 8 digits and their classes."""
    found = load_digits()
    rows = np.flatnonzero(found.labels < classes)[:n]
    return found.pixels[rows], found.labels[rows]


@pytest.fixture(scope="module")
def fitted():
    pixels, labels = digits()
    return WindowHog(window=8, step=1).fit(place(pixels, 14, seed=0), labels)


def test_blocks_are_scikit_images_with_shared_votes():
    picture, fine = np.random.default_rng(0).random((24, 24)).astype(np.float32), 64
    blocks = hog(
        picture, 8 * fine, (4, 4), (2, 2), block_norm="L1", feature_vector=False
    )  # (5, 5, 2, 2, 512)
    place_of = (np.arange(8 * fine) + 0.5) / fine - 0.5  # of a fine bin among the eight
    apart = np.abs((place_of[:, None] - np.arange(8) + 4) % 8 - 4)
    expected = (blocks @ np.maximum(0, 1 - apart)).reshape(25, 32)
    expected = np.minimum(expected / np.linalg.norm(expected, axis=1, keepdims=True), 0.2)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    ours = block_maps(torch.from_numpy(picture)[None, None], 4, 8, signed=False)[0, :, ::4, ::4]
    assert ours.shape == (32, 5, 5)
    assert np.allclose(ours.permute(1, 2, 0).reshape(25, 32).numpy(), expected, atol=0.01)


def test_signed_directions_tell_light_from_dark():
    ramp = torch.linspace(0, 1, 16).repeat(16, 1)[None, None]
    (up, down), (up_2, down_2) = (
        [block_maps(p, 4, 8, signed)[0, :, 4, 4] for p in (ramp, 1 - ramp)] for signed in (True, False)
    )
    assert not torch.allclose(up, down, atol=0.1)
    assert torch.allclose(up_2, down_2, atol=1e-4)


def test_the_strongest_channel_counts():
    grey = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    colours = torch.cat([0.1 * grey, grey, 0.5 * grey], dim=1)
    assert torch.allclose(block_maps(colours, 4), block_maps(grey, 4), atol=1e-5)


def test_a_window_is_described_as_its_cut_out_would_be():
    pixels = np.pad(digits(5)[0], ((0, 0), (0, 0), (2, 2), (2, 2)))  # empty edges: (5, 1, 12, 12)
    model, moved = WindowHog(window=12), np.zeros((5, 1, 20, 25), np.float32)
    moved[:, :, 3:15, 6:18] = pixels
    alone = model.describe(pixels, np.zeros((5, 1, 2), int))
    assert alone.shape == (5, 1, 9 * 4 * 16)
    assert np.allclose(model.describe(moved, np.full((5, 1, 2), (3, 6))), alone, atol=1e-5)


def test_the_middle_of_the_ink():
    canvas = np.zeros((1, 10, 12))
    assert middle(canvas).tolist() == [4.5, 5.5]  # no ink: the middle of the canvas
    canvas[0, 2:5, 6] = canvas[0, 4, 6:10] = 1
    assert middle(canvas).tolist() == [3, 7.5]


def test_a_moved_digit_gets_the_same_answer(fitted):
    pixels, labels = digits(260)
    pixels, labels, answers = pixels[200:], labels[200:], []
    for top, left in ((3, 3), (2, 6), (5, 4)):
        canvas = np.zeros((len(pixels), 1, 17, 17), np.float32)
        canvas[:, :, top : top + 8, left : left + 8] = pixels
        scores = fitted.scores(canvas)
        assert scores.shape == (len(pixels), 10, 10, 10)
        answers.append(scores[:, :, top - 1 : top + 2, left - 1 : left + 2])
        assert np.mean(fitted.predict(canvas) == labels) > 0.7  # the most frequent class: 0.1
    assert np.allclose(answers[0], answers[1], atol=1e-4) and np.allclose(answers[0], answers[2], atol=1e-4)


def test_the_answer_is_the_class_of_the_best_window(fitted):
    canvases = place(digits(30)[0], 14, seed=1)
    scores = fitted.scores(canvases)
    assert np.array_equal(fitted.predict(canvases), scores.reshape(30, 10, -1).max(axis=2).argmax(axis=1))
    every_other = clone(fitted)
    vars(every_other).update({**vars(fitted), "step": 2})
    assert np.allclose(every_other.scores(canvases), scores[:, :, ::2, ::2], atol=1e-5)


def test_colours_names_and_oblong_canvases():
    pixels, labels = digits(60, classes=2)
    canvases = np.zeros((len(pixels), 3, 12, 17), np.float32)
    canvases[:, 1, 2:10, 5:13] = pixels[:, 0]
    names = np.array(["no", "yes"])[labels]
    model = WindowHog(window=8).fit(canvases, names)
    assert model.score(canvases, names) > 0.95
    assert model.scores(canvases[:3]).shape == (3, 2, 3, 5)


def test_a_window_as_large_as_the_canvas_is_plain_hog():
    pixels, labels = digits(100, classes=3)
    model = WindowHog(window=8, landmarks=50).fit(pixels, labels)
    assert model.scores(pixels).shape == (100, 3, 1, 1) and model.score(pixels, labels) > 0.95


def test_the_same_twice():
    pixels, labels = digits(80)
    canvases = place(pixels, 12, seed=0)
    first, second = (WindowHog(window=8, landmarks=100, seed=3).fit(canvases, labels) for _ in range(2))
    assert np.array_equal(first.scores(canvases), second.scores(canvases))


@pytest.mark.parametrize(("shape", "window"), [((4, 1, 12, 12), 7), ((4, 1, 12, 12), 13), ((4, 12, 12), 8)])
def test_wrong_windows_and_shapes_are_named(shape, window):
    with pytest.raises(CourseError, match=rf"got \(4, .*\) and {window}: choose"):
        WindowHog(window=window).fit(np.zeros(shape), [0, 1, 0, 1])


def test_fit_comes_first():
    with pytest.raises(NotFittedError):
        WindowHog(window=8).predict(np.zeros((1, 1, 12, 12)))
