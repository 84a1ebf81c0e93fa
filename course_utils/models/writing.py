"""How a language model writes: one token after the other, as lesson 3 has it."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedTokenizerFast

from course_utils.models import language


def nucleus(probabilities: np.ndarray, top_p: float) -> np.ndarray:
    """The likeliest tokens that together have at least `top_p`, (n,); all others get 0.

    Holtzman et al. 2020, The curious case of neural text degeneration. Those that stay add up to 1 again.
    """
    order = np.argsort(-probabilities, kind="stable")
    before = np.cumsum(probabilities[order]) - probabilities[order]  # what likelier tokens have together
    kept = np.zeros_like(probabilities)
    chosen = order[before < top_p]
    kept[chosen] = probabilities[chosen]
    return kept / kept.sum()


@torch.no_grad()
def write(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerFast,
    prompt: str,
    *,
    n_tokens: int = 60,
    temperature: float = 0.7,
    top_p: float = 0.9,
    seed: int = 0,
    context: int = 256,
) -> str:
    """Continue a prompt by so many tokens; the text begins with the prompt.

    Parameters
    ----------
    temperature : float
        The scores are divided by it before softmax: below 1 the likely becomes likelier.
    top_p : float
        As in `nucleus`.
    seed : int
        Of the drawing.
    context : int
        Most tokens that the model looks back.
    """
    tokens = [tokenizer.bos_token_id, *tokenizer(prompt, add_special_tokens=False)["input_ids"]]
    random = np.random.default_rng(seed)
    device = next(model.parameters()).device
    for _ in range(n_tokens):
        seen = torch.tensor([tokens[-context:]], device=device)  # (1, T)
        scores = language.next_scores(model, seen)[0, -1].double().cpu()  # (n_tokens,)
        probabilities = nucleus((scores / temperature).softmax(dim=-1).numpy(), top_p)
        tokens.append(int(random.choice(len(probabilities), p=probabilities)))
    return tokenizer.decode(tokens[1:])
