import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from course_utils.models.convolutional import CNN
from course_utils.show import network_figures

pytestmark = pytest.mark.usefixtures("closed_figures")


def written(fig):
    """Every text of a figure's axes."""
    return [text.get_text() for ax in fig.axes for text in ax.texts]


def test_a_network_is_drawn_layer_by_layer_with_its_weights():
    first, last = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(4 * 3 * 3, 2)
    net = nn.Sequential(first, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), last)
    fig, alt, table = network_figures.layers(net, (1, 6, 6))
    assert list(table.index) == ["picture", "Conv2d", "MaxPool2d", "Linear", "all layers"]
    assert list(table["what comes out"]) == ["1 × 6 × 6", "4 × 6 × 6", "4 × 3 × 3", "2", ""]
    assert list(table["weights"]) == [0, 40, 0, 74, 114]
    assert len(fig.axes[0].patches) == 3 * 4 and "MaxPool2d 4 × 3 × 3" in alt
    assert "Conv2d\n3 × 3\n40 weights" in written(fig) and "MaxPool2d\n2 × 2, stride 2" in written(fig)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_a_network_with_a_forward_of_its_own_shows_its_pooling(n_channels):
    model = CNN(10, n_channels)
    state = {name: values.clone() for name, values in model.state_dict().items()}
    fig, _, table = network_figures.layers(model, (n_channels, 40, 40))
    sizes = [f"{n_channels} × 40 × 40", "16 × 20 × 20", "32 × 20 × 20", "32 × 10 × 10", "64 × 10 × 10"]
    assert list(table["what comes out"])[:9] == [*sizes, "64 × 5 × 5", "64 × 5 × 5", "64", "10"]
    assert list(table.index[1:4]) == ["conv1", "conv2", "pooling"]
    assert table.index[7] == "one number for each map"
    drawn = table["weights"].iloc[:-1].sum()
    assert drawn == table.loc["all layers", "weights"] == sum(p.numel() for p in model.parameters())
    assert table.loc["not drawn", "weights"] == 2 * (16 + 32 + 64 + 64)  # of the batch norms
    assert f"conv1\n3 × 3, stride 2\n{16 * (9 * n_channels + 1)} weights" in written(fig)
    assert model.training and not model.conv1._forward_hooks  # as it was
    assert all(torch.equal(values, state[name]) for name, values in model.state_dict().items())


def test_a_higher_map_has_a_higher_box_and_more_maps_a_wider_one():
    fig, _, _ = network_figures.layers(CNN(10), (1, 40, 40))
    fronts = [patch.get_path().get_extents() for patch in fig.axes[0].patches[::3]]
    assert [front.height for front in fronts[:4]] == pytest.approx([1, 0.5, 0.5, 0.25])
    assert fronts[0].width < fronts[1].width < fronts[2].width == pytest.approx(fronts[3].width)


def test_a_whisper_shows_the_map_that_differs_most_and_how_much_all_still_differ():
    pictures = np.zeros((2, 1, 4, 4), np.float32)
    flat, differs = np.ones((2, 3, 3), np.float32), np.zeros((2, 3, 3), np.float32)
    differs[1, 0, 0] = 0.5
    maps = np.stack([flat, differs], axis=1)  # (2, 2, 3, 3)
    fig, table = network_figures.whispers(pictures, {0: maps, 4: np.ones_like(maps)})
    assert [ax.get_title(loc="center") for ax in fig.axes[:3]] == ["picture", "after 0", "after 4"]
    shown = [ax.images[0].get_array() for ax in fig.axes]
    assert shown[1].max() == 0 and shown[4].max() == shown[4][0, 0] == 1  # stretched to white
    assert np.isfinite(shown[2]).all()
    assert table["mean difference"].to_dict() == {0: f"{0.25 / 18:.1e}", 4: "0.0e+00"}


@pytest.mark.parametrize("n_channels", [1, 3])
def test_each_kernel_stands_above_its_map(n_channels):
    torch.manual_seed(0)
    model = CNN(10, n_channels, width=4).train()
    picture = np.random.default_rng(0).random((n_channels, 16, 16), dtype=np.float32)
    fig, alt, table = network_figures.filters_and_maps(model, picture, columns=2)
    shown = {tuple(ax.get_subplotspec().get_geometry()[2:3]): ax.images[0] for ax in fig.axes if ax.images}
    assert len(shown) == 2 * 6  # two rows of kernels, two of their maps, one for each of two later layers
    kernels = model.conv1.weight.detach().numpy().sum(axis=1)
    model.eval()
    with torch.no_grad():
        maps = torch.relu(model.norm1(model.conv1(torch.as_tensor(picture[None]))))[0].numpy()
    for i, (row, column) in enumerate([(0, 1), (0, 2), (2, 1), (2, 2)]):
        assert np.asarray(shown[(row * 3 + column,)].get_array()) == pytest.approx(kernels[i])
        assert np.asarray(shown[((row + 1) * 3 + column,)].get_array()) == pytest.approx(maps[i], abs=1e-6)
    assert list(table["rows × columns"]) == ["8 × 8", "4 × 4", "2 × 2"]
    assert list(table["maps"]) == [4, 8, 16]
    assert float(table["largest number"].iloc[0]) == pytest.approx(maps.max(), abs=0.01)
    assert "4 kernels" in alt


def test_the_strongest_later_maps_are_shown_first():
    torch.manual_seed(1)
    picture = np.random.default_rng(1).random((1, 16, 16), dtype=np.float32)
    fig, _, table = network_figures.filters_and_maps(CNN(10, width=2), picture, columns=3)
    largest = [float(np.max(ax.images[0].get_array())) for ax in fig.axes[-3:]]
    assert largest == sorted(largest, reverse=True)
    assert largest[0] == pytest.approx(table["largest number"].iloc[-1], abs=0.01)


def test_losses_are_drawn_from_step_0_beside_the_baseline():
    validation = pd.Series({0: 2.0, 5: 1.0, 10: 0.5})
    fig, alt, table = network_figures.losses([2.0, 1.5, 1.0], validation, 1.2, "nats")
    training, checked, baseline = fig.axes[0].get_lines()
    assert list(training.get_ydata()) == [2.0, 1.5, 1.0] and list(checked.get_xdata()) == [0, 5, 10]
    assert list(baseline.get_ydata()) == [1.2, 1.2] and "(nats)" in fig.axes[0].get_ylabel()
    assert "from step 0 to 10" in alt and "ends at 0.5" in alt and table["validation"].tolist() == [2, 1, 0.5]
