"""The exercises of lab 3_tokens."""

import numpy as np
import pytest
from exercise_cases import assert_told_apart, assert_well_made, cases, checking, exercises_of

from course_utils.exercises.lab_3_tokens import exercises


@pytest.mark.parametrize(("exercise", "context"), cases(exercises, {}))
def test_each_mistake_meets_its_own_hint(exercise, context, capsys):
    assert_told_apart(exercise, context, capsys)


def test_exercises_are_well_made():
    assert_well_made(exercises, "3_tokens")


check = checking(exercises)


def cut(word, merges):
    pieces = " ".join(word)
    for a, b in merges:
        pieces = f" {pieces} ".replace(" ", "  ").replace(f" {a}  {b} ", f" {a}{b} ")
        pieces = " ".join(pieces.split())
    return pieces.split()


def cut_once(word, merges):
    pieces = list(word)
    for a, b in merges:
        for i in range(len(pieces) - 1):
            if (pieces[i], pieces[i + 1]) == (a, b):
                pieces[i : i + 2] = [a + b]
                break
    return pieces


def longest_first(word, merges):
    for piece in sorted((a + b for a, b in merges), key=len, reverse=True):
        if word.startswith(piece):
            return [piece, *longest_first(word[len(piece) :], merges)]
    return [word[0], *longest_first(word[1:], merges)] if word else []


@pytest.mark.parametrize(
    ("exercise_id", "answer"),
    [
        ("3_tokens.1", cut),
        ("3_tokens.2", 1.408),  # 45 is 2 to the power of 5.492, which are for 3.9 bytes; A needs 1.632
        ("3_tokens.2", np.array(1.41)),
    ],
)
def test_other_ways_to_the_same_answer_are_right(check, exercise_id, answer):
    assert check(exercise_id, answer) == ("correct", "")


@pytest.mark.parametrize(
    ("exercise_id", "answer", "said"),
    [
        ("3_tokens.1", lambda word, merges: list(word), "nothing is merged yet"),
        ("3_tokens.1", lambda word, merges: cut(word, merges[:1]), "the first merge only"),
        ("3_tokens.1", lambda word, merges: cut(word, merges[::-1]), "began with the last merge"),
        ("3_tokens.1", cut_once, "not only at the first place"),
        ("3_tokens.1", longest_first, "the longest known piece from the left"),
        ("3_tokens.2", 1.632, "That is model A"),  # 3.1 is 2 to the power of 1.632
        ("3_tokens.2", 5.49, "Those are B's bits per token"),
        ("3_tokens.2", 11.54, "Perplexity is no number of bits"),  # 45 / 3.9
        ("3_tokens.2", 0.976, "took the natural logarithm"),  # 3.807 / 3.9
        ("3_tokens.2", 0.4185, "divided A's bits by B's bytes"),  # 1.632 / 3.9
        ("3_tokens.1", lambda word, merges: ["hub"], "the pieces must make the word again"),
        ("3_tokens.1", lambda word, merges: [word], "For a nudge"),
        ("3_tokens.2", "B", "ValueError: could not convert string to float: 'B'"),
        ("3_tokens.2", 0.7, "You gave 0.7. For a nudge"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(check, exercise_id, answer, said):
    status, told = check(exercise_id, answer)
    assert status == "not yet" and said in told


def test_cutting_is_right_for_words_worked_out_by_hand():
    cut_word, merges = exercises_of(exercises)["3_tokens.1"].solution(), [("h", "u"), ("hu", "b"), ("u", "g")]
    assert cut_word("hubhug", merges) == ["hub", "hu", "g"]  # h u is merged before u g
    assert cut_word("bug", merges) == ["b", "ug"]
