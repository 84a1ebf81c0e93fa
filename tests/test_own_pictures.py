import errno
import hashlib
import io
import os
import re
import sys
import warnings
from collections import defaultdict
from contextlib import nullcontext
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import StratifiedKFold, train_test_split

from course_utils import CourseError
from course_utils.data import own_pictures, picture_file, picture_folder

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs the file names of Unix")


LEAST = own_pictures.LEAST


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Small minima keep these tests quick; the true ones have tests of their own below."""
    monkeypatch.setattr(own_pictures, "LEAST", {"": 10, "train": 8, "test": 1})


@pytest.fixture
def pets(tmp_path):
    """The folder that is read."""
    folder = tmp_path / "alices pets"
    folder.mkdir()
    return folder


@pytest.fixture
def fill(pets):
    """Puts `n` different pictures into a class folder; no two calls give the same ones."""
    made = iter(range(1, 1_000_000))

    def put(place, n, first=0, colour=False, ending="png"):
        (pets / place).mkdir(parents=True, exist_ok=True)
        for i in range(first, first + n):
            pixels = np.random.default_rng(next(made)).integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels if colour else pixels[..., 0]).save(pets / place / f"{i:02d}.{ending}")

    return put


def left_out(report):
    """Each reason with what stands behind it."""
    lines = report.split("left out:\n")[1].splitlines() if "left out:" in report else []
    return dict(line.strip().split(": ", 1) for line in lines)


def table(report):
    """The rows of counts by class."""
    lines = re.split("left out:|drew ", report)[0].splitlines()[3:]
    return {row[0]: [int(number) for number in row[1:]] for row in map(str.split, lines)}


def test_a_folder_without_parts(pets, fill):
    fill("cat", 10)
    fill("dog", 12)
    mine = own_pictures.read(pets)
    assert mine.pixels.shape == (22, 1, 32, 32) and mine.pixels.dtype == np.float32
    assert mine.labels.tolist() == [0] * 10 + [1] * 12 and mine.labels.dtype == np.int64
    assert mine.classes == ("cat", "dog")
    assert mine.is_test is None
    for i, name in ((0, "cat/00.png"), (9, "cat/09.png"), (10, "dog/00.png")):
        with Image.open(pets / name) as picture:
            assert np.array_equal(mine.pixels[i, 0], np.asarray(picture).astype(np.float32) / 255)
    assert mine.report.splitlines()[0] == "own pictures: 22 files, 22 used"
    assert table(mine.report) == {"cat": [10, 10], "dog": [12, 12]}
    assert left_out(mine.report) == {}


def test_a_folder_with_parts(pets, fill):
    for place, n in (("train/dog", 8), ("train/cat", 9), ("test/cat", 1), ("test/dog", 2)):
        fill(place, n)
    mine = own_pictures.read(pets)
    assert mine.labels.tolist() == [0] * 9 + [1] * 8 + [0] + [1] * 2
    assert mine.is_test.dtype == bool and mine.is_test.tolist() == [False] * 17 + [True] * 3
    assert table(mine.report) == {"cat": [9, 9, 1, 1], "dog": [8, 8, 2, 2]}
    assert re.findall(r"\w+ \w+", mine.report.splitlines()[1]) == [
        *("train files", "train used", "test files", "test used")
    ]


def test_the_parts_may_be_written_with_capitals(pets, fill):
    for place in ("Train/cat", "Train/dog", "TEST/cat", "TEST/dog"):
        fill(place, 8)
    assert own_pictures.read(pets).is_test.sum() == 16


def test_one_colour_picture_makes_all_colour(pets, fill):
    fill("cat", 10)
    fill("dog", 9)
    fill("dog", 1, first=9, colour=True)
    mine = own_pictures.read(pets)
    assert mine.pixels.shape == (20, 3, 32, 32)
    assert np.array_equal(mine.pixels[:19, 0], mine.pixels[:19, 2])
    with Image.open(pets / "dog" / "09.png") as picture:
        assert np.array_equal(
            mine.pixels[19], np.moveaxis(np.asarray(picture), 2, 0).astype(np.float32) / 255
        )


def test_the_side_can_be_chosen(pets, fill):
    fill("cat", 10, colour=True)
    fill("dog", 10)
    assert own_pictures.read(pets, side=12).pixels.shape == (20, 3, 12, 12)


def test_endings_count_in_any_case_and_hidden_things_do_not(pets, fill):
    for ending in ("PNG", "Jpg", "jpeg"):
        fill(f"cat-{ending}", 10, ending=ending)
    fill(".hidden", 10)
    fill("cat-PNG/.thumbs", 1)
    (pets / ".DS_Store").write_bytes(b"x")
    (pets / "cat-PNG" / "._00.png").write_bytes(b"x")
    mine = own_pictures.read(pets)
    assert mine.classes == ("cat-Jpg", "cat-PNG", "cat-jpeg")
    assert len(mine.labels) == 30
    assert left_out(mine.report) == {}


def test_what_is_left_out_is_named_with_its_reason(pets, fill):
    fill("cat", 10)
    fill("dog", 10)
    for name in ("notes.txt", "cat/a.mp4", "cat/b.txt", "cat/c.heic", "dog/d.txt"):
        (pets / name).write_bytes(b"x")
    (pets / "cat" / "kittens").mkdir()
    (pets / "dog" / "broken.jpg").write_bytes((pets / "dog" / "00.png").read_bytes()[:200])
    Image.new("1", (10_001, 5_000)).save(pets / "dog" / "poster.png")
    report = own_pictures.read(pets).report
    assert left_out(report) == {
        "outside the class folders (1)": "notes.txt",
        "no picture file (4)": "cat/a.mp4, cat/b.txt, cat/c.heic and 1 more",
        "folder inside a class folder (1)": "cat/kittens",
        "unreadable, damaged or cut short (1)": "dog/broken.jpg",
        "more than 50 million pixels (1)": "dog/poster.png",
    }
    assert report.splitlines()[0] == "own pictures: 22 files, 20 used"


def test_things_beside_the_class_folders_of_a_part_are_named(pets, fill):
    for place in ("train/cat", "train/dog", "test/cat", "test/dog", "valid/cat"):
        fill(place, 8)
    (pets / "train" / "loose.png").write_bytes((pets / "train" / "cat" / "00.png").read_bytes())
    mine = own_pictures.read(pets)
    assert len(mine.labels) == 32
    assert left_out(mine.report) == {"outside the class folders (2)": "valid, train/loose.png"}


def test_small_classes_are_left_out(pets, fill):
    for name, n in (("cat", 10), ("dog", 10), ("owl", 9)):
        fill(name, n)
    (pets / "ant").mkdir()
    mine = own_pictures.read(pets)
    assert mine.classes == ("cat", "dog")
    assert left_out(mine.report) == {"class with fewer than 10 pictures (2)": "ant, owl"}
    assert table(mine.report) == {"ant": [0, 0], "cat": [10, 10], "dog": [10, 10], "owl": [9, 0]}


def test_classes_that_lack_a_part_are_left_out(pets, fill):
    places = {"train/ant": 8, "train/bee": 7, "train/cat": 8, "train/dog": 8, "train/elk": 8}
    places |= {"test/bee": 8, "test/cat": 1, "test/dog": 1, "test/fox": 8}
    for place, n in places.items():
        fill(place, n)
    (pets / "test" / "elk").mkdir()
    mine = own_pictures.read(pets)
    assert mine.classes == ("cat", "dog")
    assert mine.labels.tolist() == [0] * 8 + [1] * 8 + [0, 1]
    assert left_out(mine.report) == {
        "class with fewer than 1 pictures in test/ (2)": "ant, elk",
        "class with fewer than 8 pictures in train/ (2)": "bee, fox",
    }


def test_a_picture_of_train_that_is_in_test_is_left_out(pets, fill):
    for place in ("train/cat", "train/dog"):
        fill(place, 9)
    for place in ("test/cat", "test/dog"):
        fill(place, 2)
    with Image.open(pets / "test" / "cat" / "01.png") as picture:
        picture.save(pets / "train" / "dog" / "copy.png", optimize=True)  # other bytes, same pixels
    with Image.open(pets / "train" / "dog" / "00.png") as picture:
        picture.save(pets / "train" / "dog" / "twice.png")  # twice in train is no leak
    mine = own_pictures.read(pets)
    assert left_out(mine.report) == {"in train/, but the same picture is in test/ (1)": "train/dog/copy.png"}
    assert np.bincount(mine.labels[~mine.is_test]).tolist() == [9, 10]
    assert mine.is_test.sum() == 4
    assert table(mine.report)["dog"] == [11, 10, 2, 2]


def test_a_leak_is_seen_across_colour_and_grey(pets, fill):
    """The same picture, stored once as grey and once as RGB."""
    for place in ("train/cat", "train/dog", "test/cat", "test/dog"):
        fill(place, 9)
    with Image.open(pets / "test" / "cat" / "01.png") as picture:
        picture.convert("RGB").save(pets / "train" / "cat" / "copy.png")
    assert "train/cat/copy.png" in own_pictures.read(pets).report


def test_a_class_that_is_small_without_its_leaks_is_left_out(pets, fill):
    for place, n in (("train/cat", 8), ("train/dog", 8), ("train/owl", 7)):
        fill(place, n)
    for place in ("test/cat", "test/dog", "test/owl"):
        fill(place, 2)
    (pets / "train" / "owl" / "copy.png").write_bytes((pets / "test" / "owl" / "00.png").read_bytes())
    mine = own_pictures.read(pets)
    assert mine.classes == ("cat", "dog")
    assert left_out(mine.report)["class with fewer than 8 pictures in train/ (1)"] == "owl"


def test_without_parts_a_picture_counts_once(pets, fill):
    """A copy could land on the other side of the lesson's split."""
    fill("cat", 10)
    fill("dog", 10)
    for name in ("cat/copy.png", "dog/copy.png"):
        (pets / name).write_bytes((pets / "cat" / "03.png").read_bytes())
    mine = own_pictures.read(pets)
    assert len(mine.labels) == 20
    assert left_out(mine.report) == {"the same picture as one before (2)": "cat/copy.png, dog/copy.png"}


