"""A small variational autoencoder for pictures as rows of numbers (Kingma & Welling 2014)."""

from __future__ import annotations

import torch
from torch import nn

N_RANDOM = 16
"""Numbers that a picture is pressed into."""


class VAE(nn.Module):
    """Presses a row of `n_pixels` numbers from 0 to 1 into 16 clouds, and unfolds 16 numbers into a row."""

    def __init__(self, n_pixels: int, hidden: int = 128) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n_pixels, hidden), nn.ReLU(), nn.Linear(hidden, 2 * N_RANDOM))
        self.decoder = nn.Sequential(nn.Linear(N_RANDOM, hidden), nn.ReLU(), nn.Linear(hidden, n_pixels))

    def forward(self, random: torch.Tensor) -> torch.Tensor:
        """Rows (n, n_pixels) from 0 to 1, made of random numbers (n, 16)."""
        return self.decoder(random).sigmoid()


def batch_loss(model: VAE, rows: torch.Tensor) -> torch.Tensor:
    """How badly rows (B, n_pixels) come back, and how unlike noise their clouds lie, in nats a row."""
    mean, log_var = model.encoder(rows).chunk(2, dim=1)  # (B, 16) each
    back = model(mean + (log_var / 2).exp() * torch.randn_like(mean))
    unlike = 0.5 * (mean**2 + log_var.exp() - log_var - 1).sum()
    return (nn.functional.binary_cross_entropy(back, rows, reduction="sum") + unlike) / len(rows)


@torch.no_grad()
def sample(model: VAE, n: int, seed: int) -> torch.Tensor:
    """New rows, (n, n_pixels) from 0 to 1."""
    return model(torch.randn(n, N_RANDOM, generator=torch.Generator().manual_seed(seed)))
