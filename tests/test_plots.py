import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter
from IPython.display import HTML, Image
from matplotlib.colors import to_rgb

from course_utils import CourseError
from course_utils.claims.estimates import Estimate
from course_utils.show import plots
from course_utils.show.text_view import AS_IT_IS


@pytest.fixture(autouse=True)
def no_window():
    plt.switch_backend("Agg")
    with plt.rc_context():
        yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """Everything that is displayed, in order."""
    objects = []
    monkeypatch.setattr(plots, "display", objects.append)
    return objects


def test_show_puts_the_alt_text_beside_the_picture(shown):
    fig, ax = plt.subplots()
    ax.plot([1, 2])
    plots.show(fig, alt="A line that rises.")
    image, words = shown
    content, metadata = DisplayFormatter().format(image)
    assert base64.b64decode(content["image/png"]).startswith(b"\x89PNG\r\n")
    assert metadata["image/png"]["alt"] == "A line that rises."
    inside = "<summary>This figure in words</summary><p>A line that rises.</p>"
    assert words.data == f"<details class='{AS_IT_IS}'>{inside}</details>"
    assert plt.get_fignums() == []


def test_words_of_a_figure_are_escaped(shown):
    numbers = pd.DataFrame({"cash_$": [1]}, index=["coin_$ <b>"])
    plots.show(plt.subplots()[0], "x < y", numbers)
    assert "<p>x &lt; y</p>" in shown[1].data and "coin_$ &lt;b&gt;" in shown[1].data
    assert shown[1].data.startswith("<details class='mathjax_ignore tex2jax_ignore'>")  # no formula


def test_show_unfolds_the_numbers_below_the_figure(shown):
    fig, _ = plt.subplots()
    plots.show(fig, "Nothing.", pd.DataFrame({"accuracy, %": [97.5]}, index=["forest"]))
    image, table = shown
    assert isinstance(image, Image)
    assert isinstance(table, HTML)
    assert "<summary>This figure in words and numbers</summary><p>Nothing.</p><table" in table.data
    for text in ("accuracy, %", "97.5", "forest"):
        assert text in table.data


def test_the_same_figure_gives_the_same_bytes(shown):
    for _ in range(2):
        fig, ax = plt.subplots()
        ax.plot([1, 3, 2], **plots.line_style(0))
        plots.show(fig, "A line.")
    assert shown[0].data == shown[2].data
    assert b"Matplotlib" not in shown[0].data


def test_use_style_sets_the_defaults():
    plots.use_style()
    fig, ax = plt.subplots()
    assert tuple(fig.get_size_inches()) == (7.5, 4)
    assert not ax.spines["top"].get_visible()
    assert fig.get_layout_engine() is not None


def test_styles_differ_in_more_than_colour():
    styles = [plots.line_style(i) for i in range(len(plots.COLOURS))]
    assert len(plots.COLOURS) == len(plots.MARKERS) == len(plots.LINES) >= 6
    for key in ("color", "marker"):
        assert len({style[key] for style in styles}) == len(styles)
    assert plots.line_style(len(styles) + 2) == plots.line_style(2)
    _, ax = plt.subplots()
    (line,) = ax.plot([1, 2], **plots.line_style(4))
    assert (line.get_marker(), line.get_color()) == ("v", "#E69F00")


def test_mark_draws_a_line_with_its_name():
    _, ax = plt.subplots()
    plots.mark(ax, {3: "Christmas"}, 10)
    assert ax.lines[0].get_xdata() == [3, 3]
    assert [(text.get_text(), text.get_position()) for text in ax.texts] == [("Christmas", (3, 10))]


def test_two_colours_shows_0_blue_and_1_orange():
    colours = plots.two_colours()
    assert colours.N == 2
    assert colours(0)[:3] == pytest.approx(to_rgb(plots.GOOD))
    assert colours(1)[:3] == pytest.approx(to_rgb(plots.BAD))


ESTIMATES = {"cancer": Estimate(0.4, -0.3, 1.1, 25), "wine": Estimate(-0.2, -0.8, 0.4, 30)}


def test_show_makes_a_table_of_estimates(shown):
    plots.show(plt.subplots()[0], "Two intervals.", ESTIMATES)
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in shown[1].data.split("<tr")[1:]]
    assert rows == [
        ["", "effect", "low", "high", "n"],
        ["cancer", "0.4", "-0.3", "1.1", "25"],  # n is a count, not 25.0
        ["wine", "-0.2", "-0.8", "0.4", "30"],
    ]


