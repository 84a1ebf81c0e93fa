"""Lab 2_colour's network, its squares and its blocks."""

import numpy as np
import torch

from course_utils.models import colouring


def photograph(height=48, width=60):
    """L is the row, a the column, b minus the column."""
    row, column = np.indices((height, width))
    return np.dstack([row, column, -column]).astype(np.float32)


def test_the_network_gives_two_numbers_a_pixel_and_sees_31_pixels_each_way():
    torch.manual_seed(0)
    network = colouring.make_network().eval()
    x = torch.rand(1, 1, 64, 96, requires_grad=True)
    assert network(x).shape == (1, 2, 64, 96)
    (slope,) = torch.autograd.grad(network[:-1](x)[0, 0, 8, 12], x)  # before it is stretched
    rows, columns = np.nonzero(slope[0, 0].numpy())
    assert np.ptp(rows) + 1 == 31 and np.ptp(columns) + 1 == 31
    assert sum(weights.numel() for weights in network.parameters()) == 60_706


def test_squares_are_cut_from_the_photograph_and_half_are_mirrored():
    grey, ab = colouring.squares([photograph()], n=200, size=40, seed=0)
    assert grey.shape == (200, 1, 40, 40) and ab.shape == (200, 2, 40, 40)
    assert torch.allclose(ab[:, 0], -ab[:, 1])
    steps = ((ab[:, 0, :, 1:] - ab[:, 0, :, :-1]) * colouring.SCALE).round()
    mirrored = (steps == -1).flatten(1).all(dim=1)
    assert ((steps == 1).flatten(1).all(dim=1) ^ mirrored).all() and 60 < mirrored.sum() < 140
    down = (grey[:, 0, 1:] - grey[:, 0, :-1]) * colouring.SCALE
    assert torch.allclose(down, torch.ones(1), atol=1e-4)
    again = colouring.squares([photograph()], n=200, size=40, seed=0)[0]
    assert torch.equal(grey, again) and grey.min() >= -1


def test_a_larger_part_gives_more_squares():
    dark, light = np.zeros((40, 40, 3), np.float32), np.full((80, 60, 3), 50, np.float32)
    grey, _ = colouring.squares([dark, light], n=400, size=40, seed=1)
    assert 0.65 < (grey[:, 0, 0, 0] == 0).float().mean() < 0.85


def test_painting_undoes_the_scale():
    found = colouring.paint(lambda x: torch.cat([x, x + 1], dim=1), photograph()[..., 0])
    assert np.allclose(found[..., 1], photograph()[..., 0], atol=1e-4) and found.shape == (48, 60, 2)
    assert np.allclose(found[..., 0], photograph()[..., 0] - 50, atol=1e-4)


def test_blocks_are_the_means_of_pieces():
    errors = np.kron(np.arange(8).reshape(2, 4), np.ones((48, 10)))
    assert colouring.blocks(errors) == [0, 4, 1, 5, 2, 6, 3, 7]
    assert len(colouring.blocks(np.ones((10, 8)))) == 4


def test_each_grey_level_gets_its_mean_colour_and_rare_ones_the_common_mean():
    dark = np.full((30, 30, 3), (10, 20, 0), np.float32)
    light = np.full((10, 30, 3), (90, -20, 8), np.float32)
    mean, table = colouring.by_grey_level([dark, light])
    assert np.allclose(mean, [10, 2]) and table.shape == (101, 2)
    assert np.allclose(table[10], [(900 * 20 + 50 * 10) / 950, 50 * 2 / 950]) and np.allclose(table[50], mean)
    assert np.allclose(colouring.by_grey_level([dark, light], weight=1)[1][90], [-20, 8], atol=0.2)
