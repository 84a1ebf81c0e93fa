import numpy as np
import pytest

from course_utils.show import language_figures as figures

pytestmark = pytest.mark.usefixtures("course_style")

STEPS = [
    ("It will be", {" cold": 0.25, " nice": 0.5}, " cold"),
    ("It will be cold", {" and": 0.6, "$": 0.1}, " today"),
]


@pytest.mark.parametrize(
    ("token", "shown"),
    [("mean", "mean"), (" the", "␣the"), (" ", "␣"), ("   ", "␣␣␣"), (".\n  ", ".⏎␣␣"), ("a b", "a b")],
)
def test_what_cannot_be_seen_in_a_token_gets_a_sign(token, shown):
    assert figures.visible(token) == shown


def test_a_token_is_no_formula():
    assert figures.visible("$x$") == r"\$x\$"


def test_next_tokens_are_sorted_and_the_one_that_was_drawn_is_marked():
    fig, alt, table = figures.next_word_chain(STEPS)
    first, second = fig.axes
    assert [bar.get_width() for bar in first.patches] == [0.5, 0.25]
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["nice", "cold"]
    assert [text.get_text().strip() for text in first.texts] == ["50%", "25%  ← drawn"]
    assert first.patches[0].get_facecolor() != first.patches[1].get_facecolor()
    assert not any("drawn" in text.get_text() for text in second.texts)  # it is not among the likeliest
    titles = [ax.get_title("left").split("\n") for ax in fig.axes]
    assert titles == [["1. It will be …", ""], ["2. It will be cold", "…"]]  # both begin at one height
    assert table["drawn"].tolist() == ["", "yes", "", ""] and table["probability"].iloc[2] == 0.6
    assert "after “It will be” it draws “cold”; after “It will be cold” it draws “today”" in alt


def test_the_same_token_has_the_same_strip():
    table = np.random.default_rng(0).normal(size=(9, 16))
    fig, alt, first = figures.embedding(["the", " mean", "the"], table[[4, 2, 4]], [4, 2, 4])
    ax = fig.axes[0]
    strips = np.asarray(ax.images[0].get_array())
    assert strips == pytest.approx(table[[4, 2, 4]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["the  →  4", "␣mean  →  2", "the  →  4"]
    assert ax.get_title("left") == "(T,) = (3,)   →   (T, C) = (3, 16)" and "list of 16 numbers" in alt
    assert first.shape == (3, 6) and first.iloc[1, 0] == pytest.approx(table[2, 0], abs=1e-3)


def test_lists_shorter_than_the_table_of_numbers_and_without_token_numbers():
    fig, _, first = figures.embedding(["a"], [[1.0, -1.0]])
    assert first.columns.tolist() == ["number 1", "number 2"]
    assert [t.get_text() for t in fig.axes[0].get_yticklabels()] == ["a"]


def test_a_norm_shows_the_size_of_each_list_before_and_after():
    before = np.array([[3.0, -3.0], [0.1, 0.1]])
    fig, alt, sizes = figures.rms_norm(before, np.sign(before), [" big", " small"])
    assert sizes.to_dict() == {
        "before": {"␣big": 3.0, "␣small": 0.1},
        "after": {"␣big": 1.0, "␣small": 1.0},
    }
    axes = np.reshape(fig.axes, (2, 2))
    assert [ax.get_title("right") for ax in axes[:, 0]] == ["size 3.00", "size 0.10"]
    assert [bar.get_height() for bar in axes[0, 0].patches if bar.get_width() < 0.9][-2:] == [3, -3]
    for column in axes.T:
        assert column[0].get_ylim() == column[1].get_ylim()  # so that sizes can be compared
    assert "sizes are 0.10 to 3.00" in alt and "1.00 to 1.00" in alt
    assert figures.rms_norm(before, before)[2].index.tolist() == ["list 1", "list 2"]
