import numpy as np
import pandas as pd
import pytest

from course_utils.claims.estimates import Estimate
from course_utils.show import language_curves as figures

pytestmark = pytest.mark.usefixtures("course_style")

LOOKS = pd.DataFrame({"step": [0, 2, 4], "bits per byte": [4.0, 2.0, 1.5]})
CURVE = [
    {"step": 0, "general": 4.1, "wide": 4.2, "CPU s": 0},
    {"step": 500, "general": 1.9, "wide": 2.1, "CPU s": 400.0},
    {"step": 8000, "general": 1.2, "wide": 1.4, "CPU s": 6000.0},
]


def test_a_training_is_drawn_in_bits_per_byte_from_step_0():
    losses = np.log(2) * 3 * np.array([4.0, 3.0, 2.0, 1.0])  # nats a token of three bytes
    fig, alt, table = figures.learning(losses, LOOKS, {"4-gram": 1.7}, 3.0, block=2)
    each, mean, looks, rival = fig.axes[0].lines
    assert list(each.get_ydata()) == pytest.approx([4, 3, 2, 1]) and list(each.get_xdata()) == [0, 1, 2, 3]
    assert mean.get_ydata()[1:] == pytest.approx([3.5, 2.5, 1.5])
    assert list(looks.get_xdata()) == [0, 2, 4] and looks.get_marker() == "s"
    assert list(rival.get_ydata()) == [1.7, 1.7]
    assert [text.get_text() for text in fig.axes[0].texts] == ["4-gram 1.70"]
    assert fig.axes[0].get_ylim()[0] == 0
    assert "from 4.00 to 1.50. Lines: 4-gram 1.70." in alt and table["bits per byte"].tolist() == [4, 2, 1.5]


def test_names_of_near_lines_stand_apart_and_lead_to_their_line():
    fig, _, _ = figures.learning([4.0], LOOKS, {"xz": 1.75, "4-gram": 1.7, "bytes": 8.0}, 1.0)
    low, high = fig.axes[0].get_ylim()
    names = {text.get_text(): text for text in fig.axes[0].texts}
    assert list(names) == ["4-gram 1.70", "xz 1.75", "bytes 8.00"]
    at = [text.xyann[1] for text in names.values()]
    assert min(np.diff(at)) > 0.07 * (high - low)
    assert [text.xy[1] for text in names.values()] == [1.7, 1.75, 8.0]


def test_the_long_training_stands_beside_the_short_one():
    fig, alt, table = figures.long_learning(CURVE, {0: 4.0, 50: 1.95}, {"4-gram": 1.7})
    ax = fig.axes[0]
    short, at_start, long, long_at_start, _ = ax.lines
    assert list(short.get_xdata()) == [50] and list(at_start.get_xdata()) == [0]
    assert list(long.get_ydata()) == [1.9, 1.2] and list(long_at_start.get_ydata()) == [4.1]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "10 s", "1 min", "10 min", "1 h"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["training of just now", "long training"]
    assert "long training from 4.10 to 1.20 after 6,000 CPU seconds" in alt
    assert table["bits per byte"].tolist() == [4.0, 1.95, 4.1, 1.9, 1.2]


def test_the_long_training_stands_alone_with_another_text():
    fig, alt, table = figures.long_learning(CURVE, text="wide")
    assert list(fig.axes[0].lines[0].get_ydata()) == [2.1, 1.4] and alt.endswith("CPU seconds.")
    assert set(table["training"]) == {"long training"}


def interval(middle):
    return Estimate(middle, middle - 0.1, middle + 0.1, 5)


def test_arms_stand_below_each_other_with_the_margin_of_the_best_rival():
    rows = {
        budget: {arm: interval(level) for arm, level in arms.items()}
        for budget, arms in {
            "30 pages": {"pre-trained only": 2.0, "from scratch": 3.0, "fine-tuned": 1.8, "4-gram": 1.0},
            "all": {"pre-trained only": 2.0, "from scratch": 1.6, "fine-tuned": 1.2},
        }.items()
    }
    fig, alt, table = figures.savings(rows, 5)
    few, many = fig.axes
    lines = [next(line for line in ax.lines if line.get_linestyle() == "--") for ax in fig.axes]
    assert [line.get_xdata()[0] for line in lines] == pytest.approx([2.0 * 0.95, 1.6 * 0.95])
    assert [t.get_text() for t in many.get_yticklabels()] == list(rows["all"])
    assert list(few.lines[0].get_xdata()) == [1.9, 2.1] and few.lines[1].get_xdata() == [2.0]
    assert few.lines[3].get_marker() == many.lines[3].get_marker()  # each arm keeps its marker
    assert few.get_yticklabels()[2].get_weight() == "bold" != few.get_yticklabels()[1].get_weight()
    assert few.get_xlim() == many.get_xlim() and "5 % below" in many.get_xlabel()
    assert "all: pre-trained only 2.00, from scratch 1.60, fine-tuned 1.20" in alt
    assert table.loc[("30 pages", "4-gram"), "bits per byte"] == 1.0 and len(table) == 7
