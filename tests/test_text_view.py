import re
from xml.etree import ElementTree

import ipywidgets
import numpy as np
import pytest

from course_utils import CourseError
from course_utils.show import text_view

AWKWARD = ["<b>", " & ", "&amp;", "it's", ' "so"', "\n    ", "</p>", "Grüße ", "$x$", "<script>"]


@pytest.fixture
def shown(monkeypatch):
    """Everything that is displayed, in order: widgets, and what is shown of texts, by its type."""
    objects = []

    def display(thing, raw=False):
        assert raw == isinstance(thing, dict)
        objects.append(thing)

    monkeypatch.setattr(text_view, "display", display)
    return objects


def parsed(content):
    """The HTML as a tree; it is also well-formed XML, in which nothing of the text is left as markup."""
    assert set(content) == {"text/html", "text/plain"}
    return ElementTree.fromstring(f"<div>{content['text/html']}</div>")


def marks(content):
    """Text, opacity of the colour, line in pixels and title of each token."""
    found = []
    for span in parsed(content).findall("p/span"):
        colour, line = re.fullmatch(
            r"background:rgba\(213,94,0,([0-9.]+)\);border-bottom:([0-9.]+)px solid rgb\(213,94,0\)",
            span.get("style"),
        ).groups()
        found.append((span.text, float(colour), float(line), span.get("title")))
    return found


def test_surprise_marks_each_token_by_its_bits(shown):
    text_view.surprise(["The", " mean", " of"], [0, 6, 12])
    (content,) = shown
    assert marks(content) == [
        ("The", 0, 0, "0.0 bits"),
        (" mean", 0.3, 2, "6.0 bits"),
        (" of", 0.6, 4, "12.0 bits"),
    ]


def test_more_bits_make_a_stronger_colour_and_a_thicker_line_up_to_a_most(shown):
    text_view.surprise(["x"] * 9, [0, 1, 2, 4, 8, 12, 13, 40, np.inf])
    _, colours, lines, _ = zip(*marks(shown[0]), strict=True)
    for strength in (colours, lines):
        assert list(strength[:6]) == sorted(set(strength[:6]))
        assert set(strength[5:]) == {strength[5]}


def test_surprise_keeps_the_text_whatever_is_in_it(shown):
    text_view.surprise(AWKWARD, range(10))
    assert [text for text, *_ in marks(shown[0])] == AWKWARD
    assert shown[0]["text/plain"].startswith("".join(AWKWARD) + "\n")
    assert "white-space:pre-wrap" in parsed(shown[0]).find("p").get("style")


def test_surprise_lists_the_ten_most_surprising_tokens(shown):
    tokens = [f"'{letter}'" for letter in "abcdefghijkl"]
    bits = [3, 1, 4, 1.55, 9, 2, 6, 5.25, 3, 5, 8, 0.5]
    text_view.surprise(tokens, np.array(bits))
    expected = ["e 9.0", "k 8.0", "g 6.0", "h 5.2", "j 5.0", "c 4.0", "a 3.0", "i 3.0", "f 2.0", "d 1.6"]
    tree = parsed(shown[0])
    rows = [[cell.findtext(".") or cell.findtext("code") for cell in row] for row in tree.iter("tr")]
    assert rows == [["token", "bits"], *([repr(f"'{each[0]}'"), each[2:]] for each in expected)]
    assert tree.findtext("details/summary") == "The ten most surprising tokens"
    lines = shown[0]["text/plain"].splitlines()
    assert lines == ["".join(tokens), *(f"{each[2:]:>5} bits \"'{each[0]}'\"" for each in expected)]


def test_fewer_than_ten_tokens_are_all_listed(shown):
    text_view.surprise(["<a>", "\n"], [1, 2])
    codes = [code.text for code in parsed(shown[0]).iter("code")]
    assert codes == ["'\\n'", "'<a>'"]


def test_a_certain_token_has_no_bits_rather_than_minus_none(shown):
    text_view.surprise(["a"], [-np.log2(1.0)])
    assert marks(shown[0]) == [("a", 0, 0, "0.0 bits")]
    assert "-0" not in "".join(shown[0].values())


@pytest.mark.parametrize(("tokens", "bits"), [(["a", "b"], [1.0]), (["a"], [1.0, 2.0]), ([], [1.0])])
def test_each_token_needs_its_bits(shown, tokens, bits):
    message = f"each token needs its bits: got {len(tokens)} tokens and {len(bits)} numbers"
    with pytest.raises(CourseError, match=message):
        text_view.surprise(tokens, bits)
    assert shown == []


def test_bits_that_are_no_number_are_refused(shown):
    with pytest.raises(CourseError, match="the bits of ' b' are not a number"):
        text_view.surprise(["a", " b"], [1.0, np.nan])
    assert shown == []


