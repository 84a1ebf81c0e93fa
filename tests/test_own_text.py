import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from texts import parts_of, prose, shared

from course_utils import CourseError
from course_utils.data import overlap, own_text, text_file
from course_utils.data.documents import digest

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs the links and pipes of Unix")


@pytest.mark.parametrize("module", ["documents", "docstrings", "own_text", "overlap", "registry"])
def test_importing_loads_nothing_heavy(module):
    heavy = {"torch", "matplotlib", "sklearn", "scipy", "PIL"}
    code = f"import sys, course_utils.data.{module}; print(*sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "\n"


@pytest.fixture
def own(tmp_path):
    """Puts files into a folder and gives the folder."""
    folder = tmp_path / "mine"

    def put(**files):
        for name, content in files.items():
            path = folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return put


def test_a_single_file_is_cut_into_three_stretches(own, general):
    novel = prose(15_000, 1)
    path = own(novel_dot_log=novel) / "novel.log"  # any ending will do when it is asked for by name
    texts = own_text.load(Path(path), general)
    everything = [*texts.train, *texts.validation, *texts.test]
    assert "\n\n".join(each.text for each in everything) == novel
    assert {(each.file, each.name, each.code) for each in everything} == {("novel.log", "", "")}
    assert [len(part) / len(everything) for part in parts_of(texts)] == pytest.approx(
        [0.8, 0.1, 0.1], abs=0.02
    )
    assert texts.source.name == "own_text" and texts.source.datasheet == ""
    assert texts.source.sha256 == digest(everything)
    assert texts.report.startswith("own text: 1 file(s) read\npart")
    assert shared(texts, general) == 0


def test_many_files_are_divided_as_wholes(own, general):
    files = {f"f{i}_dot_txt": prose(600, i) for i in range(30)}
    texts = own_text.load(Path(own(**files)), general)
    parts = [{each.file for each in part} for part in parts_of(texts)]
    assert sum(map(len, parts)) == 30 == len(set.union(*parts)) and min(map(len, parts)) >= 2


@pytest.mark.parametrize(("n_files", "largest"), [(19, 800), (30, 4_000)])
def test_few_files_or_a_large_one_are_cut_into_stretches(own, general, n_files, largest):
    files = {f"f{i:02}_dot_txt": prose(largest if i == 3 else 800, i) for i in range(n_files)}
    texts = own_text.load(Path(own(**files)), general)
    everything = [*texts.train, *texts.validation, *texts.test]
    assert [each.file for each in everything] == sorted(each.file for each in everything)
    assert len({each.file for each in texts.train} & {each.file for each in texts.validation}) <= 1


@posix_only
def test_what_is_not_read_stands_in_the_report(own, general, tmp_path):
    folder = own(
        a__b_dot_txt=prose(9_000, 1),
        A_dot_MD=prose(4_000, 2),
        c_dot_py=prose(2_000, 3),
        d_dot_rst=prose(2_000, 4),
        short_dot_txt="Too short.",
        empty_dot_txt="",
        e_dot_docx="PK",
        e2_dot_csv="1,2",
        e3="no ending",
        e4_dot_json="{}",
        _dot_hidden_dot_txt=b"\xff",
        _dot_git__x_dot_txt=b"\xff",
    )
    (folder / "link").symlink_to(folder)
    (folder / "gone.txt").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe.txt")
    report = own_text.load(Path(folder), general).report.split("\n")
    assert report[:6] == [
        "own text: 5 file(s) read",
        "left out, link to a folder (1): link",
        "left out, no .txt, .md, .rst, .py file (4): e.docx, e2.csv, e3 and 1 more",
        "left out, empty (1): empty.txt",
        "left out, no regular file (2): gone.txt, pipe.txt",
        "left out, shorter than 200 characters (1): short.txt",
    ]


def test_files_come_in_the_same_order_everywhere(own):
    folder = own(
        b_dot_txt="b" * 60_000, C_dot_txt="C" * 60_000, a__c_dot_txt="c" * 60_000, a_dot_txt="a" * 60_000
    )
    assert list(own_text.find(folder)[0]) == ["C.txt", "a.txt", "b.txt", "a/c.txt"]


@pytest.fixture
def read(tmp_path):
    """Reads a file that has these bytes."""

    def put(content, n_bytes=None):
        (tmp_path / "a.txt").write_bytes(content)
        return text_file.read(tmp_path / "a.txt", "a.txt", n_bytes)

    return put


def test_line_ends_and_spaces_make_no_difference(read):
    plain = "\n\n".join(["é" * 900, "b" * 900, "c" * 900])
    for variant in (
        plain.encode(),
        b"\xef\xbb\xbf" + plain.encode(),
        plain.replace("\n", "\r\n").encode(),
        plain.replace("\n", "\r").encode(),
        f"\n\n{plain}\n".replace("\n\n", " \t\n   \n\n\n").encode(),
    ):
        assert read(variant) == plain


