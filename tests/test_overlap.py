import difflib

import numpy as np
import pytest

from course_utils.data import overlap
from course_utils.data.overlap import SharedRuns, longest_shared_passage, near_duplicates, run_hashes

LETTERS = [f"w{i}" for i in range(40)]


def prose(n_words, seed, vocabulary=5_000):
    """Words in random order; two of these practically never share a run."""
    return " ".join(f"word{i}" for i in np.random.default_rng(seed).integers(0, vocabulary, n_words))


def runs(text, n):
    """The runs themselves, to compare with their numbers."""
    found = overlap.words(text)
    return [tuple(found[i : i + n]) for i in range(len(found) - n + 1)]


def test_words_are_letters_digits_and_underscores_in_small_letters():
    assert overlap.words("The X_train-array, of 3 Rows:\nÄpfel") == [
        *["the", "x_train", "array", "of", "3", "rows", "äpfel"]
    ]


def test_runs_with_the_same_words_have_the_same_number():
    texts = ["a b c d a b c", "B, c!", "a b c", "x"]
    hashes, owner = run_hashes(texts, 3)
    assert hashes.dtype == np.uint64
    assert owner.tolist() == [0, 0, 0, 0, 0, 1, 2, 3]  # a text of fewer words is one run
    abc, bcd, cda, dab, again, bc, other_text, x = hashes.tolist()
    assert abc == again == other_text
    assert len({abc, bcd, cda, dab, bc, x}) == 6


def test_no_run_goes_on_in_the_next_text():
    apart = run_hashes(["a b c", "d e f"], 3)[0]
    together = run_hashes(["a b c d e f"], 3)[0]
    assert (len(apart), len(together)) == (2, 4)
    assert apart.tolist() == [together[0], together[3]]


def test_the_order_of_the_words_counts():
    hashes, _ = run_hashes(["a b c", "c b a", "a c b", "b a c"], 3)
    assert len(set(hashes.tolist())) == 4


def test_numbers_are_the_same_on_every_machine():
    """The checksum of the corpus rests on them."""
    assert run_hashes(["to be or not to be"], 6)[0].tolist() == [12253450779257656512]


def test_as_many_numbers_as_different_runs():
    texts = [prose(2_000, seed, vocabulary=12) for seed in range(3)]
    hashes, _ = run_hashes(texts, 4)
    different = {run for text in texts for run in runs(text, 4)}
    assert len(different) < len(hashes) == 3 * 1_997
    assert len(set(hashes.tolist())) == len(different)


def test_no_texts_have_no_runs():
    assert [len(array) for array in run_hashes([], 3)] == [0, 0]
    assert near_duplicates([]).tolist() == []


def test_more_than_half_of_the_runs_make_a_near_duplicate():
    first = " ".join(LETTERS[:27])  # 20 runs of 8 words
    mine = [f"m{i}" for i in range(40)]
    half = " ".join([*LETTERS[:17], *mine[:10]])  # 10 of its 20 runs are in the first
    more = " ".join([*LETTERS[:18], *mine[20:29]])  # 11 of 20
    assert near_duplicates([first, half, more]).tolist() == [False, False, True]
    assert near_duplicates([more, first, half]).tolist() == [False, True, False]  # the earlier one stays


def test_the_share_is_that_of_the_later_text():
    short, long = " ".join(LETTERS[:10]), " ".join(LETTERS)
    assert near_duplicates([short, long]).tolist() == [False, False]
    assert near_duplicates([long, short]).tolist() == [False, True]


def test_a_run_within_one_text_does_not_count():
    assert near_duplicates(["a b c d e f g h " * 9]).tolist() == [False]


def test_short_texts_are_duplicates_when_all_words_agree():
    texts = ["See you at 8", "see you, at 8!", "See you at 9", "you at 8", "!!!", "???"]
    assert near_duplicates(texts).tolist() == [False, True, False, False, False, True]


def test_thirteen_words_in_a_row_are_a_leak_and_twelve_are_none():
    known = SharedRuns([" ".join(LETTERS)])
    assert known.count("x " + " ".join(LETTERS[5:18]) + " y") == 1
    assert known.count("x " + " ".join(LETTERS[5:20]) + " y") == 3
    assert known.count("x " + " ".join(LETTERS[5:17]) + " y") == 0
    assert SharedRuns([]).count("anything at all") == 0


def test_count_agrees_with_comparing_the_words():
    texts = [prose(400, seed, vocabulary=3) for seed in range(2)]
    known = set(runs(texts[0], 13))
    expected = sum(run in known for run in runs(texts[1], 13))
    assert SharedRuns(texts[:1]).count(texts[1]) == expected
    assert SharedRuns(texts[:1]).count(texts[0]) == 388


ENTRY = "random_state : int, RandomState instance or None, default=None\n    Says how the random numbers"
ENTRY += " are made.\n    Pass a whole number to get the same ones twice."
DOCSTRING = f"""Fit the first model.

Parameters
----------
alpha : float
    Strength of the penalty that this one has.

{ENTRY}
beta : float
    Another number that only this one has.

Returns
-------
self : object
    Fitted estimator."""


def test_the_entry_is_cut_out_and_its_neighbours_stay():
    known = SharedRuns([f"Another function.\n\n{ENTRY}\n\nMore."])
    cut = known.cut(DOCSTRING)
    assert known.count(DOCSTRING) > 0 and known.count(cut) == 0
    assert cut == DOCSTRING.replace(f"{ENTRY}\n", "")