@pytest.mark.parametrize("n_second", [0, 9])
def test_fewer_than_two_classes_are_refused_with_the_report(pets, fill, n_second):
    fill("cat", 10)
    fill("dog", n_second)
    with pytest.raises(
        CourseError, match=r"fewer than two classes remain.*each with at least 10 pictures: add pictures"
    ) as caught:
        own_pictures.read(pets)
    message = str(caught.value)
    assert "class with fewer than 10 pictures (1): dog" in message
    assert table("\n" + message.split("\n", 1)[1].split("\n", 1)[1])["cat"] == [10, 0]


def test_folders_without_a_single_picture_are_refused(pets):
    (pets / "cat").mkdir()
    (pets / "dog").mkdir()
    with pytest.raises(CourseError, match="fewer than two classes remain"):
        own_pictures.read(pets)


def test_a_folder_that_is_none_is_refused(pets):
    (pets / "file.png").write_bytes(b"x")
    for name in ("nothing", "file.png"):
        with pytest.raises(CourseError, match=f"^'{name}' is not a folder: give a folder"):
            own_pictures.read(pets / name)


@pytest.mark.parametrize("hidden", [False, True])
def test_an_empty_folder_is_refused(pets, hidden):
    if hidden:
        (pets / ".DS_Store").write_bytes(b"x")
    with pytest.raises(
        CourseError, match=r"^the folder 'alices pets' is empty: put one folder for each class"
    ):
        own_pictures.read(pets)


