"""The language model that lesson 3 builds, a small Llama (Touvron et al. 2023) in plain torch.

Its weights have the names and shapes of those of transformers' ``LlamaForCausalLM``, and give the same
scores: `as_llama` hands them over, so that everything there works with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from course_utils import CourseError

HEAD_SIZE = 32
"""Numbers in each head's query, key and value."""
SETTINGS = ("num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size", "hidden_act")
SETTINGS += ("attention_bias", "mlp_bias", "tie_word_embeddings", "rms_norm_eps", "rope_parameters")
"""What our code fixes of a Llama's settings."""


@dataclass(frozen=True)
class Size:
    """How large a `Transformer` is.

    Attributes
    ----------
    n_tokens : int
        Size of the vocabulary.
    width : int
        Numbers that stand for one token between the layers, a multiple of 32: each head has 32.
    depth : int
        Number of layers.

    Raises
    ------
    CourseError
        `width` is no multiple of 32.
    """

    n_tokens: int
    width: int
    depth: int

    def __post_init__(self) -> None:
        if self.width % HEAD_SIZE or self.width < HEAD_SIZE:
            raise CourseError(f"width must be a multiple of {HEAD_SIZE}, got {self.width}")

    @property
    def inner(self) -> int:
        """Numbers inside the MLP: its three matrices have as many weights as the usual two."""
        return round(self.width / 3) * 8


def rotate(x: torch.Tensor) -> torch.Tensor:
    """Turn pairs of numbers by an angle that grows with the place (Su et al. 2021): (..., T, d), d even.

    The product of a turned query and a turned key depends on how far apart the two are, not on where.
    """
    n_places, d = x.shape[-2:]
    speeds = 10_000.0 ** (-torch.arange(0, d, 2, device=x.device) / d)  # (d/2,), in radians a place
    angles = torch.arange(n_places, device=x.device)[:, None] * speeds  # (T, d/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, dim=-1)  # each (..., T, d/2)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)


class RMSNorm(nn.Module):
    """Brings every list of numbers to a common size (Zhang & Sennrich 2019): (..., C) to (..., C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = (x.pow(2).mean(dim=-1, keepdim=True) + 1e-6).sqrt()  # (..., 1)
        return self.weight * x / size


class Attention(nn.Module):
    """Causal attention with several heads (Vaswani et al. 2017): (B, T, C) to (B, T, C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.q_proj, self.k_proj = (nn.Linear(width, width, bias=False) for _ in range(2))
        self.v_proj, self.o_proj = (nn.Linear(width, width, bias=False) for _ in range(2))

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """How much each token looks at each: (B, H, T, T), every row adds up to 1."""
        q, k = (rotate(_heads(project(x))) for project in (self.q_proj, self.k_proj))
        scores = q @ k.mT / HEAD_SIZE**0.5  # (B, H, T, T)
        ahead = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
        return scores.masked_fill(ahead, -torch.inf).softmax(dim=-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed = self.weights(x) @ _heads(self.v_proj(x))  # (B, H, T, d)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))


def _heads(x: torch.Tensor) -> torch.Tensor:
    """(B, T, C) to (B, H, T, d)."""
    return x.unflatten(-1, (-1, HEAD_SIZE)).transpose(1, 2)


class GatedMLP(nn.Module):
    """A network for each token alone, with a gate that lets more or less pass: (B, T, C) to (B, T, C)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down_proj(nn.functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    """One layer: tokens look at each other, then each thinks for itself; both only add to what is there."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = RMSNorm(size.width), RMSNorm(size.width)
        self.self_attn, self.mlp = Attention(size.width), GatedMLP(size.width, size.inner)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class Transformer(nn.Module):
    """(B, T) token numbers to (B, T, n_tokens) scores of the next token.

    Parameters
    ----------
    size : Size
    seed : int, optional
        Of the first weights. What a layer adds is zero at first, so that each begins as if it were not there.
    """

    def __init__(self, size: Size, seed: int = 0) -> None:
        super().__init__()
        self.size = size
        self.embed_tokens = nn.Embedding(size.n_tokens, size.width)
        self.layers = nn.ModuleList(Block(size) for _ in range(size.depth))
        self.norm = RMSNorm(size.width)
        generator = torch.Generator().manual_seed(int(seed))
        for name, weights in self.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.zeros_(weights)
            elif weights.ndim == 2:
                std = 0.02 if name.startswith("embed") else weights.shape[1] ** -0.5
                nn.init.normal_(weights, std=std, generator=generator)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embed_tokens(tokens)  # (B, T, C)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x) @ self.embed_tokens.weight.T  # the same table reads and writes tokens


def as_llama(model: Transformer) -> LlamaForCausalLM:
    """transformers' Llama with the same weights, which gives the same scores, to about 1e-5."""
    llama = LlamaForCausalLM(LlamaConfig(**_config(model.size)))
    llama.model.load_state_dict(model.state_dict())
    return llama.to(model.norm.weight.device).eval()


def _config(size: Size) -> dict[str, int | bool]:
    """The settings of a Llama that are not transformers' own defaults."""
    return {
        "vocab_size": size.n_tokens,
        "hidden_size": size.width,
        "num_hidden_layers": size.depth,
        "num_attention_heads": size.width // HEAD_SIZE,
        "num_key_value_heads": size.width // HEAD_SIZE,
        "intermediate_size": size.inner,
        "tie_word_embeddings": True,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }


def from_llama(llama: LlamaForCausalLM) -> Transformer:
    """The same weights in our own code.

    Raises
    ------
    CourseError
        The Llama has something that our code has not, for instance other heads or rotary angles.
    """
    config = llama.config
    size = Size(config.vocab_size, config.hidden_size, config.num_hidden_layers)
    ours = LlamaConfig(**_config(size))
    for name in SETTINGS:
        if (there := getattr(config, name)) != (here := getattr(ours, name)):
            raise CourseError(f"our transformer has {name} {here} at this size, the model {there}")
    model = Transformer(size)
    model.load_state_dict(llama.model.state_dict())
    return model.to(llama.device).eval()
