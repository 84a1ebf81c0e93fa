"""Figures of surprise: token by token, by context, and what fine-tuning changes in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils import CourseError
from course_utils.claims.estimates import Estimate
from course_utils.show import plots
from course_utils.show.language_figures import visible


def shown(token: str) -> str:
    """A token for a figure without the spaces around it."""
    return visible(token.strip(" ") or " ")


def sentences(pairs: Sequence[tuple[Sequence[str], ArrayLike]]) -> tuple[Figure, str, pd.DataFrame]:
    """Sentences below each other, a bar for the surprise of each token: figure, alt text, table for `show`.

    Where sentences of one length differ, the bar is orange.

    Parameters
    ----------
    pairs : sequence of (tokens, bits)
        The tokens of a sentence as text, T of them, and the bits of each, (T,).

    Raises
    ------
    CourseError
        There is no sentence, or one has not as many bits as tokens.
    """
    if not pairs or any(len(tokens) != np.size(bits) or not len(tokens) for tokens, bits in pairs):
        raise CourseError("expected sentences with a number of bits for each of their tokens")
    longest, highest = max(len(tokens) for tokens, _ in pairs), max(np.max(bits) for _, bits in pairs)
    fig, axes = plt.subplots(len(pairs), figsize=(7.5, 1.75 * len(pairs)), sharey=True, squeeze=False)
    differ = np.zeros(longest, dtype=bool)
    if all(len(tokens) == longest for tokens, _ in pairs):
        differ[:] = [len(set(each)) > 1 for each in zip(*(tokens for tokens, _ in pairs), strict=True)]
    rows, said = [], []
    for ax, (tokens, bits) in zip(axes[:, 0], pairs, strict=True):
        bits = np.asarray(bits, dtype=float)
        ax.bar(range(len(tokens)), bits, color=np.where(differ[: len(tokens)], plots.BAD, plots.GOOD))
        for at, each in enumerate(bits):
            ax.text(at, each, f"{each:.1f}", ha="center", va="bottom", fontsize=9)
        ax.set_xticks(range(len(tokens)), map(shown, tokens), fontsize=10)
        ax.set(xlim=(-0.6, longest - 0.4), ylim=(0, 1.2 * highest), ylabel="bits")
        ax.set_title(f"{bits.sum():.1f} bits in all", loc="right", fontsize=10, weight="bold")
        ax.grid(False)
        text = "".join(tokens).strip()
        said.append(
            f"“{text}” costs {bits.sum():.1f} bits, most of them at “{tokens[bits.argmax()].strip()}”"
        )
        rows += [(text, token, each) for token, each in zip(tokens, bits, strict=True)]
    table = pd.DataFrame(rows, columns=["sentence", "token", "bits"]).round(2)
    marked = " (orange: where the sentences differ)" if differ.any() else ""
    return fig, f"Bars: the surprise of each token{marked}. {'; '.join(said)}.", table


def changes(change: Mapping[str, float]) -> tuple[Figure, str, pd.DataFrame]:
    """By how many bits tokens became more (orange) or less (blue) surprising, one a row, as for `show`.

    `change` has the bits by which each token's mean surprise rose, from top to bottom.
    """
    if not change:
        raise CourseError("expected tokens with their change in bits, got none")
    values = np.array(list(change.values()), dtype=float)
    fig, ax = plt.subplots(figsize=(7.5, 0.8 + 0.26 * len(change)))
    ax.barh(range(len(change)), values, color=np.where(values > 0, plots.BAD, plots.GOOD))
    ax.axvline(0, color=plots.GREY)
    ax.set_yticks(range(len(change)), map(shown, change))
    ax.invert_yaxis()
    ax.set(xlabel="change of a token's mean surprise (bits); right: it surprises more than before")
    ends = max(change, key=lambda token: change[token]), min(change, key=lambda token: change[token])
    alt = (
        f"Bars: the change of mean surprise for {len(change)} tokens. It rises most for “{ends[0].strip()}” "
        f"({change[ends[0]]:+.1f} bits) and falls most for “{ends[1].strip()}” ({change[ends[1]]:+.1f} bits)."
    )
    return fig, alt, pd.DataFrame({"change (bits)": change}).round(2)


def context(lead: Mapping[int, Estimate], table: Estimate, tokens: int) -> tuple[Figure, str, pd.DataFrame]:
    """Bits that a network saves by the tokens that it sees, beside a table of counts, as for `show`.

    Parameters
    ----------
    lead : mapping of numbers of tokens to Estimate
        Bits saved per token against seeing `tokens` of them.
    table : Estimate
        The same for the table of counts, which sees `tokens`.
    """
    fig, ax = plt.subplots()
    plots.curve(ax, lead, "network")
    ends = [[table.effect - table.low], [table.high - table.effect]]
    ax.errorbar(tokens, table.effect, ends, fmt="s", color=plots.COLOURS[1], label="4-gram", capsize=3)
    ax.axhline(0, color=plots.GREY, linewidth=0.8)
    ax.set_xscale("log", base=2)
    ax.set_xticks(list(lead), list(lead))
    ax.set(
        xlabel="tokens that the model sees before",
        ylabel=f"bits saved per token\nagainst the network with {tokens}",
    )
    ax.legend()
    named = {f"network, {k} tokens": each for k, each in lead.items()} | {f"4-gram, {tokens} tokens": table}
    most = max(lead)
    alt = (
        f"Bits saved per token against a network that sees {tokens} tokens, by the tokens seen: with {most} "
        f"it saves {lead[most].effect:.2f} bits; the 4-gram model saves {table.effect:.2f}."
    )
    rows = [(each.effect, each.low, each.high) for each in named.values()]
    return fig, alt, pd.DataFrame(rows, list(named), ["bits saved", "low", "high"]).round(2)


def learned_and_lost(
    losses: ArrayLike, curve: pd.DataFrame, watched: str
) -> tuple[Figure, str, pd.DataFrame]:
    """A fine-tuning: losses on the left, change of held-out texts in percent on the right, as for `show`.

    Parameters
    ----------
    losses : array_like, shape (n_steps,)
        Training loss of each step, in bits.
    curve : DataFrame
        Mean bits of held-out texts, a column a text; the index has the steps, from 0.
    watched : str
        The column that decides when to stop.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3))
    left.plot(
        np.arange(len(np.asarray(losses))),
        losses,
        color=plots.COLOURS[0],
        alpha=0.6,
        label="training, single batches",
    )
    left.plot(curve[watched], "o--", color=plots.COLOURS[1], label=f"{watched}, validation")
    left.set(xlabel="step", ylabel="bits per token")
    left.legend(fontsize=9)
    change = 100 * (curve / curve.iloc[0] - 1)
    for i, name in enumerate(change):
        right.plot(change[name], label=name, **plots.line_style(i + 1))
    right.axhline(0, color=plots.GREY, linestyle=":")
    right.set(xlabel="step", ylabel="change of the bits (%)")
    right.legend(fontsize=9)
    said = ", ".join(f"{name} {value:+.1f} %" for name, value in change.iloc[-1].items())
    alt = f"Losses of a fine-tuning, and the change of held-out texts by step; at the end: {said}."
    return fig, alt, curve.add_suffix(" (bits)").join(change.add_suffix(" (%)")).round(3)