@pytest.mark.parametrize("place", [".", "train"])
def test_pictures_without_class_folders_are_refused(pets, fill, place):
    fill(place, 10)
    if place == "train":
        fill("test/cat", 10)
    name = (pets / place).name
    with pytest.raises(CourseError, match=f"^'{name}' has files but no class folders: put the pictures"):
        own_pictures.read(pets)


@pytest.mark.parametrize("part", ["train", "test"])
def test_one_part_alone_is_refused(pets, fill, part):
    fill(f"{part}/cat", 10)
    fill("dog", 10)
    with pytest.raises(
        CourseError, match=f"has a folder '{part}' only: make both 'train' and 'test', or nei"
    ):
        own_pictures.read(pets)


@pytest.mark.parametrize("name", ["alices pets", "dog"])
def test_a_folder_that_may_not_be_opened_is_refused(pets, fill, monkeypatch, name):
    """Pretended: the tests may run as somebody who may open everything."""
    fill("cat", 10)
    fill("dog", 10)
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == name:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(CourseError, match=rf"^cannot read the folder '{name}' \(Permission denied\): see to"):
        own_pictures.read(pets)


def test_nothing_tells_where_the_pictures_were(pets, fill, tmp_path):
    fill("cat", 10)
    fill("dog", 10)
    fill("owl", 2)
    (pets / "cat" / "broken.png").write_bytes(b"x")
    mine = own_pictures.read(pets)
    assert mine.source.name == "own_pictures"
    for text in (mine.report, repr(mine.source), repr(mine.classes)):
        assert "alice" not in text and str(tmp_path) not in text


