import inspect
import sys
import threading
import time
import types

import numpy as np
import pandas as pd
import pytest
from exercise_cases import exercises_of, hidden

from course_utils import CourseError, exercises
from course_utils.exercises import (
    Exercise,
    Mistake,
    always,
    checker,
    close,
    plain,
    same_choice,
    same_number,
    same_results,
    same_set,
    same_whole_number,
)


def mean(values):
    return np.mean(values)


def same_function(answer, other, values):
    return bool(np.isclose(answer(values), other(values)))


def make_book():
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


@pytest.fixture
def book():
    return make_book()


@pytest.fixture
def strict(monkeypatch):
    """A workbook where grades are given."""
    monkeypatch.setenv("COURSE_CHECKS", "strict")
    return make_book()


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


def endless(values):
    raise checker.TimeUp


def greedy(values):
    raise MemoryError


def broken(values):
    raise IndexError("Ana's file, line 3")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "kept"),
    [
        ("1.1", 2, "That is the median."),
        ("1.1", 4.5, ""),
        ("1.1", "Ana", "It stopped with an error."),
        ("1.2", broken, "It stopped with an error."),
        ("1.2", endless, "It did not finish in time."),
        ("1.2", greedy, "It needs more memory than there is."),
    ],
)
def test_which_mistake_an_answer_looks_like_is_kept_and_nothing_of_the_answer(
    book, exercise_id, answer, kept
):
    book.check(exercise_id, answer, **DATA)
    assert book.mistakes == {exercise_id: kept}


@pytest.mark.parametrize(
    ("later", "kept"),
    [(3, {}), (..., {}), (4.5, {"1.1": ""}), (9, {"1.1": "Divide by the number of values."})],
)
def test_only_the_mistake_of_the_present_answer_is_kept(book, later, kept):
    """So a notebook that is run from the top gives the same file, whatever was tried on the way."""
    book.check("1.1", 2, **DATA)
    book.check("1.1", later, **DATA)
    assert book.mistakes == kept


def test_an_answer_that_is_right_in_part_keeps_its_mistake():
    exercise = Exercise(
        "1.1", "Set", always({1, 2}), (Mistake(always({1, 3}), "Not 3."),), ("Two.",), same_set, "a set"
    )
    book = exercises.workbook(exercise)
    book.check("1.1", {1, 3})
    assert (book.mistakes, book.statuses) == ({"1.1": "Not 3."}, {"1.1": "not yet"})
    assert book.titles == {"1.1": "Set"}


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
def test_strict_checks_raise(strict, answer, message):
    with pytest.raises(CourseError, match=message):
        strict.check("1.1", answer, **DATA)
    assert strict.statuses["1.1"] != "correct"


def test_strict_checks_let_a_right_answer_pass(strict):
    strict.check("1.1", 3.0, **DATA)
    assert strict.statuses["1.1"] == "correct"


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


def test_same_whole_number_allows_nothing():
    assert same_whole_number(4640, 4640)
    assert same_whole_number(np.float32(4640), 4640)
    assert not same_whole_number(4640.5, 4640)
    assert not same_whole_number(4639, 4640)
    with pytest.raises(TypeError, match="2 values, not one number"):
        same_whole_number([4640, 4640], 4640)


def test_same_choice_ignores_case_and_outer_spaces():
    assert same_choice("  Supported ", "supported")
    assert not same_choice("not supported", "supported")


def test_same_set_ignores_order():
    assert same_set(["b", "a"], {"a", "b"})
    assert same_set([" A", np.str_("b")], {"a", "B"}) == 1
    assert same_set(np.array([2, 1]), {1, 2}) == 1
    assert same_set(set(), set()) == 1


@pytest.mark.parametrize(
    ("answer", "share"),
    [({"a"}, 1 / 2), ({"a", "c"}, 0), ({"a", "b", "c"}, 1 / 2), (list("abcd"), 0), (set(), 0), ({"d"}, 0)],
)
def test_a_part_of_a_set_is_a_share_and_naming_everything_gains_nothing(answer, share):
    assert same_set(answer, {"a", "b"}) == share


