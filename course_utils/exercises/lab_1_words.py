"""The exercises of lab 1_words, which library a page is from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer

from course_utils.exercises import Exercise, Mistake, always, workbook

WORDS = {"tea": ["cup", "leaf", "milk"], "coffee": ["bean", "milk", "roast"]}
TEXTS = (
    "A leaf in a CUP.",
    "Roast the bean, roast the bean, and pour it over milk",
    "Milk",
    "cup cup cup of roast bean",
    "Roast, Bean and milk",
    "Nothing",
    "cupboard, leaflet, bean",
)
NAMES = ["np", "tea-pot"]
LETTERS = ("np.sort takes no input", "NP, np and Tea-Pot", "snp np_ tea-pots tea pot", "")


def says(text: str, words: Mapping[str, Sequence[str]], otherwise: str) -> str:
    """The one library most of whose words occur in the text, else `otherwise`."""
    said = set(re.findall(r"\w+", text.lower()))
    return _first({library: len(said & set(its)) for library, its in words.items()}, otherwise)


def words_ahead(text: pd.Series, library: pd.Series, n: int) -> dict[str, list[str]]:
    """For each library the n words whose share of its pages is furthest above the highest share elsewhere."""
    counter = CountVectorizer(binary=True, min_df=5)
    has = counter.fit_transform(text)  # (page, word), 0 or 1
    names, words = library.unique(), counter.get_feature_names_out()
    share = pd.DataFrame(
        {name: np.ravel(has[(library == name).to_numpy()].mean(axis=0)) for name in names}, words
    )
    ahead = {name: share[name] - share.drop(columns=name).max(axis=1) for name in names}
    return {name: list(lead.nlargest(n).index) for name, lead in ahead.items()}


def _first(hits: Mapping[str, int], otherwise: str) -> str:
    first = [library for library, n in hits.items() if n == max(hits.values())]
    return first[0] if len(first) == 1 else otherwise


def _no_ties(text: str, words: Mapping[str, Sequence[str]], otherwise: str) -> str:
    said = set(re.findall(r"\w+", text.lower()))
    hits = {library: len(said & set(its)) for library, its in words.items()}
    return max(hits, key=lambda library: hits[library])


def _counts_every_time(text: str, words: Mapping[str, Sequence[str]], otherwise: str) -> str:
    said = re.findall(r"\w+", text.lower())
    return _first({library: sum(map(said.count, its)) for library, its in words.items()}, otherwise)


def _parts_of_words(text: str, words: Mapping[str, Sequence[str]], otherwise: str) -> str:
    hits = {library: sum(word in text.lower() for word in its) for library, its in words.items()}
    return _first(hits, otherwise)


def _as_written(text: str, words: Mapping[str, Sequence[str]], otherwise: str) -> str:
    said = set(re.findall(r"\w+", text))
    return _first({library: len(said & set(its)) for library, its in words.items()}, otherwise)


def taken_out(text: str, names: Sequence[str]) -> str:
    """The text with each name replaced by a space where it stands as a whole word, capitals or not."""
    return re.sub(rf"\b({'|'.join(map(re.escape, names))})\b", " ", text, flags=re.IGNORECASE)


def _anywhere(text: str, names: Sequence[str]) -> str:
    return re.sub("|".join(map(re.escape, names)), " ", text, flags=re.IGNORECASE)


def _small_letters(text: str, names: Sequence[str]) -> str:
    return re.sub(rf"\b({'|'.join(map(re.escape, names))})\b", " ", text)


def _edges_of_two_names(text: str, names: Sequence[str]) -> str:
    return re.sub(rf"\b{'|'.join(map(re.escape, names))}\b", " ", text, flags=re.IGNORECASE)


def same_on(*inputs: Sequence[object]) -> Callable[..., bool]:
    """Whether two functions give the same text for all of these arguments."""
    return lambda answer, other, **context: all(answer(*each) == other(*each) for each in inputs)


exercises = workbook(
    Exercise(
        "1_words.1",
        "Count the hits",
        solution=always(says),
        mistakes=(
            Mistake(
                always(_no_ties),
                "When two libraries are level, max takes the first of them. Say `otherwise` then.",
            ),
            Mistake(
                always(_counts_every_time),
                "A word that comes three times counts once here: take the *set* of the words that occur.",
            ),
            Mistake(
                always(_parts_of_words),
                "`in` finds 'cup' inside 'cupboard' too. Compare whole words: first cut the text into words.",
            ),
            Mistake(
                always(_as_written),
                "A page may begin a sentence with one of the words: make the text small with .lower().",
            ),
        ),
        hints=(
            "Three steps: the set of words of the text; for each library how many of its words are in it; "
            "who is in front, and alone?",
            "len(said & set(words[library])) counts the words that are in both.",
            "first = [library for library in hits if hits[library] == max(hits.values())]",
        ),
        same=same_on(*((text, WORDS, "water") for text in TEXTS)),
        expects="a function of (text, words, otherwise) that returns the name of a library",
    ),
    Exercise(
        "1_words.2",
        "Take the names out",
        solution=always(taken_out),
        mistakes=(
            Mistake(
                always(_anywhere),
                "That takes 'np' out of 'input' as well. Put \\b, the edge of a word, on both sides.",
            ),
            Mistake(
                always(_small_letters),
                "'NP' is still there: add flags=re.IGNORECASE.",
            ),
            Mistake(
                always(_edges_of_two_names),
                "Without brackets, the first \\b belongs to the first name only and the last \\b to the "
                "last: write \\b(a|b)\\b.",
            ),
        ),
        hints=(
            '"|".join(names) puts the names together as "this or that".',
            'The pattern is r"\\b(" + "|".join(names) + r")\\b".',
            "return re.sub(pattern, ' ', text, flags=re.IGNORECASE)",
        ),
        same=same_on(*((text, NAMES) for text in LETTERS)),
        expects="a function of (text, names) that returns a text",
    ),
)