def test_a_beginning_does_not_end_within_a_letter(read):
    assert [read("aéö".encode(), n) for n in range(1, 6)] == ["a", "a", "aé", "aé", "aéö"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("é".encode("latin-1"), r"'a.txt' is not UTF-8 \(byte 0 is 0xe9\): save it as UTF-8"),
        ("naïve café".encode() + b"\xff", r"'a.txt' is not UTF-8 \(byte 12 is 0xff\): save it as UTF-8"),
        ("cut é".encode()[:-1], r"'a.txt' is not UTF-8 \(byte 4 is 0xc3\): save it as UTF-8"),
        ("\ud800".encode("utf-8", "surrogatepass"), r"'a.txt' is not UTF-8 \(byte 0 is 0xed\)"),
        ("word".encode("utf-16"), r"'a.txt' is no plain text \(byte 3 is zero\): save it as text in UTF-8"),
        (b"ab\0c", r"'a.txt' is no plain text \(byte 2 is zero\): save it as text in UTF-8, or leave it out"),
    ],
)
def test_a_file_that_is_no_utf8_text_is_refused(read, content, message):
    with pytest.raises(CourseError, match=message):
        read(content)


def test_one_bad_file_in_a_folder_is_named(own, general):
    folder = own(a_dot_txt=prose(15_000, 0), sub__b_dot_txt=b"\xe9" * 300)
    with pytest.raises(CourseError, match=r"'sub/b.txt' is not UTF-8 \(byte 0 is 0xe9\): save it as UTF-8"):
        own_text.load(Path(folder), general)


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"cannot read 'a.txt' \(.+\): see to it that you may open it"):
        text_file.read(tmp_path, "a.txt")


def test_a_folder_that_may_not_be_read_is_named(own, monkeypatch):
    folder = own(sub__a_dot_txt="x")

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(CourseError, match=r"cannot read the folder 'mine' \(Permission denied\): see to it"):
        own_text.find(folder)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"a_dot_txt": "x" * 99_999},
            r"'mine' has 99,999 characters of text in 1 file\(s\), but the lesson needs 100,000: give more$",
        ),
        (
            {"a_dot_txt": "x" * 5_000, "b_dot_md": "y" * 2_000},
            r"has 7,000 characters of text in 2 file\(s\).*: give more$",
        ),
        ({"a_dot_txt": ""}, "'mine' has no text in it: put .txt, .md, .rst, .py files there"),
        ({"a_dot_docx": "x"}, "'mine' has no text in it: put .txt, .md, .rst, .py files there"),
        ({"a_dot_txt": "a\n" * 90_000}, "validation and test need 5 documents each, have 0 and 0: give more"),
        ({"a_dot_txt": " \n" * 90_000}, "has 0 characters of text in 1 file.*: give more$"),
    ],
)
def test_too_little_text_is_refused(own, general, files, message):
    folder = own(**files)
    with pytest.raises(CourseError, match=message):
        own_text.load(Path(folder), general)


def test_an_empty_folder_and_an_empty_file_are_refused(tmp_path):
    with pytest.raises(CourseError, match=f"'{tmp_path.name}' has no text in it"):
        own_text.read(Path(tmp_path))
    (tmp_path / "a.log").write_bytes(b"")
    with pytest.raises(
        CourseError, match=r"'a.log' has 0 characters of text in 1 file\(s\), but the lesson needs 100,000"
    ):
        own_text.read(Path(tmp_path / "a.log"))


def test_a_folder_with_very_many_files_is_refused(own, monkeypatch):
    monkeypatch.setattr(own_text, "MAX_FILES", 3)
    folder = own(a_dot_txt="x", b__c_dot_txt="x", b__d_dot_png="x", e_dot_txt="x")
    with pytest.raises(CourseError, match="'mine' has more than 3 files: give a smaller folder"):
        own_text.find(folder)


def russian(n_characters):
    """Text of which every letter but the spaces takes two bytes."""
    words = prose(20_000, 77).translate(str.maketrans("word0123456789", "словабвгдежзик")).split()
    lines = [" ".join(words[i : i + 12]) for i in range(0, len(words), 12)]
    text = "\n\n".join("\n".join(lines[i : i + 3]) for i in range(0, len(lines), 3))
    return text[:n_characters].rstrip()


def test_letters_count_and_not_bytes(own, general):
    text = russian(60_000)
    assert len(text.encode()) > 100_000
    with pytest.raises(
        CourseError, match=r"has (59,\d{3}|60,000) characters of text in 1 file\(s\), but the lesson"
    ):
        own_text.load(own(a_dot_txt=text), general)
    texts = own_text.load(own(a_dot_txt=russian(100_100)), general)
    assert min(len(texts.validation), len(texts.test)) >= own_text.MIN_DOCUMENTS