def test_text_in_place_of_a_set_is_no_set_of_letters():
    with pytest.raises(TypeError, match=r"put it into braces, \{'SVM'\}"):
        same_set("SVM", {"S", "V", "M"})


def test_always_gives_its_value_whatever_the_data_are():
    assert always("hub")() == always("hub")(values=[1, 2], y=None) == "hub"


def test_two_exercises_with_one_id_are_refused():
    exercise = exercises.Exercise("1.1", "Twice", lambda: 1, (), ("Look.",))
    with pytest.raises(CourseError, match=r"same id: 1\.1, 1\.1"):
        exercises.workbook(exercise, exercise)


@pytest.mark.parametrize("execution", ["autograde", "validate"])
def test_checks_are_strict_where_nbgrader_executes(monkeypatch, execution):
    monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    with pytest.raises(CourseError, match="is 'not attempted'"):
        make_book().check("1.1", ..., **DATA)


def test_without_either_they_are_not(monkeypatch):
    monkeypatch.setenv("COURSE_CHECKS", "")
    assert make_book().check("1.1", 4, **DATA) is None


@pytest.mark.parametrize("value", ["Strict", "1", "no"])
def test_another_value_of_the_variable_is_refused_at_once(monkeypatch, value):
    monkeypatch.setenv("COURSE_CHECKS", value)
    with pytest.raises(CourseError, match=f"'{value}'.*strict"):
        make_book()


def test_an_answer_cell_that_changes_the_environment_comes_too_late(strict, monkeypatch):
    monkeypatch.delenv("COURSE_CHECKS")
    with pytest.raises(CourseError, match="not yet"):
        strict.check("1.1", 4, **DATA)


def share_of_parts(answer, other, values):
    return sum(answer.get(name) == part for name, part in other.items()) / len(other)


PARTS = Exercise(
    "1.1",
    "Two parts",
    solution=lambda values: {"mean": np.mean(values), "most": max(values)},
    mistakes=(Mistake(lambda values: {"mean": np.median(values), "most": max(values)}, "The median."),),
    hints=("Look.",),
    same=share_of_parts,
    expects="two numbers",
)


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ({"mean": 3, "most": 6}, None),
        ({"mean": 3, "most": 5}, 0.5),
        ({"mean": 3, "most": ...}, 0.5),
        ({"mean": 3, "most": "six"}, 0.5),
        ({"mean": 2, "most": 6}, 0.5),
        ({"mean": 3}, 0.5),
    ],
)
def test_a_strict_check_gives_the_share(monkeypatch, capsys, answer, share):
    monkeypatch.setenv("COURSE_CHECKS", "strict")
    book = exercises.workbook(PARTS)
    assert book.check("1.1", answer, **DATA) == share
    assert type(share) is type(book.check("1.1", answer, **DATA))  # nbgrader cannot read a np.float64
    assert book.statuses["1.1"] == ("correct" if share is None else "not yet")


def test_a_share_is_told_but_no_value_is_shown_where_nobody_grades(capsys):
    book = exercises.workbook(PARTS)
    assert book.check("1.1", {"mean": 3, "most": 5}, **DATA) is None
    assert "Expected two numbers. 50% of yours is right. For a nudge" in capsys.readouterr().out
    assert book.check("1.1", {"mean": 2, "most": 6}, **DATA) is None
    assert capsys.readouterr().out == "✘ 1.1 Two parts: not yet\n  The median.\n"


@pytest.mark.parametrize("answer", [{"mean": 4, "most": 5}, {}, 3, {"mean": "a", "most": "b"}])
def test_nothing_right_raises(monkeypatch, answer):
    monkeypatch.setenv("COURSE_CHECKS", "strict")
    with pytest.raises(CourseError, match="not yet"):
        exercises.workbook(PARTS).check("1.1", answer, **DATA)


