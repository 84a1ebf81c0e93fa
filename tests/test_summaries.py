"""From the code of a function to its line."""

import numpy as np
import pytest
import torch

from course_utils import CourseError
from course_utils.data.documents import Document
from course_utils.models import language, summaries
from course_utils.models.ngrams import KneserNey
from course_utils.models.transformer import Size, Transformer

NAMES = ["add_one", "plotTwo", "sort_all", "find_it", "make_set"]
PAGES = [
    Document(
        f"Do the thing that {name} does.  And more.\n\nNotes",
        "a/b.py",
        f"a.b.{name}",
        f"def {name}(self, x_max: dict[str, int] = f(1, 2), *args):\n    return x_max",
    )
    for name in NAMES
]
TOKENIZER = language.train_tokenizer([page.text + page.code for page in PAGES], 300)
MODEL = Transformer(Size(300, 32, 1), 0)


def test_a_line_is_the_first_sentence():
    assert summaries.line(PAGES[0]) == "Do the thing that add_one does."


def test_functions_have_code_and_a_line_of_their_own():
    others = [
        Document("Too short.\n\nMore", "a/b.py", "a.b.f", "def f(): pass"),
        Document("Do the thing that it does.", "a/b.py", "a.b", ""),
        Document("Do the thing that it does.", "a/b.py", "a.b.__init__", "def __init__(self): pass"),
    ]
    assert summaries.functions([*PAGES, *others]) == PAGES


def test_names_are_split_into_words():
    assert summaries.name_words(PAGES[1]) == ["plot", "two", "x", "max", "args"]
    assert summaries.split("LinearRegression2D") == ["linear", "regression", "2", "d"]


def test_rouge_counts_words_in_order():
    a, b = "Compute the mean of an array.", "Compute an array's mean."
    assert summaries.in_common(summaries.words(a), summaries.words(b)) == 3
    assert summaries.rouge(a, b) == pytest.approx(600 / 11)
    assert summaries.rouge(a, a) == 100 and summaries.rouge("", b) == summaries.rouge("x", b) == 0


def test_pairs_say_which_tokens_are_the_line():
    tokens, is_line = summaries.pairs(TOKENIZER, PAGES, 12)
    assert tokens.shape == is_line.shape == (5, 39)
    for row, mask, page in zip(tokens, is_line, PAGES, strict=True):
        assert row[12] == 0 and not mask[:13].any() and mask[13]
        of_line = row[mask]
        assert of_line[-1] == 0 and summaries.line(page).startswith(TOKENIZER.decode(of_line[:-1]))


def test_both_kinds_of_model_write_one_line_each():
    made = summaries.write(MODEL, TOKENIZER, PAGES, 12)
    assert len(made) == 5 and all("\n" not in text for text in made)
    alone = [summaries.write(MODEL, TOKENIZER, [page], 12)[0] for page in PAGES]
    assert made == alone
    tokens, _ = summaries.pairs(TOKENIZER, PAGES[:1], 12)
    counts = KneserNey(4, 300).fit([tokens[0].numpy()])
    (told,) = summaries.count_and_write(counts, TOKENIZER, PAGES[:1], 12)
    assert told.startswith("Do the thing that add") and "\n" not in told


def test_the_other_lines_are_of_the_same_file():
    far = Document("Do what nobody else does here.", "a/c.py", "a.c.far", "def far(): pass")
    asked = summaries.questions([*PAGES, far], np.random.default_rng(0))
    assert asked.shape == (5, 4) and 5 not in asked and all(len(set(row)) == 4 for row in asked)
    with pytest.raises(CourseError, match="four functions or more"):
        summaries.questions([far], np.random.default_rng(0))


@torch.no_grad()
def test_bits_of_a_line_are_those_of_its_tokens_alone():
    chosen = np.array([[0, 1, 2, 3]])
    bits = summaries.line_bits(MODEL, TOKENIZER, PAGES, chosen, 12)
    tokens, is_line = summaries.pairs(TOKENIZER, PAGES[:1], 12)
    nats = torch.nn.functional.cross_entropy(MODEL(tokens[:, :-1])[0], tokens[0, 1:], reduction="none")
    assert bits[0, 0] == pytest.approx((nats[is_line[0, 1:]].sum() / np.log(2)).item(), rel=1e-4)
