"""What lesson 2 writes out, for its labs: canvases, folds and the network."""

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.data import canvases


def test_a_placed_picture_is_whole_and_re_centring_brings_it_back():
    pixels = np.zeros((40, 2, 4, 4), np.float32)
    pixels[:, :, 1:3, 1:3] = [[0.2, 0.4], [0.6, 0.8]]
    placed = canvases.place(pixels, 9, seed=0)
    assert placed.shape == (40, 2, 9, 9)
    places = {tuple(np.argwhere(canvas[0] > 0)[0]) for canvas in placed}
    assert len(places) > 15 and all(1 <= row <= 6 and 1 <= column <= 6 for row, column in places)
    assert all(np.array_equal(canvases.recentre(canvas, 4), pixels[0]) for canvas in placed)
    assert np.array_equal(canvases.recentred(placed, 4), pixels)
    assert not canvases.recentre(np.zeros((1, 9, 9), np.float32), 4).any()


@pytest.mark.parametrize("counts", [[10, 10], [10, 300], [9] * 20, [40, 11, 13], [10] * 200])
@pytest.mark.parametrize("n_folds", [2, 3, 5])
def test_every_part_of_every_fold_has_each_class_and_no_picture_stands_in_two(counts, n_folds):
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    made = canvases.folds(labels, n_folds, seed=0)
    assert np.array_equal(np.sort(np.concatenate([test for *_, test in made])), np.arange(len(labels)))
    for parts in made:
        assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts)) == len(labels)
        assert all(set(labels[rows]) == set(range(len(counts))) for rows in parts)


def test_a_test_part_of_the_sources_own_is_kept_when_it_is_large_enough():
    labels, is_test = np.arange(120) % 3, np.arange(120) >= 90
    made = canvases.folds(labels, 5, 0, is_test)
    assert np.array_equal(np.sort(np.concatenate([test for *_, test in made])), np.arange(90, 120))
    assert all(max(train.max(), validation.max()) < 90 for train, validation, _ in made)
    one_each = np.arange(120) >= 117
    made = canvases.folds(labels, 5, 0, one_each)
    assert np.array_equal(np.sort(np.concatenate([test for *_, test in made])), np.arange(120))


def test_too_few_pictures_are_refused_with_what_to_do():
    with pytest.raises(CourseError, match="5 folds need at least 5 pictures of each class, and one has 4"):
        canvases.folds(np.repeat([0, 1], [9, 4]), 5, 0)
