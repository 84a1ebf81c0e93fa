"""Made-up texts that several test files divide and read."""

import numpy as np

from course_utils.data import overlap, registry
from course_utils.data.documents import Document

SOURCE = registry.Source("x", "X", "CC0", "here")


def prose(n_words, seed):
    """Words in random order, in lines and paragraphs; two of these practically never share a run."""
    rng = np.random.default_rng(seed)
    found = [f"word{i}" for i in rng.integers(0, 9_999, n_words)]
    lines = [" ".join(found[i : i + 12]) for i in range(0, n_words, 12)]
    return "\n\n".join("\n".join(lines[i : i + 3]) for i in range(0, len(lines), 3))


def documents(n, first_seed=0, n_words=60):
    return [Document(prose(n_words, first_seed + i), f"{first_seed + i}.txt") for i in range(n)]


def parts_of(texts):
    return texts.train, texts.validation, texts.test


def shared(texts, general):
    """How many runs of 13 words of held-out documents are in training documents, both texts' together."""
    known = overlap.SharedRuns(each.text for each in (*texts.train, *general.train))
    held_out = (*texts.validation, *texts.test, *general.validation, *general.test)
    return sum(known.count(each.text) for each in held_out)