@pytest.mark.parametrize("share", [float("nan"), -1, 2, float("inf")])
def test_a_share_that_is_none_is_nothing(monkeypatch, share):
    monkeypatch.setenv("COURSE_CHECKS", "strict")
    odd = Exercise("1.1", "Odd", always(1), (), ("Look.",), same=lambda answer, other: share)
    with pytest.raises(CourseError, match="not yet"):
        exercises.workbook(odd).check("1.1", 1)


def doubled(x):
    return 2 * x


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        (doubled, 1),
        (lambda x: [2 * each for each in x], 1),
        (lambda x: 2 * abs(x), 2 / 3),
        (lambda x: 2 * x if len(x) > 1 else None, 2 / 3),
        (lambda x: 2 * x if len(x) > 1 else 1 / 0, 2 / 3),
        (lambda x: x, 0),
        (lambda x: (2 * x)[:, None], 0),
    ],
)
def test_a_function_gets_the_share_of_inputs_that_it_is_right_for(answer, share):
    same = same_results((np.array([1.0, 2]),), (np.array([-1.0, 3]),), (np.array([5.0]),))
    assert same(answer, doubled) == pytest.approx(share)


def test_a_function_that_fails_everywhere_tells_why():
    with pytest.raises(TypeError, match="'NoneType' object is not callable"):
        same_results((1,), (2,))(None, doubled)


def test_results_may_be_tensors_and_tuples():
    torch = pytest.importorskip("torch")
    assert close((torch.ones(2), 1), (np.ones(2), 1.0))
    assert not close((torch.ones(3), 1), (np.ones(2), 1.0))
    assert not close((np.ones(2),), (np.ones(2), 1.0))
    assert not close(1.0, (1.0,))


def fake(*arguments, **named):
    """What somebody would put in place of a check."""


def assign_statuses(book):
    book.statuses["1.1"] = "correct"


def assign_mistakes(book):
    book.mistakes["1.1"] = "none"


@pytest.mark.parametrize(
    "attack",
    [
        lambda book: setattr(book, "check", fake),
        lambda book: setattr(book, "statuses", {}),
        lambda book: setattr(book, "own", 1),
        lambda book: delattr(book, "check"),
        lambda book: setattr(type(book), "check", fake),
        lambda book: setattr(type(book), "__getattribute__", fake),
        lambda book: setattr(checker, "_judge", fake),
        lambda book: setattr(checker, "CORRECT", "not yet"),
        lambda book: setattr(sys.modules["course_utils.exercises.exercise"], "plain", fake),
        lambda book: setattr(sys.modules["course_utils.exercises.guard"], "copied", fake),
        lambda book: setattr(sys.modules["course_utils.exercises.lesson_1"], "exercises", fake),
        lambda book: delattr(sys.modules["course_utils.exercises.lesson_1"], "exercises"),
        assign_statuses,
        assign_mistakes,
        lambda book: setattr(book.check.__self__, "strict", False),
        lambda book: setattr(hidden(book), "strict", False),
        lambda book: exercises_of(book).update({}),
        lambda book: exercises_of(book)["1.1"].__dict__.update(same=fake),
        lambda book: setattr(exercises_of(book)["1.1"], "same", fake),
        lambda book: setattr(Exercise, "same", property(lambda self: fake)),
        lambda book: setattr(Mistake, "answer", fake),
        lambda book: delattr(Exercise, "same"),
    ],
)
def test_an_assignment_does_not_switch_a_check_off(strict, attack):
    import course_utils.exercises.lesson_1

    with pytest.raises((AttributeError, TypeError)):
        attack(strict)
    with pytest.raises(CourseError, match="not yet"):
        strict.check("1.1", 4, **DATA)
    assert strict.statuses["1.1"] == "not yet"
    assert course_utils.exercises.lesson_1.exercises.check


def test_modules_of_others_are_left_alone(book):
    assert type(sys.modules[make_book.__module__]) is types.ModuleType


