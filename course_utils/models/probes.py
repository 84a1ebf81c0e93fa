"""What a language model is asked, to find out what it knows, and a rival that knows nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from torch import nn
from transformers import PreTrainedTokenizerFast

from course_utils import CourseError
from course_utils.data.documents import Document
from course_utils.models import language

NOUNS = (
    *("array", "value", "function", "column", "row", "element", "parameter", "method", "object", "label"),
    *("key", "name", "result", "point", "distribution", "sample", "signal", "image", "file", "test"),
)
"""Nouns of the field, whose plural has an s."""


def by_token(
    model: nn.Module, tokenizer: PreTrainedTokenizerFast, text: str, context: int = 255
) -> tuple[list[str], np.ndarray]:
    """The T tokens of a text, and the model's surprise at each in bits, (T,)."""
    row = language.encode(tokenizer, [text])[0]
    tokens = [tokenizer.decode([token]) for token in row[1:]]
    return tokens, language.token_bits(model, [row], context)[0]


def share_of_she(
    model: nn.Module, tokenizer: PreTrainedTokenizerFast, beginnings: Sequence[str], context: int = 64
) -> np.ndarray:
    """The share of she (%) in the probability of she and he behind each beginning, (n,)."""
    she, he = (
        language.page_bits(
            model, language.encode(tokenizer, [f"{each} {word}" for each in beginnings]), context
        )
        for word in ("she", "he")
    )
    return 100 / (1 + 2 ** (she - he))


def sentences(text: str, most: int = 3) -> list[str]:
    """The first sentences of 6 to 30 plain words, without the full stop; at most so many."""
    found = [part.strip() for part in " ".join(text.split()).split(". ")]
    plain = [part for part in found if all(word.strip(",;()'").isalpha() for word in part.split())]
    return [part for part in plain if 6 <= len(part.split()) <= 30][:most]


def swapped(sentence: str, rng: np.random.Generator) -> str:
    """The sentence with two neighbouring words changed over, which differ; the first word stays.

    Raises
    ------
    CourseError
        There are no two such words.
    """
    words = sentence.split()
    places = [i for i in range(1, len(words) - 1) if words[i] != words[i + 1]]
    if not places:
        raise CourseError(f"there are no two different words to swap in '{sentence}'")
    at = rng.choice(places)
    words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)


def of_the(nouns: Sequence[str]) -> list[tuple[str, str, bool, bool]]:
    """'The shape of the arrays' and its like, for every two of these nouns, as (text, A, plural, misled).

    Each noun takes its plural with an s. `plural` is that of the first noun, A, with which a verb behind
    would agree (Linzen, Dupoux & Goldberg 2016); `misled` when the noun between has the other number.
    """
    made = []
    for a in nouns:
        for b in nouns:
            for plural in (False, True):
                for misled in (False, True):
                    text = f"The {a}{'s' * plural} of the {b}{'s' * (plural != misled)}"
                    made += [(text, a, plural, misled)] * (a != b)
    return made


def summaries(pages: Iterable[Document], longest: int = 100) -> dict[str, Document]:
    """The pages with code by their first line, cut off after so many characters; a line stands once."""
    found: dict[str, Document] = {}
    for page in pages:
        if page.code:
            found.setdefault(page.text.split("\n\n")[0].replace("\n", " ")[:longest], page)
    return found


def in_common(lines: Sequence[str], code: str) -> list[int]:
    """How many words of three letters or more each line shares with the code, (n_lines,)."""
    of_code, *of_lines = (set(re.findall("[a-z]{3,}", text.lower())) for text in (code, *lines))
    return [len(of_code & words) for words in of_lines]


def share_right(scores: np.ndarray) -> np.ndarray:
    """Percent right of each row, (n,), where column 0 of the scores, (n, m), should be the lowest.

    A tie for the lowest is shared: between two it gives 50.
    """
    lowest = scores == scores.min(axis=1, keepdims=True)
    return 100 * lowest[:, 0] / lowest.sum(axis=1)
