import inspect

import numpy as np
import pytest

from course_utils import CourseError, exercises
from course_utils.exercises import Exercise, Mistake, same_choice, same_number, same_set


def mean(values):
    return np.mean(values)


def same_function(answer, other, values):
    return bool(np.isclose(answer(values), other(values)))


@pytest.fixture
def book():
    return exercises.workbook(
        Exercise(
            "1.1",
            "Mean",
            solution=lambda values: np.mean(values),
            mistakes=(
                Mistake(lambda values: np.median(values), "That is the median."),
                Mistake(lambda values: np.sum(values), "Divide by the number of values."),
            ),
            hints=("Add them up.", "Then divide.", "np.mean does both."),
        ),
        Exercise(
            "1.2",
            "A function",
            solution=lambda values: mean,
            mistakes=(Mistake(lambda values: np.median, "That is the median."),),
            hints=("np.",),
            same=same_function,
            expects="a function of values",
        ),
        Exercise("1.3", "Who", lambda: "supported", (), ("One of three.",), same_choice, "a word"),
    )


DATA = {"values": np.array([1.0, 2.0, 6.0])}


def test_a_right_answer(book, capsys):
    book.check("1.1", 3, **DATA)
    assert capsys.readouterr().out == "✔ 1.1 Mean: correct\n"
    assert book.statuses == {"1.1": "correct", "1.2": "not attempted", "1.3": "not attempted"}


@pytest.mark.parametrize(
    ("answer", "hint"), [(2, "That is the median."), (9, "Divide by the number of values.")]
)
def test_a_typical_mistake_gets_its_own_hint(book, capsys, answer, hint):
    book.check("1.1", answer, **DATA)
    assert capsys.readouterr().out == f"✘ 1.1 Mean: not yet\n  {hint}\n"
    assert book.statuses["1.1"] == "not yet"


def test_the_right_answer_follows_the_data(book):
    book.check("1.1", 3, values=[3, 3, 4])
    assert book.statuses["1.1"] == "not yet"
    book.check("1.1", 10 / 3, values=[3, 3, 4])
    assert book.statuses["1.1"] == "correct"


@pytest.mark.parametrize("answer", [4.5, np.float64(4.5), np.float32(4.5)])
def test_any_other_answer_is_shown_with_what_is_expected(book, capsys, answer):
    book.check("1.1", answer, **DATA)
    assert capsys.readouterr().out == (
        "✘ 1.1 Mean: not yet\n"
        "  Expected a number. You gave 4.5. For a nudge, run exercises.hint('1.1') in a new cell.\n"
    )


def test_a_wrong_function_is_not_printed(book, capsys):
    book.check("1.2", np.max, **DATA)
    assert capsys.readouterr().out.endswith(
        "  Expected a function of values. For a nudge, run exercises.hint('1.2') in a new cell.\n"
    )


@pytest.mark.parametrize("exercise_id", ["1.1", "1.2"])
def test_three_dots_are_not_attempted(book, capsys, exercise_id):
    book.check(exercise_id, ..., **DATA)
    assert capsys.readouterr().out.endswith(": not attempted\n")
    assert book.statuses[exercise_id] == "not attempted"


def test_what_a_students_function_raises_is_shown(book, capsys):
    def broken(values):
        raise IndexError("list index out of range")

    book.check("1.2", broken, **DATA)
    assert capsys.readouterr().out == (
        "✘ 1.2 A function: not yet\n"
        "  Expected a function of values; yours could not be checked: IndexError: list index out of range\n"
    )
    assert book.statuses["1.2"] == "not yet"


@pytest.mark.parametrize("answer", ["three", None, [1, 2], mean])
def test_an_answer_of_another_kind_is_not_yet(book, capsys, answer):
    book.check("1.1", answer, **DATA)
    assert "Expected a number; yours could not be checked: " in capsys.readouterr().out
    assert book.statuses["1.1"] == "not yet"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (2, "exercise 1.1 is 'not yet'. That is the median."),
        (..., "exercise 1.1 is 'not attempted'"),
        ("x", "exercise 1.1 is 'not yet'. Expected a number"),
    ],
)
def test_strict_checks_raise(book, monkeypatch, answer, message):
    monkeypatch.setenv("COURSE_CHECKS", "strict")
    with pytest.raises(CourseError, match=message):
        book.check("1.1", answer, **DATA)
    assert book.statuses["1.1"] != "correct"


def test_strict_checks_let_a_right_answer_pass(book, monkeypatch):
    monkeypatch.setenv("COURSE_CHECKS", "strict")
    book.check("1.1", 3.0, **DATA)
    assert book.statuses["1.1"] == "correct"


