import numpy as np
import pytest
from texts import SOURCE, documents, parts_of, prose, shared

from course_utils.data import overlap
from course_utils.data.documents import Document, Texts, _sha256, as_lines, digest, divide, n_bytes


def test_parts_follow_the_names_of_the_files_and_nothing_else(general):
    some = documents(100)
    texts = divide(some, SOURCE, "About.", general)
    assert [len(part) for part in parts_of(texts)] == [80, 10, 10]
    in_order = sorted((each.file for each in some), key=_sha256)
    assert [_sha256(name)[:4] for name in in_order[:2]] == ["000f", "0423"]
    assert {each.file for each in texts.test} == set(in_order[:10])
    assert {each.file for each in texts.validation} == set(in_order[10:20])
    assert list(texts.train) == [each for each in some if each.file in in_order[20:]]
    backwards = divide(some[::-1], SOURCE, "", general)
    assert [set(part) for part in parts_of(backwards)] == [set(part) for part in parts_of(texts)]


def test_a_file_is_in_one_part_as_a_whole(general):
    some = [Document(prose(60, 10 * i + j), f"{i}.txt") for i in range(30) for j in range(i % 4 + 1)]
    texts = divide(some, SOURCE, "", general, shares=(0.2, 0.3))
    files = [{each.file for each in part} for part in parts_of(texts)]
    assert sum(map(len, files)) == 30 == len(set.union(*files))
    sizes = [n_bytes(part) for part in parts_of(texts)]
    assert np.array(sizes) / sum(sizes) == pytest.approx([0.5, 0.2, 0.3], abs=0.06)


def test_without_a_key_the_parts_are_stretches(general):
    some = documents(100)
    texts = divide(some, SOURCE, "", general, key=None)
    assert [*texts.train, *texts.validation, *texts.test] == some
    assert [len(part) for part in parts_of(texts)] == [80, 10, 10]


def test_nothing_is_shared_with_training_whichever_side_it_comes_from(general):
    passages = {
        name: prose(24, seed) for seed, name in enumerate(("train", "general train", "held out"), 800)
    }
    some = documents(100, n_words=120)
    in_order = sorted((each.file for each in some), key=_sha256)
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
    texts = divide([Document(plain[each.file], each.file) for each in some], SOURCE, "", general)

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
    assert f"with a training part: {longest(texts, general)} words" in texts.report


def longest(texts, general):
    training = [each.text for each in (*general.train, *texts.train)]
    return len(overlap.words(overlap.longest_shared_passage([each.text for each in texts.test], training)))


def test_near_duplicates_are_left_out_of_the_later_text(general):
    some = documents(50)
    copies = [Document(some[7].text.replace("word1", "word2"), "copy.txt"), *general.test]
    texts = divide([*some, *copies], SOURCE, "About.", general)
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
    texts = divide(some, SOURCE, "", general, key=None, shares=(0, 0), min_characters=min_characters)
    assert (len(texts.train), texts.validation, texts.test) == (n, (), ())
    assert all(leak not in each.text for each in texts.train)
    assert f"and {20 - n} of which cutting left too little" in texts.report


def test_the_report_tells_sizes(general):
    texts = divide(documents(100), SOURCE, "About.", general)
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
    digests = {digest(plain), *(digest([Document(*fields)]) for fields in others)}
    assert len(digests) == 5
    assert as_lines(plain * 2) == b'["text","file","name","code"]\n["text","file","name","code"]'
