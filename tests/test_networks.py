import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from torch import nn
from torch.nn.functional import cross_entropy

from course_utils import CourseError
from course_utils.models import convolutional, networks, training
from course_utils.models.networks import NetworkClassifier

# a warning is a checkpoint that was refused, and no test may overlook one
pytestmark = [pytest.mark.filterwarnings("error::UserWarning"), pytest.mark.usefixtures("torch_as_before")]


def stripes(n_rows=60, seed=0):
    """Grey pictures (n_rows, 1, 4, 4) with rows (0), columns (1) or nothing (2) in them, and labels."""
    labels = np.arange(n_rows) % 3
    pixels = np.random.default_rng(seed).normal(0, 0.1, (n_rows, 1, 4, 4)).astype(np.float32)
    pixels[labels == 0, :, ::2] += 1
    pixels[labels == 1, :, :, ::2] += 1
    return pixels, labels


X, Y = stripes()


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 6), nn.ReLU(), nn.Linear(6, 3))


def cnn():
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), *head)


def moody():
    """A network that behaves in another way while it is trained."""
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Flatten(), nn.Linear(8, 3)
    )


every_network = pytest.mark.parametrize("make", [mlp, cnn])


def untrained(make):
    """A network with the same first weights each time, and the same random numbers after it."""
    torch.manual_seed(0)
    return make()


def batch_loss(model, images, labels):
    return cross_entropy(model(images), labels)


def classifier(make=mlp, steps=5, **settings):
    return NetworkClassifier(untrained(make), batch_loss, steps, **settings)


