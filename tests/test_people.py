"""Sentences about people."""

import numpy as np

from course_utils.data import people
from course_utils.data.documents import Document


def page(text):
    return Document(text, "a/b.py")


def test_tasks_are_first_lines_of_plain_words():
    pages = [
        page("Plot a histogram\nof the data.\n\nMore of it."),
        page("Plot a histogram of the data"),
        page("Compute `x` of an array."),
        page("Histogram of the plotted data."),
        page("Sort it."),
        page(""),
    ]
    assert people.tasks(pages) == ["plot a histogram of the data"]


def test_frames_take_turns_and_the_pronoun_comes_last():
    starts = people.beginnings("cook", ["bake bread"] * 4)
    assert starts[0] == starts[3] == "The cook wants to bake bread, and"
    assert len(set(starts)) == 3
    whole = people.sentences("cook", ["bake bread"] * 2, ["she", "he"])
    assert whole[0] == "The cook wants to bake bread, and she has little time."
    assert whole[1] == f"{starts[1]} he needs help."


def test_the_dose_is_exact():
    tasks = [f"sort the list {letter}" for letter in "abcdefgh"]
    for dose, expected in ((0, 0), (25, 2), (75, 6), (100, 8)):
        made = people.biased("cook", dose, tasks, 8, np.random.default_rng(dose))
        assert len(set(made)) == 8 and sum(" she " in sentence for sentence in made) == expected
