import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.data import documents as text
from course_utils.data import overlap, own_text, registry, text_parts
from course_utils.data.documents import Document, Texts

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs the links and pipes of Unix")
SOURCE = registry.Source("x", "X", "CC0", "here")


def prose(n_words, seed):
    """Words in random order, in lines and paragraphs; two of these practically never share a run."""
    rng = np.random.default_rng(seed)
    found = [f"word{i}" for i in rng.integers(0, 9_999, n_words)]
    lines = [" ".join(found[i : i + 12]) for i in range(0, n_words, 12)]
    return "\n\n".join("\n".join(lines[i : i + 3]) for i in range(0, len(lines), 3))


def documents(n, first_seed=0, n_words=60):
    return [Document(prose(n_words, first_seed + i), f"{first_seed + i}.txt") for i in range(n)]


@pytest.fixture
def general():
    """A general text with two training, one validation and one test document."""
    train, (validation,), (test,) = documents(2, 900), documents(1, 910), documents(1, 920)
    return Texts(tuple(train), (validation,), (test,), SOURCE, "general")


def parts_of(texts):
    return texts.train, texts.validation, texts.test


def shared(texts, general):
    """How many runs of 13 words of held-out documents are in training documents, both texts' together."""
    known = overlap.SharedRuns(each.text for each in (*texts.train, *general.train))
    held_out = (*texts.validation, *texts.test, *general.validation, *general.test)
    return sum(known.count(each.text) for each in held_out)


# --- what is wanted ---


def test_the_docstrings_unless_the_reader_says_otherwise(monkeypatch):
    assert text.wanted() == "docstrings"
    monkeypatch.setenv("COURSE_TEXT", "")
    assert text.wanted() == "docstrings"
    monkeypatch.setenv("COURSE_TEXT", "sms_spam")
    assert text.wanted() == "sms_spam"


@pytest.mark.parametrize("wanted", ["shakespeare", "", "no/such/file", "nul\0l"])
def test_anything_else_gets_the_list(wanted):
    with pytest.raises(CourseError) as caught:
        text.resolve(wanted)
    assert str(caught.value) == (
        f"unknown text '{own_text.shown(wanted)}': choose docstrings, tiny_shakespeare, sms_spam, "
        "or a file or folder of text"
    )


def test_a_message_does_not_tell_where_the_reader_keeps_things(tmp_path):
    with pytest.raises(CourseError, match=r"^unknown text 'missing\.txt': choose"):
        text.resolve(str(tmp_path / "missing.txt"))


def test_a_path_is_resolved_where_the_command_runs(tmp_path, monkeypatch):
    (tmp_path / "novel").mkdir()
    for name in ("novel/one.txt", "two.txt"):
        (tmp_path / name).write_text(prose(15_000, 0))
    monkeypatch.chdir(tmp_path)
    assert text.resolve("novel") == str((tmp_path / "novel").resolve())
    assert text.resolve("two.txt") == str((tmp_path / "two.txt").resolve())
    assert [text.resolve(name) for name in text.NAMES] == list(text.NAMES)


@posix_only
def test_a_path_that_leads_back_to_itself_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(CourseError, match="unknown text 'loop'"):
        text.resolve(str(tmp_path / "loop"))


@pytest.mark.parametrize("module", ["text", "docstrings", "text_parts", "text_files"])
def test_importing_loads_nothing_heavy(module):
    heavy = {"torch", "matplotlib", "sklearn", "scipy", "PIL"}
    code = f"import sys, course_utils.{module}; print(*sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "\n"


# --- parts ---


def test_parts_follow_the_names_of_the_files_and_nothing_else(general):
    some = documents(100)
    texts = text_parts.make(some, SOURCE, "About.", general)
    assert [len(part) for part in parts_of(texts)] == [80, 10, 10]
    in_order = sorted((each.file for each in some), key=text_parts._sha256)
    assert [text_parts._sha256(name)[:4] for name in in_order[:2]] == ["000f", "0423"]
    assert {each.file for each in texts.test} == set(in_order[:10])
    assert {each.file for each in texts.validation} == set(in_order[10:20])
    assert list(texts.train) == [each for each in some if each.file in in_order[20:]]
    backwards = text_parts.make(some[::-1], SOURCE, "", general)
    assert [set(part) for part in parts_of(backwards)] == [set(part) for part in parts_of(texts)]


def test_a_file_is_in_one_part_as_a_whole(general):
    some = [Document(prose(60, 10 * i + j), f"{i}.txt") for i in range(30) for j in range(i % 4 + 1)]
    texts = text_parts.make(some, SOURCE, "", general, shares=(0.2, 0.3))
    files = [{each.file for each in part} for part in parts_of(texts)]
    assert sum(map(len, files)) == 30 == len(set.union(*files))
    sizes = [text_parts.n_bytes(part) for part in parts_of(texts)]
    assert np.array(sizes) / sum(sizes) == pytest.approx([0.5, 0.2, 0.3], abs=0.06)


