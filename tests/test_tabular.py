from itertools import combinations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from torch.utils.flop_counter import FlopCounterMode

from course_utils import CourseError
from course_utils.models.tabular import TabularMLP, size


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small only wait for a second one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def blobs(n_classes=2, n_rows=120, seed=0):
    """Rows around well separated points."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_rows) % n_classes
    return rng.normal(size=(n_rows, 4)) + 8 * y[:, None] * [1, -1, 1, 0], y


def tiny(**settings):
    return TabularMLP(**({"hidden": 8, "epochs": 3} | settings))


@pytest.fixture
def noisy():
    """Training and validation rows of which a fifth has a wrong label, so that training overfits."""
    X, y = make_classification(160, 12, n_informative=4, flip_y=0.4, random_state=0)
    return X[:80], y[:80], X[80:], y[80:]


def weights(model):
    return [parameter.detach().clone() for parameter in model.model_.parameters()]


def equal(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_it_learns_a_separable_set(n_classes):
    X, y = blobs(n_classes)
    model = tiny(epochs=60, learning_rate=0.01).fit(X, y)
    X_new, y_new = blobs(n_classes, seed=1)
    assert model.score(X_new, y_new) == 1
    assert model.history_[-1]["train"] < 0.1 * model.history_[0]["train"]
    assert (model.epochs_, len(model.history_)) == (60, 60)


def test_probabilities_have_a_column_for_each_class():
    X, y = blobs(3)
    probabilities = tiny().fit(X, y).predict_proba(X)
    assert probabilities.shape == (120, 3)
    assert probabilities.min() >= 0
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_classes_may_have_names():
    X, y = blobs()
    names = np.array(["benign", "malignant"])[y]
    model = tiny(epochs=30).fit(X, names)
    assert model.classes_.tolist() == ["benign", "malignant"]
    assert np.array_equal(model.predict(X), names)
    assert model.loss(X, names) < 0.1


def test_loss_is_the_cross_entropy_of_the_probabilities():
    X, y = blobs(3)
    model = tiny().fit(X, y)
    by_hand = -np.log(model.predict_proba(X)[np.arange(len(y)), y]).mean()
    assert model.loss(X, y) == pytest.approx(by_hand, rel=1e-5)


def test_training_loss_is_the_mean_over_all_rows():
    """Without learning it must be the loss of the untouched weights, however the rows are cut."""
    X, y = blobs(3, n_rows=50)
    model = tiny(batch_size=32, learning_rate=0.0, weight_decay=0.0).fit(X, y)
    assert [losses["train"] for losses in model.history_] == pytest.approx([model.loss(X, y)] * 3, rel=1e-5)


def test_the_same_seed_gives_the_same_weights_bit_for_bit():
    X, y = blobs()
    first, again, other = (weights(tiny(seed=seed).fit(X, y)) for seed in (3, 3, 4))
    assert equal(first, again)
    assert not equal(first, other)


def test_every_epoch_and_every_seed_has_its_own_order_of_rows(monkeypatch):
    X, y = blobs()
    orders = []
    randperm = torch.randperm

    def spy(*arguments, **settings):
        orders.append(randperm(*arguments, **settings))
        return orders[-1]

    monkeypatch.setattr(torch, "randperm", spy)
    for seed in (0, 1):
        tiny(seed=seed).fit(X, y)
    assert len(orders) == 6
    assert len({tuple(order.tolist()) for order in orders}) == 6
    assert all(sorted(order.tolist()) == list(range(120)) for order in orders)


def test_weights_do_not_follow_torchs_global_generator():
    X, y = blobs()
    state = torch.get_rng_state()
    try:
        torch.manual_seed(1)
        first = weights(tiny().fit(X, y))
        torch.manual_seed(2)
        assert equal(first, weights(tiny().fit(X, y)))
    finally:
        torch.set_rng_state(state)


def test_fit_leaves_torchs_global_generator_alone():
    X, y = blobs()
    before = torch.get_rng_state()
    tiny().fit(X, y)
    assert torch.equal(before, torch.get_rng_state())


def test_initial_weights_have_torchs_own_range():
    X, y = blobs()
    model = tiny(hidden=200, epochs=1, learning_rate=0.0, weight_decay=0.0).fit(X, y)
    for layer in model.model_[::2]:
        bound = layer.in_features**-0.5
        for parameter in (layer.weight, layer.bias):
            assert parameter.abs().max() <= bound
        assert layer.weight.abs().max() > 0.95 * bound
        assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.1)


def test_it_has_two_hidden_layers():
    X, y = blobs(3)
    model = tiny(hidden=5).fit(X, y).model_
    shapes = [tuple(layer.weight.shape) for layer in model if isinstance(layer, torch.nn.Linear)]
    assert shapes == [(5, 4), (5, 5), (3, 5)]
    assert [type(layer).__name__ for layer in model] == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]


def test_a_columns_unit_does_not_matter():
    X, y = blobs()
    millimetres = X * [1000, 1, 1, 1] + [5, 0, 0, 0]
    same = tiny().fit(X, y).predict_proba(X), tiny().fit(millimetres, y).predict_proba(millimetres)
    assert same[0] == pytest.approx(same[1], abs=1e-4)


def test_early_stopping_keeps_the_best_epochs_weights(noisy):
    model = tiny(hidden=32, epochs=200, patience=5, learning_rate=0.01).fit(*noisy)
    validation = [losses["validation"] for losses in model.history_]
    assert model.epochs_ == 1 + int(np.argmin(validation))
    assert len(model.history_) == model.epochs_ + 5
    assert len(model.history_) < 200
    assert model.loss(*noisy[2:]) == min(validation)
    assert validation[-1] > min(validation)


def test_training_for_the_best_number_of_epochs_gives_the_same_weights(noisy):
    stopped = tiny(hidden=32, epochs=200, patience=5, learning_rate=0.01).fit(*noisy)
    alone = tiny(hidden=32, epochs=stopped.epochs_, learning_rate=0.01).fit(*noisy[:2])
    assert equal(weights(stopped), weights(alone))
    assert "validation" not in alone.history_[0]


def test_validation_needs_rows_and_labels(noisy):
    X, y, X_val, y_val = noisy
    for half in ({"X_val": X_val}, {"y_val": y_val}):
        with pytest.raises(CourseError, match="needs both X_val and y_val: give both or neither"):
            tiny().fit(X, y, **half)


def test_a_loss_that_explodes_is_an_error():
    X, y = blobs()
    with pytest.raises(CourseError, match=r"the loss became .*(nan|inf).*: lower the learning rate"):
        tiny(learning_rate=1e30).fit(X, y)


def test_a_validation_loss_that_is_no_number_is_an_error(noisy):
    X, y, X_val, y_val = noisy
    X_val = X_val.copy()
    X_val[0, 0] = np.nan
    with pytest.raises(CourseError, match=r"loss.*nan"):
        tiny().fit(X, y, X_val, y_val)


@pytest.mark.parametrize("label", [1, 5])
def test_a_label_that_was_not_trained_is_an_error(label):
    X, y = blobs()
    model = tiny().fit(X, 2 * y)  # classes 0 and 2
    with pytest.raises(CourseError, match=r"label|class"):
        model.loss(X, np.full(len(X), label))


def test_scikit_learn_can_copy_and_validate_it():
    X, y = blobs()
    model = tiny(epochs=20, seed=5)
    assert clone(model).get_params() == model.get_params()
    assert cross_val_score(model, X, y, cv=3).tolist() == [1, 1, 1]


def test_size_of_the_network_agrees_with_torchs_own_counter():
    X, y = blobs(3, n_rows=40)
    model = tiny(hidden=7, epochs=1).fit(X, y)
    inputs, targets = model._tensor(X), torch.as_tensor(y)
    with FlopCounterMode(display=False) as counter:
        torch.nn.functional.cross_entropy(model.model_(inputs), targets).backward()
    assert size(model, 40).train_operations == counter.get_total_flops()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.model_(inputs[:1])
    assert size(model, 40).predict_operations == counter.get_total_flops()


def test_size_of_the_network_by_hand():
    X, y = blobs(3)
    found = size(tiny(hidden=7, epochs=4).fit(X, y), 100)
    # 4·7 + 7·7 + 7·3 = 98 weights, 7 + 7 + 3 biases; nobody needs the gradient of the table itself,
    # so the 28 weights of the first layer are used twice in a step and all others three times
    assert (found.parameters, found.train_operations, found.predict_operations) == (
        115,
        2 * (3 * 98 - 28) * 100 * 4,
        196,
    )


def test_size_of_the_network_counts_the_epochs_that_are_kept(noisy):
    model = tiny(epochs=100, patience=3, learning_rate=0.01).fit(*noisy)
    assert model.epochs_ < 100
    once = clone(model).set_params(epochs=1).fit(*noisy[:2])
    assert size(model, 80).train_operations == size(once, 80).train_operations * model.epochs_


def test_size_of_a_logistic_regression_by_hand():
    X, y = blobs(3, n_rows=60)
    model = LogisticRegression().fit(X, y)
    model.n_iter_ = np.array([7])
    found = size(model, 60)
    # 3·4 weights, 3 intercepts; 7 iterations × 2 evaluations × 2 products × 2 operations a weight and row
    assert (found.parameters, found.train_operations, found.predict_operations) == (15, 7 * 8 * 60 * 12, 24)


def test_size_of_a_forest_by_hand():
    X, y = np.array([[0.0], [1], [2], [3]]), np.array([0, 0, 1, 1])
    model = RandomForestClassifier(3, bootstrap=False, random_state=0).fit(X, y)
    found = size(model, 4)
    # each tree is one cut of 4 rows: 4·(log2 4 + 10) = 48; column, cut and two leaves of two shares
    assert (found.parameters, found.train_operations, found.predict_operations) == (3 * 6, 3 * 48, 3)


def uneven(n_rows=200):
    X, y = make_classification(n_rows, 9, n_informative=5, flip_y=0.2, random_state=1)
    return X, y


def depths(model, X):
    """Mean number of comparisons a row, from the path that each row really takes."""
    trees = np.ravel(model.estimators_)
    return sum((tree.decision_path(X).sum() - len(X)) / len(X) for tree in trees)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(5, bootstrap=False, random_state=0),
        GradientBoostingClassifier(n_estimators=6, random_state=0),
    ],
)
def test_a_forests_prediction_takes_as_many_comparisons_as_its_paths_are_long(model):
    X, y = uneven()
    model.fit(X, y)
    assert depths(model, X) > 5
    found = size(model, len(X))
    assert found.predict_operations == pytest.approx(depths(model, X), rel=1e-6)


def test_a_forests_training_agrees_with_a_walk_over_its_nodes():
    X, y = uneven()
    model = RandomForestClassifier(3, bootstrap=False, max_features=3, random_state=0).fit(X, y)
    total = 0.0
    for tree in model.estimators_:
        rows_at = np.asarray(tree.decision_path(X).sum(axis=0)).ravel()
        for node in range(tree.tree_.node_count):
            if tree.tree_.children_left[node] >= 0:
                total += 3 * rows_at[node] * (np.log2(rows_at[node]) + 10)
    assert size(model, len(X)).train_operations == pytest.approx(total)


def test_a_larger_forest_costs_more():
    X, y = uneven()
    small, large = (RandomForestClassifier(n, random_state=0).fit(X, y) for n in (2, 4))
    assert size(large, 200).train_operations > size(small, 200).train_operations
    assert size(large, 200).parameters > size(small, 200).parameters


def test_size_of_boosted_trees_counts_every_class():
    X, y = blobs(3)
    model = GradientBoostingClassifier(n_estimators=2, max_depth=1, random_state=0).fit(X, y)
    assert model.estimators_.shape == (2, 3)
    assert size(model, 120).parameters == 6 * 4  # column, cut and two leaves each


def test_size_of_an_svm_of_two_classes_by_hand():
    model = SVC().fit([[0.0, 0, 1], [1, 1, 1]], [0, 1])  # both rows are support vectors
    model.n_iter_ = np.array([7])
    found = size(model, 2)
    # 2·3 numbers of the support vectors, 2 coefficients, 1 intercept; each of 2 rows is compared with 2 (2
    # operations a column), and 7 iterations change 2 gradients (4 operations each)
    assert (found.parameters, found.train_operations) == (6 + 2 + 1, 2 * 3 * 2 * 2 + 4 * 2 * 7)
    # 2 support vectors with 3 columns, 3 operations each, and 2 products with a coefficient, added up
    assert found.predict_operations == 3 * 2 * 3 + 2 * 2


def test_size_of_an_svm_of_three_classes_by_hand():
    model = SVC().fit([[0.0, 0], [0, 1], [1, 0]], [0, 1, 2])
    model.n_iter_ = np.array([1, 2, 4])
    found = size(model, 3)
    # 3 pairs with 2 rows each; a support vector has a coefficient for each of its 2 pairs
    assert (found.parameters, found.train_operations) == (6 + 6 + 3, 3 * (2 * 2 * 2 * 2) + 4 * 2 * 7)
    assert found.predict_operations == 3 * 6 + 2 * 6


def test_size_of_an_svm_agrees_with_an_svm_for_each_pair_of_classes():
    """Also where a row is a support vector of one pair and not of another."""
    X, y = blobs(4, n_rows=200)
    model = SVC(gamma=0.02).fit(X, y)
    assert np.count_nonzero(model.dual_coef_) < model.dual_coef_.size
    total = 0
    for pair in combinations(range(4), 2):
        rows = np.isin(y, pair)
        alone = SVC(gamma=0.02).fit(X[rows], y[rows])
        total += 2 * 4 * 100 * alone.n_support_.sum() + 4 * 100 * alone.n_iter_[0]
    assert size(model, 200).train_operations == total


def test_an_svm_of_more_rows_costs_more():
    X, y = uneven(400)
    small, large = (size(SVC().fit(X[:n], y[:n]), n) for n in (100, 400))
    assert large.train_operations > 8 * small.train_operations  # nearly with the square of the rows
    assert large.predict_operations > 2 * small.predict_operations
    assert large.parameters > 2 * small.parameters


def test_a_pipelines_size_is_that_of_its_model():
    X, y = blobs()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    assert size(pipeline, 120) == size(pipeline[-1], 120)


@pytest.mark.parametrize("model", [GaussianNB(), DecisionTreeClassifier(), DummyClassifier()])
def test_a_model_without_a_counting_rule_is_refused(model):
    with pytest.raises(
        CourseError, match=rf"no counting rule for {type(model).__name__}: write one in course_ut"
    ):
        size(model, 10)
