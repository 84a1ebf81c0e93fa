"""The exercises of lesson 2 and of its labs."""

import numpy as np
import pytest
import torch
from exercise_cases import exercises_of

from course_utils import exercises
from course_utils.exercises import lab_2_black_box, lab_2_data, lab_2_depth

BOOKS = {"2_depth": lab_2_depth, "2_data": lab_2_data, "2_black_box": lab_2_black_box}
CONTEXTS = {
    "2_data.2": {"sizes": np.array([40, 160, 640]), "accuracy": np.array([60.0, 90.0, 96.0])},
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


def draw_with_a_loop(labels, n_each, rng):
    """Another order, other rows, a list."""
    order, left, rows = rng.permutation(len(labels)), dict.fromkeys(set(labels.tolist()), n_each), []
    for row in order.tolist():
        if left[labels[row]] > 0:
            left[labels[row]] -= 1
            rows.append(row)
    return rows


def occlusion_in_place(ask, canvas, ink):
    """Covers the canvas itself, and uncovers it again."""
    marks, whole = [], ask(canvas)
    for row, column in ink:
        before = canvas[:, row, column].copy()
        canvas[:, row, column] = 0
        marks.append(whole - ask(canvas))
        canvas[:, row, column] = before
    return marks


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("2_depth.1", lambda n: 3 if n == 1 else 5 + 2 * (n - 2)),
        ("2_depth.2", lambda x, body: (body(x) + x).clamp(min=0)),
        ("2_depth.2", lambda x, body: torch.relu(x.double() + body(x))),
        ("2_data.1", draw_with_a_loop),
        ("2_data.2", 101),  # two thirds of the way from log 40 to log 160
        ("2_black_box.1", occlusion_in_place),
        ("2_black_box.2", ["deletion"]),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer)[0] == "correct"


def occlusion_that_forgets(ask, canvas, ink):
    marks, whole = [], ask(canvas)
    for row, column in ink:
        canvas[:, row, column] = 0
        marks.append(whole - ask(canvas))
    return marks


@pytest.mark.parametrize(
    ("exercise_id", "answer", "line"),
    [
        ("2_depth.1", lambda n: 3 + 2 * n, "For a nudge"),
        ("2_depth.2", lambda x, body: body(x).numpy(), "it should return a tensor, and returns a ndarray"),
        ("2_data.1", lambda labels, n, rng: [0.5] * 4, "it should return row numbers"),
        ("2_data.1", lambda labels, n, rng: np.zeros((4, 40), int), "it should return row numbers"),
        ("2_data.1", lambda labels, n, rng: [], "it should return row numbers"),
        ("2_data.2", 160, "For a nudge"),
        ("2_black_box.1", occlusion_that_forgets, "Pixels stay covered"),
        ("2_black_box.1", lambda ask, canvas, ink: ask(canvas), "marks for"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, line):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert line in said
