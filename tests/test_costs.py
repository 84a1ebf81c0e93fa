import subprocess
import sys
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_info, threadpool_limits

from course_utils import CourseError
from course_utils.models import costs
from course_utils.models.costs import Cost, size


class Clocks:
    """Two clocks that move only when somebody works or waits."""

    def __init__(self):
        self.wall = self.cpu = 100.0

    def work(self, seconds):
        self.wall, self.cpu = self.wall + seconds, self.cpu + 2 * seconds  # on two cores

    def wait(self, seconds):
        self.wall += seconds


@pytest.fixture
def clocks(monkeypatch):
    clocks = Clocks()
    monkeypatch.setattr(costs.time, "perf_counter", lambda: clocks.wall)
    monkeypatch.setattr(costs.time, "process_time", lambda: clocks.cpu)
    return clocks


def test_cost_meter_counts_work_on_all_cores_and_no_waiting(clocks):
    with costs.CostMeter() as cost:
        clocks.wait(5)
        clocks.work(1)
    assert (cost.wall_s, cost.cpu_s) == (6, 2)


def test_cost_meter_measures_a_block_that_fails(clocks):
    meter = costs.CostMeter()
    with pytest.raises(ValueError, match="stop"), meter:
        clocks.wait(1)
        raise ValueError("stop")
    assert meter.wall_s == 1


@pytest.mark.parametrize(("one_call_s", "calls"), [(4.0, 1), (0.25, 2), (0.03125, 16)])
def test_cpu_seconds_repeats_a_call_until_the_clock_has_moved_enough(clocks, one_call_s, calls):
    done = []

    def call():
        done.append(1)
        clocks.work(one_call_s / 2)

    assert costs.cpu_seconds(call, at_least_s=0.5) == one_call_s
    assert len(done) == calls


def test_operations_of_a_matrix_product():
    a, b = torch.ones(3, 4), torch.ones(4, 5)
    assert costs.count_operations(lambda: a @ b) == 2 * 3 * 4 * 5
    assert costs.count_operations(lambda: (a @ b, a @ b)) == 2 * 2 * 3 * 4 * 5


@pytest.mark.parametrize(("stride", "padding", "side"), [(1, 0, 6), (1, 1, 8), (2, 1, 4)])
def test_operations_of_a_convolution(stride, padding, side):
    """On 5 pictures of 8 × 8 pixels, with 3 channels that become 4."""
    layer = torch.nn.Conv2d(3, 4, 3, stride, padding)
    images = torch.ones(5, 3, 8, 8)
    forward = 2 * 5 * (4 * side**2) * (3 * 3 * 3)
    assert costs.count_operations(lambda: layer(images)) == forward
    # as much again for the slope of the weights, and with one for that of the pixels
    assert costs.count_operations(lambda: layer(images).sum().backward()) == 2 * forward
    images.requires_grad_()
    assert costs.count_operations(lambda: layer(images).sum().backward()) == 3 * forward


def test_operations_of_a_linear_layer_forward_and_back():
    model = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    rows = torch.ones(7, 6)
    assert costs.count_operations(lambda: model(rows)) == 2 * 7 * (24 + 8)
    assert costs.count_operations(lambda: model(rows).sum().backward()) == 2 * 7 * (2 * 24 + 3 * 8)


def test_other_operations_are_not_counted():
    norm, a = torch.nn.BatchNorm2d(2), torch.ones(3, 2, 4, 4)
    assert costs.count_operations(lambda: ((a + a) * a).relu().sum()) == 0
    assert costs.count_operations(lambda: norm(a).softmax(dim=1).sum().backward()) == 0


def test_counting_calls_the_function_once_and_prints_nothing(capsys):
    calls = []
    assert costs.count_operations(lambda: calls.append(1)) == 0
    assert calls == [1]
    assert capsys.readouterr().out == ""


def test_use_one_core_limits_every_library():
    np.ones((2, 2)) @ np.ones((2, 2))
    threads = torch.get_num_threads()
    with threadpool_limits(limits=None):  # puts the limits back at its end
        costs.use_one_core()
        found = {pool["num_threads"] for pool in threadpool_info()} | {torch.get_num_threads()}
    torch.set_num_threads(threads)
    assert found == {1}


def test_peak_memory_is_at_least_what_is_used_now():
    peak = costs.peak_memory_mb()
    assert peak >= 0.9 * psutil.Process().memory_info().rss / 1e6
    assert costs.peak_memory_mb() >= peak


