import importlib

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, exercises_of
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

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


def in_grey(*values):
    """Pictures of one shade each: two of them are 8 times the difference of their shades apart."""
    return np.repeat(np.array(values, dtype=np.float32), 64).reshape(-1, 1, 8, 8)


def lesson_4_data(exercise):
    """Data as lesson 4 has them, so simple that everything can be worked out by hand."""
    contexts = {
        "4.2": {
            "judge_pixels": in_grey(0.0, 0.2, 0.8, 1.0),
            "judge_labels": np.array([0, 0, 1, 1]),
            "generated": in_grey(0.05, 0.15, 0.3, 0.7, 0.95),
            "asked": np.array([0, 1, 0, 1, 0]),
            "make_classifier": lambda: KNeighborsClassifier(n_neighbors=1),
        },
        "4.3": {
            "generated": in_grey(0.1, 0.12, 0.3, 0.49, 0.9),
            "train_pixels": in_grey(0.1, 0.5, 0.9),
            "held_out": in_grey(0.2, 0.3, 0.7),
        },
    }
    return contexts.get(exercise.id, {})


def lesson_4_exercises():
    from course_utils.exercises import lesson_4

    return exercises_of(lesson_4.exercises).values()


def with_data():
    """Each exercise of the lessons, with data for it."""
    pairs = [(each, lesson_2_data(each)) for each in lesson_2_exercises()]
    pairs += [(each, lesson_4_data(each)) for each in lesson_4_exercises()]
    return [pytest.param(*pair, id=pair[0].id) for pair in pairs]


@pytest.mark.parametrize(("exercise", "context"), with_data())
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


@pytest.mark.parametrize("lesson", [2, 3, 4])
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


@pytest.fixture
def lesson_4(capsys):
    return checker(lesson_4_exercises(), lesson_4_data, capsys)


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


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("4.1", -0.2),  # 0.8 · 0.5 - 0.6
        ("4.1", np.float32(-0.2)),
        ("4.2", 60),  # the judge says 0 0 0 1 1, asked were 0 1 0 1 0
        ("4.2", np.float32(60.0)),
        ("4.3", 80.0),  # shades 0, 0.02, 0.2, 0.01 and 0 away; held-out ones 0.1, 0.2 and 0.2
        ("4.3", np.array(80)),
        ("4.4", 13),  # 4 + 9
        ("4.5", 1.1),  # 0.2 + 3 · 0.3
        ("4.6", 83.3),  # 2 + 1 + 2 of 6
        ("4.6", 100 * 5 / 6),
        ("4.6", 83),
    ],
)
def test_lesson_4_knows_answers_worked_out_by_hand(lesson_4, exercise_id, answer):
    assert lesson_4(exercise_id, answer)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "hint"),
    [
        ("4.1", -0.04, "The roots are missing"),  # 0.32 - 0.36
        ("4.1", 0.04, "the noise has a root too"),  # 0.4 - 0.36
        ("4.1", 1.0, "The noise has the wrong sign"),  # 0.4 + 0.6
        ("4.1", 0.4, "what is left of the clean pixel"),
        ("4.1", -0.5, "You swapped the weights"),  # 0.3 - 0.8
        ("4.1", 0, "Did you cut it off at 0?"),
        ("4.2", 100.0, "the model judges itself"),
        ("4.2", 50.0, "can one learn from the generated pictures?"),  # 0.2 next to 0.15, 1 next to 0.95
        ("4.2", 0.6, "asks for %"),
        ("4.3", 0, "Nothing is a copy if you compare"),
        ("4.3", 60.0, "The model never saw those"),  # shades 0.1, 0.08, 0, 0.19 and 0.2 from held-out ones
        ("4.3", 20.0, "no near-copies"),
        ("4.3", 0.8, "asks for %"),
        ("4.4", 4, "the means only"),
        ("4.4", 445, "difference of the variances"),  # 4 + 21²
        ("4.4", 3.606, "You took the root"),
        ("4.4", 25, "Subtract first, then square"),  # 4 + 21
        ("4.4", 5, "Square each of them"),  # 2 + 3
        ("4.5", 1.5, "enlarges the difference"),  # 3 · 0.5
        ("4.5", 1.4, "the start is not"),  # 0.5 + 0.9
        ("4.5", -0.7, "away from the class"),  # 0.2 - 0.9
        ("4.5", -0.4, "You swapped u and c"),  # 0.5 - 0.9
        ("4.5", 0.9, "the step alone"),
        ("4.5", 0.5, "as w = 1 would give it"),
        ("4.6", 16.7, "the attack gets wrong"),
        ("4.6", 60, "accuracy at the threshold 0.5"),  # two members and one other
        ("4.6", 0.833, "asks for %"),
        ("4.6", 66.7, "with one number"),  # the mean of the others is 0.45
    ],
)
def test_lesson_4_knows_mistakes_worked_out_by_hand(lesson_4, exercise_id, answer, hint):
    status, said = lesson_4(exercise_id, answer)
    assert status == "not yet"
    assert hint in said


