import numpy as np
import pandas as pd
import pytest

from course_utils.show import scaling_figures

pytestmark = pytest.mark.usefixtures("course_style")


def law(x):
    return pd.Series(3 * np.asarray(x) ** -0.2, np.asarray(x, float))


def test_a_power_law_is_found_and_drawn_on():
    levels = law([0.5, 1, 1, 2])
    assert scaling_figures.on_line(levels, np.array([4.0, 32.0])).tolist() == pytest.approx(
        [3 * 4**-0.2, 1.5]
    )


def test_sizes_and_texts_stand_side_by_side_with_the_rival_dotted():
    texts = {"ours": law([0.5, 0.5, 1, 2]), "counting": law([0.25, 0.5, 1, 2]) - 0.1}
    fig, table = scaling_figures.size_and_text(law([0.1, 0.1, 0.8]), texts, "counting", 1.0, (0.1, 1, 2.9))
    left, right = fig.axes
    assert left.get_xlabel() == "weights (millions)" and right.get_xlabel() == "text read (MB)"
    dotted = [line for line in left.lines if line.get_linestyle() == ":"]
    assert [line.get_ydata()[0] for line in dotted] == pytest.approx([2.9])
    assert [each.get_text() for each in right.get_legend().get_texts()] == [
        "ours",
        "counting",
        "trained here",
    ]
    assert table.loc[2.0, "counting"] == pytest.approx(3 * 2**-0.2 - 0.1, abs=1e-3)
    assert len(left.get_yticks()) > 1


def test_the_line_goes_on_to_the_long_training():
    x = np.geomspace(0.5, 80, 5)
    reached = pd.Series([2.0, 1.4], [6.0, 80.0])
    fig = scaling_figures.beyond(
        {"ours": law([0.5, 1, 2])}, (x, np.array([law(x) - 0.1, law(x) + 0.1])), reached
    )
    (ax,) = fig.axes
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["its line"].get_ydata()[-1] == pytest.approx(3 * 80**-0.2)
    assert lines["the shipped model"].get_ydata().tolist() == [2.0, 1.4]
