import ipywidgets
import numpy as np
import pytest

from course_utils import CourseError
from course_utils.show import place_figures, plots

pytestmark = pytest.mark.usefixtures("closed_figures")

PICTURE = np.arange(1, 5, dtype=np.float32).reshape(1, 2, 2) / 4


def left_half(canvases):
    """Says 7 where the ink begins in the left half, else 1, with the ink as its probability."""
    starts = (canvases.max(axis=(1, 2)) > 0).argmax(axis=1)
    return np.where(starts < canvases.shape[-1] // 2, 7, 1), canvases.max(axis=(1, 2, 3))


def always(canvases):
    return np.full(len(canvases), 7), None


MODELS = {"left": left_half, "always $7$": always}


def test_a_picture_stands_once_at_every_place():
    canvases, places = place_figures.at_every_place(PICTURE, 5)
    assert places.tolist() == [0, 1, 2, 3] and canvases.shape == (16, 1, 5, 5)
    assert canvases.dtype == np.float32
    for i, canvas in enumerate(canvases):
        top, left = divmod(i, 4)
        assert (canvas[:, top : top + 2, left : left + 2] == PICTURE).all()
        assert canvas.sum() == PICTURE.sum()
    assert place_figures.at_every_place(PICTURE, 6, step=2)[1].tolist() == [0, 2, 4]


@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 6, 6)])
def test_a_picture_that_does_not_fit_is_refused(shape):
    with pytest.raises(CourseError, match="needs a square picture no larger"):
        place_figures.at_every_place(np.zeros(shape), 5)


def test_the_map_of_answers_says_where_each_model_errs():
    fig, alt, table = place_figures.answers_by_place(PICTURE, 7, 5, MODELS)
    assert table["right at"].tolist() == [8, 16] and table["of places"].tolist() == [16, 16]
    middle, left, always = fig.axes[:3]
    assert np.asarray(left.images[0].get_array()).tolist() == [[False, False, True, True]] * 4
    assert [(text.get_position(), text.get_text()) for text in left.texts][:2] == [
        ((2, 0), "1"),
        ((3, 0), "1"),
    ]
    assert len(left.texts) == 8 and not always.texts
    assert np.argwhere(np.asarray(middle.images[0].get_array()) > 0)[0].tolist() == [2, 2]
    assert "left is right at 8" in alt
    fig.canvas.draw()  # a name is no formula


@pytest.fixture
def shown(monkeypatch):
    figures, widgets = [], []
    monkeypatch.setattr(plots, "show", lambda *figure: figures.append(figure))
    monkeypatch.setattr("ipywidgets.widgets.interaction.display", widgets.append)
    return figures, widgets


def test_the_sliders_move_the_picture(shown):
    calls = []

    def counted(canvases):
        calls.append(len(canvases))
        return left_half(canvases)

    place_figures.move_digit(PICTURE, 7, 6, MODELS | {"left": counted}, step=1)
    figures, widgets = shown
    first, (down, right, output) = figures[0], widgets[-1].children
    assert isinstance(output, ipywidgets.Output) and calls == [25]
    assert (down.value, right.value, down.options) == (2, 2, (0, 1, 2, 3, 4))
    fig, alt, table = first
    assert alt == "A 7, moved 2 down, 2 right (pixels): left says 7, always $7$ says 7."
    assert table.loc["left"].tolist() == [7, 1.0] and table["probability"].isna().tolist() == [False, True]
    assert len(fig.axes[1].patches) == 1  # one model has a probability
    del figures[:]
    right.value, down.value = 4, 1
    fig, alt, table = figures[-1]
    assert len(figures) == 2 and calls == [25]
    assert "moved 1 down, 4 right" in alt and table.loc["left", "answer"] == 1
    ink = np.argwhere(np.asarray(fig.axes[0].images[0].get_array()) > 0)
    assert ink[0].tolist() == [1, 4]
    assert [text.get_text() for text in fig.axes[1].texts] == ["1  (wrong)", "7"]
    assert fig.axes[1].texts[0].get_color() == plots.BAD
