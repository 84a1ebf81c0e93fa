"""The exercises of lesson 2 and of its labs."""

import numpy as np
import pytest
import torch
from exercise_cases import exercises_of
from torch import nn

from course_utils import exercises
from course_utils.data.canvases import place
from course_utils.exercises import lesson_2

BOOKS = {"2": lesson_2}


def batch_loss(model, images, labels):
    return nn.functional.cross_entropy(model(images), labels)


def pictures(n=50):
    rng = np.random.default_rng(0)
    return {
        "pixels": rng.random((n, 1, 8, 8)).astype(np.float32),
        "labels": rng.integers(0, 10, n),
        "place": place,
        "size": 16,
    }


CONTEXTS = {
    "2.3": {"batch_loss": batch_loss},
    "2.4": pictures(),
}
ALL = [(name, id) for name, book in BOOKS.items() for id in exercises_of(book.exercises)]
every_exercise = pytest.mark.parametrize(("name", "exercise_id"), ALL, ids=[id for _, id in ALL])


def exercise(exercise_id):
    found = {id: each for book in BOOKS.values() for id, each in exercises_of(book.exercises).items()}
    return found[exercise_id]


@pytest.fixture
def check(capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""

    def checked(exercise_id, answer):
        book = exercises.workbook(exercise(exercise_id))
        book.check(exercise_id, answer, **CONTEXTS.get(exercise_id, {}))
        return book.statuses[exercise_id], capsys.readouterr().out

    return checked


@every_exercise
def test_the_solution_and_each_mistake_are_told_apart(name, exercise_id, check):
    one, context = exercise(exercise_id), CONTEXTS.get(exercise_id, {})
    assert check(exercise_id, one.solution(**context)) == (
        "correct",
        f"✔ {exercise_id} {one.title}: correct\n",
    )
    assert len(one.mistakes) >= 2
    for mistake in one.mistakes:
        status, said = check(exercise_id, mistake.answer(**context))
        assert status == "not yet"
        assert said.splitlines()[1:] == [f"  {mistake.hint}"]
    assert len({mistake.hint for mistake in one.mistakes}) == len(one.mistakes)


@every_exercise
def test_three_dots_are_not_attempted(name, exercise_id, check):
    assert check(exercise_id, ...) == (
        "not attempted",
        f"… {exercise_id} {exercise(exercise_id).title}: not attempted\n",
    )


@pytest.mark.parametrize("name", BOOKS)
def test_exercises_are_numbered_and_have_hints(name):
    book = exercises_of(BOOKS[name].exercises)
    assert list(book) == [f"{name}.{i}" for i in range(1, len(book) + 1)]
    assert all(len(each.hints) >= 2 for each in book.values())


@every_exercise
@pytest.mark.parametrize("answer", [None, [], "none", lambda *args: None, object(), float("nan")])
def test_whatever_is_given_is_answered_with_what_was_expected(name, exercise_id, answer, check):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    one = exercise(exercise_id)
    assert f"Expected {one.expects}" in said or any(each.hint in said for each in one.mistakes)


def test_an_answer_worked_out_by_hand(check):
    window, kernel = np.array([[3, 2], [5, 1]]), np.array([[1, 2], [0, -1]])
    assert check("2.1", int((window * kernel).sum()))[0] == "correct"
    for wrong, hint in [(-1, "upper left"), (3, "upper right"), (4, "lower right"), (7, "last weight")]:
        assert hint in check("2.1", wrong)[1]


class MyNetwork(nn.Module):
    """Not nn.Sequential, and the classes' scores one by one in a layer of its own name."""

    def __init__(self):
        super().__init__()
        self.see = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2))
        self.again = nn.Sequential(nn.Conv2d(8, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.score = nn.Linear(16, 10)

    def forward(self, x):
        return self.score(self.again(self.see(x)))


def test_a_network_may_be_a_class(check):
    assert check("2.2", MyNetwork())[0] == "correct"
    assert "nn.Sequential(...), and is a" in check("2.2", MyNetwork)[1]


def by_optimizer(model, images, labels, steps, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        batch_loss(model, images, labels).backward()
        optimizer.step()


def by_autograd(model, images, labels, steps, rate):
    for _ in range(steps):
        slopes = torch.autograd.grad(batch_loss(model, images, labels), list(model.parameters()))
        for w, slope in zip(model.parameters(), slopes, strict=True):
            w.data -= rate * slope


def rebinds(model, images, labels, steps, rate):
    for _ in range(steps):
        model.zero_grad()
        batch_loss(model, images, labels).backward()
        with torch.no_grad():
            for w in model.parameters():
                w = w - rate * w.grad


@pytest.mark.parametrize("answer", [by_optimizer, by_autograd])
def test_descent_may_be_written_otherwise(check, answer):
    assert check("2.3", answer)[0] == "correct"


def test_descent_that_makes_new_numbers_is_told_so(check):
    assert "w -= … changes the weight" in check("2.3", rebinds)[1]


def honest(pixels, labels, train, test):
    many = np.concatenate([place(pixels[train], 16, seed) for seed in range(4)])
    return many, np.tile(labels[train], 4), place(pixels[test], 16, 100), labels[test]


def as_tensors(*data):
    """As somebody gives them who trains a network with them."""
    return tuple(torch.from_numpy(array) for array in honest(*data))


def with_loops(pixels, labels, train, test):
    many, many_labels = [], []
    for seed in range(4):
        for picture, row in zip(place(pixels[train], 16, seed), train, strict=True):
            many.append(picture)
            many_labels.append(int(labels[row]))
    return np.array(many), many_labels, place(pixels[test], 16, 100), [labels[row] for row in test]


def careless(pixels, labels, train, test):
    """Right, and changes what it was given."""
    sets = honest(pixels, labels, train, test)
    pixels *= 0
    labels += 1
    return sets


def as_float64(*data):
    return tuple(array.astype(np.float64) for array in honest(*data))


def as_lists(*data):
    return [array.tolist() for array in honest(*data)]


@pytest.mark.parametrize("answer", [honest, with_loops, careless, as_tensors, as_lists, as_float64])
def test_honest_sets_may_be_arrays_tensors_or_lists(check, answer):
    assert check("2.4", answer)[0] == "correct"


def test_one_wrong_number_in_any_of_the_four_sets_is_seen(check):
    for part in range(4):

        def nearly(*data, part=part):
            sets = honest(*data)
            sets[part].flat[-1] += 1
            return sets

        assert check("2.4", nearly)[0] == "not yet"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (lambda *data: None, "it should return four arrays: train_pixels, train_labels, test_pixels"),
        (lambda *data: honest(*data)[:2], "it should return four arrays"),
        (lambda *data: (*honest(*data)[:3], data[1]), "test_pixels has 10 rows, but test_labels 30 values"),
        (
            lambda *data: (*as_tensors(*data)[:3], torch.from_numpy(data[1])),
            "test_pixels has 10 rows, but test_labels 30 values",
        ),
        (lambda pixels, labels, train, test: pixels[99], "IndexError"),
    ],
)
def test_sets_that_do_not_fit_are_told_what_is_wrong(check, answer, line):
    assert line in check("2.4", answer)[1]


def test_exercise_2_4_works_with_few_pictures(capsys):
    book = exercises.workbook(exercise("2.4"))
    book.check("2.4", honest, **pictures(12))
    assert book.statuses["2.4"] == "correct"


def test_rows_of_the_wrong_array_are_told_so(check):
    def colleague(pixels, labels, train, test):
        many = np.concatenate([place(pixels, 16, seed) for seed in range(4)])
        many_labels = np.tile(labels, 4)
        return many[train], many_labels[train], many[test], many_labels[test]

    assert "row numbers of pixels, not of many" in check("2.4", colleague)[1]
