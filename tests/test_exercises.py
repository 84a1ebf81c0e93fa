import importlib

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, exercises_of

from course_utils import exercises


def place(pixels, size, seed):
    """Lesson 2's: each picture at a random place of an empty canvas."""
    rng = np.random.default_rng(seed)
    n, channels, height, width = pixels.shape
    canvas = np.zeros((n, channels, size, size), dtype=np.float32)
    corners = rng.integers(0, (size - height + 1, size - width + 1), (n, 2))
    for i, (top, left) in enumerate(corners):
        canvas[i, :, top : top + height, left : left + width] = pixels[i]
    return canvas


def some_batches():
    """(said, truth) of three batches: 9 and 8 of 10 are right, and 1 of the last 4."""
    truth = np.arange(24) % 3
    said = truth.copy()
    said[[0, 10, 11, 20, 21, 22]] += 1
    return [(said[k : k + 10], truth[k : k + 10]) for k in (0, 10, 20)]


def lesson_2_data(exercise):
    """Data as lesson 2 has them, from seeds of their own."""
    rng = np.random.default_rng(0)
    pixels = rng.random((50, 1, 8, 8)).astype(np.float32)
    contexts = {
        "2.3": {"pixels": pixels, "labels": rng.integers(0, 10, 50), "place": place, "size": 16},
        "2.4": {"batches": some_batches()},
    }
    return contexts.get(exercise.id, {})


def lesson_2_exercises():
    from course_utils.exercises import lesson_2

    return exercises_of(lesson_2.exercises).values()


def with_data():
    """Each exercise of the lessons, with data for it."""
    pairs = [(each, lesson_2_data(each)) for each in lesson_2_exercises()]
    return [pytest.param(*pair, id=pair[0].id) for pair in pairs]


@pytest.mark.parametrize(("exercise", "context"), with_data())
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


@pytest.mark.parametrize("lesson", [2])
def test_exercises_are_well_made(lesson):
    book = importlib.import_module(f"course_utils.exercises.lesson_{lesson}").exercises
    assert_well_made(book, str(lesson))


def checker(lesson, data, capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""

    def check(exercise_id, answer):
        book = exercises.workbook(*lesson)
        book.check(exercise_id, answer, **data(exercises_of(book)[exercise_id]))
        return book.statuses[exercise_id], capsys.readouterr().out

    return check


@pytest.fixture
def lesson_2(capsys):
    return checker(lesson_2_exercises(), lesson_2_data, capsys)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("2.1", 6),  # the window [[3, 2], [5, 1]] under [[1, 2], [0, -1]]
        ("2.2", 4640),  # 32 · (16 · 9 + 1)
        ("2.4", 75),  # 18 of 24
        ("2.4", 75.0),
        ("2.5", " Inconclusive"),  # from -0.5 to +2.3, allowed are -2 to 2
        ("2.6", ["CNN"]),
    ],
)
def test_lesson_2_knows_answers_worked_out_by_hand(lesson_2, exercise_id, answer):
    status, _ = lesson_2(exercise_id, answer)
    assert status == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "hint"),
    [
        ("2.1", -1, "upper left"),  # 1 + 0 + 0 - 2
        ("2.1", 3, "upper right"),  # 0 + 4 + 0 - 1
        ("2.1", 4, "lower right"),  # 2 + 2 + 0 - 0
        ("2.1", 7, "last weight"),  # 3 + 4 + 0
        ("2.1", 8, "turned the kernel round"),  # -3 + 0 + 10 + 1
        ("2.2", 4608, "has one bias"),
        ("2.2", 320, "one input channel"),
        ("2.2", 4624, "number of inputs first"),  # only 0.3 % away
        ("2.4", 65.0, "mean of the batches"),  # (90 + 80 + 25) / 3
        ("2.4", 85.0, "last batch is missing"),  # 17 of 20
        ("2.4", 0.75, "asks for %"),
        ("2.6", {}, "windows of 3 × 3"),
        ("2.6", {"CNN", "MLP"}, "every neuron"),
    ],
)
def test_lesson_2_knows_mistakes_worked_out_by_hand(lesson_2, exercise_id, answer, hint):
    status, said = lesson_2(exercise_id, answer)
    assert status == "not yet"
    assert hint in said


def honest(pixels, labels, train, test):
    many = np.concatenate([place(pixels[train], 16, seed) for seed in range(4)])
    return many, np.tile(labels[train], 4), place(pixels[test], 16, 100), labels[test]


def with_loops(pixels, labels, train, test):
    many, many_labels = [], []
    for seed in range(4):
        for picture, row in zip(place(pixels[train], 16, seed), train, strict=True):
            many.append(picture)
            many_labels.append(int(labels[row]))
    return np.array(many), many_labels, place(pixels[test], 16, 100), [labels[row] for row in test]


