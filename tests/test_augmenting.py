"""Lab 4_augment's experiment: parts, what is made, and the record that ships."""

import numpy as np

from course_utils.data import pictures
from course_utils.models import augmenting


def test_the_parts_of_a_draw_share_nothing_and_differ_between_draws():
    labels = pictures.load_mnist().labels
    few, others, test = augmenting.parts(labels, 0)
    assert (np.bincount(labels[few]) == 10).all() and (np.bincount(labels[others]) == 80).all()
    assert len(np.unique(np.concatenate([few, others, test]))) == 100 + 800 + 2_000
    assert set(few) != set(augmenting.parts(labels, 1)[0])


def test_as_many_are_made_of_each_class_as_there_are_eight_times():
    rng, truths = np.random.default_rng(0), np.array([0, 1, 1])
    made, asked = augmenting.generate(rng.random((3, 1, 28, 28), dtype=np.float32), truths, 1, steps=2)
    assert made.shape == (24, 1, 28, 28) and np.bincount(asked).tolist() == [8, 16]
    assert made.min() >= 0 and made.max() <= 1


def test_what_a_draw_gives_is_kept_and_not_done_again(tmp_path):
    table = augmenting.run([0], tmp_path, steps=2)
    assert table["added"].tolist() == list(augmenting.KINDS)
    assert table["said"].map(len).tolist() == [augmenting.TEST] * 2
    (tmp_path / "0.csv").write_text("draw,added,n,agreement,said\n0,made,1,50.0,7\n", "utf-8")
    assert augmenting.run([0], tmp_path)["said"].tolist() == ["7"]


def test_the_record_holds_every_draw_and_beats_guessing():
    table, labels = augmenting.record(), pictures.load_mnist().labels
    assert table.groupby("added")["draw"].apply(list).to_dict() == {
        kind: list(augmenting.DRAWS) for kind in augmenting.KINDS
    }
    for draw, said in zip(table["draw"], table["said"], strict=True):
        assert np.mean(said == labels[augmenting.parts(labels, draw)[2]]) > 0.5
