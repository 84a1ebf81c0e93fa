import numpy as np
import pandas as pd
import pytest

from course_utils import CourseError
from course_utils.claims.estimates import Estimate
from course_utils.show import surprise_figures

PAIR = [([" The", " mean", "\n"], np.array([2.0, 5.5, 1.0])), ([" $x$", " a"], [1.0, 0.5])]


def test_each_token_has_a_bar_and_a_row():
    fig, alt, table = surprise_figures.sentences(PAIR)
    assert [len(ax.patches) for ax in fig.axes] == [3, 2]
    assert [label.get_text() for label in fig.axes[0].get_xticklabels()] == ["The", "mean", "⏎"]
    assert table["bits"].tolist() == [2.0, 5.5, 1.0, 1.0, 0.5]
    assert "costs 8.5 bits, most of them at “mean”" in alt


def test_bars_show_the_bits():
    fig, _, _ = surprise_figures.sentences(PAIR)
    assert [bar.get_height() for bar in fig.axes[0].patches] == [2.0, 5.5, 1.0]
    assert fig.axes[0].get_ylim() == fig.axes[1].get_ylim()


def test_where_sentences_of_one_length_differ_is_marked():
    fig, alt, _ = surprise_figures.sentences([([" It", " is"], [1.0, 2.0]), ([" It", " are"], [1.0, 3.0])])
    colours = [[bar.get_facecolor() for bar in ax.patches] for ax in fig.axes]
    assert colours[0] == colours[1] and colours[0][0] != colours[0][1]
    assert "(orange: where the sentences differ)" in alt
    fig, alt, _ = surprise_figures.sentences(PAIR)
    assert len({bar.get_facecolor() for ax in fig.axes for bar in ax.patches}) == 1 and "orange" not in alt


@pytest.mark.parametrize("pairs", [[], [([" a"], [1.0, 2.0])], [([], [])]])
def test_sentences_need_as_many_bits_as_tokens(pairs):
    with pytest.raises(CourseError, match="bits for each"):
        surprise_figures.sentences(pairs)


def test_changes_are_drawn_from_top_to_bottom():
    fig, alt, table = surprise_figures.changes({" axis": 1.5, " fit": -2.0})
    (ax,) = fig.axes
    assert [bar.get_width() for bar in ax.patches] == [1.5, -2.0]
    assert "rises most for “axis” (+1.5 bits) and falls most for “fit” (-2.0 bits)" in alt
    assert table["change (bits)"].tolist() == [1.5, -2.0]
    with pytest.raises(CourseError, match="got none"):
        surprise_figures.changes({})


def test_context_shows_the_network_and_the_table():
    lead = {3: Estimate(0, 0, 0, 5), 255: Estimate(1.25, 1.0, 1.5, 5)}
    fig, alt, table = surprise_figures.context(lead, Estimate(-0.5, -0.7, -0.3, 5), 3)
    (ax,) = fig.axes
    assert ax.get_xscale() == "log"
    assert ax.lines[0].get_ydata().tolist() == [0, 1.25]
    assert "with 255 it saves 1.25 bits; the 4-gram model saves -0.50" in alt
    assert table.loc["4-gram, 3 tokens"].tolist() == [-0.5, -0.7, -0.3]


def test_change_counts_from_step_0():
    curve = pd.DataFrame({"task": [4.0, 3.0], "general": [2.0, 2.1]}, index=[0, 5])
    fig, alt, table = surprise_figures.learned_and_lost([4.1, 3.9], curve, "task")
    left, right = fig.axes
    assert left.lines[1].get_ydata().tolist() == [4.0, 3.0]
    assert right.lines[0].get_ydata().tolist() == [0, -25]
    assert "task -25.0 %, general +5.0 %" in alt
    assert table["general (%)"].tolist() == [0, 5]