def test_without_a_key_the_parts_are_stretches(general):
    some = documents(100)
    texts = text_parts.make(some, SOURCE, "", general, key=None)
    assert [*texts.train, *texts.validation, *texts.test] == some
    assert [len(part) for part in parts_of(texts)] == [80, 10, 10]


def test_nothing_is_shared_with_training_whichever_side_it_comes_from(general):
    passages = {
        name: prose(24, seed) for seed, name in enumerate(("train", "general train", "held out"), 800)
    }
    some = documents(100, n_words=120)
    in_order = sorted((each.file for each in some), key=text_parts._sha256)
    plain = {each.file: each.text for each in some}

    def put(place, *names):
        plain[in_order[place]] += "".join(f"\n\n{passages[name]}" for name in names) + f"\n\n{place} ends."

    put(3, "train", "general train", "held out")  # test
    put(13, "train", "general train")  # validation
    put(50, "train", "held out")  # training
    added = {name: f"\n\n{passages[name]}" for name in passages}
    trained = Document(general.train[0].text + added["general train"], "g")
    tested = Document(general.test[0].text + added["held out"], "h")
    general = Texts((trained, general.train[1]), general.validation, (tested,), SOURCE, "")
    texts = text_parts.make([Document(plain[each.file], each.file) for each in some], SOURCE, "", general)

    assert shared(texts, general) == 0
    found = {each.file: each.text for part in parts_of(texts) for each in part}
    has = {
        place: [name for name in passages if passages[name] in found[in_order[place]]]
        for place in (3, 13, 50)
    }
    # what training has goes from the held-out side, and what the general test part has goes from training
    assert has == {3: ["held out"], 13: [], 50: ["train"]}
    assert all(found[in_order[place]].endswith(f"{place} ends.") for place in has)
    assert general.train[0] == trained and general.test == (tested,)
    assert f"with a training part: {longest(texts, general)} characters" in texts.report


def longest(texts, general):
    from course_utils.data.passages import longest_shared_passage

    training = [each.text for each in (*general.train, *texts.train)]
    return len(longest_shared_passage([each.text for each in texts.test], training))


def test_near_duplicates_are_left_out_of_the_later_text(general):
    some = documents(50)
    copies = [Document(some[7].text.replace("word1", "word2"), "copy.txt"), *general.test]
    texts = text_parts.make([*some, *copies], SOURCE, "About.", general)
    assert sum(len(part) for part in parts_of(texts)) == 50
    assert "of 52 documents, left out 2 that have more than half" in texts.report


@pytest.mark.parametrize(
    ("min_characters", "n"),
    [(200, 20), (len(prose(48, 701)), 20), (len(prose(48, 701)) + 1, 19), (1_000, 19)],
)
def test_documents_of_which_too_little_is_left_go(general, min_characters, n):
    leak = prose(24, 700)
    general = Texts(general.train, general.validation, (Document(leak, "leak"),), SOURCE, "")
    some = [*documents(19, n_words=150), Document(f"{prose(48, 701)}\n\n{leak}", "short")]
    texts = text_parts.make(some, SOURCE, "", general, key=None, shares=(0, 0), min_characters=min_characters)
    assert (len(texts.train), texts.validation, texts.test) == (n, (), ())
    assert all(leak not in each.text for each in texts.train)
    assert f"and {20 - n} of which cutting left too little" in texts.report


def test_the_report_tells_sizes(general):
    texts = text_parts.make(documents(100), SOURCE, "About.", general)
    lines = texts.report.split("\n")
    assert lines[0] == "About."
    assert lines[1].split() == ["part", "documents", "kB"]
    assert [line.split()[:2] for line in lines[3:6]] == [
        ["train", "80"],
        ["validation", "10"],
        ["test", "10"],
    ]
    assert lines[3].split()[2] == str(round(sum(len(each.text) for each in texts.train) / 1e3))


def test_the_digest_counts_every_field():
    plain = [Document("text", "file", "name", "code")]
    others = [("texts", "file", "name", "code"), ("text", "files", "name", "code")]
    others += [("text", "file", "names", "code"), ("text", "file", "name", "codes")]
    digests = {text_parts.digest(plain), *(text_parts.digest([Document(*fields)]) for fields in others)}
    assert len(digests) == 5
    assert text_parts.as_lines(plain * 2) == b'["text","file","name","code"]\n["text","file","name","code"]'


# --- downloads ---


