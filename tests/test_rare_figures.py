import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course_utils.show import rare_figures


def test_calendar_puts_each_day_into_its_month():
    days = pd.date_range("2023-01-01", "2023-12-31")
    fig = rare_figures.calendar(pd.Series(range(365), days), "flights (%)")
    image = fig.axes[0].images[0].get_array()
    assert image.shape == (12, 31)
    assert (image[0, 0], image[1, 27], image[11, 30]) == (0, 58, 364)
    assert np.isnan(np.asarray(image.filled(np.nan))[1, 28:]).all()  # no 29 February
    assert fig.axes[1].get_ylabel() == "flights (%)"
    part = rare_figures.calendar(pd.Series([1.0, 2.0], days[[40, 300]]), "flights (%)")
    assert part.axes[0].images[0].get_array().shape[0] == 12
    plt.close("all")


def test_precision_recall_goes_through_what_can_be_counted():
    fig, ax = plt.subplots()
    rare_figures.precision_recall(ax, np.array([1, 0, 1, 0]), {"a model": np.array([0.9, 0.8, 0.7, 0.1])})
    curve, at_random = ax.lines
    points = set(zip(*np.round(curve.get_data()), strict=True))
    assert {(50, 100), (100, 67), (100, 50)} <= points  # 1 of 1, 2 of 3, 2 of 4
    assert at_random.get_ydata()[0] == 50
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a model", "at random"]
    plt.close(fig)


def test_precision_recall_marks_where_it_is_read():
    fig, ax = plt.subplots()
    rare_figures.precision_recall(ax, np.array([1, 0]), {"a model": np.array([0.9, 0.8])}, at=0.8)
    assert set(ax.lines[-1].get_xdata()) == {80}
    assert ax.get_legend().get_texts()[-1].get_text() == "80 % recall"
    plt.close(fig)