@pytest.mark.parametrize(
    ("exercise_id", "answer", "line"),
    [
        ("4.1", "dark", "ValueError: could not convert string to float: 'dark'"),
        ("4.1", 0.2, "Expected a number. You gave 0.2. For a nudge"),
        ("4.2", [60.0, 60.0], "TypeError: these are 2 values, not one number"),
        ("4.2", None, "TypeError: float() argument"),
        ("4.2", "60 %", "ValueError: could not convert string to float"),
        ("4.2", float("nan"), "Expected a number in %. You gave nan. For a nudge"),
        ("4.2", 60.2, "You gave 60.2. For a nudge"),  # half a percent would let it pass
        ("4.3", np.ones(5, dtype=bool), "TypeError: these are 5 values, not one number"),
        ("4.3", 4, "Expected a number in %. You gave 4. For a nudge"),
        ("4.4", np.zeros((2, 2)), "TypeError: these are 4 values, not one number"),
        ("4.4", None, "Expected a number; yours could not be checked: TypeError"),
        ("4.5", 3, "Expected a number. You gave 3. For a nudge"),
        ("4.6", 5, "Expected a number in %. You gave 5. For a nudge"),
        ("4.6", (5, 6), "TypeError: these are 2 values, not one number"),
    ],
)
def test_lesson_4_answers_whatever_it_gets(lesson_4, exercise_id, answer, line):
    status, said = lesson_4(exercise_id, answer)
    assert status == "not yet"
    assert line in said


def test_same_percent_allows_one_decimal():
    from course_utils.exercises.lesson_4 import same_percent

    assert same_percent(98.6, 98.64, generated=None)
    assert same_percent(np.float32(98.6), 98.55)
    assert not same_percent(98.1, 98.6)
    assert not same_percent(98.5, 98.6)
    assert same_percent(0.3, 0.25)
    assert not same_percent(float("nan"), float("nan"))


def checked(exercise_id, answer, context, capsys):
    book = exercises.workbook(*lesson_4_exercises())
    book.check(exercise_id, answer, **context)
    return book.statuses[exercise_id], capsys.readouterr().out


def test_exercise_4_2_takes_a_perfect_score_for_right_where_it_is(capsys):
    exercise = next(each for each in lesson_4_exercises() if each.id == "4.2")
    context = lesson_4_data(exercise) | {"asked": np.array([0, 0, 0, 1, 1])}
    assert checked("4.2", 100, context, capsys) == ("correct", "✔ 4.2 An honest judge: correct\n")


def shifted(pixels, by):
    return (pixels + by * np.random.default_rng(4).normal(size=pixels.shape)).astype(np.float32)


def test_exercise_4_3_has_a_hint_for_whoever_finds_no_copies(capsys):
    """Among real digits, copies of the training pictures are no copies of held-out ones."""
    pixels = load_digits().images[:, None] / 16
    context = {
        "generated": np.concatenate([shifted(pixels[:40], 0.01), shifted(pixels[500:510], 0.2)]),
        "train_pixels": pixels[:40],
        "held_out": pixels[100:400],
    }
    assert checked("4.3", 80, context, capsys)[0] == "correct"
    status, said = checked("4.3", 0.0, context, capsys)
    assert status == "not yet"
    assert "you compare with pictures that the model never saw" in said


def test_exercise_4_3_takes_0_for_right_where_nothing_is_copied(capsys):
    exercise = next(each for each in lesson_4_exercises() if each.id == "4.3")
    context = lesson_4_data(exercise) | {"generated": in_grey(0.3, 0.7)}
    assert checked("4.3", 0, context, capsys)[0] == "correct"