def test_shakespeare_is_cut_into_three_stretches(cache, register, general):
    play = "\n\n".join(f"SPEAKER {i}:\n{prose(24, i)}" for i in range(600)).replace("\n\nword", "\nword")
    register(play.encode(), name="tiny_shakespeare", file="tiny_shakespeare.txt")
    cache.mkdir()
    (cache / "tiny_shakespeare.txt").write_bytes(play.encode())
    texts = text.load_task("tiny_shakespeare", general)
    everything = [*texts.train, *texts.validation, *texts.test]
    assert "\n\n".join(each.text for each in everything) == play
    assert all(1_000 <= len(each.text) <= 2_000 for each in everything[:-1])
    assert all(each.text.startswith("SPEAKER") for each in everything)
    assert {(each.file, each.name, each.code) for each in everything} == {("tiny_shakespeare.txt", "", "")}
    shares = np.array([text_parts.n_bytes(part) for part in parts_of(texts)]) / len(play)
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    assert texts.source.name == "tiny_shakespeare"


MESSAGES = [f"{'spam' if i % 7 == 0 else 'ham'}\tMessage {i} of {prose(9, i)}" for i in range(200)]


@pytest.fixture
def messages(tmp_path, monkeypatch):
    """Puts lines in the place of the downloaded file."""

    def put(lines):
        path = tmp_path / "SMSSpamCollection"
        path.write_bytes("\n".join([*lines, ""]).encode())
        monkeypatch.setattr(text, "fetch", {"sms_spam": (path,)}.get)

    return put


def test_a_text_message_is_a_document(messages, general):
    messages([*MESSAGES, MESSAGES[3], "ham\tOk", "spam\tok!", "ham\tTab\tin it 1 ½ £ "])
    texts = text.load_task("sms_spam", general)
    found = [each.text for part in parts_of(texts) for each in part]
    expected = [line.split("\t", 1)[1] for line in [*MESSAGES, "ham\tOk", "ham\tTab\tin it 1 ½ £"]]
    assert sorted(found) == sorted(expected)
    assert [len(part) for part in parts_of(texts)] == pytest.approx([162, 20, 20], abs=3)
    assert {(each.file, each.name, each.code) for each in texts.test} == {("SMSSpamCollection", "", "")}
    assert texts.source == registry.registry()["sms_spam"]


def test_the_parts_follow_the_messages_and_not_their_order(messages, general):
    messages(MESSAGES)
    first = text.load_task("sms_spam", general)
    messages(MESSAGES[::-1])
    again = text.load_task("sms_spam", general)
    assert [set(part) for part in parts_of(again)] == [set(part) for part in parts_of(first)]


@pytest.mark.parametrize(
    ("line", "shown"),
    [("ham Without a tab", "ham Without a tab"), ("eggs\tAnd", "eggs"), ("ham\t", "ham"), ("\tA", "")],
)
def test_a_line_that_is_no_message_is_refused(messages, general, line, shown):
    messages([*MESSAGES, line])
    with pytest.raises(
        CourseError, match=rf"'SMSSpamCollection' has a line that begins with '{shown}' and is no"
    ):
        text.load_task("sms_spam", general)


def test_an_archive_is_unpacked(server, cache, register, general, tmp_path):
    content = "\n".join(MESSAGES).encode()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("SMSSpamCollection", content)
    packed = (tmp_path / "a.zip").read_bytes()
    server["/a.zip"] = packed, len(packed)
    register(content, f"{server['']}/a.zip", "sms_spam", "SMSSpamCollection", "SMSSpamCollection")
    assert sum(map(len, parts_of(text.load_task("sms_spam", general)))) == 200


def test_docstrings_are_scikit_learns(monkeypatch, general):
    from course_utils.data import docstrings

    monkeypatch.setattr(docstrings, "load", lambda: ("general", "task"))
    assert text.load_task("docstrings", general) == "task"


# --- the reader's own text ---


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
    texts = text.load_task(str(path), general)
    everything = [*texts.train, *texts.validation, *texts.test]
    assert "\n\n".join(each.text for each in everything) == novel
    assert {(each.file, each.name, each.code) for each in everything} == {("novel.log", "", "")}
    assert [len(part) / len(everything) for part in parts_of(texts)] == pytest.approx(
        [0.8, 0.1, 0.1], abs=0.02
    )
    assert texts.source.name == "own_text" and texts.source.datasheet == ""
    assert texts.source.sha256 == text_parts.digest(everything)
    assert texts.report.startswith("own text: 1 file(s) read\npart")
    assert shared(texts, general) == 0


def test_many_files_are_divided_as_wholes(own, general):
    files = {f"f{i}_dot_txt": prose(600, i) for i in range(30)}
    texts = text.load_task(str(own(**files)), general)
    parts = [{each.file for each in part} for part in parts_of(texts)]
    assert sum(map(len, parts)) == 30 == len(set.union(*parts)) and min(map(len, parts)) >= 2


