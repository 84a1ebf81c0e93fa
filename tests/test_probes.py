import numpy as np
import pytest

from course_utils import CourseError
from course_utils.data.documents import Document
from course_utils.models import language, probes
from course_utils.models.transformer import Size, Transformer


def test_each_token_has_its_bits():
    tokenizer = language.train_tokenizer(["the mean of the values"] * 3, 270)
    model = Transformer(Size(270, 32, 1)).eval()
    tokens, bits = probes.by_token(model, tokenizer, "the mean")
    assert "".join(tokens) == "the mean" and len(bits) == len(tokens)
    assert bits == pytest.approx(language.token_bits(model, language.encode(tokenizer, ["the mean"]), 9)[0])


def test_the_likelier_pronoun_has_the_larger_share():
    tokenizer = language.train_tokenizer(["the cook says that she or he will"] * 3, 270)
    model = Transformer(Size(270, 32, 1)).eval()
    starts = ["the cook says that", "he or"]
    bits = [sum(probes.by_token(model, tokenizer, f"{starts[0]} {word}")[1]) for word in ("she", "he")]
    share = probes.share_of_she(model, tokenizer, starts)
    assert share.shape == (2,)
    assert share[0] == pytest.approx(100 * 2 ** -bits[0] / (2 ** -bits[0] + 2 ** -bits[1]), rel=1e-4)


def test_only_plain_sentences_of_enough_words_are_taken():
    text = "Too short here. The mean of all the given\nvalues is returned. x = 3 is no plain sentence here."
    assert probes.sentences(text) == ["The mean of all the given values is returned"]
    assert len(probes.sentences("One two three four five six. " * 9)) == 3


def test_two_neighbours_change_over():
    sentence = "the the mean of all values"
    found = {probes.swapped(sentence, np.random.default_rng(seed)) for seed in range(30)}
    assert found == {
        "the mean the of all values",
        "the the of mean all values",
        "the the mean all of values",
        "the the mean of values all",
    }
    with pytest.raises(CourseError, match="no two different words"):
        probes.swapped("the end end", np.random.default_rng(0))


def test_nouns_of_either_number_stand_with_each_other():
    made = probes.of_the(["shape", "array"])
    assert len(made) == 8
    assert ("The shape of the arrays", "shape", False, True) in made
    assert ("The arrays of the shapes", "array", True, False) in made
    assert {text for text, _, plural, misled in made if plural and misled} == {
        "The shapes of the array",
        "The arrays of the shape",
    }


def test_a_line_that_many_functions_share_stands_once():
    pages = [
        Document("Fit the\nmodel.\n\nMore.", "a.py", "a", "def fit(): pass"),
        Document("Fit the model.\n\nOther.", "b.py", "b", "def fit(): return 1"),
        Document("A class.\n\nMore.", "b.py", "B"),
    ]
    assert list(probes.summaries(pages)) == ["Fit the model."]
    assert probes.summaries(pages)["Fit the model."].name == "a"


def test_words_in_common_are_counted_once():
    code = "def mean_value(values): return values.sum() / len(values)"
    assert probes.in_common(["The value of values.", "Sum, mean value and sum.", "No"], code) == [2, 3, 0]


def test_a_tie_is_shared():
    scores = np.array([[1.0, 2, 3], [2, 2, 3], [2, 1, 1], [0, 0, 0]])
    assert probes.share_right(scores) == pytest.approx([100, 50, 0, 100 / 3])
