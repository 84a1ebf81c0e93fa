"""The exercises of lesson 3, a small LLM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_choice, same_number, workbook

Attention = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Heat = Callable[[np.ndarray, float], np.ndarray]

BitsPerByte = Callable[[np.ndarray, str], float]
Saved = Callable[[np.ndarray, np.ndarray], float]


def same_bits(answer: BitsPerByte, other: BitsPerByte) -> bool:
    """Whether two functions give the same bits per byte for three texts.

    Raises
    ------
    TypeError
        The answer gives something else than one number.
    """
    texts = {"Hello, world": [0.5, 0.25, 0.125, 0.25], "naïve": [0.9, 0.2], "zwölf Äpfel": [0.01, 0.7, 0.3]}
    pairs = [(answer(np.array(p), text), other(np.array(p), text)) for text, p in texts.items()]
    return all(same_number(ours, theirs) for ours, theirs in pairs)


def same_saving(answer: Saved, other: Saved) -> bool:
    """Whether two functions find the same saving in two tables of bits, (n_seeds, n_documents).

    Raises
    ------
    TypeError
        The answer gives something else than one number.
    """
    ours = np.array([[100.0, 40, 900], [120, 44, 880]])
    theirs = np.array([[150.0, 50, 1000], [160, 40, 960]])
    pairs = [(answer(*map(np.copy, each)), other(*each)) for each in ((ours, theirs), (theirs, ours))]
    return all(same_number(found, right) for found, right in pairs)


def _attention(
    visible: Callable[[np.ndarray], np.ndarray], scale: bool = True, mask_after: bool = False
) -> Attention:
    """An attention in which a token sees those places back for which `visible` is true."""

    def mix(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
        scores = queries @ keys.T / (np.sqrt(queries.shape[1]) if scale else 1)
        allowed = visible(np.subtract.outer(np.arange(len(scores)), np.arange(len(scores))))
        weights = np.exp(np.where(allowed | mask_after, scores, -np.inf))
        weights = weights / weights.sum(axis=1, keepdims=True)
        return np.where(allowed, weights, 0) @ values

    return mix


def same_attention(answer: Attention, other: Attention) -> bool:
    """Whether two attentions mix the values of seven tokens in the same way.

    Raises
    ------
    ValueError
        The answer gives several things, another shape than that of the values, or a row without numbers.
    """
    queries, keys, values = np.random.default_rng(3).normal(size=(3, 7, 4))
    mixed = answer(queries.copy(), keys.copy(), values.copy())
    if isinstance(mixed, tuple):
        raise ValueError(f"return what the tokens take over and nothing else; yours gave {len(mixed)} things")
    mixed = np.asarray(mixed, dtype=float)
    if mixed.shape != values.shape:
        raise ValueError(f"seven tokens with four values each should give (7, 4), yours gave {mixed.shape}")
    if not np.isfinite(mixed).all():
        row = int(np.argmin(np.isfinite(mixed).all(axis=1)))
        raise ValueError(f"row {row} is not finite: did the mask leave that token nothing, not even itself?")
    return bool(np.allclose(mixed, other(queries, keys, values), atol=1e-5))


def _heated(p: np.ndarray, temperature: float) -> np.ndarray:
    raised = p ** (1 / temperature)
    return raised / raised.sum()


def same_heat(answer: Heat, other: Heat) -> bool:
    """Whether two functions make the same probabilities at three temperatures."""
    p = np.array([0.55, 0.25, 0.15, 0.05])
    pairs = [(answer(p.copy(), t), other(p, t)) for t in (0.5, 1.0, 2.0)]
    return all(np.shape(ours) == np.shape(theirs) and np.allclose(ours, theirs) for ours, theirs in pairs)


def _as_scores(p: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of the probabilities themselves, divided by the temperature."""
    e = np.exp(p / temperature)
    return e / e.sum()