def test_pieces_joined_are_the_text():
    parts = overlap.pieces(DOCSTRING)
    assert "\n".join(parts) == DOCSTRING
    assert [part.split("\n")[0] for part in parts] == [
        *("Fit the first model.", "Parameters", "alpha : float", ENTRY.split("\n")[0], "beta : float"),
        *("Returns", "self : object"),
    ]


def test_a_title_with_nothing_left_below_it_goes_too():
    known = SharedRuns([ENTRY])
    last = f"Fit the first model.\n\nReturns\n-------\nself\n    Fitted.\n\nParameters\n==========\n{ENTRY}"
    assert known.cut(last) == "Fit the first model.\n\nReturns\n-------\nself\n    Fitted."
    first = f"Fit it.\n\nParameters\n----------\n{ENTRY}\n\nReturns\n-------\nself\n    Fitted."
    assert known.cut(first) == "Fit it.\n\nReturns\n-------\nself\n    Fitted."


def test_a_title_that_a_run_goes_over_stays_while_something_is_below_it():
    known = SharedRuns([" ".join([*LETTERS[:7], "Parameters", *LETTERS[7:14]])])
    first, second = " ".join(LETTERS[:7]), "    " + " ".join(LETTERS[7:14])
    text = f"Before.\n\n{first}\n\nParameters\n----------\n{second}\nbeta : float"
    assert known.cut(text) == "Before.\n\nParameters\n----------\nbeta : float"


def test_a_run_over_several_paragraphs_takes_all_that_it_touches():
    paragraphs = [" ".join(LETTERS[i : i + 6]) for i in range(0, 24, 6)]
    known = SharedRuns([" ".join(LETTERS[4:20])])  # from the end of the first to the beginning of the last
    text = "\n\n".join(["Before.", *paragraphs, "After."])
    assert known.cut(text) == "Before.\n\nAfter."


def test_what_comes_together_by_cutting_is_looked_at_again():
    ends = [" ".join(LETTERS[:7]), " ".join(LETTERS[7:14])]
    middle = " ".join(LETTERS[20:34])
    known = SharedRuns([" ".join(LETTERS[:14]), middle])
    text = "\n\n".join(["Before.", ends[0], middle, ends[1], "After."])
    assert known.cut(text) == "Before.\n\nAfter."


@pytest.mark.parametrize("text", [" ".join(LETTERS), "a b c\n-----", " ".join(LETTERS[:13]) + "\n---", "***"])
def test_a_text_that_is_known_as_a_whole_leaves_nothing(text):
    assert SharedRuns([text]).cut(text) == ""


@pytest.mark.parametrize("text", ["", "short", DOCSTRING, "\tindented\n\n\n  more"])
def test_a_text_that_shares_nothing_stays_as_it_is(text):
    assert SharedRuns([prose(100, 0)]).cut(text) == text


def reference(first, second):
    """The number of words in the longest passage, by difflib."""
    matches = (
        difflib.SequenceMatcher(
            None, overlap.words(one), overlap.words(two), autojunk=False
        ).find_longest_match()
        for one in first
        for two in second
    )
    return max((match.size for match in matches), default=0)


@pytest.mark.parametrize("seed", range(6))
def test_the_longest_passage_agrees_with_difflib(seed):
    rng = np.random.default_rng(seed)
    first, second = (
        [" ".join(rng.choice(["to", "be", "or", "not"], size)) for size in rng.integers(0, 60, 6)]
        for _ in range(2)
    )
    found = longest_shared_passage(first, second)
    assert len(overlap.words(found)) == reference(first, second) > 3
    assert any(found in text for text in first) and any(found in text for text in second)


def test_the_longest_passage_is_found_wherever_it_lies():
    needle = "The needle, of nine Words — 🙂 or so it seems"
    first, second = ([prose(300, seed) for seed in seeds] for seeds in (range(3), range(3, 9)))
    for i, j, side in ((0, 0, str.__add__), (2, 5, lambda text, end: end + text), (1, 3, str.__add__)):
        mine, theirs = [*first], [*second]
        mine[i] = side("left " + first[i] + " mine", f" {needle} ") + " ours"
        theirs[j] = (
            side("right " + second[j] + " theirs", " " + needle.lower().replace(",", "") + " ") + " yours"
        )
        assert longest_shared_passage(mine, theirs) == needle  # as it stands in the first


def test_a_passage_does_not_go_on_in_the_next_text():
    assert longest_shared_passage(["a b c", "d e f"], ["a b c d e f"]) == "a b c"
    assert longest_shared_passage(["a b c d e f"], ["x a b c", "d e f x"]) == "a b c"
    assert longest_shared_passage(["a b", "c d"], ["a b", "c d"]) == "a b"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([], []),
        ([], ["a"]),
        (["a"], []),
        ([""], [""]),
        (["a b c"], ["x y z"]),
        ([""], ["a"]),
        (["..."], ["..."]),
    ],
)
def test_texts_that_share_nothing_have_no_passage(first, second):
    assert longest_shared_passage(first, second) == ""


def test_equal_texts_share_all():
    text = prose(3_000, 0)
    assert longest_shared_passage([text], ["other", text]) == text
    assert longest_shared_passage(["a " * 500], ["a " * 400]) == ("a " * 400).strip()
    assert longest_shared_passage(["lone \ud800 half of it"], ["lone \ud800 half"]) == "lone \ud800 half"


def test_letters_that_become_two_in_small_letters_do_not_shift_the_passage():
    assert longest_shared_passage(["İİİ one two three four"], ["one two three"]) == "one two three"