def test_no_solution_is_an_attribute_away(book):
    public = {name: getattr(book, name) for name in dir(book) if not name.startswith("__")}
    assert set(public) == {"check", "given", "hint", "mistakes", "statuses", "summary", "titles"}
    for part in public.values():
        inner = [getattr(part, name) for name in dir(part) if not name.startswith("__")]
        assert not any(isinstance(each, (Exercise, dict)) for each in inner)
        assert not hasattr(part, "__self__") and not hasattr(part, "__wrapped__")


def test_a_workbooks_functions_explain_themselves(book):
    assert str(inspect.signature(book.check)).startswith("(exercise_id: 'str', answer: 'Any', **context")
    assert inspect.getdoc(book.check).startswith("Print how the answer stands.")
    assert book.hint.__name__ == "hint"


def test_given_data_need_not_be_named_again(book):
    assert book.given("1.1", **DATA) is None  # a notebook would show anything else
    book.check("1.1", 3)
    assert book.statuses["1.1"] == "correct"


@pytest.mark.parametrize("how", ["given", "argument"])
def test_what_an_answer_cell_does_to_given_data_changes_nothing(book, how):
    values = np.array([1.0, 2, 6])
    if how == "given":
        book.given("1.1", values=values)
        values[:] = 0
        book.check("1.1", 0)
        assert book.statuses["1.1"] == "not yet"
        book.check("1.1", 0, values=values)  # nor does naming them again
        assert book.statuses["1.1"] == "not yet"
        book.check("1.1", 3)
    else:
        book.check("1.1", 3, values=values)
    assert book.statuses["1.1"] == "correct"


def test_a_second_statement_counts_only_where_nobody_grades(book, strict):
    for each in (book, strict):
        each.given("1.1", values=[1, 2, 6])
        each.given("1.1", values=[0, 0, 0])
    book.check("1.1", 0)
    assert book.statuses["1.1"] == "correct"
    with pytest.raises(CourseError, match="not yet"):
        strict.check("1.1", 0)


def test_data_that_are_missing_are_named(book):
    with pytest.raises(CourseError, match=r"exercise 1.1 needs values: run the cells above"):
        book.check("1.1", 3)
    with pytest.raises(CourseError, match="unknown exercise"):
        book.given("9.9", values=1)


def test_data_that_the_right_answer_cannot_be_computed_from_are_told(book):
    with pytest.raises(
        CourseError, match=r"cannot be judged with these data \(TypeError.*restart the kernel"
    ):
        book.check("1.1", 3, values=["a"])


def test_what_a_function_does_to_its_arguments_stays_with_it(book, capsys):
    """Without copies the right function would see zeros, too, and agree."""

    def zeros(values):
        values[:] = 0
        return 0.0

    values = np.array([1.0, 2, 6])
    book.check("1.2", zeros, values=values)
    assert book.statuses["1.2"] == "not yet"
    assert values.tolist() == [1, 2, 6]


def test_a_function_that_is_meant_to_change_its_arguments_may():
    def same(answer, other):
        ours, theirs = [1.0], [1.0]
        answer(ours), other(theirs)
        return ours == theirs

    def step(weights):
        weights[0] -= 0.5

    for in_place, status in ((True, "correct"), (False, "not yet")):
        exercise = Exercise("1.1", "Step", always(step), (), ("Look.",), same, in_place=in_place)
        book = exercises.workbook(exercise)
        book.check("1.1", lambda weights: step(weights))
        assert book.statuses["1.1"] == status


def test_what_cannot_be_copied_is_used_as_it_is(book):
    generator = (each for each in ())
    book.given("1.3", values=generator)
    assert hidden(book).kept["1.3"]["values"] is generator


def never_ends(values):
    while True:
        try:
            pass
        except Exception:
            break


def sleeps(values):
    while True:
        time.sleep(0.01)


def hungry(values):
    raise MemoryError


def leaves(values):
    sys.exit(1)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setitem(vars(checker), "LIMIT_S", 0.3)


