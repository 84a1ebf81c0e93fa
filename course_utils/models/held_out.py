"""What a language model is worth on text that it has not read, beside an n-gram model and a packer."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn
from transformers import PreTrainedTokenizerFast

from course_utils.data.documents import Document, n_bytes
from course_utils.models import language, writing
from course_utils.models.ngrams import KneserNey

SLICE = 10
"""Every tenth test document: enough to see on any machine that a model is the one that was measured."""
PROMPTS = ("Compute the mean of", "Read a table from", "Parameters\n----------\nn_jobs : int\n")
"""Beginnings that a shipped model goes on from in its card."""
XZ = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 2**26}
"""As ``xz -9e``, with a dictionary that holds all the text that a model has read."""


@dataclass(frozen=True)
class Texts:
    """What a model reads and is measured on.

    Attributes
    ----------
    train : sequence of Document
    validation, test : dict of documents by the name of the text
    """

    train: Sequence[Document]
    validation: dict[str, Sequence[Document]]
    test: dict[str, Sequence[Document]]


def bits_per_byte(
    model: nn.Module, tokenizer: PreTrainedTokenizerFast, documents: Sequence[Document], context: int
) -> float:
    """Bits that a model needs for a byte of documents, with half of `context` or more before each token."""
    pages = language.encode(tokenizer, [document.text for document in documents])
    return float(language.page_bits(model, pages, context).sum() / n_bytes(documents))


def rivals(texts: Texts, tokenizer: PreTrainedTokenizerFast, order: int = 4) -> dict[str, dict[str, float]]:
    """Bits per byte of an n-gram model and of xz on held-out texts; both have read what the model reads.

    A test text goes by its name, a validation text as 'general, validation'. What xz needs for a text is by
    how much its archive of all that was read grows when the text follows.
    """
    train = [document.text for document in texts.train]
    counted = KneserNey(order, len(tokenizer)).fit(language.encode(tokenizer, train))
    read = "\n\n".join(train).encode()
    alone, found = _packed(read), {f"{order}-gram": {}, "xz": {}}
    parts = {f"{name}, validation": documents for name, documents in texts.validation.items()}
    for name, documents in (texts.test | parts).items():
        pages = [document.text for document in documents]
        bits = counted.page_bits(language.encode(tokenizer, pages)).sum()
        extra = _packed(read + "\n\n".join(pages).encode()) - alone
        found[f"{order}-gram"][name] = float(bits / n_bytes(documents))
        found["xz"][name] = 8 * extra / n_bytes(documents)
    return found


def _packed(data: bytes) -> int:
    """Bytes that xz makes of them."""
    return len(lzma.compress(data, lzma.FORMAT_RAW, filters=[XZ]))


def samples(
    model: nn.Module, tokenizer: PreTrainedTokenizerFast, prompts: Sequence[str] = PROMPTS
) -> dict[str, str]:
    """How a model goes on from each prompt for 80 tokens, at temperature 0.7 and top-p 0.9."""
    return {prompt: writing.write(model, tokenizer, prompt, n_tokens=80) for prompt in prompts}
