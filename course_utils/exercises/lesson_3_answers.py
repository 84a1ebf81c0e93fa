"""Right and wrong ways to write what lesson 3 asks for, and how an answer is compared with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.exercises import same_number

Head = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
BitsPerByte = Callable[[np.ndarray, str], float]
Nucleus = Callable[[np.ndarray, float], np.ndarray]


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


def make_head(
    *, masked: bool = True, ahead: bool = True, scaled: bool = True, late: bool = False, rows: bool = True
) -> Head:
    """A head of attention, with or without its parts."""

    def head(queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        n, d = queries.shape
        scores = queries @ keys.T / (d**0.5 if scaled else 1)
        mask = torch.ones(n, n).triu(1).bool() if ahead else torch.ones(n, n).tril(-1).bool()
        if masked and not late:
            scores = scores.masked_fill(mask, -torch.inf)
        weights = scores.softmax(dim=1 if rows else 0)
        return (weights.masked_fill(mask, 0) if late else weights) @ values

    return head


def same_head(answer: Head, other: Head) -> bool:
    """Whether two heads mix the values of seven tokens in the same way.

    Raises
    ------
    ValueError
        The answer gives no tensor, another shape than that of the values, or a row without numbers.
    """
    queries, keys, values = torch.randn(3, 7, 4, generator=torch.Generator().manual_seed(3))
    mixed = answer(queries.clone(), keys.clone(), values.clone())
    if not isinstance(mixed, torch.Tensor) or mixed.shape != values.shape:
        got = tuple(mixed.shape) if isinstance(mixed, torch.Tensor) else type(mixed).__name__
        raise ValueError(f"seven tokens with four values each should give a tensor (7, 4), yours gave {got}")
    if not mixed.isfinite().all():
        row = int(mixed.isfinite().all(dim=1).int().argmin())
        raise ValueError(f"row {row} is not finite: did the mask leave that token nothing, not even itself?")
    return torch.allclose(mixed, other(queries, keys, values), atol=1e-5)


class Reader(nn.Module):
    """(1, T) tokens to (1, T, 7) scores that depend on tokens so many places away."""

    def __init__(self, *away: int) -> None:
        super().__init__()
        self.away = away

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        lists = nn.functional.one_hot(tokens, 7).float()
        wrapped = [lists.roll(-k, dims=1) for k in self.away]
        for k, each in zip(self.away, wrapped, strict=True):
            each[:, each.shape[1] - k :] = 0  # nothing comes in from the other end
        return lists + 0.1 * sum(wrapped, torch.zeros_like(lists))


class Leaky(nn.Module):
    """Adds the last token to all scores of the text."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return nn.functional.one_hot(tokens, 7) + tokens[:, -1:, None].float()


def make_looks_ahead(
    *, before: bool = True, all_equal: bool = False, flipped: bool = False, same_last: bool = False
) -> Any:
    """A test of causality, right or wrong."""

    def looks_ahead(model: nn.Module, tokens: torch.Tensor) -> bool:
        changed = tokens.clone()
        if not same_last:
            changed[0, -1] = (tokens[0, -1] + 1) % 5
        one, other = model(tokens), model(changed)
        if before:
            one, other = one[:, :-1], other[:, :-1]
        equal = torch.isclose(one, other, atol=1e-4)
        return bool((~equal).all() if all_equal else equal.all() if flipped else not equal.all())

    return looks_ahead


def same_test(answer: Any, other: Any) -> bool:
    """Whether two tests judge four models alike: blind, or seeing the next place, the one after, the last.

    Raises
    ------
    TypeError
        The answer is neither True nor False.
    """
    tokens = torch.tensor([[3, 1, 4, 1, 5, 2]])
    for model in (Reader(), Reader(1), Reader(2), Leaky()):
        found = answer(model, tokens.clone())
        if not isinstance(found, (bool, np.bool_)) and not (
            isinstance(found, torch.Tensor) and found.dtype == torch.bool and found.ndim == 0
        ):
            raise TypeError(f"give True or False, yours gave {type(found).__name__}")
        if bool(found) != other(model, tokens):
            return False
    return True


def keep_nucleus(p: np.ndarray, top_p: float, *, one_less: bool = False, scaled: bool = True) -> np.ndarray:
    order = np.argsort(-p)
    n = int((np.cumsum(p[order]) < top_p - 1e-12).sum()) + (0 if one_less else 1)
    kept = np.zeros_like(p)
    kept[order[:n]] = p[order[:n]]
    return kept / kept.sum() if scaled and n else kept


def sorted_nucleus(p: np.ndarray, top_p: float) -> np.ndarray:
    return np.sort(keep_nucleus(p, top_p))[::-1]


def above(p: np.ndarray, top_p: float) -> np.ndarray:
    """Every token that is by itself as likely as top_p; the likeliest, if there is none."""
    kept = np.where(p >= min(top_p, p.max()), p, 0)
    return kept / kept.sum()


def same_nucleus(answer: Nucleus, other: Nucleus) -> bool:
    """Whether two rules keep the same of five tokens, as probabilities, for four values of top-p."""
    p = np.array([0.05, 0.4, 0.1, 0.25, 0.2])
    pairs = [(answer(p.copy(), top_p), other(p, top_p)) for top_p in (0.3, 0.5, 0.7, 0.9)]
    return all(np.shape(ours) == np.shape(theirs) and np.allclose(ours, theirs) for ours, theirs in pairs)


Loop = Callable[[nn.Module, Iterable[torch.Tensor], float], nn.Module]


def make_fine_tune(
    *, cleared: bool = True, steps: bool = True, once: bool = False, anew: bool = False
) -> Any:
    """Makes a loop of fine-tuning from `batch_loss`, right or wrong."""

    def make(batch_loss: Callable[..., torch.Tensor]) -> Loop:
        def fine_tune(model: nn.Module, batches: Iterable[torch.Tensor], rate: float) -> nn.Module:
            optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
            for batch in list(batches)[: 1 if once else None]:
                if anew:
                    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
                if cleared:
                    optimizer.zero_grad()
                batch_loss(model, batch).backward()
                if steps:
                    optimizer.step()
            return model

        return fine_tune

    return make


class Tiny(nn.Module):
    """A language model of eleven tokens that sees the last one only: (B, T) to (B, T, 11)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.table = nn.Embedding(11, 11)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.table(tokens)


def same_loop(answer: Loop, other: Loop, **context: Any) -> bool:
    """Whether two loops make the same model of a tiny one.

    Raises
    ------
    ValueError
        The answer gives no model.
    """
    batches = list(torch.arange(4 * 3 * 6).reshape(4, 3, 6) * 7 % 11)
    ours, theirs = (loop(Tiny(), batches, 0.05) for loop in (answer, other))
    if not isinstance(ours, nn.Module):
        raise ValueError(f"return the model that has learned; yours gave {type(ours).__name__}")
    return torch.allclose(*(each.state_dict()["table.weight"] for each in (ours, theirs)), atol=1e-5)
