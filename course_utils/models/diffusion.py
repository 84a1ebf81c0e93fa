"""The tested twin of the diffusion model that lesson 4 writes out, for the lesson's labs.

A network learns to guess the clean picture behind a noisy one (Ho, J., and others 2020, Denoising diffusion
probabilistic models). Sampling begins with noise and mixes the guess and the noise again and again, with
less noise each time (Song, J., and others 2021, Denoising diffusion implicit models).

Inside, brightness runs from -1 (black) to 1; what comes in and goes out as numpy arrays runs from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DModel
from numpy.typing import ArrayLike
from torch import nn

from course_utils.models import training

LEVELS = 1_000
"""Levels of noise, from 0 (hardly any) to 999 (noise alone)."""


def clean_shares() -> torch.Tensor:
    """The share *a* of the clean picture at each level, (LEVELS,), falling from 1 to 0.

    A squared cosine (Nichol, A., & Dhariwal, P. 2021), as diffusers computes it.
    """
    return DDPMScheduler(LEVELS, beta_schedule="squaredcos_cap_v2").alphas_cumprod


A = clean_shares()


def make_unet(
    shape: tuple[int, int, int], n_classes: int, seed: int, channels: Sequence[int] = (16, 32)
) -> UNet2DModel:
    """An untrained U-Net: noisy pictures (B, C, H, W), levels (B,) and classes (B,) to clean guesses.

    Parameters
    ----------
    shape : (channels, height, width)
        Of a picture; height and width are equal and even.
    n_classes : int
        One class more, with the number `n_classes`, stands for 'not told'.
    seed : int
        Of the first weights.
    channels : sequence of int
        Feature maps at each level of the U, multiples of 8.
    """
    torch.manual_seed(seed)
    return UNet2DModel(
        sample_size=shape[1],
        in_channels=shape[0],
        out_channels=shape[0],
        block_out_channels=channels,
        down_block_types=("DownBlock2D",) * len(channels),
        up_block_types=("UpBlock2D",) * len(channels),
        layers_per_block=1,
        norm_num_groups=8,
        num_class_embeds=n_classes + 1,
        add_attention=False,
    )


def batch_loss(
    model: UNet2DModel, clean: torch.Tensor, labels: torch.Tensor, withheld: float = 0.0
) -> torch.Tensor:
    """Mean squared error of the guessed clean pictures, at a random level of noise for each.

    `withheld` is the share of pictures whose class the network is not told.
    """
    t = torch.randint(0, LEVELS, labels.shape, device=labels.device)  # (B,)
    if withheld:
        hidden = torch.rand(labels.shape, device=labels.device) < withheld
        labels = torch.where(hidden, model.config.num_class_embeds - 1, labels)
    a = A.to(clean.device)[t].view(-1, 1, 1, 1)
    noisy = a.sqrt() * clean + (1 - a).sqrt() * torch.randn_like(clean)  # (B, C, H, W)
    return nn.functional.mse_loss(model(noisy, t, class_labels=labels).sample, clean)


def train(
    model: UNet2DModel, pixels: np.ndarray, labels: np.ndarray, *, steps: int, withheld: float = 0.0, **fit
) -> training.History:
    """Train on pictures (n, C, H, W) from 0 to 1 and their classes; `fit` goes to `training.fit`."""
    data = torch.from_numpy(2 * pixels - 1), torch.from_numpy(labels)
    adamw = partial(torch.optim.AdamW, lr=0.005, fused=True)
    return training.fit(
        model,
        partial(batch_loss, withheld=withheld),
        data,
        steps=steps,
        batch_size=32,
        optimizers=lambda model: [adamw(model.parameters())],
        average=0.99,
        **fit,
    )


@torch.no_grad()
def guess_clean(
    model: UNet2DModel, noisy: torch.Tensor, t: int, labels: torch.Tensor, guidance: float = 1.0
) -> torch.Tensor:
    """The guessed clean pictures (B, C, H, W); `guidance` above 1 strengthens the class.

    Ho, J., & Salimans, T. (2022). Classifier-free diffusion guidance.
    """
    level = torch.tensor(t, device=noisy.device)
    guess = model(noisy, level, class_labels=labels).sample
    if guidance == 1:
        return guess
    not_told = torch.full_like(labels, model.config.num_class_embeds - 1)
    without = model(noisy, level, class_labels=not_told).sample
    return without + guidance * (guess - without)


@torch.no_grad()
def sample(
    model: UNet2DModel, asked: ArrayLike, seed: int, steps: int = 20, guidance: float = 1.0, greys: int = 16
) -> np.ndarray:
    """Pictures for these classes, (n, C, H, W) from 0 to 1, in `greys` + 1 levels of grey.

    Noise comes from a generator of its own on the processor, so that every device begins with the same.
    """
    config, device = model.config, model.device
    shape = (len(asked), config.in_channels, config.sample_size, config.sample_size)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(device)
    labels = torch.as_tensor(asked, device=device)
    levels = [LEVELS - 1 - i * (LEVELS // steps) for i in range(steps)]
    for t, a_next in zip(levels, [*A[levels[1:]], torch.tensor(1.0)], strict=True):
        guess = guess_clean(model, x, t, labels, guidance).clamp(-1, 1)
        noise = (x - A[t].sqrt() * guess) / (1 - A[t]).sqrt()
        x = a_next.sqrt() * guess + (1 - a_next).sqrt() * noise
    brightness = ((x.cpu().numpy() + 1) / 2).clip(0, 1)
    return np.round(brightness * greys) / greys
