import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from texts import parts_of, prose

from course_utils import CourseError
from course_utils.data import chosen, docstrings, own_pictures, pictures, registry
from course_utils.data.documents import n_bytes
from course_utils.data.pictures import load_digits
from course_utils.files import shown
from course_utils.run import Run

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs the links of Unix")


def test_embedded_lists_what_comes_with_a_package():
    elsewhere = {"docstrings_wide", "pretrained", "generators"}  # the first takes a minute; models
    packaged = {name for name, source in registry.registry().items() if source.package}
    assert packaged - elsewhere == set(chosen.EMBEDDED)
    for name, load in chosen.EMBEDDED.items():
        records = load()
        for record in records if isinstance(records, tuple) else (records,):
            if isinstance(record, pd.DataFrame):  # plain, without a source
                continue
            assert record.source == registry.registry()[name]


# --- pictures ---


@pytest.fixture
def pets(tmp_path):
    """A folder with two classes of 40 pictures each."""
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for i in range(40):
            shades = np.full((20, 20), 5 * i + len(label) + ord(label[0]) % 5, np.uint8)
            Image.fromarray(shades).save(tmp_path / "pets" / label / f"{i}.png")
    return tmp_path / "pets"


def run(profile="laptop", seed=0):
    return Run("2_deep_cnn", profile, "cpu", seed, Path("results"))


def test_the_digits_come_whole_in_the_order_of_the_seed(capsys):
    digits = load_digits()
    order = np.random.default_rng(3).permutation(1_797)
    found = chosen.chosen_pictures(run(seed=3), side=16)
    assert np.array_equal(found.pixels, digits.pixels[order])
    assert np.array_equal(found.labels, digits.labels[order])
    assert capsys.readouterr().out == "digits: 1,797 pictures\n"


def test_a_notebook_has_a_default_of_its_own(capsys):
    assert chosen.chosen_pictures(run(), side=28, default="mnist").pixels.shape == (4_000, 1, 28, 28)
    in_order = [chosen.chosen_pictures(run(seed=seed), 28, "mnist", shuffled=False) for seed in (0, 1)]
    assert all(np.array_equal(each.labels, pictures.load_mnist().labels) for each in in_order)
    assert capsys.readouterr().out == 3 * "mnist: 4,000 pictures\n"


def test_the_full_profile_takes_fashion_mnist(monkeypatch):
    asked = []
    monkeypatch.setattr(
        pictures, "load_fashion_mnist", lambda *numbers: asked.append(numbers) or load_digits()
    )
    chosen.chosen_pictures(run("full", seed=2), side=32)
    chosen.load_pictures("fashion_mnist", 32, at_most=10_000)
    assert asked == [(5_000, 1_000, 2), (8_334, 1_666, 0)]


def test_the_reader_says_which_pictures(monkeypatch, pets, capsys):
    monkeypatch.setenv("COURSE_IMAGES", str(pets))
    found = chosen.chosen_pictures(run("full"), side=12)
    assert found.pixels.shape == (80, 1, 12, 12) and found.classes == ("cat", "dog")
    assert capsys.readouterr().out.startswith("own pictures: 80 files, 80 used\n")
    monkeypatch.setenv("COURSE_IMAGES", "")
    assert chosen.chosen_pictures(run(), side=12).source.name == "digits"


@pytest.mark.parametrize(("profile", "number"), [("smoke", 1_000), ("laptop", 1_000), ("full", 6_000)])
def test_the_profile_says_how_many_are_drawn(monkeypatch, pets, profile, number):
    asked = []
    monkeypatch.setattr(own_pictures, "read", lambda *given: asked.append(given) or load_digits())
    monkeypatch.setenv("COURSE_IMAGES", str(pets))
    chosen.chosen_pictures(run(profile, seed=5), side=12)
    assert asked == [(pets.resolve(), 12, number, 5)]


def test_pixels_labels_and_parts_stay_together(monkeypatch, pets):
    for part in ("train", "test"):
        for label in ("cat", "dog"):
            (pets / part / label).mkdir(parents=True)
            for i in range(20):
                shade = 10 * i + (label == "dog") + 2 * (part == "test")
                Image.new("L", (8, 8), shade).save(pets / part / label / f"{i}.png")
    for label in ("cat", "dog"):
        shutil.rmtree(pets / label)
    monkeypatch.setenv("COURSE_IMAGES", str(pets))
    found = chosen.chosen_pictures(run(), side=8)
    shades = np.round(found.pixels[:, 0, 0, 0] * 255).astype(int) % 10
    assert np.array_equal(shades, found.labels + 2 * found.is_test)
    assert len(set(found.is_test[:10])) == 2  # mixed


