import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course_utils.show import group_figures


def test_bars_stand_at_the_means_of_their_group():
    index = pd.MultiIndex.from_product([["before", "after"], [7, 9]])
    fig, ax = plt.subplots()
    group_figures.bars(ax, pd.DataFrame([[10, 30], [40, 40], [50, 70], [80, 90]], index), baseline=25)
    bars = [bar for container in ax.containers if hasattr(container, "patches") for bar in container.patches]
    assert [bar.get_height() for bar in bars] == [20, 40, 60, 85]
    assert np.allclose([bar.get_x() + bar.get_width() / 2 for bar in bars], [-0.2, 0.8, 0.2, 1.2])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["7", "9"]
    assert [line for line in ax.lines if set(line.get_ydata()) == {25}]
    plt.close(fig)


def test_called_writes_each_share_into_its_box():
    fig, ax = plt.subplots()
    group_figures.called(ax, pd.DataFrame([[70.2, 29.8], [0.0, 100.0]], [4, 9], [4, 9]))
    assert [text.get_text() for text in ax.texts] == ["70", "30", "0", "100"]
    assert [text.get_color() for text in ax.texts] == ["white", "black", "black", "white"]
    assert ax.texts[1].get_position() == (1, 0)  # truth 4, called 9
    plt.close(fig)