exercises = workbook(
    Exercise(
        "3.1",
        "The second merge",
        solution=always("hub"),
        mistakes=(
            Mistake(
                always("hu"), "That is the first merge: h and u stand together 11 times. And the second?"
            ),
            Mistake(
                always("ug"),
                "Before the first merge it would come next, with 9. But in hug the u is now a part of hu. "
                "Count again.",
            ),
            Mistake(
                always("hug"), "Close: hu and g stand together 5 times. Another pair does so more often."
            ),
            Mistake(always("pu"), "p and u stand together 4 times only."),
            Mistake(
                always("ub"), "In hub the u has become a part of hu, so there is no u alone before the b."
            ),
        ),
        hints=(
            "First merge: which two letters stand together most often? Mind how often each word occurs.",
            "It is h and u, 5 + 6 times. Write the three words anew, with hu as one piece.",
            "hu g (5 times), p u g (4), hu b (6). Which two neighbours are together most often?",
        ),
        same=same_choice,
        expects="a string, such as 'ug'",
    ),
    Exercise(
        "3.2",
        "Bits per byte",
        solution=lambda: lambda p, text: -np.log2(p).sum() / len(text.encode()),
        mistakes=(
            Mistake(
                lambda: lambda p, text: -np.log2(p).sum() / len(p),
                "Those are bits per token. Divide by the bytes of the text.",
            ),
            Mistake(
                lambda: lambda p, text: -np.log2(p).sum() / len(text),
                "Those are bits per character. An ï or an Ä has two bytes: len(text.encode()) counts bytes.",
            ),
            Mistake(
                lambda: lambda p, text: -np.log(p).sum() / len(text.encode()),
                "Those are nats: np.log is the natural logarithm. Bits want np.log2.",
            ),
            Mistake(
                lambda: lambda p, text: -np.log2(p).sum(),
                "Those are the bits of the whole text. The question asks for bits per byte.",
            ),
            Mistake(
                lambda: lambda p, text: -np.log2(p.mean()) * len(p) / len(text.encode()),
                "You took the mean of the probabilities first. Each token has a surprise of its own: first "
                "the logarithm, then add up.",
            ),
            Mistake(
                lambda: lambda p, text: np.log2(p).sum() / len(text.encode()),
                "Nearly: the logarithm of a probability is negative. Surprise is minus the logarithm.",
            ),
        ),
        hints=(
            "How many bits does a token cost that got the probability 0.5? And one that got 0.25?",
            "The probabilities 0.5, 0.25, 0.125 and 0.25 cost 1, 2, 3 and 2 bits. 'Hello, world' has 12 "
            "bytes.",
            "-np.log2(probabilities).sum() is the whole text. Divide by len(text.encode()).",
        ),
        same=same_bits,
        expects="a function of (probabilities, text) that gives a number of bits per byte",
    ),
    Exercise(
        "3.3",
        "Attention with a window",
        solution=lambda: _attention(lambda back: (back >= 0) & (back <= 2)),
        mistakes=(
            Mistake(
                lambda: _attention(lambda back: back <= 2),
                "Tokens still look ahead: the mask is missing for the places after them. That is the "
                "colleague's mistake. Whoever sees the answer needs no skill.",
            ),
            Mistake(
                lambda: _attention(lambda back: np.abs(back) <= 2),
                "The window is there, on both sides. Tokens still see the next two, and so the answer.",
            ),
            Mistake(
                lambda: _attention(lambda back: back >= 0),
                "Nobody looks ahead any more. What is missing is the window: at most two places back.",
            ),
            Mistake(
                lambda: _attention(lambda back: back == back),
                "This is the colleague's attention: everybody sees everything, the next token too.",
            ),
            Mistake(
                lambda: _attention(lambda back: (back <= 0) & (back >= -2)),
                "The mask is turned round: tokens see what comes after them. Rows look, columns are seen.",
            ),
            Mistake(
                lambda: _attention(lambda back: (back >= 0) & (back <= 2), mask_after=True),
                "You set weights to 0 after softmax, so a row no longer adds up to 1. Put −∞ into the scores "
                "instead, before softmax.",
            ),
            Mistake(
                lambda: _attention(lambda back: (back >= 0) & (back <= 3)),
                "One too many: itself, the one before, and the one before that make three in all.",
            ),
            Mistake(
                lambda: _attention(lambda back: (back >= 0) & (back <= 1)),
                "One too few: itself, the one before, and the one before that make three in all.",
            ),
            Mistake(
                lambda: _attention(lambda back: (back >= 0) & (back <= 2), scale=False),
                "The mask is right. The scores have to be divided by the square root of d.",
            ),
        ),
        hints=(
            "What does a mask of zeros, added to the scores, forbid?",
            "Rows of the scores are tokens that look, columns those that are looked at. np.triu and np.tril "
            "of ones, with k=, make triangles.",
            "Set scores[i, j] = -np.inf where j > i or j < i - 2, then softmax each row.",
        ),
        same=same_attention,
        expects="a function of (queries, keys, values), each (T, d), that gives (T, d)",
    ),
    Exercise(
        "3.4",
        "Another temperature",
        solution=lambda: _heated,
        mistakes=(
            Mistake(
                lambda: lambda p, temperature: p / temperature,
                "Dividing probabilities makes them add up to something else than 1. Divide the scores: their "
                "logarithms.",
            ),
            Mistake(
                lambda: lambda p, temperature: p / temperature / np.sum(p / temperature),
                "Dividing all probabilities by the same number and then by their sum changes nothing. Divide "
                "their logarithms.",
            ),
            Mistake(
                lambda: lambda p, temperature: np.exp(np.log(p) / temperature),
                "Nearly: the last step of softmax is missing. They have to add up to 1.",
            ),
            Mistake(
                lambda: lambda p, temperature: _heated(p, 1 / temperature),
                "The wrong way round: yours get wilder at a low temperature. Divide by the temperature.",
            ),
            Mistake(
                lambda: _as_scores,
                "You put probabilities into softmax. First turn them back into scores, with np.log.",
            ),
        ),
        hints=(
            "Scores are, up to a constant, np.log(probabilities).",
            "Divide them by the temperature, take np.exp, and bring the sum to 1.",
            "p = np.exp(np.log(probabilities) / temperature), then p / p.sum().",
        ),
        same=same_heat,
        expects="a function of (probabilities, temperature) that gives probabilities",
    ),
    Exercise(
        "3.5",
        "Bits saved",
        solution=lambda: lambda ours, theirs: 100 * (1 - ours.sum() / theirs.sum()),
        mistakes=(
            Mistake(
                lambda: lambda ours, theirs: 100 * np.mean(1 - ours / theirs),
                "You took the mean of the documents' savings, so a line counts as much as a long page. "
                "Add up the bits first.",
            ),
            Mistake(
                lambda: lambda ours, theirs: 100 * (theirs.sum() / ours.sum() - 1),
                "You divided by our bits. 'Saved' is a share of what the rival needs.",
            ),
            Mistake(
                lambda: lambda ours, theirs: 100 * (ours.sum() / theirs.sum() - 1),
                "The wrong way round: when we need fewer bits than the rival, the saving is positive.",
            ),
            Mistake(
                lambda: lambda ours, theirs: 1 - ours.sum() / theirs.sum(),
                "That is a share. The question asks for %.",
            ),
            Mistake(
                lambda: lambda ours, theirs: 100 * ours.sum() / theirs.sum(),
                "That is what is left, in %. How much is gone?",
            ),
            Mistake(
                lambda: lambda ours, theirs: theirs.sum() - ours.sum(),
                "Those are bits. As a share of what the rival needs, in %?",
            ),
        ),
        hints=(
            "How many bits does each of the two need for all documents and seeds together?",
            "100 bits in place of 150 save a third: 1 - 100 / 150.",
            "100 * (1 - ours.sum() / theirs.sum())",
        ),
        same=same_saving,
        expects="a function of two tables (n_seeds, n_documents) that gives a number in %",
    ),
)