def test_forest_draws_each_interval_on_its_own_row():
    _, ax = plt.subplots()
    plots.forest(ax, ESTIMATES)
    bars, dots = ax.lines[::2], ax.lines[1::2]
    assert [list(bar.get_xdata()) for bar in bars] == [[-0.3, 1.1], [-0.8, 0.4]]
    assert [list(bar.get_ydata()) for bar in bars] == [[0, 0], [1, 1]]
    assert [dot.get_xdata()[0] for dot in dots] == [0.4, -0.2]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cancer", "wine"]
    assert ax.yaxis_inverted()
    assert len(ax.patches) == 0


def test_forest_shades_only_the_rows_that_are_judged():
    _, ax = plt.subplots()
    plots.forest(ax, ESTIMATES, margin=0.5, direction="below", judged=1)
    (shaded,) = ax.patches
    assert shaded.get_y() == 0.5 and shaded.get_height() == 0.5  # of the height: the upper row of two
    assert list(ax.lines[-1].get_ydata()) == [0.5, 1]


def test_forest_shows_the_single_values_below_their_estimate():
    """Equal ones are stacked, so that each can be counted, and none lies outside the picture."""
    _, ax = plt.subplots()
    plots.forest(ax, ESTIMATES, dots={"wine": [-0.6, 0.1], "cancer": [0.3, 0.5, 0.3]})
    grey = [line for line in ax.lines if line.get_color() == plots.GREY]
    found = [(list(line.get_xdata()), list(line.get_ydata())) for line in grey]
    assert found == [([0.3, 0.3, 0.5], [0.2, 0.25, 0.2]), ([-0.6, 0.1], [1.2, 1.2])]
    bottom, top = ax.get_ylim()
    assert top < 0 and bottom > 1.25


@pytest.mark.parametrize("margin", [-1.0, 0.0, 5.0])
def test_forest_shades_the_side_where_the_claim_holds(margin):
    _, ax = plt.subplots()
    plots.forest(ax, ESTIMATES, margin=margin)
    line = ax.lines[-1]
    assert list(line.get_xdata()) == [margin, margin]
    assert line.get_linestyle() == "--"
    left, right = ax.get_xlim()
    assert left < min(margin, -0.8)
    assert right > max(margin, 1.1)
    (shade,) = ax.patches
    assert (shade.get_x(), shade.get_x() + shade.get_width()) == pytest.approx((margin, right))


def test_forest_shades_the_left_when_the_claim_needs_less():
    _, ax = plt.subplots()
    plots.forest(ax, ESTIMATES, margin=1.0, direction="below")
    (shade,) = ax.patches
    ends = sorted((shade.get_x(), shade.get_x() + shade.get_width()))
    assert ends == pytest.approx([ax.get_xlim()[0], 1.0])


