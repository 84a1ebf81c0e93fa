import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from course_utils import CourseError
from course_utils.models import costs
from course_utils.models.tabular import TabularClassifier, TabularNetwork, TabularRegressor

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("torch_as_before")]

CARRIERS = np.array(["Alpha", "Beta", "Gamma", "Delta"])
LATE = pd.Series([2.0, -1.0, 0.5, -3.0], CARRIERS)


def table(n_rows=400, seed=0):
    """Two numbers, one of them with gaps, and a category."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n_rows, 2)) * [1, 1000], columns=["wind", "distance"])
    X.loc[rng.random(n_rows) < 0.1, "distance"] = np.nan
    return X.assign(carrier=CARRIERS[rng.integers(4, size=n_rows)])


def exclusive_or(n_rows=400, seed=0):
    """A class that no straight line can tell: one of two numbers is positive, and not both."""
    X = pd.DataFrame(np.random.default_rng(seed).uniform(-1, 1, (n_rows, 2)), columns=["a", "b"])
    return X, ((X["a"] > 0) != (X["b"] > 0)).to_numpy()


def classifier(**settings):
    return TabularClassifier(**{"categories": ["carrier"], "width": 16, "batch_size": 64} | settings)


def regressor(**settings):
    return TabularRegressor(**{"categories": ["carrier"], "width": 16, "batch_size": 32} | settings)


X = table()
LABELS = (LATE[X["carrier"]].to_numpy() + X["wind"] > 0).to_numpy().astype(float)
MINUTES = 500 + 20 * X["wind"].to_numpy() + 30 * LATE[X["carrier"]].to_numpy()


def test_it_learns_what_no_straight_line_can():
    model = TabularClassifier(width=32, epochs=40, batch_size=32, learning_rate=1e-2)
    assert model.fit(*exclusive_or()).score(*exclusive_or(seed=1)) > 0.93


def test_it_learns_what_a_category_does():
    """The target depends on the category alone, in no order of its letters."""
    model = regressor(epochs=40).fit(X, LATE[X["carrier"]].to_numpy())
    new = table(20, seed=1)
    assert model.predict(new) == pytest.approx(LATE[new["carrier"]].to_numpy(), abs=0.3)


def test_it_learns_a_target_of_any_unit():
    model = regressor(epochs=60).fit(X, MINUTES)
    assert model.score(X, MINUTES) > 0.97
    assert model.mean_ == pytest.approx(MINUTES.mean())


def test_probabilities_have_a_row_for_each_row_and_add_up_to_one():
    model = classifier().fit(X, LABELS)
    probabilities = model.predict_proba(X[:7])
    assert probabilities.shape == (7, 2)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert np.array_equal(model.predict(X[:7]), (probabilities[:, 1] > 0.5).astype(float))


def test_classes_may_have_any_names():
    names = np.where(LABELS == 1, "late", "in time")
    model = classifier(epochs=20).fit(X, names)
    assert list(model.classes_) == ["in time", "late"]
    assert model.score(X, names) == classifier(epochs=20).fit(X, LABELS).score(X, LABELS) > 0.9


@pytest.mark.parametrize(("make", "y"), [(classifier, LABELS), (regressor, MINUTES)])
def test_the_same_seed_gives_the_same_model_and_another_does_not(make, y):
    torch.manual_seed(1)
    first = make(epochs=2).fit(X, y).predict(X)
    torch.rand(3)  # whatever was drawn elsewhere
    assert np.array_equal(make(epochs=2).fit(X, y).predict(X), first)
    one, other = make(epochs=2, seed=1).fit(X, y), make(epochs=2).fit(X, y)
    assert one.history_.losses != other.history_.losses


def test_training_leaves_torchs_random_numbers_alone():
    before = torch.get_rng_state()
    classifier(epochs=1).fit(X, LABELS)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_category_never_seen_and_one_that_is_missing_have_the_zero_embedding():
    model = regressor(epochs=20).fit(X, MINUTES)
    row = X[:1].assign(distance=1.0)
    others = [model.predict(row.assign(carrier=name)) for name in ("Omega", None, np.nan)]
    assert others[0] == others[1] == others[2]
    _, categories = model._tensors(row.assign(carrier="Omega"))
    assert categories.tolist() == [[0]]
    assert not model.network_.embeddings[0].weight[0].any()
    assert sorted(model._tensors(X)[1].unique().tolist()) == [1, 2, 3, 4]


def test_a_missing_number_is_the_mean_and_says_that_it_was_missing():
    model = classifier(epochs=1).fit(X, LABELS)
    numbers, _ = model._tensors(X)
    gap = X["distance"].isna().to_numpy(copy=True)
    assert numbers.shape == (400, 3)  # two numbers, and whether the second is missing
    assert numbers.mean(dim=0).numpy() == pytest.approx(np.zeros(3), abs=1e-5)
    assert numbers.std(dim=0, correction=0).numpy() == pytest.approx(np.ones(3), abs=1e-4)
    assert np.array_equal(numbers[:, 2].numpy() > 0, gap)
    assert numbers[gap, 1].numpy() == pytest.approx(np.zeros(gap.sum()), abs=1e-5)
    assert np.isfinite(model.predict_proba(X.assign(wind=np.nan))).all()  # it never was when trained


def test_other_rows_do_not_change_what_is_said_of_one():
    """Nothing of the rows that are predicted gets into how they are prepared."""
    model = classifier().fit(X, LABELS)
    assert model.predict_proba(X[:1]) == pytest.approx(model.predict_proba(X)[:1], abs=1e-6)


def test_columns_are_found_by_their_names():
    model = classifier().fit(X, LABELS)
    assert np.array_equal(model.predict(X[["carrier", "distance", "wind"]]), model.predict(X))


def test_it_enters_a_pipeline_and_a_cross_validation_as_the_classics_do():
    pipeline = make_pipeline(FunctionTransformer(lambda X: X.assign(wind=X["wind"] / 10)), classifier())
    scores = cross_val_score(pipeline, X, LABELS, cv=3, scoring="roc_auc")
    assert scores.shape == (3,)
    assert scores.min() > 0.8
    assert cross_val_score(regressor(), X, MINUTES, cv=3).shape == (3,)


def test_scikit_learn_can_read_and_copy_it():
    model = classifier(epochs=3, seed=5)
    assert clone(model).get_params() == model.get_params()
    assert model.get_params()["epochs"] == 3
    assert model.set_params(width=8).fit(X, LABELS).network_.layers[0].out_features == 8


def test_the_network_has_the_shapes_that_it_was_asked_for():
    network = TabularNetwork(3, kinds=[4, 100], embedding=8, width=16)
    assert [each.weight.shape for each in network.embeddings] == [(5, 2), (101, 8)]
    assert network(torch.zeros(6, 3), torch.zeros(6, 2, dtype=torch.int64)).shape == (6,)


def test_size_by_hand():
    model = classifier(epochs=3).fit(X, LABELS)
    found = costs.size(make_pipeline(model), X)
    # 3 numbers and an embedding of 2 go in; layers have 16, 8 and 1 neurons; 4 + 1 embeddings of 2
    weights = 5 * 16 + 16 * 8 + 8
    assert found.parameters == weights + 16 + 8 + 1 + 5 * 2
    assert found.predict_operations == 2 * weights
    assert model.rows_seen_ == 3 * 400
    # on the way back each weight and each input needs a gradient, and so do the embeddings that go in
    assert found.train_operations == 3 * 400 * 3 * 2 * weights
    assert all(weights.grad is None for weights in model.network_.parameters())


def test_without_categories_nobody_needs_the_gradient_of_what_goes_in():
    numbers, y = exclusive_or()
    found = TabularClassifier(width=4, epochs=1).fit(numbers, y).size(numbers)
    assert found.train_operations == 400 * 2 * (2 * 2 * 4 + 3 * (4 * 2 + 2))


def test_fewer_rows_than_a_batch_are_one_batch():
    model = classifier(epochs=7, batch_size=1000).fit(X[:50], LABELS[:50])
    assert len(model.history_.losses) == 7


@pytest.mark.parametrize("call", ["predict", "predict_proba", "size"])
def test_fit_comes_first(call):
    with pytest.raises(NotFittedError):
        getattr(classifier(), call)(X)


@pytest.mark.parametrize(
    ("make", "rows", "y", "message"),
    [
        (classifier, X, np.arange(400) % 3, "two classes, got 3"),
        (classifier, X, np.ones(400), "two classes, got 1"),
        (classifier, X, LABELS[:-1], "400 rows and 399 answers"),
        (regressor, X, np.where(MINUTES > 500, np.nan, MINUTES), "missing or infinite"),
        (classifier, X.drop(columns="carrier"), LABELS, "no column carrier: it has wind, distance"),
        (classifier, X.assign(origin="JFK"), LABELS, "origin holds no numbers: name it in categories"),
    ],
)
def test_what_it_cannot_learn_from_is_said(make, rows, y, message):
    with pytest.raises(CourseError, match=message):
        make().fit(rows, y)
