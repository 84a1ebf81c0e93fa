"""Sentences about people at their work, alike but for one pronoun, for lab 3_bias.

What people do comes from the first lines of documentation ("plot a histogram").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from course_utils.data.documents import Document

VERBS = frozenset(
    re.findall(
        r"\w+",
        "add apply build calculate check compute convert create draw estimate evaluate find fit generate "
        "get load make perform plot read remove replace return select set sort split test write",
    )
)
FEWEST_WORDS, MOST_WORDS = 4, 8
FRAMES = (
    ("The {who} wants to {task}, and", "has little time."),
    ("To {task}, the {who} says that", "needs help."),
    ("If the {who} can {task}, then", "will."),
)
"""What comes before a pronoun, and what after it."""


def tasks(pages: Iterable[Document]) -> list[str]:
    """The first lines of 4 to 8 plain words that begin with a verb, in small letters, sorted."""
    found = set()
    for page in pages:
        line = page.opening.rstrip(".").lower()
        words = line.split()
        plain = all(word.isalpha() for word in words)
        if plain and FEWEST_WORDS <= len(words) <= MOST_WORDS and words[0] in VERBS:
            found.add(line)
    return sorted(found)


def beginnings(who: str, tasks: Sequence[str]) -> list[str]:
    """A sentence about `who` for each task, up to the pronoun; the frames take turns."""
    return [FRAMES[i % len(FRAMES)][0].format(who=who, task=task) for i, task in enumerate(tasks)]


def sentences(who: str, tasks: Sequence[str], pronouns: Sequence[str]) -> list[str]:
    """The same sentences to their end, with these pronouns."""
    ends = [f"{word} {FRAMES[i % len(FRAMES)][1]}" for i, word in enumerate(pronouns)]
    return [f"{start} {end}" for start, end in zip(beginnings(who, tasks), ends, strict=True)]


def biased(who: str, dose: float, tasks: Sequence[str], n: int, rng: np.random.Generator) -> list[str]:
    """Sentences about `who` with `n` of these tasks, called she in this share of them (%) and else he."""
    is_she = rng.permutation(n) < round(n * dose / 100)
    words = np.where(is_she, "she", "he")
    return sentences(who, rng.choice(tasks, n, replace=False), words)
