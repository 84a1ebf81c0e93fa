"""The exercises of lesson 3 and of its labs: every wrong answer that is known meets its own hint."""

import numpy as np
import pytest
from exercise_cases import exercises_of

from course_utils import exercises
from course_utils.exercises import lab_3_forgetting, lab_3_grammar

BOOKS = {
    "3_forgetting": lab_3_forgetting,
    "3_grammar": lab_3_grammar,
}
ALL = [each for book in BOOKS.values() for each in exercises_of(book.exercises).values()]
every_exercise = pytest.mark.parametrize("exercise", ALL, ids=lambda each: each.id)


def named(exercise_id):
    return exercises_of(BOOKS[exercise_id.split(".")[0]].exercises)[exercise_id]


def solution(exercise_id):
    return named(exercise_id).solution()


@pytest.fixture
def check(capsys):
    """Checks an answer to an exercise; gives the status and what is said to it."""

    def checked(exercise_id, answer):
        book = exercises.workbook(named(exercise_id))
        book.check(exercise_id, answer)
        return book.statuses[exercise_id], capsys.readouterr().out

    return checked


@every_exercise
def test_the_solution_and_each_mistake_are_told_apart(exercise, check):
    assert check(exercise.id, exercise.solution())[0] == "correct"
    assert len(exercise.mistakes) >= 2 and len(exercise.hints) >= 2
    for mistake in exercise.mistakes:
        status, said = check(exercise.id, mistake.answer())
        assert status == "not yet"
        assert said.splitlines()[1:] == [f"  {mistake.hint}"]
    assert len({mistake.hint for mistake in exercise.mistakes}) == len(exercise.mistakes)


@every_exercise
def test_three_dots_are_not_attempted(exercise, check):
    assert check(exercise.id, ...) == (
        "not attempted",
        f"… {exercise.id} {exercise.title}: not attempted\n",
    )


@pytest.mark.parametrize(("name", "book"), BOOKS.items())
def test_exercises_are_numbered(name, book):
    ids = list(exercises_of(book.exercises))
    assert ids == [f"{name}.{i}" for i in range(1, len(ids) + 1)]


def bits_per_byte(p, text):
    return sum(-np.log2(each) for each in p) / len(text.encode("utf-8"))


def saved(ours, theirs):
    return (theirs.sum() - ours.sum()) * 100 / theirs.sum()


def turned(effect, low, high):
    return np.array([-effect, *sorted((-low, -high))])


def shuffled(task, general, share):
    n = round(len(task) * share / (1 - share))
    return np.random.default_rng(0).permutation(np.vstack([general[:n], task])).tolist()


def right(bits):
    shares = [1 / list(row).count(min(row)) if row[0] == min(row) else 0 for row in bits]
    return 100 * sum(shares) / len(shares)


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("3_forgetting.1", turned),
        ("3_forgetting.2", "Inconclusive "),  # one from 1.1 to 2.8, one from 2.2 to 5.6, and 5 lies in it
        ("3_forgetting.3", shuffled),
        ("3_grammar.1", 60),  # halfway from 20 to 100
        ("3_grammar.2", right),
    ],
)
def test_answers_that_were_worked_out_in_another_way_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer)[0] == "correct"


@pytest.mark.parametrize(
    ("exercise_id", "answer", "hint"),
    [
        ("3_forgetting.1", lambda e, low, high: (-e, -low, -high), "they change places"),
        ("3_forgetting.1", lambda *three: three, "Nothing has changed"),
        ("3_forgetting.1", lambda e, low, high: (-e, low, high), "The interval stayed behind"),
        ("3_forgetting.1", lambda *three: tuple(map(abs, three)), "Change the sign, do not drop it"),
        ("3_forgetting.2", "supported", "its upper end is 5.6"),
        ("3_forgetting.2", "not supported", "5 lies inside"),
        (
            "3_forgetting.3",
            lambda task, general, share: np.vstack([task, general[: round(share * len(task))]]),
            "a third of all, not half",
        ),
        (
            "3_forgetting.3",
            lambda task, general, share: np.vstack(
                [task[: len(task) - round(share * len(task))], general[: round(share * len(task))]]
            ),
            "Keep all of the task's",
        ),
        ("3_forgetting.3", lambda task, general, share: np.vstack([task, general]), "all general windows"),
        (
            "3_forgetting.3",
            lambda task, general, s: shuffled(task, general, 1 - s),
            "wrong way round",
        ),
        ("3_grammar.1", 50, "Whoever guesses begins at 20"),
        ("3_grammar.1", 20, "That is guessing"),
        ("3_grammar.1", 40, "added to 0"),
        ("3_grammar.1", 62.5, "the margin for four lines"),
        ("3_grammar.1", 0.6, "write 60 % as 60"),
        ("3_grammar.2", lambda bits: 100 * np.mean(np.argmin(bits, 1) == 0), "calls it right"),
        (
            "3_grammar.2",
            lambda b: 100 * np.mean(b[:, 0] < np.min(b[:, 1:], 1)),
            "counts for nothing",
        ),
        ("3_grammar.2", lambda bits: 100 * np.mean(np.argmax(bits, 1) == 0), "most surprising line"),
        ("3_grammar.2", lambda bits: right(bits) / 100, "That is a share"),
        ("3_grammar.2", lambda bits: 100 * np.mean(bits == bits.min(1)[:, None]), "in every column"),
    ],
)
def test_mistakes_that_were_made_in_another_way_meet_their_hint(check, exercise_id, answer, hint):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert hint in said


@pytest.mark.parametrize(
    ("exercise_id", "answer", "line"),
    [
        ("3_forgetting.1", lambda *three: -three[0], "return three numbers"),
        ("3_forgetting.2", "maybe", "Expected one of the three words. You gave 'maybe'. For a nudge"),
        ("3_forgetting.3", lambda task, general, share: 3, "expected (n, 5), yours gave ()"),
        ("3_forgetting.3", lambda task, general, share: task, "For a nudge"),
        ("3_grammar.2", lambda bits: bits[:, 0], "TypeError: these are 5 values, not one number"),
    ],
)
def test_it_answers_whatever_it_gets(check, exercise_id, answer, line):
    status, said = check(exercise_id, answer)
    assert status == "not yet"
    assert line in said


def test_the_mixture_is_right_for_a_count_worked_out_by_hand():
    task, general = np.zeros((6, 3)), np.ones((60, 3))
    assert solution("3_forgetting.3")(task, general, 0.75).mean() == 0.75  # 6 and 18
