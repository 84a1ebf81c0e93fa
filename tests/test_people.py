"""Sentences about people."""

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