def test_hints_come_in_order_and_the_last_one_stays(book, capsys):
    for _ in range(4):
        book.hint("1.1")
    book.hint("1.2")
    assert capsys.readouterr().out.splitlines() == [
        "Hint 1 of 3: Add them up.",
        "Hint 2 of 3: Then divide.",
        "Hint 3 of 3: np.mean does both.",
        "Hint 3 of 3: np.mean does both.",
        "Hint 1 of 1: np.",
    ]


@pytest.mark.parametrize("call", [lambda book: book.check("9.9", 1), lambda book: book.hint("9.9")])
def test_an_unknown_exercise_gets_the_list(book, call):
    with pytest.raises(CourseError, match=r"unknown exercise '9.9': there are 1.1, 1.2, 1.3"):
        call(book)


def test_the_summary_has_a_line_for_each(book, capsys):
    book.check("1.1", 3, **DATA)
    book.check("1.3", "no")
    capsys.readouterr()
    book.summary()
    assert capsys.readouterr().out == (
        "✔ 1.1 Mean: correct\n… 1.2 A function: not attempted\n✘ 1.3 Who: not yet\n"
    )


def test_same_number_allows_half_a_percent():
    assert same_number(1004.9, 1000)
    assert not same_number(1005.1, 1000)
    assert not same_number(994.9, 1000)
    assert same_number(0, 1e-10)
    assert same_number(np.float32(0.1), 0.1)
    assert not same_number(float("nan"), float("nan"))


def test_same_choice_ignores_case_and_outer_spaces():
    assert same_choice("  Supported ", "supported")
    assert not same_choice("not supported", "supported")


def test_same_set_ignores_order():
    assert same_set(["b", "a"], {"a", "b"})
    assert not same_set({"a"}, {"a", "b"})
    assert not same_set({"a", "b", "c"}, {"a", "b"})


def lesson_1_data(exercise):
    """Data as lesson 1 has them, from seeds of their own."""
    from course_utils import data

    rng = np.random.default_rng(0)
    table = data.load_wine()
    is_malignant = rng.random(200) < 0.4
    everything = {
        "X": table.X.to_numpy(),
        "y": table.y,
        "is_malignant": is_malignant,
        "p_malignant": np.clip(0.25 + 0.35 * is_malignant + rng.normal(0, 0.2, 200), 0, 1),
        "differences": rng.normal(0.5, 1, 10),
    }
    names = [name for name in inspect.signature(exercise.solution).parameters if name in everything]
    return {name: everything[name] for name in names}


def lesson_1_exercises():
    from course_utils.exercises import lesson_1

    return lesson_1.exercises.exercises.values()


@pytest.mark.parametrize("exercise", lesson_1_exercises(), ids=lambda exercise: exercise.id)
def test_lesson_1_tells_the_solution_and_each_mistake_apart(exercise, capsys):
    context = lesson_1_data(exercise)
    book = exercises.workbook(exercise)
    book.check(exercise.id, exercise.solution(**context), **context)
    assert book.statuses[exercise.id] == "correct"
    assert len(exercise.mistakes) >= 2
    for mistake in exercise.mistakes:
        capsys.readouterr()
        book.check(exercise.id, mistake.answer(**context), **context)
        assert book.statuses[exercise.id] == "not yet"
        assert mistake.hint in capsys.readouterr().out


def test_lesson_1_numbers_its_exercises_and_gives_hints_to_each():
    found = list(lesson_1_exercises())
    assert [exercise.id for exercise in found] == [f"1.{i}" for i in range(1, len(found) + 1)]
    assert all(len(exercise.hints) >= 2 for exercise in found)


def test_lesson_1_knows_answers_worked_out_by_hand():
    book = exercises.workbook(*lesson_1_exercises())
    book.check("1.1", 50.0, y=np.array([0, 1, 1, 2]))
    p_malignant = np.array([0.9, 0.05, 0.6, 0.08, 0.4])
    found = {"p_malignant": p_malignant, "is_malignant": np.array([True, True, False, True, True])}
    book.check("1.2", 2, **found)
    # spread 1 by construction; 2.262 × √(1/10 + 1/9)
    book.check("1.4", 1.0394, differences=np.array([-1, 1] * 5) * np.sqrt(0.9))
    assert [book.statuses[i] for i in ("1.1", "1.2", "1.4")] == ["correct"] * 3


def test_two_exercises_with_one_id_are_refused():
    exercise = exercises.Exercise("1.1", "Twice", lambda: 1, (), ("Look.",))
    with pytest.raises(CourseError, match=r"same id: 1\.1, 1\.1"):
        exercises.workbook(exercise, exercise)
