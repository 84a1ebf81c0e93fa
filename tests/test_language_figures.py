import numpy as np
import pytest

from course_utils.show import language_figures as figures

pytestmark = pytest.mark.usefixtures("course_style")


@pytest.mark.parametrize(
    ("token", "shown"),
    [("mean", "mean"), (" the", "␣the"), (" ", "␣"), ("   ", "␣␣␣"), (".\n  ", ".⏎␣␣"), ("a b", "a b")],
)
def test_what_cannot_be_seen_in_a_token_gets_a_sign(token, shown):
    assert figures.visible(token) == shown


def test_a_token_is_no_formula():
    assert figures.visible("$x$") == r"\$x\$"


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