def test_the_checksum_is_over_the_content(pets, fill, tmp_path):
    fill("cat", 10)
    fill("dog", 10)
    mine = own_pictures.read(pets)
    bytes_ = np.round(mine.pixels * 255).astype(np.uint8).tobytes()
    expected = b"cat\ndog\n(20, 1, 32, 32)" + bytes_ + mine.labels.tobytes() + bytes(20)
    assert mine.source.sha256 == hashlib.sha256(expected).hexdigest()
    pets = pets.rename(tmp_path / "elsewhere")
    assert own_pictures.read(pets).source == mine.source
    (pets / "dog").rename(pets / "owl")
    renamed = own_pictures.read(pets).source.sha256
    (pets / "owl" / "00.png").unlink()
    fill("../elsewhere/owl", 1)
    changed = own_pictures.read(pets).source.sha256
    assert len({mine.source.sha256, renamed, changed}) == 3


def test_the_order_does_not_depend_on_the_file_system(pets, fill, monkeypatch):
    fill("Dog", 10)
    fill("cat", 10)
    first = own_pictures.read(pets)
    scandir = os.scandir

    def backwards(path):
        with scandir(path) as entries:
            return nullcontext(sorted(entries, key=lambda each: each.name, reverse=True))

    monkeypatch.setattr(os, "scandir", backwards)
    again = own_pictures.read(pets)
    assert first.classes == again.classes == ("Dog", "cat")
    assert np.array_equal(first.pixels, again.pixels)
    assert first.source == again.source


@posix_only
def test_names_that_cannot_be_printed_are_made_printable(pets, fill):
    fill("cat", 10)
    fill("dog", 10)
    os.rename(pets / "dog", os.fsencode(pets) + b"/d\xffg")
    (pets / "cat" / "two\nlines.txt").write_bytes(b"x")
    mine = own_pictures.read(pets)
    assert mine.classes == ("cat", "d?g")
    assert "no picture file (1): cat/two?lines.txt" in mine.report
    mine.report.encode()