@pytest.mark.parametrize("wanted", ["emnist", "faces", "no/such/folder", "nul\0l"])
def test_any_other_pictures_get_the_list(wanted):
    with pytest.raises(CourseError) as caught:
        chosen.resolve_pictures(wanted)
    assert str(caught.value) == (
        f"unknown images '{shown(wanted)}': choose mnist, digits, fashion_mnist, cifar10, or a folder of "
        "pictures"
    )


def test_a_message_on_pictures_does_not_tell_where_the_reader_keeps_things(tmp_path):
    with pytest.raises(CourseError, match=r"^unknown images 'missing': choose"):
        chosen.resolve_pictures(str(tmp_path / "missing"))


def test_a_folder_is_resolved_where_the_command_runs(pets, monkeypatch):
    monkeypatch.chdir(pets.parent)
    assert chosen.resolve_pictures("pets") == str(pets.resolve())
    assert [chosen.resolve_pictures(name) for name in chosen.PICTURES] == list(chosen.PICTURES)


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar10"])
def test_a_known_name_gets_its_own_loader(monkeypatch, name):
    monkeypatch.setattr(pictures, f"load_{name}", lambda *numbers: numbers)
    assert chosen.load_pictures(name, 16, at_most=600, seed=4) == (500, 100, 4)


# --- text ---


@pytest.fixture
def wanted(monkeypatch):
    """The text that a reader chose."""

    def load(name, general):
        monkeypatch.setenv("COURSE_TEXT", name)
        return chosen.chosen_text(general)

    return load


@pytest.mark.parametrize("wanted", ["shakespeare", "", "no/such/file", "nul\0l"])
def test_any_other_text_gets_the_list(wanted):
    with pytest.raises(CourseError) as caught:
        chosen.resolve_text(wanted)
    assert str(caught.value) == (
        f"unknown text '{shown(wanted)}': choose docstrings, tiny_shakespeare, sms_spam, "
        "or a file or folder of text"
    )


def test_a_message_on_text_does_not_tell_where_the_reader_keeps_things(tmp_path):
    with pytest.raises(CourseError, match=r"^unknown text 'missing\.txt': choose"):
        chosen.resolve_text(str(tmp_path / "missing.txt"))


def test_a_path_is_resolved_where_the_command_runs(tmp_path, monkeypatch):
    (tmp_path / "novel").mkdir()
    for name in ("novel/one.txt", "two.txt"):
        (tmp_path / name).write_text(prose(15_000, 0))
    monkeypatch.chdir(tmp_path)
    assert chosen.resolve_text("novel") == str((tmp_path / "novel").resolve())
    assert chosen.resolve_text("two.txt") == str((tmp_path / "two.txt").resolve())
    assert [chosen.resolve_text(name) for name in chosen.TEXTS] == list(chosen.TEXTS)


@posix_only
def test_a_path_that_leads_back_to_itself_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(CourseError, match="unknown text 'loop'"):
        chosen.resolve_text(str(tmp_path / "loop"))


def test_shakespeare_is_cut_into_three_stretches(cache, register, general, wanted):
    play = "\n\n".join(f"SPEAKER {i}:\n{prose(24, i)}" for i in range(600)).replace("\n\nword", "\nword")
    register(play.encode(), name="tiny_shakespeare", file="tiny_shakespeare.txt")
    cache.mkdir()
    (cache / "tiny_shakespeare.txt").write_bytes(play.encode())
    texts = wanted("tiny_shakespeare", general)
    everything = [*texts.train, *texts.validation, *texts.test]
    assert "\n\n".join(each.text for each in everything) == play
    assert all(1_000 <= len(each.text) <= 2_000 for each in everything[:-1])
    assert all(each.text.startswith("SPEAKER") for each in everything)
    assert {(each.file, each.name, each.code) for each in everything} == {("tiny_shakespeare.txt", "", "")}
    shares = np.array([n_bytes(part) for part in parts_of(texts)]) / len(play)
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    assert texts.source.name == "tiny_shakespeare"