def test_peak_memory_is_this_process_own():
    """A kernel that a large program starts must not report that program's memory as its own."""
    large = np.ones(50_000_000)  # 400 MB
    code = (
        "from course_utils.models.costs import peak_memory_mb; import numpy as np\n"
        "before = peak_memory_mb(); array = np.ones(25_000_000); print(before, peak_memory_mb())"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    before, after = map(float, answer.stdout.split())
    assert before < large.nbytes / 1e6 / 2
    assert after - before == pytest.approx(200, abs=40)  # 8 bytes each


def test_peak_memory_knows_each_systems_unit(monkeypatch):
    resource = pytest.importorskip("resource")  # not on Windows
    usage = SimpleNamespace(ru_maxrss=2_000_000)
    monkeypatch.setattr(resource, "getrusage", lambda who: usage)
    monkeypatch.setattr(costs.sys, "platform", "darwin")
    assert costs.peak_memory_mb() == pytest.approx(2)  # bytes
    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=3_000_000))
    monkeypatch.setattr(psutil, "Process", lambda: process)
    monkeypatch.setattr(costs.sys, "platform", "win32")
    assert costs.peak_memory_mb() == pytest.approx(3)


def blobs(n_classes=2, n_rows=120, seed=0):
    """Rows around well separated points."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_rows) % n_classes
    return rng.normal(size=(n_rows, 4)) + 8 * y[:, None] * [1, -1, 1, 0], y


def test_size_of_a_logistic_regression_by_hand():
    X, y = blobs(3, n_rows=60)
    model = LogisticRegression().fit(X, y)
    model.n_iter_ = np.array([7])
    found = size(model, X)
    # 3·4 weights, 3 intercepts; 7 iterations × 2 evaluations × 2 products × 2 operations a weight and row
    assert (found.parameters, found.train_operations, found.predict_operations) == (15, 7 * 8 * 60 * 12, 24)


def test_size_of_a_forest_by_hand():
    X, y = np.array([[0.0], [1], [2], [3]]), np.array([0, 0, 1, 1])
    model = RandomForestClassifier(3, bootstrap=False, random_state=0).fit(X, y)
    found = size(model, X)
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
    found = size(model, X)
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
    assert size(model, X).train_operations == pytest.approx(total)


def test_a_larger_forest_costs_more():
    X, y = uneven()
    small, large = (RandomForestClassifier(n, random_state=0).fit(X, y) for n in (2, 4))
    assert size(large, X).train_operations > size(small, X).train_operations
    assert size(large, X).parameters > size(small, X).parameters


def test_size_of_boosted_trees_counts_every_class():
    X, y = blobs(3)
    model = GradientBoostingClassifier(n_estimators=2, max_depth=1, random_state=0).fit(X, y)
    assert model.estimators_.shape == (2, 3)
    assert size(model, X).parameters == 6 * 4  # column, cut and two leaves each


def test_size_of_histogram_boosting_by_hand():
    X, y = np.array([[0.0], [1], [2], [3]]), np.array([0.0, 0, 1, 1])
    model = HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=2, min_samples_leaf=1, max_bins=4)
    found = size(model.fit(X, y), X)
    # each tree is one cut into 2 and 2: column, cut and two leaves; every row takes one comparison
    assert (found.parameters, found.predict_operations) == (2 * 4, 2)
    # 8 comparisons a value; each tree has histograms of 4 rows and of 2, 3 nodes with 4 edges, 4 gradients
    assert found.train_operations == 4 * 8 + 2 * (3 * (4 + 2) + 3 * 4 * 10 + 4 * 5)


def test_histogram_boosting_counts_every_class_and_its_paths():
    X, y = uneven()
    two = HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=6).fit(X, y)
    leaves = [tree.nodes[tree.nodes["is_leaf"] == 1] for (tree,) in two._predictors]
    paths = sum((each["count"] * each["depth"]).sum() for each in leaves) / len(X)
    assert size(two, X).predict_operations == pytest.approx(paths)
    X, y = blobs(3)
    three = HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=2, min_samples_leaf=1).fit(X, y)
    assert size(three, X).parameters == 2 * 3 * 4


def test_more_boosting_costs_more():
    X, y = uneven()
    one, other = (HistGradientBoostingClassifier(max_iter=n).fit(X, y) for n in (5, 10))
    assert 1.5 * size(one, X).train_operations < size(other, X).train_operations


def test_size_of_a_ridge_by_hand():
    X = np.random.default_rng(0).normal(size=(50, 3))
    found = size(Ridge().fit(X, X.sum(axis=1)), X)
    # 50 rows give 3·4/2 different products of two columns and 3 with the target, a product and a sum each;
    # 27/3 for the triangle
    assert (found.parameters, found.predict_operations) == (4, 6)
    assert found.train_operations == 50 * (6 + 3) * 2 + 9


def test_size_of_an_svm_of_two_classes_by_hand():
    model = SVC().fit([[0.0, 0, 1], [1, 1, 1]], [0, 1])  # both rows are support vectors
    model.n_iter_ = np.array([7])
    found = size(model, np.ones((2, 3)))
    # 2·3 numbers of the support vectors, 2 coefficients, 1 intercept; each of 2 rows is compared with 2 (2
    # operations a column), and 7 iterations change 2 gradients (4 operations each)
    assert (found.parameters, found.train_operations) == (6 + 2 + 1, 2 * 3 * 2 * 2 + 4 * 2 * 7)
    # 2 support vectors with 3 columns, 3 operations each, and 2 products with a coefficient, added up
    assert found.predict_operations == 3 * 2 * 3 + 2 * 2


def test_size_of_an_svm_of_three_classes_by_hand():
    model = SVC().fit([[0.0, 0], [0, 1], [1, 0]], [0, 1, 2])
    model.n_iter_ = np.array([1, 2, 4])
    found = size(model, np.ones((3, 2)))
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
    assert size(model, X).train_operations == total


def test_an_svm_of_more_rows_costs_more():
    X, y = uneven(400)
    small, large = (size(SVC().fit(X[:n], y[:n]), X[:n]) for n in (100, 400))
    assert large.train_operations > 8 * small.train_operations  # nearly with the square of the rows
    assert large.predict_operations > 2 * small.predict_operations
    assert large.parameters > 2 * small.parameters


@pytest.mark.parametrize(("early_stopping", "watched"), [(False, 0), (True, 10)])
def test_size_of_an_mlp_by_hand(early_stopping, watched):
    X, y = blobs(3, n_rows=100)  # 4 columns, 3 classes
    model = MLPClassifier((5, 6), max_iter=40, early_stopping=early_stopping, random_state=0).fit(X, y)
    model.n_iter_ = 7
    found = size(model, X)
    weights = 4 * 5 + 5 * 6 + 6 * 3  # 68
    assert found.parameters == weights + 5 + 6 + 3
    assert found.predict_operations == 2 * weights
    # forward, the weights' gradient, and the inputs' gradient behind the first layer
    a_row = 2 * weights + 2 * weights + 2 * (5 * 6 + 6 * 3)
    assert found.train_operations == 7 * ((100 - watched) * a_row + watched * 2 * weights)


def test_an_mlps_operations_agree_with_torchs_count():
    network = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Linear(5, 6), torch.nn.Linear(6, 3))
    rows = torch.ones(50, 4)
    counted = costs.count_operations(lambda: network(rows).sum().backward())
    X, y = blobs(3, n_rows=50)
    model = MLPClassifier((5, 6), max_iter=1).fit(X, y)
    assert size(model, X).train_operations == counted


def test_a_pipelines_size_is_that_of_its_model():
    X, y = blobs()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    assert size(pipeline, X) == size(pipeline[-1], X)


@pytest.mark.parametrize("model", [GaussianNB(), DecisionTreeClassifier(), DummyClassifier()])
def test_a_model_without_a_counting_rule_is_refused(model):
    with pytest.raises(
        CourseError, match=rf"no counting rule for {type(model).__name__}: write one in course_ut"
    ):
        size(model, np.ones((10, 2)))


def test_a_model_that_counts_itself_is_asked():
    found = costs.Size(1, 2.0, 3.0)
    assert size(SimpleNamespace(size=lambda X: found), [[1.0]]) is found


def test_a_cost_table_has_a_row_a_model_and_numbers_for_a_person():
    table = costs.cost_table(
        [
            Cost("Llama", "docstrings", "LLM", 857_472, 2.9437e12, 1.234e6, 31.456, 0.0123456),
            Cost("SVM", "digits", "classic", 1_200_000, 3.5e6, 140.0, 0.25, 0.01),
        ]
    )
    assert table.index.tolist() == [("LLM", "Llama"), ("classic", "SVM")]
    assert table.loc[("LLM", "Llama")].tolist() == [
        "857,472",
        "2.94 trillion",
        "31.5",
        "1.23 million",
        "0.0123",
    ]
    assert table.columns[1] == "training (operations)"
