from xml.etree import ElementTree

import ipywidgets
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
    monkeypatch.setattr("ipywidgets.widgets.interaction.display", display)
    return objects


def parsed(content):
    """The HTML as a tree; it is also well-formed XML, in which nothing of the text is left as markup."""
    assert set(content) == {"text/html", "text/plain"}
    return ElementTree.fromstring(f"<div>{content['text/html']}</div>")


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
    text_view.boxes({"one": "$x$", "two": r"\begin{array}"})
    classes = [each.get("class") for content in shown for each in parsed(content).findall("p")]
    assert classes == ["mathjax_ignore tex2jax_ignore"] * 2


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
    return shown[-1].children


def test_a_text_begins_where_its_sliders_do(two_sliders, shown):
    temperature, top_p, output = two_sliders
    assert (temperature.options, temperature.value) == ((0.1, 0.7, 2.0), 0.7)
    assert (top_p.options, top_p.value) == ((0.5, 1.0), 1.0)
    assert isinstance(output, ipywidgets.Output)
    assert [content["text/plain"] for content in shown[:-1]] == ["temperature 0.7, top-p 1.0\n<0.7, 1.0>"]


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


def test_each_token_stands_below_its_surprise(shown):
    text_view.surprise(["<b>", " mean", ".\n\n    ", "$x$"], [9.6, 0.2, 3.0, 40.0])
    (content,) = shown
    text, legend = parsed(content).find("div")
    tokens = text.findall("ruby")
    assert [each.text for each in tokens] == ["<b>", " mean", ".⏎⏎", "$x$"]
    assert [each.findtext("rt") for each in tokens] == ["10", "0", "3", "40"]
    assert tokens[0].get("title") == "9.6 bits, as likely as 1 in 776"
    strengths = [float(each.get("style").split(",")[3].split(")")[0]) for each in tokens]
    assert strengths == [0.52, 0.01, 0.16, 0.65]  # no darker than that, so that words can be read on it
    assert len(text.findall("br")) == 2 and text.findall("br")[-1].tail == "\u00a0" * 4
    assert legend.text.startswith("4 tokens, 53 bits, 13.2 a token.")
    assert content["text/plain"].startswith("<b>[10] mean[0].\n\n    [3]$x$[40]\n4 tokens, 53 bits")
    assert parsed(content).find("div").get("class") == "mathjax_ignore tex2jax_ignore"


@pytest.mark.parametrize(("tokens", "bits"), [(["a", "b"], [1.0]), ([], [])])
def test_a_token_without_its_bits_is_refused(shown, tokens, bits):
    with pytest.raises(CourseError, match="surprise needs a number of bits for each token"):
        text_view.surprise(tokens, bits)
    assert shown == []


def test_a_prompt_is_answered_once_and_again_when_something_changes(shown):
    asked = []

    def write(prompt, temperature):
        asked.append((prompt, temperature))
        return f"{prompt} …"

    text_view.playground(write, "Compute", temperature=((0.1, 0.7), 0.7))
    first, view = shown
    assert first["text/plain"] == "“Compute”, temperature 0.7\nCompute …"  # stays on a printed page
    _, field, temperature, written = view.children
    assert isinstance(written, ipywidgets.Output) and not field.continuous_update
    assert asked == [("Compute", 0.7)]
    field.value = "Return <b>"
    temperature.value = 0.1
    assert asked[1:] == [("Return <b>", 0.7), ("Return <b>", 0.1)]
    assert parsed(shown[-1]).findtext("p") == "Return <b> …"