@pytest.mark.parametrize("endless", [never_ends, sleeps])
def test_an_answer_that_never_ends_is_stopped(book, capsys, short, endless):
    started = time.monotonic()
    book.check("1.2", endless, **DATA)
    assert "yours did not finish in 0.3 s: is there a loop" in capsys.readouterr().out
    assert 0.3 <= time.monotonic() - started < 5
    time.sleep(0.5)  # nothing is left that would interrupt what comes after


def test_an_answer_in_another_thread_is_stopped_too(book, capsys, short):
    thread = threading.Thread(target=book.check, args=("1.2", never_ends), kwargs=DATA)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert "did not finish in 0.3 s" in capsys.readouterr().out


def test_an_answer_in_time_leaves_no_alarm_behind(book, short):
    book.check("1.2", mean, **DATA)
    time.sleep(0.5)
    assert book.statuses["1.2"] == "correct"
    assert not [each for each in threading.enumerate() if each.name.endswith("(watch)")]


def test_an_answer_that_never_ends_gets_no_points(strict, short):
    with pytest.raises(CourseError, match="did not finish in"):
        strict.check("1.2", never_ends, **DATA)


@pytest.mark.parametrize(
    ("answer", "line"), [(hungry, "yours needs more memory than there is"), (leaves, "SystemExit: 1")]
)
def test_whatever_ends_an_answer_is_told(book, capsys, answer, line):
    book.check("1.2", answer, **DATA)
    assert line in capsys.readouterr().out


def test_a_warning_is_no_failure(strict, capsys):
    """nbgrader gives no points to a check cell with anything on stderr."""

    def warns(values):
        print("half way", file=sys.stderr)
        return mean(values)

    strict.check("1.2", warns, **DATA)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.array(3), 3),
        (pd.Series([1.0, 2.0]), [1.0, 2.0]),
        (pd.DataFrame({"a": [1]}), [[1]]),
        ({"a": np.int64(2)}, {"a": 2}),
        ((np.float64(1), [np.int64(2)]), (1, [2])),
        ({np.int64(2)}, {2}),
        ("SVM", "SVM"),
        (None, None),
        (..., ...),
    ],
)
def test_plain_values(value, expected):
    found = plain(value)
    assert (found.tolist() if isinstance(found, np.ndarray) else found) == expected
    assert not isinstance(found, np.generic)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64"])
def test_tensors_are_compared_and_shown_as_numbers(book, capsys, dtype):
    torch = pytest.importorskip("torch")
    book.check("1.1", torch.tensor(3, dtype=getattr(torch, dtype)), **DATA)
    assert book.statuses["1.1"] == "correct"
    book.check("1.1", torch.tensor([4.5], requires_grad=True)[0], **DATA)
    assert "You gave 4.5. For a nudge" in capsys.readouterr().out


def test_a_tensor_stays_one_where_the_exercise_is_about_tensors():
    torch = pytest.importorskip("torch")
    exercise = Exercise(
        "1.1", "T", always(torch.ones(2)), (), ("Look.",), same=lambda a, b: torch.equal(a, b)
    )
    book = exercises.workbook(exercise)
    book.check("1.1", torch.ones(2))
    assert book.statuses["1.1"] == "correct"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (float("nan"), "Expected a number. You gave nan."),
        (np.float64("nan"), "Expected a number. You gave nan."),
        (pd.Series([1.0, 2.0]), "these are 2 values, not one number"),
        ("3", "'3' is text, not a number: take the quotes away"),
        ("3 %", "could not convert string to float: '3 %'"),
        (10**90, "You gave 100000000000000000...0000000000000000000."),
    ],
)
def test_odd_answers_are_shown_readably(book, capsys, answer, line):
    book.check("1.1", answer, **DATA)
    assert book.statuses["1.1"] == "not yet"
    assert line in capsys.readouterr().out


def test_one_value_in_a_list_is_a_number():
    assert same_number([3.0], 3)
    assert same_number(pd.Series([3.0]), 3)