def test_boxes_show_each_text_below_its_title(shown):
    text_view.boxes({"temperature 0.3": "def f():\n    return", "<1.5>": "".join(AWKWARD)})
    (content,) = shown
    tree = parsed(content)
    assert [(each.tag, each.text) for each in tree] == [
        ("b", "temperature 0.3"),
        ("p", "def f():\n    return"),
        ("b", "<1.5>"),
        ("p", "".join(AWKWARD)),
    ]
    assert all("white-space:pre-wrap" in each.get("style") for each in tree.findall("p"))
    assert content["text/plain"] == f"temperature 0.3\ndef f():\n    return\n\n<1.5>\n{''.join(AWKWARD)}"


def test_a_dollar_in_a_text_is_no_formula(shown):
    text_view.surprise(["$x$"], [1.0])
    text_view.boxes({"one": "$x$", "two": r"\begin{array}"})
    classes = [each.get("class") for content in shown for each in parsed(content).findall("p")]
    assert classes == ["mathjax_ignore tex2jax_ignore"] * 3


def test_an_answer_is_folded_under_its_question(shown):
    text_view.folded("Is 1 < 2 for $x$?", "Yes: <b>.\n\n  Because 2 & 1\nare so. \n\n\n")
    (content,) = shown
    (details,) = parsed(content)
    assert (details.tag, details.get("open")) == ("details", None)
    assert [(each.tag, each.text) for each in details] == [
        ("summary", "Is 1 < 2 for $x$?"),
        ("p", "Yes: <b>."),
        ("p", "Because 2 & 1\nare so."),
    ]
    assert details.get("class") == "mathjax_ignore tex2jax_ignore"
    assert content["text/plain"] == "Is 1 < 2 for $x$?\n\nYes: <b>.\n\nBecause 2 & 1\nare so."


@pytest.mark.parametrize(("summary", "text"), [("", "Yes."), (" ", "Yes."), ("Why?", ""), ("Why?", "\n\n ")])
def test_a_question_without_an_answer_is_refused(shown, summary, text):
    with pytest.raises(CourseError, match="a folded answer needs a question and a text"):
        text_view.folded(summary, text)
    assert shown == []


def story(temperature, top_p):
    return f"<{temperature}, {top_p}>"


@pytest.fixture
def two_sliders(shown):
    text_view.sliders(story, temperature=((0.1, 0.7, 2.0), 0.7), top_p=[[0.5, 1.0], 1.0])
    return shown[0].children


def test_a_text_begins_where_its_sliders_do(two_sliders, shown):
    temperature, top_p, output = two_sliders
    assert (temperature.options, temperature.value) == ((0.1, 0.7, 2.0), 0.7)
    assert (top_p.options, top_p.value) == ((0.5, 1.0), 1.0)
    assert isinstance(output, ipywidgets.Output)
    assert [content["text/plain"] for content in shown[1:]] == ["temperature 0.7, top-p 1.0\n<0.7, 1.0>"]


def test_a_name_is_shown_with_a_hyphen(two_sliders):
    assert [each.description for each in two_sliders[:2]] == ["temperature", "top-p"]


def test_a_text_follows_each_of_its_sliders(two_sliders, shown):
    temperature, top_p, _ = two_sliders
    del shown[:]
    temperature.value = 2.0
    top_p.value = 0.5
    temperature.value = 0.1
    temperature.value = 0.1  # no change, no new text
    assert [content["text/plain"] for content in shown] == [
        "temperature 2.0, top-p 1.0\n<2.0, 1.0>",
        "temperature 2.0, top-p 0.5\n<2.0, 0.5>",
        "temperature 0.1, top-p 0.5\n<0.1, 0.5>",
    ]
    tree = parsed(shown[-1])
    assert (tree.findtext("b"), tree.findtext("p")) == ("temperature 0.1, top-p 0.5", "<0.1, 0.5>")


def test_a_text_is_only_written_when_the_hand_lets_go(two_sliders):
    """A text takes seconds to write; one for each step on the way would pile up."""
    assert not any(each.continuous_update for each in two_sliders[:2])


def test_a_new_text_takes_the_place_of_the_old_one(shown, monkeypatch):
    place = ipywidgets.Output
    monkeypatch.setattr(place, "__enter__", lambda self: shown.append("inside"))
    monkeypatch.setattr(place, "__exit__", lambda self, *error: shown.append("outside"))
    monkeypatch.setattr(place, "clear_output", lambda self, wait: shown.append(f"clear, wait {wait}"))
    text_view.sliders(lambda size: "a" * size, size=((1, 2), 1))
    shown[0].children[0].value = 2
    texts = [each["text/plain"] if isinstance(each, dict) else each for each in shown[1:]]
    once = ["inside", "clear, wait True", "{}", "outside"]
    assert texts == [each.format(text) for text in ("size 1\na", "size 2\naa") for each in once]