def as_lists(*data):
    return [array.tolist() for array in honest(*data)]


def as_float64(*data):
    return tuple(array.astype(np.float64) for array in honest(*data))


@pytest.mark.parametrize("answer", [honest, with_loops, as_lists, as_float64])
def test_exercise_2_3_accepts_whatever_makes_the_same_sets(lesson_2, answer):
    assert lesson_2("2.3", answer) == (
        "correct",
        "✔ 2.3 Augmentation that stays in the training part: correct\n",
    )


def test_exercise_2_3_sees_every_part(lesson_2):
    """One wrong number in any of the four arrays is enough."""
    for part in range(4):

        def nearly(*data, part=part):
            sets = honest(*data)
            sets[part].flat[-1] += 1
            return sets

        assert lesson_2("2.3", nearly)[0] == "not yet"


def test_exercise_2_3_leaves_the_lessons_pictures_alone():
    exercise = next(each for each in lesson_2_exercises() if each.id == "2.3")
    context = lesson_2_data(exercise)
    before = context["pixels"].copy(), context["labels"].copy()

    def careless(pixels, labels, train, test):
        sets = honest(pixels, labels, train, test)
        pixels *= 0
        labels += 1
        return sets

    book = exercises.workbook(exercise)
    book.check("2.3", careless, **context)
    assert np.array_equal(context["pixels"], before[0])
    assert np.array_equal(context["labels"], before[1])


def test_exercise_2_3_also_works_with_few_pictures():
    exercise = next(each for each in lesson_2_exercises() if each.id == "2.3")
    context = lesson_2_data(exercise)
    context |= {"pixels": context["pixels"][:12], "labels": context["labels"][:12]}
    book = exercises.workbook(exercise)
    book.check("2.3", honest, **context)
    assert book.statuses["2.3"] == "correct"


def colleague(pixels, labels, train, test):
    many = np.concatenate([place(pixels, 16, seed) for seed in range(4)])
    many_labels = np.tile(labels, 4)
    return many[train], many_labels[train], many[test], many_labels[test]


def test_exercise_2_3_knows_who_takes_rows_of_the_wrong_array(lesson_2):
    status, said = lesson_2("2.3", colleague)
    assert status == "not yet"
    assert "row numbers of pixels, not of many" in said


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (None, "TypeError: 'NoneType' object is not callable"),
        (np.zeros(3), "TypeError: 'numpy.ndarray' object is not callable"),
        (lambda pixels, labels: None, "takes 2 positional arguments but 4 were given"),
        (lambda *data: None, "it should return four arrays: train_pixels, train_labels, test_pixels"),
        (lambda *data: honest(*data)[:2], "it should return four arrays"),
        (lambda *data: np.zeros((4, 2)), "it should return four arrays"),
        (lambda *data: (1, 2, 3, 4), "TypeError"),
        (lambda *data: (None,) * 4, "TypeError"),
        (
            lambda pixels, labels, train, test: (*honest(pixels, labels, train, test)[:3], labels),
            "test_pixels has 10 rows, but test_labels 30 values",
        ),
        (
            lambda *data: tuple(honest(*data)[k] for k in (0, 2, 1, 3)),
            "train_pixels has 80 rows, but train_labels 2560 values",
        ),
        (lambda pixels, labels, train, test: pixels[99], "IndexError"),
        (lambda *data: tuple(array[:5] for array in honest(*data)), "For a nudge, run exercises.hint"),
        (lambda *data: tuple(array[..., None] for array in honest(*data)), "For a nudge"),
        (lambda *data: ([[1], [1, 2]], [1, 2], [[1], [1, 2]], [1, 2]), "For a nudge"),
    ],
)
def test_exercise_2_3_answers_whatever_it_gets(lesson_2, answer, line):
    status, said = lesson_2("2.3", answer)
    assert status == "not yet"
    assert "Expected a function of (pixels, labels, train, test) that gives 4 * len(train)" in said
    assert line in said


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (None, "TypeError: float() argument"),
        ([75.0, 75.0], "TypeError: these are 2 values, not one number"),
        (some_batches(), "could not be checked"),
        ("many", "ValueError: could not convert string to float"),
        (lambda batches: 75, "TypeError: float() argument"),
        (float("nan"), "You gave nan. For a nudge"),
        (74.0, "You gave 74.0. For a nudge"),
        (18, "You gave 18. For a nudge"),
    ],
)
def test_exercise_2_4_answers_whatever_it_gets(lesson_2, answer, line):
    status, said = lesson_2("2.4", answer)
    assert status == "not yet"
    assert "Expected a number in %" in said
    assert line in said
