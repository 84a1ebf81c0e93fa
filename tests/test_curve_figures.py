"""Curves side by side."""

import numpy as np
import pandas as pd
import pytest

from course_utils.claims.estimates import Estimate
from course_utils.show import curve_figures

pytestmark = pytest.mark.usefixtures("closed_figures")


def test_panels_show_each_curve_alone_between_the_same_lines():
    points = {
        name: {n: Estimate(n / 100 + i, n / 100, n / 100 + 2, 5) for n in (100, 2000)}
        for i, name in enumerate(("tree", "forest $1"))
    }
    fig = curve_figures.panels(points, dotted=0, dashed=0.5)
    assert len(fig.axes) == 2
    for i, ax in enumerate(fig.axes):
        curve, dotted, dashed = ax.lines
        assert list(curve.get_xdata()) == [100, 2000] and list(curve.get_ydata()) == [1 + i, 20 + i]
        assert (dotted.get_linestyle(), dotted.get_ydata()[0]) == (":", 0)
        assert (dashed.get_linestyle(), dashed.get_ydata()[0]) == ("--", 0.5)
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["100", "2,000"]
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == ["tree", r"forest \$1"]
    assert fig.axes[0].get_ylim() == fig.axes[1].get_ylim()
    without = curve_figures.panels(points, dotted=0).axes[0]
    assert np.isnan(without.lines[2].get_ydata()).all() and without.get_ylim()[1] < 25
    second = curve_figures.panels(points, dotted=0, first=1).axes[0].lines[0]
    assert second.get_color() == fig.axes[1].lines[0].get_color()


def test_training_losses_stand_in_a_panel_for_each_kind_with_the_spread_of_the_runs():
    falls = [[4.0, 2.0, 1.0, 1.0], [2.0, 0.0, 1.0, 3.0]]
    runs = {("plain", 2): pd.DataFrame({"losses": falls}), ("other", 8): pd.DataFrame({"losses": falls})}
    fig, means = curve_figures.trainings(runs, guessing=2.3, block=2)
    assert means["plain, 2"].to_dict() == {0.5: 2.0, 2.5: 1.5} == means["other, 8"].to_dict()
    assert means.index.name == "step"
    left, right = fig.axes
    assert [ax.get_title() or ax.get_title("left") for ax in (left, right)] == ["plain", "other"]
    assert [line.get_ydata()[0] for line in left.lines] == [2.0, 2.3]
    assert left.lines[0].get_color() != right.lines[0].get_color()  # another depth
    band = left.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(2 - 2**0.5) and band.max() == pytest.approx(2 + 2**0.5)
    _, means = curve_figures.trainings(runs, guessing=2.3, block=10)
    assert len(means) == 1


def test_curves_beside_each_other_keep_their_styles():
    points = {5: Estimate(50, 40, 60, 6), 20: Estimate(80, 70, 90, 6)}
    panels = {"plain": {"a": points, "b": points}, "copies": {"b": points, "c": points}}
    fig = curve_figures.beside(panels, 10, "labels", "right (%)")
    left, right = fig.axes
    assert left.lines[1].get_color() == right.lines[0].get_color() != left.lines[0].get_color()
    assert list(right.lines[1].get_ydata()) == [50, 80] and right.lines[2].get_ydata()[0] == 10
    assert (left.get_xlabel(), left.get_ylabel(), right.get_ylabel()) == ("labels", "right (%)", "")
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["5", "20"]


def test_what_trainings_reach_stands_with_its_spread():
    rows = pd.DataFrame(
        {"training loss": [0.1, 0.3], "lowest loss": [0.1, 0.05], "right": [[80, 100], [84, 100]]}
    )
    table = curve_figures.reached({("plain", 20): rows})
    assert table.loc["plain, 20"].tolist() == ["0.20 ± 0.14", "0.05", "91.0 ± 1.4"]


def test_gradients_against_depth_are_geometric_means():
    fig, table = curve_figures.slopes({"plain": {2: [1.0, 100.0], 8: [1e-9, 1e-7]}, "other": {2: [1.0, 1.0]}})
    assert table["plain"].tolist() == ["1.0e+01", "1.0e-08"] and table.index.name == "convolutions"
    (ax,) = fig.axes
    assert ax.get_yscale() == "log" and [t.get_text() for t in ax.get_legend().get_texts()] == [
        "plain",
        "other",
    ]