@posix_only
def test_a_pipe_is_not_waited_for(pets, fill, monkeypatch):
    fill("cat", 10)
    fill("dog", 10)
    os.mkfifo(pets / "cat" / "pipe.png")
    read = picture_file.read

    def read_files(path, side):
        assert path.is_file()  # anything else could block for ever
        return read(path, side)

    monkeypatch.setattr(picture_file, "read", read_files)
    assert left_out(own_pictures.read(pets).report) == {"no picture file (1)": "cat/pipe.png"}


@posix_only
def test_links_are_followed_unless_they_lead_nowhere(pets, fill, tmp_path):
    fill("cat", 10)
    fill("../elsewhere", 10)
    os.symlink(tmp_path / "elsewhere", pets / "dog")
    os.symlink(pets / "cat" / "00.png", pets / "cat" / "link.png")
    os.symlink(pets / "cat" / "circle.png", pets / "cat" / "circle.png")
    mine = own_pictures.read(pets)
    assert mine.classes == ("cat", "dog") and len(mine.labels) == 20
    assert left_out(mine.report) == {
        "no picture file (1)": "cat/circle.png",
        "the same picture as one before (1)": "cat/link.png",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that differ only in capitals")
def test_a_part_that_is_there_twice_is_not_passed_over(pets, fill):
    for place in ("train/cat", "train/dog", "test/cat", "test/dog", "Train/cat"):
        fill(place, 8)
    assert left_out(own_pictures.read(pets).report) == {"outside the class folders (1)": "Train"}


def test_a_class_may_have_a_number_for_a_name(pets, fill):
    fill("007", 10)
    fill("1e3", 10)
    mine = own_pictures.read(pets)
    assert mine.classes == ("007", "1e3")
    assert set(table(mine.report)) == {"007", "1e3"}


# --- how many pictures a lesson needs ---


@pytest.fixture
def pretend(monkeypatch, tmp_path):
    """A folder with so many files of each part and class, each of which reads as another picture."""
    monkeypatch.setattr(own_pictures, "LEAST", LEAST)
    opened = []

    def read(path, side):
        opened.append(path)
        pixels = np.zeros((side, side), np.uint8)
        pixels[0, :4] = np.frombuffer(len(opened).to_bytes(4, "big"), np.uint8)
        return pixels

    monkeypatch.setattr(picture_file, "read", read)

    def put(counts):
        monkeypatch.setattr(
            picture_folder,
            "find",
            lambda folder: (
                {group: [f"{group[1]}{i}.png" for i in range(n)] for group, n in counts.items()},
                defaultdict(list),
            ),
        )
        return opened

    return put


def splits(mine):
    """What lessons do with pictures: folds and validation in lesson 2, three parts in lesson 4."""
    rows = np.arange(len(mine.labels))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    if mine.is_test is None:
        pairs = list(folds.split(rows, mine.labels))
    else:
        test = rows[mine.is_test]
        pairs = [(rows[~mine.is_test], test[part]) for _, part in folds.split(test, mine.labels[test])]
    for rest, test in pairs:
        cut = {"stratify": mine.labels[rest], "random_state": 0}
        yield (*train_test_split(rest, test_size=0.2, **cut), test)
    rest, held_out = train_test_split(rows, test_size=0.3, stratify=mine.labels, random_state=0)
    yield (*train_test_split(rest, test_size=2 / 7, stratify=mine.labels[rest], random_state=0), held_out)


@pytest.mark.parametrize("parted", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3, 10, 200])
@pytest.mark.parametrize(
    ("least", "most"), [(10, 10), (19, 40), (20, 20), (21, 21), (20, 40), (40, 40), (22, 1_500)]
)
def test_what_is_accepted_can_be_split_as_lessons_do(pretend, n_classes, least, most, parted):
    """Every class is in every part of every split, or the folder was refused in one sentence."""
    sizes = np.linspace(least, most, n_classes).astype(int)
    counts = {}
    for i, n in enumerate(sizes):
        n_test = max(5, n // 5) if parted else 0
        counts |= (
            {("train", f"c{i:03}"): n - n_test, ("test", f"c{i:03}"): n_test}
            if parted
            else {("", f"c{i:03}"): n}
        )
    pretend(counts)
    enough = [n >= 20 if not parted else n - max(5, n // 5) >= 16 for n in sizes]
    if sum(enough) < 2:
        with pytest.raises(CourseError, match=r"each with at least (20|16) pictures"):
            own_pictures.read(Path("folder"), 16, at_most=6_000)
        return
    mine = own_pictures.read(Path("folder"), 16, at_most=6_000)
    assert len(mine.classes) == sum(enough)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # scikit-learn's, on classes that are too small for the folds
        for split in splits(mine):
            for part in split:
                assert len(np.unique(mine.labels[part])) == len(mine.classes)


def test_a_class_of_ten_against_one_of_1500_is_refused_at_once(pretend):
    opened = pretend({("", "rare"): 10, ("", "frequent"): 1_500})
    with pytest.raises(
        CourseError, match=r"(?s)at least 20 pictures: add.*fewer than 20 pictures \(1\): rare"
    ):
        own_pictures.read(Path("folder"))
    assert opened == []


def test_a_class_gets_no_more_than_ten_times_the_smallest(pretend):
    opened = pretend({("", "rare"): 20, ("", "frequent"): 1_500, ("", "few"): 3})
    mine = own_pictures.read(Path("folder"))
    assert np.bincount(mine.labels).tolist() == [200, 20] and len(opened) == 220
    assert "drew 220 of 1,523 pictures" in mine.report
    assert "at most 10 times as many as of the smallest class" in mine.report


# --- large folders ---


@pytest.fixture
def opened(monkeypatch):
    """Every picture file that is opened, in order."""
    paths, open_picture = [], Image.open

    def note(path, **how):
        paths.append(path)
        return open_picture(path, **how)

    monkeypatch.setattr(picture_file.Image, "open", note)
    return paths


def test_of_a_large_folder_pictures_are_drawn_in_their_shares(pretend):
    counts = {("", "cat"): 3_000, ("", "dog"): 1_000, ("", "owl"): 400}
    opened = pretend(counts)
    first = own_pictures.read(Path("folder"), 8, at_most=440)
    assert np.bincount(first.labels).tolist() == [300, 100, 40]
    assert len(opened) == 440  # the others are not looked at
    assert "\ndrew 440 of 4,400 pictures: of each class its share" in first.report
    assert first.report.startswith("own pictures: 4,400 files, 440 used")
    names = [path.name for path in opened]
    assert names != sorted(names) and len(set(names)) == 440
    opened.clear()
    own_pictures.read(Path("folder"), 8, at_most=440)
    assert [path.name for path in opened] == names
    opened.clear()
    own_pictures.read(Path("folder"), 8, at_most=440, seed=1)
    assert [path.name for path in opened] != names


def test_a_draw_keeps_what_a_lesson_needs_of_each_class(pretend):
    pretend({("train", "a"): 900, ("train", "b"): 90, ("test", "a"): 300, ("test", "b"): 30})
    mine = own_pictures.read(Path("folder"), 8, at_most=100)
    assert np.bincount(mine.labels[~mine.is_test]).tolist() == [68, 16]
    assert np.bincount(mine.labels[mine.is_test]).tolist() == [22, 5]


def test_of_files_that_cannot_be_read_others_are_drawn(pets, fill):
    for name in ("cat", "dog"):
        fill(name, 30)
        for i in range(10):
            (pets / name / f"1{i}.png").write_bytes(b"damaged")
    mine = own_pictures.read(pets, 8, at_most=30)
    assert np.bincount(mine.labels).tolist() == [15, 15]
    assert "no PNG, JPEG, WEBP, GIF, BMP or TIFF, or damaged" in mine.report


@pytest.mark.parametrize(
    ("n_good", "n_used", "reason"),
    [(300, 25, None), (0, 0, "class with fewer than 10 pictures among the files drawn (1)")],
)
def test_so_many_spare_files_are_opened_and_no_more(pets, fill, opened, n_good, n_used, reason):
    """Of 1,000 files few can be read: what is said of the class is true of the files that were opened."""
    for name in ("cat", "dog"):
        fill(name, 400)
    fill("owl", n_good)
    for i in range(1_000 - n_good):
        (pets / "owl" / f"b{i}.png").write_bytes(b"damaged")
    mine = own_pictures.read(pets, 8, at_most=45)
    assert table(mine.report)["owl"] == [1_000, n_used]
    assert sum(path.parent.name == "owl" for path in opened) <= own_pictures.SPARE
    assert reason is None or left_out(mine.report)[reason] == "owl"


def test_more_classes_than_the_pictures_are_enough_for_are_drawn_from_too(pretend):
    counts = {("", f"c{i:04}"): 30 for i in range(3_000)}
    opened = pretend(counts)
    mine = own_pictures.read(Path("folder"), 8, at_most=400)
    assert len(mine.classes) == 20 and len(opened) == len(mine.labels) == 400
    assert "class beyond the 20 that 400 pictures are enough for (2,980): c0" in mine.report
    assert "\ndrew 400 of 90,000 pictures: " in mine.report
    again = own_pictures.read(Path("folder"), 8, at_most=400)
    other = own_pictures.read(Path("folder"), 8, at_most=400, seed=1)
    assert mine.classes == again.classes == tuple(sorted(mine.classes)) != other.classes
    pretend(dict.fromkeys(counts, 20))  # all of those that are left, but not of those there are
    assert "\ndrew 400 of 60,000 pictures: " in own_pictures.read(Path("folder"), 8, at_most=400).report
    pretend({(part, label): n for (_, label), n in counts.items() for part in ("train", "test")})
    assert len(own_pictures.read(Path("folder"), 8, at_most=420).classes) == 20  # 16 and 5 of each


def test_of_three_thousand_real_files_those_are_opened_that_are_used(pets, opened, monkeypatch):
    """Whatever the order in which the system lists them, and with every damaged one replaced."""
    for label in ("cat", "dog", "owl"):
        (pets / label).mkdir()
        for i in range(1_000):
            shades = np.random.default_rng([i, ord(label[0])]).integers(0, 256, (4, 4), dtype=np.uint8)
            (pets / label / f"{i}.bmp").write_bytes(bmp(shades) if i % 10 else b"damaged")
    first = own_pictures.read(pets, 8, at_most=300)
    paths = list(opened)
    assert np.bincount(first.labels).tolist() == [100, 100, 100]
    damaged = sum(int(path.stem) % 10 == 0 for path in paths)
    assert 0 < damaged < 100 and len(paths) == len({*paths}) == 300 + damaged
    assert first.report.startswith("own pictures: 3,000 files, 300 used\n")
    assert "\ndrew 300 of 3,000 pictures: " in first.report
    assert f"damaged at its beginning ({damaged}): " in first.report
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: nullcontext(list(scandir(path))[::-1]))
    opened.clear()
    again = own_pictures.read(pets, 8, at_most=300)
    assert opened == paths and again.source == first.source and again.report == first.report
    assert own_pictures.read(pets, 8, at_most=300, seed=1).source != first.source


@pytest.mark.parametrize(("seconds", "shown"), [(0.001, False), (0.01, True)])
def test_a_reading_that_takes_longer_shows_how_far_it_is(pretend, monkeypatch, capsys, seconds, shown):
    clock = count(step=seconds)
    monkeypatch.setattr("tqdm.std.time", lambda: next(clock))
    pretend({("", "cat"): 3_000, ("", "dog"): 1_000})
    own_pictures.read(Path("folder"), 8, at_most=400)
    assert ("/400 [" in capsys.readouterr().err) == shown


def bmp(shades):
    buffer = io.BytesIO()
    Image.fromarray(shades).save(buffer, "BMP")
    return buffer.getvalue()