MESSAGES = [f"{'spam' if i % 7 == 0 else 'ham'}\tMessage {i} of {prose(9, i)}" for i in range(200)]


@pytest.fixture
def messages(tmp_path, monkeypatch):
    """Puts lines in the place of the downloaded file."""

    def put(lines):
        path = tmp_path / "SMSSpamCollection"
        path.write_bytes("\n".join([*lines, ""]).encode())
        monkeypatch.setattr(chosen, "fetch", {"sms_spam": (path,)}.get)

    return put


def test_a_text_message_is_a_document(messages, general, wanted):
    messages([*MESSAGES, MESSAGES[3], "ham\tOk", "spam\tok!", "ham\tTab\tin it 1 ½ £ "])
    texts = wanted("sms_spam", general)
    found = [each.text for part in parts_of(texts) for each in part]
    expected = [line.split("\t", 1)[1] for line in [*MESSAGES, "ham\tOk", "ham\tTab\tin it 1 ½ £"]]
    assert sorted(found) == sorted(expected)
    assert [len(part) for part in parts_of(texts)] == pytest.approx([162, 20, 20], abs=3)
    assert {(each.file, each.name, each.code) for each in texts.test} == {("SMSSpamCollection", "", "")}
    assert texts.source == registry.registry()["sms_spam"]


def test_the_parts_follow_the_messages_and_not_their_order(messages, general, wanted):
    messages(MESSAGES)
    first = wanted("sms_spam", general)
    messages(MESSAGES[::-1])
    again = wanted("sms_spam", general)
    assert [set(part) for part in parts_of(again)] == [set(part) for part in parts_of(first)]


@pytest.mark.parametrize(
    ("line", "shown"),
    [("ham Without a tab", "ham Without a tab"), ("eggs\tAnd", "eggs"), ("ham\t", "ham"), ("\tA", "")],
)
def test_a_line_that_is_no_message_is_refused(messages, general, line, shown, wanted):
    messages([*MESSAGES, line])
    with pytest.raises(
        CourseError, match=rf"'SMSSpamCollection' has a line that begins with '{shown}' and is no"
    ):
        wanted("sms_spam", general)


def a_run(profile="laptop"):
    return Run("1_words", profile, "cpu", 0, Path())


def test_messages_come_with_their_labels_and_without_copies(messages, monkeypatch):
    monkeypatch.setenv("COURSE_TEXT", "sms_spam")
    messages([*MESSAGES, MESSAGES[3], "ham\tOk", "spam\tOk"])
    table = chosen.labelled_messages(a_run())
    assert table["text"].tolist() == [*(line.split("\t", 1)[1] for line in MESSAGES), "Ok"]
    assert (table["label"] == "spam").sum() == sum(line.startswith("spam") for line in MESSAGES)
    assert len(chosen.labelled_messages(a_run("full"))) == len(table)


def test_messages_that_nobody_downloaded_are_not_fetched(cache, monkeypatch, capsys):
    monkeypatch.delenv("COURSE_TEXT", raising=False)
    assert chosen.labelled_messages(a_run()) is None
    assert "'course data sms_spam' downloads them" in capsys.readouterr().out


def test_messages_in_the_cache_are_read(server, cache, register, tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_TEXT", raising=False)
    content = "\n".join(MESSAGES).encode()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("SMSSpamCollection", content)
    packed = (tmp_path / "a.zip").read_bytes()
    server["/a.zip"] = packed, len(packed)
    register(content, f"{server['']}/a.zip", "sms_spam", "SMSSpamCollection", "SMSSpamCollection")
    chosen.fetch("sms_spam")
    assert len(chosen.labelled_messages(a_run())) == 200


def test_an_archive_is_unpacked(server, cache, register, general, tmp_path, wanted):
    content = "\n".join(MESSAGES).encode()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("SMSSpamCollection", content)
    packed = (tmp_path / "a.zip").read_bytes()
    server["/a.zip"] = packed, len(packed)
    register(content, f"{server['']}/a.zip", "sms_spam", "SMSSpamCollection", "SMSSpamCollection")
    assert sum(map(len, parts_of(wanted("sms_spam", general)))) == 200


def test_docstrings_are_scikit_learns(monkeypatch, general, wanted):
    monkeypatch.setattr(docstrings, "load", lambda: ("general", "task"))
    assert chosen.chosen_text(general) == wanted("docstrings", general) == wanted("", general) == "task"
