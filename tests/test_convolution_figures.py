import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

from course_utils import CourseError
from course_utils.models.convolutional import CNN
from course_utils.show import convolution_figures as figures

pytestmark = pytest.mark.usefixtures("closed_figures")

LAYERS = {"conv1": (3, 2), "conv2": (3, 1), "pooling 1": (2, 2)}
LAYERS |= {"conv3": (3, 1), "pooling 2": (2, 2), "conv4": (3, 1)}


def numbers(ax):
    return [float(text.get_text().replace("−", "-")) for text in ax.texts]


@pytest.mark.parametrize(("side", "padding"), [(6, 0), (7, 0), (5, 1)])
def test_sliding_gives_what_torch_gives(side, padding):
    rng = np.random.default_rng(side)
    picture, kernel = rng.integers(0, 2, (side, side)), rng.integers(-1, 2, (3, 3))
    fig, alt, table = figures.sliding(picture, kernel, (1, 2), padding)
    axes = np.reshape(fig.axes, (2, 3))
    for (given, window, out), stride in zip(axes, (1, 2), strict=True):
        want = nn.functional.conv2d(
            torch.tensor(picture[None, None], dtype=torch.float32),
            torch.tensor(kernel[None, None], dtype=torch.float32),
            stride=stride,
            padding=padding,
        )
        assert numbers(out) == want.flatten().tolist()
        assert numbers(window) == kernel.ravel().tolist()
        size = want.shape[-1]
        assert table.loc[f"stride {stride}"].item() == size
        assert f"+ 1 = {size}" in out.get_title() and f"{size} × {size} numbers" in alt
        corners = [patch.get_xy()[0] for patch in given.patches]
        assert corners[1] - corners[0] == pytest.approx(stride, abs=0.1)  # frames are set in a little
        assert len(out.patches) == len(given.patches) == 3


def test_rounding_down_is_said():
    fig, _, _ = figures.sliding(np.eye(6), np.eye(3), (1, 2))
    assert [ax.get_title() for ax in fig.axes[2::3]] == [
        "(6 − 3) / 1 + 1 = 4",
        "(6 − 3) / 2 + 1 = 2\n(3 / 2 is rounded down to 1)",
    ]


def test_what_cannot_slide_is_refused():
    with pytest.raises(CourseError, match="needs a square picture and a smaller square kernel"):
        figures.sliding(np.eye(2), np.eye(3))
    assert plt.get_fignums() == []


def test_pooling_keeps_what_torch_keeps_and_frames_it():
    values = np.random.default_rng(0).permutation(24).reshape(4, 6)
    fig, _, table = figures.pooling(values)
    want = nn.functional.max_pool2d(torch.tensor(values[None], dtype=torch.float32), 2)[0].numpy()
    assert table.to_numpy() == pytest.approx(want)
    before, after = fig.axes
    assert numbers(before) == values.ravel().tolist() and numbers(after) == want.ravel().tolist()
    framed = [np.round(np.array(patch.get_xy()) + 0.4).astype(int) for patch in before.patches]
    assert [values[down, right] for right, down in framed] == want.ravel().tolist()


def test_a_map_that_windows_do_not_fill_is_refused():
    with pytest.raises(CourseError, match="windows of 2 × 2 do not fill a map of 4 × 5"):
        figures.pooling(np.zeros((4, 5)))


@pytest.mark.parametrize(("n_in", "n_out", "kernel"), [(3, 2, 3), (1, 4, 5)])
def test_channels_count_the_weights_of_torchs_layer(n_in, n_out, kernel):
    fig, alt, table = figures.channels(n_in, n_out, kernel)
    layer = nn.Conv2d(n_in, n_out, kernel)
    assert table["numbers"].tolist() == [
        layer.weight.numel(),
        layer.bias.numel(),
        layer.weight.numel() + layer.bias.numel(),
    ]
    assert len(fig.axes[0].patches) == n_in + n_out * n_in + n_out  # maps in, windows, maps out
    assert f"= {table['numbers'].iloc[-1]}" in alt


def test_what_one_number_sees_is_where_its_gradient_is(monkeypatch):
    # the gradient of a largest number reaches one of the four that were looked at, that of a mean all
    monkeypatch.setattr(nn.functional, "max_pool2d", nn.functional.avg_pool2d)
    model = CNN(10, width=2).eval()
    nn.init.ones_(model.conv1.weight)
    seen = {}
    for name, layer in model.named_children():
        if isinstance(layer, nn.Conv2d):
            nn.init.uniform_(layer.weight, 0.1, 1)  # nothing cancels, nothing is cut off by a ReLU
            layer.register_forward_hook(lambda _, given, output, name=name: seen.update({name: output}))
    picture = torch.rand(1, 1, 160, 160, requires_grad=True)
    model(picture)
    _, alt, table = figures.receptive_field(np.zeros((1, 40, 40)), LAYERS)
    for name, output in seen.items():
        side = output.shape[-1] // 2
        (gradient,) = torch.autograd.grad(output[0, 0, side, side], picture, retain_graph=True)
        rows = torch.nonzero(gradient[0, 0].abs().sum(dim=1)).flatten()
        assert table.loc[name, "sees (pixels)"] == rows[-1] - rows[0] + 1
    assert table["sees (pixels)"].tolist() == [3, 7, 9, 17, 21, 37] and "conv3 17 × 17" in alt


def test_a_square_covers_whole_pixels_of_what_is_seen():
    fig, _, _ = figures.receptive_field(np.zeros((3, 40, 40)), LAYERS)
    squares = fig.axes[0].patches
    assert [square.get_width() for square in squares] == [3, 7, 17, 37]
    assert {square.get_x() % 1 for square in squares} == {0.5}
    assert fig.axes[0].get_legend().get_texts()[0].get_text() == "conv1: 3 × 3"