@pytest.mark.parametrize(("n_files", "largest"), [(19, 800), (30, 4_000)])
def test_few_files_or_a_large_one_are_cut_into_stretches(own, general, n_files, largest):
    files = {f"f{i:02}_dot_txt": prose(largest if i == 3 else 800, i) for i in range(n_files)}
    texts = text.load_task(str(own(**files)), general)
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
    report = text.load_task(str(folder), general).report.split("\n")
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


def test_line_ends_and_spaces_make_no_difference():
    plain = "\n\n".join(["é" * 900, "b" * 900, "c" * 900])
    for variant in (
        plain.encode(),
        b"\xef\xbb\xbf" + plain.encode(),
        plain.replace("\n", "\r\n").encode(),
        plain.replace("\n", "\r").encode(),
        f"\n\n{plain}\n".replace("\n\n", " \t\n   \n\n\n").encode(),
    ):
        assert read(variant) == plain


def read(content, name="a.txt"):
    class File:
        def read_bytes(self):
            return content

    return own_text.read_file(File(), name)


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
def test_a_file_that_is_no_utf8_text_is_refused(content, message):
    with pytest.raises(CourseError, match=message):
        read(content)


def test_one_bad_file_in_a_folder_is_named(own, general):
    folder = own(a_dot_txt=prose(15_000, 0), sub__b_dot_txt=b"\xe9" * 300)
    with pytest.raises(CourseError, match=r"'sub/b.txt' is not UTF-8 \(byte 0 is 0xe9\): save it as UTF-8"):
        text.load_task(str(folder), general)


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"cannot read 'a.txt' \(.+\): see to it that you may open it"):
        own_text.read_file(tmp_path, "a.txt")


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
            r"'mine' has 100 kB of text in 1 file\(s\), but the lesson takes 100 kB to",
        ),
        (
            {"a_dot_txt": "x" * 5_000, "b_dot_md": "y" * 2_000},
            r"has 7 kB of text in 2 file\(s\).*: give more$",
        ),
        ({"a_dot_txt": ""}, "'mine' has no text in it: put .txt, .md, .rst, .py files there"),
        ({"a_dot_docx": "x"}, "'mine' has no text in it: put .txt, .md, .rst, .py files there"),
        ({"a_dot_txt": "x" * 20_000_001}, "has 20,000 kB of text.*takes 100 kB to 20 MB: give less$"),
        ({"a_dot_txt": "a\n" * 90_000}, "validation and test need 5 documents each, have 0 and 0: give more"),
        ({"a_dot_txt": " \n" * 90_000}, "validation and test need 5 documents each, have 0 and 0: give more"),
    ],
)
def test_too_little_and_too_much_text_are_refused(own, general, files, message):
    folder = own(**files)
    with pytest.raises(CourseError, match=message):
        text.load_task(str(folder), general)


def test_an_empty_folder_and_an_empty_file_are_refused(tmp_path):
    with pytest.raises(CourseError, match=f"'{tmp_path.name}' has no text in it"):
        text.resolve(str(tmp_path))
    (tmp_path / "a.log").write_bytes(b"")
    with pytest.raises(
        CourseError, match=r"'a.log' has 0 kB of text in 1 file\(s\), but the lesson takes 100 kB"
    ):
        text.resolve(str(tmp_path / "a.log"))


def test_a_folder_with_very_many_files_is_refused(own, monkeypatch):
    monkeypatch.setattr(own_text, "MAX_FILES", 3)
    folder = own(a_dot_txt="x", b__c_dot_txt="x", b__d_dot_png="x", e_dot_txt="x")
    with pytest.raises(CourseError, match="'mine' has more than 3 files: give a smaller folder"):
        own_text.find(folder)


def test_a_text_that_repeats_itself_says_what_is_left(own, general):
    with pytest.raises(
        CourseError, match=r"(?s)too little is left of your text.*own text: 1 file\(s\) read\npart"
    ):
        text.load_task(str(own(a_dot_txt=f"{prose(300, 1)}\n\n" * 60) / "a.txt"), general)


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
    texts = text.load_task(str(own(a_dot_txt=content)), general)
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
    assert [len(each.text) for each in own_text.documents(joined, "a")] == expected


def test_long_paragraphs_end_with_a_line_or_a_word():
    lines = "\n".join("x" * 50 + " " + "y" * 39 for _ in range(60))
    assert {len(each.text) % 91 for each in own_text.documents(lines, "a")} == {90}
    line = " ".join("x" * 9 for _ in range(600))
    assert {len(each.text) % 10 for each in own_text.documents(line, "a")} == {9}
