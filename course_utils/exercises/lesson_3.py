"""The exercises of lesson 3, a small LLM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils.exercises import Exercise, Mistake, always, same_choice, workbook

Attention = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Heat = Callable[[np.ndarray, float], np.ndarray]

N_BYTES = 12
"""Of the text in exercise 3.1."""


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
        "Bits per byte",
        solution=lambda given: -np.log2(given).sum() / N_BYTES,
        mistakes=(
            Mistake(
                lambda given: -np.log2(given).sum() / len(given),
                "Those are bits per token. The text has 12 bytes: divide by these.",
            ),
            Mistake(
                lambda given: -np.log(given).sum() / N_BYTES,
                "Those are nats: np.log is the natural logarithm. Bits want np.log2.",
            ),
            Mistake(
                lambda given: -np.log2(given).sum(),
                "Those are the bits of the whole text. The question asks for bits per byte.",
            ),
            Mistake(
                lambda given: -np.log2(given.mean()) * len(given) / N_BYTES,
                "You took the mean of the probabilities first. Each token has a surprise of its own: first "
                "the logarithm, then add up.",
            ),
            Mistake(
                lambda given: np.log2(given).sum() / N_BYTES,
                "Nearly: the logarithm of a probability is negative. Surprise is minus the logarithm.",
            ),
        ),
        hints=(
            "How many bits does a token cost that got the probability 0.5? And one that got 0.25?",
            "1, 2, 3 and 2 bits. Add them up.",
            "-np.log2(given).sum() is the whole text. Divide by its 12 bytes.",
        ),
        expects="a number of bits per byte",
    ),
    Exercise(
        "3.2",
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
        "Perplexity and bytes",
        solution=lambda: np.log2(45) / 3.9,
        mistakes=(
            Mistake(
                lambda: np.log2(3.1),
                "That is model A, the one with the lower perplexity. But A has to guess once for each byte, "
                "B only once for 3.9.",
            ),
            Mistake(lambda: np.log2(45), "Those are B's bits per token. A token stands for 3.9 bytes."),
            Mistake(lambda: 45 / 3.9, "Perplexity is no number of bits: take its logarithm to the base 2."),
            Mistake(
                lambda: np.log(45) / 3.9,
                "You took the natural logarithm, which gives nats. Bits want np.log2.",
            ),
            Mistake(
                lambda: np.log2(3.1) / 3.9,
                "You divided A's bits by B's bytes per token. One token of A is one byte.",
            ),
        ),
        hints=(
            "How many bits is a perplexity of 8? 2 to the power of what is 8?",
            "A needs np.log2(3.1) bits for a token, which is one byte.",
            "B needs np.log2(45) bits for a token of 3.9 bytes. Who needs fewer for a byte?",
        ),
        expects="a number of bits per byte",
    ),
    Exercise(
        "3.5",
        "You are the judge",
        solution=always("inconclusive"),
        mistakes=(
            Mistake(
                always("supported"),
                "Both tests must hold. Against pre-trained only, the lower end of the interval is 4.8: below "
                "the margin.",
            ),
            Mistake(
                always("not supported"),
                "For that the whole interval of a test would have to lie below 5. "
                "The n-gram model is in neither test: "
                "the claim compares language models with each other.",
            ),
        ),
        hints=(
            "Which two comparisons does the ledger ask for? Is the n-gram model one of them?",
            "Draw both intervals on a line, and the margin 5. On which side of 5 does each end lie?",
        ),
        same=same_choice,
        expects="one of the three words",
    ),
    Exercise(
        "3.6",
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
)