def test_histograms_count_each_group_and_differ_in_hatching():
    fig, ax = plots.histograms({"a": [1, 1, 3], "b": [3], "c": [1]}, bins=[0, 2, 4])
    heights = [[bar.get_height() for bar in bars] for bars in ax.containers]
    assert heights == [[2, 1], [0, 1], [1, 0]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c"]
    looks = {(bars[0].get_hatch() or "", bars[0].get_facecolor()) for bars in ax.containers}
    assert len({hatch for hatch, _ in looks}) == len({colour for _, colour in looks}) == 3
    assert ax.get_figure() is fig


def test_confusion_writes_every_count_into_its_box():
    _, ax = plt.subplots()
    plots.confusion(ax, np.array([[40, 3], [1, 70]]), ["ill", "well"], ["called ill", "called well"])
    found = {text.get_position(): text.get_text() for text in ax.texts}
    assert found == {(0, 0): "40", (1, 0): "3", (0, 1): "1", (1, 1): "70"}  # x is the call, y the truth
    assert [label.get_text() for label in ax.get_xticklabels()] == ["called ill", "called well"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ill", "well"]
    (image,) = ax.images
    boxes = image.to_rgba(image.get_array())[..., :3]
    assert boxes[0, 0] == pytest.approx(to_rgb(plots.GOOD))
    assert boxes[0, 1] == pytest.approx(to_rgb(plots.BAD))


def test_spreads_marks_the_intervals_that_cross_zero():
    table = pd.DataFrame(
        {"low": [0.1, -1, -3], "effect": [1, 0, -2], "high": [2, 1, -0.1]}, index=list("abc")
    )
    _, ax = plt.subplots()
    plots.spreads(ax, table)
    bars, dots = ax.lines[:6:2], ax.lines[1:6:2]
    assert [list(bar.get_xdata()) for bar in bars] == [[0.1, 2], [-1, 1], [-3, -0.1]]
    assert [dot.get_xdata()[0] for dot in dots] == [1, 0, -2]
    assert [(bar.get_color(), bar.get_linestyle()) for bar in bars] == [
        (plots.GOOD, "-"),
        (plots.BAD, ":"),
        (plots.GOOD, "-"),
    ]
    assert list(ax.lines[6].get_xdata()) == [0, 0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]


def test_points_have_a_colour_and_a_marker_each():
    _, ax = plt.subplots()
    x, y = pd.Series({"tree": 1.0, "forest": 2.0}), pd.Series({"forest": 20.0, "tree": 10.0})
    plots.points(ax, x, y)
    assert [(dot.get_label(), dot.get_xdata()[0], dot.get_ydata()[0]) for dot in ax.lines] == [
        ("tree", 1, 10),
        ("forest", 2, 20),
    ]
    assert len({dot.get_marker() for dot in ax.lines}) == 2
    assert len({dot.get_color() for dot in ax.lines}) == 2
    assert {dot.get_linestyle() for dot in ax.lines} == {"None"}


def test_curve_has_a_band_from_low_to_high():
    _, ax = plt.subplots()
    plots.curve(ax, {10: Estimate(80, 70, 85, 5), 20: Estimate(90, 88, 91, 5)}, "forest", index=1)
    (line,) = ax.lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([10, 20], [80, 90])
    assert (line.get_label(), line.get_marker(), line.get_color()) == ("forest", "s", plots.COLOURS[1])
    (band,) = ax.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
    assert corners == {(10, 70), (10, 85), (20, 88), (20, 91)}


def test_a_gallery_can_mix_grey_and_signed_pictures():
    fig = plots.gallery([np.eye(2), np.array([[-3.0, 1.0]]), np.eye(2)], signed=[False, True, False])
    limits = [ax.images[0].get_clim() for ax in fig.axes]
    assert limits == [(0, 1), (-3, 3), (0, 1)]


def test_a_gallery_can_name_its_rows():
    fig = plots.gallery([np.eye(2)] * 4, columns=2, rows=["before", "a$b"])
    named = {i: [text.get_text() for text in ax.texts] for i, ax in enumerate(fig.axes)}
    assert named == {0: ["before"], 1: [], 2: [r"a\$b"], 3: []}


def test_curves_have_a_look_each_and_a_baseline():
    points = {
        name: {1: Estimate(y, y - 1, y + 1, 5), 3: Estimate(y + 5, y, y + 9, 5)}
        for y, name in ((50, "CNN"), (60, "SVM"), (70, "MLP"))
    }
    fig, ax = plots.curves(points, baseline=10.5)
    assert ax.get_figure() is fig
    *lines, baseline = ax.lines
    assert [(line.get_label(), *line.get_xdata(), *line.get_ydata()) for line in lines] == [
        ("CNN", 1, 3, 50, 55),
        ("SVM", 1, 3, 60, 65),
        ("MLP", 1, 3, 70, 75),
    ]
    looks = ("get_color", "get_marker", "get_linestyle")
    assert [len({getattr(line, look)() for line in lines}) for look in looks] == [3, 3, 3]
    assert len(ax.collections) == 3
    assert set(baseline.get_ydata()) == {10.5}
    assert (baseline.get_color(), baseline.get_linestyle()) == (plots.GREY, ":")
    (legend,) = fig.legends  # below the axes, where it covers no curve
    legend = [text.get_text() for text in legend.get_texts()]
    assert legend == ["CNN", "SVM", "MLP", "baseline"]


@pytest.mark.parametrize(("log_x", "scale"), [(True, "log"), (False, "linear")])
def test_curves_have_ticks_at_the_sizes_and_nowhere_else(log_x, scale):
    points = {"CNN": {size: Estimate(50, 40, 60, 5) for size in (36, 115, 383, 1150)}}
    fig, ax = plots.curves(points, 10, log_x=log_x)
    fig.canvas.draw()
    assert ax.get_xscale() == scale
    assert [(tick.get_position()[0], tick.get_text()) for tick in ax.get_xticklabels()] == [
        (36, "36"),
        (115, "115"),
        (383, "383"),
        (1150, "1150"),
    ]
    assert len(ax.get_xticks(minor=True)) == 0


def shown_in(fig):
    """The picture of each axes that has one, from the upper left to the lower right."""
    return [image for ax in fig.axes for image in ax.images]


def test_gallery_shows_one_channel_in_grey_between_0_and_1():
    flat = np.array([[0.2, 0.4], [0.6, 0.8]])
    fig = plots.gallery([flat, flat[None]])
    for image in shown_in(fig):
        assert np.array_equal(image.get_array(), flat)
        assert image.get_clim() == (0, 1)  # not the picture's own darkest and lightest
        assert image.to_rgba([0.0, 1.0]).tolist() == [[0, 0, 0, 1], [1, 1, 1, 1]]
    assert len(shown_in(fig)) == 2


def test_gallery_shows_three_channels_in_colour():
    red = np.zeros((3, 4, 5))
    red[0, 1, 2] = 1
    (image,) = shown_in(plots.gallery([red]))
    found = image.get_array()
    assert found.shape == (4, 5, 3)
    assert found[1, 2].tolist() == [1, 0, 0]
    assert found.sum() == 1


@pytest.mark.filterwarnings("error")
def test_gallery_shows_signed_pictures_on_both_sides_of_0():
    pictures = [np.array([[-1.0, 4], [0, 2]]), np.array([[[-0.5, 0.1]]]), np.zeros((2, 2))]
    fig = plots.gallery(pictures, signed=True)
    first, second, empty = shown_in(fig)
    assert first.get_clim() == (-4, 4)
    assert second.get_clim() == (-0.5, 0.5)
    low, high = empty.get_clim()
    assert low == -high < 0
    below, zero, above = first.to_rgba([-4.0, 0.0, 4.0])[:, :3]
    assert below[2] > below[0]  # blue
    assert above[0] > above[1] > above[2]  # orange
    assert zero == pytest.approx(1, abs=0.05)
    fig.canvas.draw()


def test_gallery_fills_row_after_row_and_hides_what_is_left():
    pictures = [np.full((2, 2), k / 10) for k in range(5)]
    fig = plots.gallery(pictures, ["zero", "one"], columns=3, width=2)
    assert len(fig.axes) == 6
    assert [image.get_array()[0, 0] for image in shown_in(fig)] == [0, 0.1, 0.2, 0.3, 0.4]
    assert [ax.get_title() for ax in fig.axes] == ["zero", "one", "", "", "", ""]
    places = [ax.get_subplotspec().get_geometry()[:3] for ax in fig.axes]
    assert places == [(2, 3, cell) for cell in range(6)]
    assert not any(ax.axison for ax in fig.axes)
    assert not fig.axes[5].images
    assert tuple(fig.get_size_inches()) == pytest.approx((3 * 2, 2 * 2.3))  # 0.3 for a title


def test_a_gallery_is_only_as_wide_as_its_pictures():
    pictures = np.zeros((2, 1, 4, 4))  # an array of pictures will do
    fig = plots.gallery(pictures, width=1.5)
    assert len(fig.axes) == 2
    assert tuple(fig.get_size_inches()) == pytest.approx((2 * 1.5, 1.5))


@pytest.mark.parametrize("pictures", [[], np.zeros((0, 1, 8, 8))])
def test_a_gallery_of_nothing_is_refused(pictures):
    with pytest.raises(CourseError, match="needs at least one picture, and got none"):
        plots.gallery(pictures)
    assert plt.get_fignums() == []


def test_slider_draws_anew_for_each_value(shown, monkeypatch):
    monkeypatch.setattr("ipywidgets.widgets.interaction.display", shown.append)
    drawn = []

    def draw(value):
        drawn.append(value)
        return plt.subplots()[0]

    plots.slider(draw, [1, 5, 25], "neighbours", start=5)
    first, _, box = shown
    control, output = box.children
    assert (control.value, control.options, control.description) == (5, (1, 5, 25), "neighbours")
    assert drawn == [5]
    assert DisplayFormatter().format(first)[1]["image/png"]["alt"] == "neighbours: 5"
    control.value = 25
    assert drawn == [5, 25]
    assert DisplayFormatter().format(shown[-2])[1]["image/png"]["alt"] == "neighbours: 25"
    control.value = 25
    assert drawn == [5, 25]
    assert plt.get_fignums() == []
    assert type(output).__name__ == "Output"


NAMES = ["cash_$ coin_$", "$x^{", "$", "a & b <i>", r"back\slash_$_$", "100 % {"]


def test_a_class_name_is_no_formula():
    """Two dollars in a name would begin and end one, and an odd one fails while the figure is drawn."""
    fig = plots.gallery(np.zeros((len(NAMES), 4, 4)), NAMES)
    fig.savefig(io.BytesIO(), format="png")
    titles = [ax.title for ax in fig.axes]
    assert [title.get_text().replace(r"\$", "$") for title in titles] == NAMES
    fig, ax = plt.subplots()
    plots.confusion(ax, np.eye(2, dtype=int), NAMES[:2], NAMES[:2])
    fig.savefig(io.BytesIO(), format="png")
    plt.close("all")


def test_matplotlib_would_read_a_formula_there():
    fig, ax = plt.subplots()
    ax.set_title(NAMES[0] + "{")
    with pytest.raises(ValueError, match=r"(?i)parse|expected"):
        fig.savefig(io.BytesIO(), format="png")
    plt.close(fig)