@pytest.mark.parametrize("paragraph", [90, 199, 450, 990, 1_010, 1_990, 2_500, 10_000])
def test_the_fewest_letters_are_enough_however_long_the_paragraphs_are(own, general, paragraph):
    text = prose(14_000, 5).replace("\n", " ").replace("  ", " ")[:100_200]
    cut = "\n\n".join(text[i : i + paragraph].strip() for i in range(0, len(text), paragraph))
    texts = own_text.load(own(a_dot_txt=cut), general)
    assert min(len(texts.validation), len(texts.test)) >= own_text.MIN_DOCUMENTS


def test_of_a_large_folder_files_are_drawn(own, monkeypatch):
    folder = own(**{f"f{i:03}_dot_txt": prose(200, i) for i in range(200)})
    size = sum(path.stat().st_size for path in folder.iterdir())
    monkeypatch.setattr(own_text, "AT_MOST", size // 4)
    monkeypatch.setattr(own_text, "LEAST", 10_000)
    opened = []
    read_one = text_file.read
    monkeypatch.setattr(
        text_file, "read", lambda path, *rest: opened.append(path.name) or read_one(path, *rest)
    )
    documents, about = own_text.read(folder)
    assert 49 <= len(opened) <= 52 and opened == sorted(opened) and opened[-1] > "f150"
    assert len(set(opened) - {each.file for each in documents}) <= 1  # of the last, little may be read
    assert f"own text: {len(opened)} file(s) read\ndrawn: " in about and "in 200 file(s)" in about
    assert own_text.read(folder) == (documents, about)


def test_of_a_large_file_the_beginning_is_read(own, monkeypatch):
    text = prose(30_000, 1)
    monkeypatch.setattr(own_text, "AT_MOST", 120_000)
    documents, about = own_text.read(own(a_dot_txt=text))
    assert "\n\n".join(each.text for each in documents) == text[:120_000].rstrip()
    assert (
        "own text: 1 file(s) read\ndrawn: 0 MB, of 0 MB in 1 file(s); of large files the beginning" in about
    )


@posix_only
def test_a_gigabyte_is_not_read_into_memory(tmp_path, monkeypatch):
    """A file with a hole: it takes no room on the disk, and reading all of it would take a gigabyte."""
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.write(prose(400_000, 1).encode())
        file.truncate(1_000_000_000)
    monkeypatch.setattr(own_text, "AT_MOST", 1_000_000)
    tracemalloc.start()
    documents, about = own_text.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(len(each.text) for each in documents) == pytest.approx(1_000_000, rel=0.02)
    assert "drawn: 1 MB, of 1,000 MB in 1 file(s)" in about and peak < 50e6


def test_a_text_that_repeats_itself_says_what_is_left(own, general):
    with pytest.raises(
        CourseError, match=r"(?s)too little is left of your text.*own text: 1 file\(s\) read\npart"
    ):
        own_text.load(Path(own(a_dot_txt=f"{prose(300, 1)}\n\n" * 60) / "a.txt"), general)


@pytest.mark.parametrize(
    "content",
    [
        prose(15_000, 3).replace("\n\n", "\n"),
        prose(15_000, 4).replace("\n\n", " ").replace("\n", " "),
        "".join(overlap.words(prose(15_000, 5))),
        "\x0c\x1b\u2028\ufeff" + prose(15_000, 6).replace("\n", "\r\n"),
    ],
    ids=["one paragraph", "one line", "one word", "strange characters"],
)
def test_strange_texts_are_read(own, general, content):
    texts = own_text.load(Path(own(a_dot_txt=content)), general)
    everything = [each.text for part in parts_of(texts) for each in part]
    assert all(200 <= len(each) <= 2_200 for each in everything)
    assert "".join("".join(everything).split()) == "".join(content.split())
    assert not any(line != line.rstrip() for each in everything for line in each.split("\n"))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([199], []),
        ([200], [200]),
        ([600, 300, 600], [600 + 2 + 300 + 2 + 600]),
        ([997, 997], [1_996]),
        ([997, 1_500], [997, 1_500]),
        ([998, 900], [998, 900]),
        ([998, 199], [1_199]),
        ([1_998, 199], [2_199]),
        ([100], []),
    ],
)
def test_paragraphs_are_put_together_up_to_a_thousand_characters(sizes, expected):
    joined = "\n\n".join("x" * size for size in sizes)
    assert [len(each.text) for each in text_file.documents(joined, "a")] == expected


def test_long_paragraphs_end_with_a_line_or_a_word():
    lines = "\n".join("x" * 50 + " " + "y" * 39 for _ in range(60))
    assert {len(each.text) % 91 for each in text_file.documents(lines, "a")} == {90}
    line = " ".join("x" * 9 for _ in range(600))
    assert {len(each.text) % 10 for each in text_file.documents(line, "a")} == {9}
