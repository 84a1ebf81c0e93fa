"""From the code of a function to the line that says what it does: what lab 3_summary needs around its models.

A pair is read as one text: the words of the code, the begin token, the line, the begin token. For a model
that has read documentation, the begin token is what a page starts after.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedTokenizerFast

from course_utils import CourseError
from course_utils.data.documents import Document
from course_utils.models import language
from course_utils.models.ngrams import KneserNey
from course_utils.models.transformer import Transformer, as_llama

MOST_LINE = 25
"""Tokens of a line that are read or written at most."""
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def line(page: Document) -> str:
    """The first sentence of a page."""
    return re.split(r"(?<=\.)\s", page.opening)[0]


def functions(pages: Sequence[Document]) -> list[Document]:
    """The pages of functions that begin with a line of 3 to 20 words, without those of Python's own names."""
    odd = re.compile(r">>>|::|:param")
    return [
        page
        for page in pages
        if page.code
        and 3 <= len(line(page).split()) <= 20
        and not odd.search(line(page))
        and not own_name(page).startswith("__")
    ]


def name_words(page: Document) -> list[str]:
    """The words in a function's name, then those in the names of its arguments, in small letters.

    ``def train_test_split(*arrays, test_size=None)`` gives train, test, split, arrays, test, size.
    """
    inside, depth = "", 0
    for character in page.code[page.code.index("(") :]:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            break
        inside += character if depth == 1 else ""
    arguments = [re.split(r"[:=]", part)[0].strip(" (*\n/") for part in inside.split(",")]
    named = [own_name(page), *(each for each in arguments if each not in ("self", "cls"))]
    return [word for name in named for word in split(name)]


def own_name(page: Document) -> str:
    """The function's name without those of its module and class."""
    return page.name.split(".")[-1]


def split(name: str) -> list[str]:
    """The words of a name such as ``train_test_split`` or ``LinearRegression``, in small letters."""
    return [word.lower() for word in WORD.findall(name)]


def as_words(code: str) -> str:
    """Code as a reader of prose may take it: the words of its names, with a space before each, no signs."""
    return "".join(f" {word}" for word in split(code) if word not in ("def", "self", "cls"))


def words(text: str) -> list[str]:
    """The words of a text, in small letters, without marks."""
    return re.findall(r"[a-z0-9]+", text.lower())


def in_common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest row of words that both texts have in this order, with gaps or without."""
    above = [0] * (len(b) + 1)
    for word in a:
        row = [0]
        for j, other in enumerate(b):
            row.append(above[j] + 1 if word == other else max(above[j + 1], row[j]))
        above = row
    return above[-1]


def rouge(written: str, right: str) -> float:
    """ROUGE-L in %: twice the words in common, in order, over the words of both (Lin 2004)."""
    a, b = words(written), words(right)
    return 200 * in_common(a, b) / (len(a) + len(b)) if a or b else 100.0


def pairs(
    tokenizer: PreTrainedTokenizerFast, pages: Sequence[Document], most_code: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows to learn from: tokens (n, T + 1) int64, and which of them belong to a line, (n, T + 1) bool.

    At most `most_code` tokens of code are kept. Rows are filled up with the begin token. The begin token
    behind a line counts as its end.
    """
    starts, lines = _starts(tokenizer, pages, most_code), language.encode(tokenizer, [*map(line, pages)])
    width = most_code + MOST_LINE + 2
    tokens = torch.full((len(starts), width), tokenizer.bos_token_id)
    is_line = torch.zeros((len(starts), width), dtype=torch.bool)
    for row, (start, words) in enumerate(zip(starts, lines, strict=True)):
        words = words[1 : MOST_LINE + 1]
        tokens[row, : len(start)] = torch.from_numpy(start)
        tokens[row, len(start) : len(start) + len(words)] = torch.from_numpy(words)
        is_line[row, len(start) : len(start) + len(words) + 1] = True
    return tokens, is_line


def _starts(
    tokenizer: PreTrainedTokenizerFast, pages: Sequence[Document], most_code: int
) -> list[np.ndarray]:
    """What a line is written after: tokens of code and the begin token, each (n,) int64."""
    codes = language.encode(tokenizer, [as_words(page.code) for page in pages])
    return [np.append(code[1 : most_code + 1], code[0]) for code in codes]


@torch.no_grad()
def write(
    model: Transformer, tokenizer: PreTrainedTokenizerFast, pages: Sequence[Document], most_code: int
) -> list[str]:
    """The line that a model writes for each page's code, always with the likeliest token."""
    starts, begin = _starts(tokenizer, pages, most_code), tokenizer.bos_token_id
    width = max(map(len, starts))
    tokens = torch.full((len(starts), width), begin)
    seen = torch.zeros_like(tokens)
    for row, start in enumerate(starts):  # all end together
        tokens[row, width - len(start) :], seen[row, width - len(start) :] = torch.from_numpy(start), 1
    llama = as_llama(model)
    made = llama.generate(
        tokens.to(llama.device),
        attention_mask=seen.to(llama.device),
        max_new_tokens=MOST_LINE,
        do_sample=False,
        pad_token_id=begin,
        eos_token_id=begin,
    )
    return [_first_line(tokenizer.decode(row, skip_special_tokens=True)) for row in made[:, width:]]


def count_and_write(
    counts: KneserNey, tokenizer: PreTrainedTokenizerFast, pages: Sequence[Document], most_code: int
) -> list[str]:
    """The same by an n-gram model."""
    lines = []
    for start in _starts(tokenizer, pages, most_code):
        row = list(start)
        while len(row) < len(start) + MOST_LINE:
            row.append(int(counts.probabilities(np.array(row[-4:])).argmax()))
            if row[-1] == tokenizer.bos_token_id:
                break
        lines.append(_first_line(tokenizer.decode(row[len(start) :], skip_special_tokens=True)))
    return lines


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0]


def questions(pages: Sequence[Document], rng: np.random.Generator) -> np.ndarray:
    """Page numbers (n, 4): a function, and three others of the same file that have other lines.

    Functions of files with too few are left out. A CourseError is raised when none is left.
    """
    lines = np.array([line(page) for page in pages])
    files = np.array([page.file for page in pages])
    found = []
    for i in range(len(pages)):
        near = np.flatnonzero((files == files[i]) & (lines != lines[i]))
        if len(set(lines[near])) >= 3:
            _, first = np.unique(lines[near], return_index=True)
            found.append([i, *rng.choice(near[first], 3, replace=False)])
    if not found:
        raise CourseError("expected files with four functions or more, got none: take more pages")
    return np.array(found)


def line_bits(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerFast,
    pages: Sequence[Document],
    chosen: np.ndarray,
    most_code: int,
) -> np.ndarray:
    """Bits of each line after the code of the first page of its row: `chosen` page numbers (n, 4), (n, 4)."""
    starts = _starts(tokenizer, pages, most_code)
    lines = [row[1 : MOST_LINE + 1] for row in language.encode(tokenizer, [*map(line, pages)])]
    begin = tokenizer.bos_token_id
    rows = [np.concatenate([starts[row[0]], lines[i], [begin]]) for row in chosen for i in row]
    bits = language.token_bits(model, rows, most_code + MOST_LINE + 2)
    sums = [
        each[len(starts[row[0]]) - 1 :].sum()
        for each, row in zip(bits, np.repeat(chosen, 4, axis=0), strict=True)
    ]
    return np.array(sums).reshape(chosen.shape)