def state(model):
    """Copies of all weights and statistics."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def equal(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@every_network
def test_it_learns_a_separable_set(make):
    model = classifier(make, steps=60, learning_rate=0.05).fit(X, Y)
    assert model.score(*stripes(seed=1)) == 1
    assert model.history_.losses[-1] < 0.2 * model.history_.losses[0]


@every_network
def test_it_is_training_fit_bit_for_bit(make):
    settings = {"batch_size": 16, "learning_rate": 0.03, "weight_decay": 0.4, "seed": 7}
    model = classifier(make, **settings)
    assert model.fit(X, Y) is model
    plain = untrained(make)
    images = torch.from_numpy(X).contiguous(memory_format=torch.channels_last)
    history = training.fit(plain, batch_loss, (images, torch.from_numpy(Y)), steps=5, **settings)
    assert equal(state(model.model), state(plain))
    assert model.history_.losses == history.losses


def test_its_defaults_are_those_of_training_fit():
    plain = untrained(mlp)
    training.fit(plain, batch_loss, (torch.from_numpy(X), torch.from_numpy(Y)), steps=5)
    assert equal(state(classifier().fit(X, Y).model), state(plain))


@every_network
def test_probabilities_have_a_row_for_each_row_and_a_column_for_each_class(make):
    model = classifier(make).fit(X, Y)
    probabilities = model.predict_proba(X[:7])
    assert isinstance(probabilities, np.ndarray)
    assert probabilities.shape == (7, 3)
    assert probabilities.min() >= 0
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-6)
    with torch.no_grad():
        scores = model.model(torch.from_numpy(X[:7])).numpy()
    by_hand = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert probabilities == pytest.approx(by_hand, abs=1e-6)


def test_predict_says_the_likeliest_class():
    model = classifier(steps=60, learning_rate=0.05).fit(X, Y)
    assert np.array_equal(model.predict(X), model.predict_proba(X).argmax(axis=1))
    assert set(model.predict(X)) == {0, 1, 2}
    assert model.score(X, (Y + 1) % 3) == 0


def test_many_rows_are_predicted_in_parts(monkeypatch):
    n_rows, seen = 2 * networks.PREDICT_ROWS + 3, []
    pixels, _ = stripes(n_rows)
    model = classifier(cnn).fit(X, Y)
    model.model.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    in_parts = model.predict_proba(pixels)
    assert seen == [networks.PREDICT_ROWS, networks.PREDICT_ROWS, 3]
    monkeypatch.setattr(networks, "PREDICT_ROWS", n_rows)
    assert model.predict_proba(pixels) == pytest.approx(in_parts, abs=1e-6)
    assert seen[3:] == [n_rows]


@pytest.mark.parametrize("change", [np.float64, lambda pixels: pixels.tolist()])
def test_numbers_of_any_kind_become_float32_pictures_with_their_channels_together(change):
    """Two channels, because the layout of a single one says nothing."""
    pixels = np.concatenate([X, X[::-1]], axis=1)
    seen = []

    def loss(model, images, labels):
        seen.append(images)
        return cross_entropy(model(images.flatten(1)), labels)

    model = NetworkClassifier(nn.Linear(32, 3), loss, steps=1, batch_size=60).fit(change(pixels), Y.tolist())
    (images,) = seen
    assert (images.dtype, tuple(images.shape)) == (torch.float32, (60, 2, 4, 4))
    assert model._tensor(pixels).is_contiguous(memory_format=torch.channels_last)
    assert {image.numpy().tobytes() for image in images} == {image.tobytes() for image in pixels}


def test_rows_of_a_table_stay_as_they_are():
    model = NetworkClassifier(untrained(lambda: nn.Linear(16, 3)), batch_loss, steps=80, learning_rate=0.05)
    flat = X.reshape(60, 16)
    assert model.fit(flat, Y).score(flat, Y) == 1


@pytest.mark.parametrize("call", ["predict", "predict_proba", "size"])
def test_fit_comes_first(call):
    with pytest.raises(NotFittedError, match="Call 'fit'"):
        getattr(classifier(), call)(X)


def test_predictions_are_those_of_evaluation_mode():
    """Dropout would make them random, and a batch norm would mix the rows and learn from them."""
    model = classifier(moody).fit(X, Y)
    expected, before = model.predict_proba(X), state(model.model)
    model.model.train()  # as somebody who trains it on may leave it
    assert np.array_equal(model.predict_proba(X), expected)
    assert model.predict_proba(X[:1]) == pytest.approx(expected[:1], abs=1e-6)
    assert equal(state(model.model), before)


def test_size_by_hand():
    network = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    found = NetworkClassifier(network, batch_loss, steps=3, batch_size=8).fit(X, Y).size(X)
    # the kernels have 2·9 weights, used at 16 places; the linear layer has 32·3; and there are 2 + 3 biases
    conv, linear = 2 * 16 * 18, 2 * 96
    assert found.parameters == 18 + 96 + 5
    assert found.predict_operations == conv + linear
    # on the way back each weight and each input needs a gradient, but nobody needs that of the pixels
    assert found.train_operations == 3 * 8 * (2 * conv + 3 * linear)


def test_size_of_a_table_by_hand():
    model = NetworkClassifier(nn.Linear(5, 3, bias=False), batch_loss, steps=10, batch_size=4)
    table = np.random.default_rng(0).normal(size=(9, 5))
    found = model.fit(table, np.arange(9) % 3).size(table)
    assert (found.parameters, found.predict_operations) == (15, 2 * 15)
    assert found.train_operations == 10 * 4 * 2 * 2 * 15


def test_a_batch_is_never_larger_than_the_data():
    few, many = (classifier(steps=3, batch_size=size).fit(X[:10], Y[:10]) for size in (4, 1000))
    assert (few.rows_seen_, many.rows_seen_) == (3 * 4, 3 * 10)
    assert many.size(X).train_operations == 2.5 * few.size(X).train_operations


@pytest.mark.parametrize("n_rows", [1, 2, 60])
def test_size_is_the_same_whatever_rows_it_looks_at(n_rows):
    model = classifier(cnn).fit(X, Y)
    assert model.size(X[:n_rows]) == model.size(X)


@pytest.mark.parametrize("mode", [True, False])
def test_size_leaves_no_trace(mode):
    """Neither in weights and statistics, nor in gradients, mode, predictions or random numbers."""
    model = classifier(moody).fit(X, Y)
    expected = model.predict_proba(X)
    model.model.zero_grad()
    model.model.train(mode)
    before, random = state(model.model), torch.get_rng_state()
    model.size(X)
    assert equal(state(model.model), before)
    assert all(parameter.grad is None for parameter in model.model.parameters())
    assert model.model.training is mode
    assert torch.equal(torch.get_rng_state(), random)
    assert np.array_equal(model.predict_proba(X), expected)


def test_scikit_learn_can_read_and_copy_it():
    model = classifier(cnn, steps=9, seed=5)
    assert model.get_params() == {
        "model": model.model,
        "batch_loss": batch_loss,
        "steps": 9,
        "batch_size": 64,
        "learning_rate": 1e-2,
        "weight_decay": 1e-2,
        "seed": 5,
        "device": "cpu",
        "checkpoint": None,
    }
    copy = clone(model)
    assert copy.model is not model.model
    assert equal(state(copy.fit(X, Y).model), state(model.fit(X, Y).model))
    assert "steps=9" in repr(model)


class Killed(Exception):
    pass


def test_a_training_that_was_killed_goes_on_from_its_checkpoint(tmp_path):
    calls = []

    def loss_until_killed(model, images, labels):
        calls.append(1)
        if len(calls) == 115:
            raise Killed
        return batch_loss(model, images, labels)

    checkpoint = tmp_path / "mlp.safetensors"
    with pytest.raises(Killed):
        NetworkClassifier(untrained(mlp), loss_until_killed, 130, checkpoint=checkpoint).fit(X, Y)
    resumed = classifier(steps=130, checkpoint=checkpoint).fit(X, Y)
    whole = classifier(steps=130).fit(X, Y)
    assert (resumed.history_.resumed_at, whole.history_.resumed_at) == (100, 0)
    assert equal(state(resumed.model), state(whole.model))
    assert resumed.size(X) == whole.size(X)  # all steps count, on whichever day


@pytest.mark.parametrize(
    ("settings", "rows", "message"),
    [
        ({"batch_size": 0}, 60, "a batch needs a row, got batch_size 0"),
        ({}, 59, r"the same number of rows, got \[60, 59\]"),
        ({"learning_rate": 1e30}, 60, "lower the learning rate"),
    ],
)
def test_what_is_wrong_with_a_training_is_said_by_fit(settings, rows, message):
    model = classifier(**settings)
    with pytest.raises(CourseError, match=message):
        model.fit(X, Y[:rows])
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_lesson_2s_network_sees_a_thing_wherever_it_stands():
    torch.manual_seed(0)
    model = convolutional.CNN(3, n_channels=2, width=4).eval()
    x = torch.zeros(2, 2, 96, 96)  # far from the borders
    x[0, :, 40:48, 40:48] = x[1, :, 48:56, 32:40] = torch.rand(2, 8, 8)  # moved by multiples of its stride, 8
    one, other = model(x)
    assert one.shape == (3,) and torch.allclose(one, other, atol=1e-5)
    x[1] = 0
    assert not torch.allclose(*model(x), atol=1e-5)
    assert model.features(x).shape == (2, 16)
