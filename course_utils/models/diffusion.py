"""The tested twin of the diffusion model that lesson 4 writes out: for the long training and the labs.

A network learns to guess the clean picture behind a noisy one (Ho, J., and others 2020, Denoising diffusion
probabilistic models). Sampling begins with noise and mixes the guess and the noise again and again, with
less noise each time (Song, J., and others 2021, Denoising diffusion implicit models).

Inside, brightness runs from -1 (black) to 1; what comes in and goes out as numpy arrays runs from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DModel
from numpy.typing import ArrayLike
from torch import nn

from course_utils.models import training
from course_utils.run import choose_precision

LEVELS = 1_000
"""Levels of noise, from 0 (hardly any) to 999 (noise alone)."""
INVISIBLE = 0.05
"""Brightness below which a made pixel becomes black."""
AT_ONCE = 250
"""Pictures that are made at once, so that memory does not grow with their number."""


def clean_shares() -> torch.Tensor:
    """The share *a* of the clean picture at each level, (LEVELS,), falling from 1 to 0.

    A squared cosine (Nichol, A., & Dhariwal, P. 2021), as diffusers computes it.
    """
    return DDPMScheduler(LEVELS, beta_schedule="squaredcos_cap_v2").alphas_cumprod


A = clean_shares()


class UNet(nn.Module):
    """A U-Net that guesses clean pictures, built with diffusers (Ronneberger, O., and others 2015).

    Each square of `patch` × `patch` pixels becomes one place with so many more numbers: a quarter of the
    places to compute, for patches of two.

    Parameters
    ----------
    shape : (channels, height, width)
        Of a picture; height and width are equal, and multiples of `patch` × 2 for each level after the first.
    n_classes : int
        One class more, with the number `n_classes`, stands for 'not told'.
    seed : int
        Of the first weights.
    channels : sequence of int
        Feature maps at each level of the U, multiples of 8.
    patch : int
        Side of a patch in pixels.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        n_classes: int,
        seed: int,
        channels: Sequence[int] = (32, 64),
        patch: int = 2,
    ) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.shape, self.n_classes, self.channels, self.patch = (
            tuple(shape),
            n_classes,
            tuple(channels),
            patch,
        )
        self.network = UNet2DModel(
            sample_size=shape[1] // patch,
            in_channels=shape[0] * patch**2,
            out_channels=shape[0] * patch**2,
            block_out_channels=tuple(channels),
            down_block_types=("DownBlock2D",) * len(channels),
            up_block_types=("UpBlock2D",) * len(channels),
            layers_per_block=1,
            norm_num_groups=8,
            num_class_embeds=n_classes + 1,
            add_attention=False,
        )

    def forward(self, noisy: torch.Tensor, t: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Noisy pictures (B, C, H, W), levels () or (B,) and classes (B,) to guesses (B, C, H, W)."""
        patches = nn.functional.pixel_unshuffle(noisy, self.patch)
        guess = self.network(patches, t, class_labels=classes).sample
        return nn.functional.pixel_shuffle(guess, self.patch)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.network.device


def loss_at(
    model: nn.Module, clean: torch.Tensor, classes: torch.Tensor, t: torch.Tensor, noise: torch.Tensor
) -> torch.Tensor:
    """Mean squared error of the guesses, when noise (B, C, H, W) is added at levels t (B,)."""
    a = A.to(clean.device)[t].view(-1, 1, 1, 1)
    noisy = a.sqrt() * clean + (1 - a).sqrt() * noise
    return nn.functional.mse_loss(model(noisy, t, classes).float(), clean)


def batch_loss(
    model: nn.Module, clean: torch.Tensor, classes: torch.Tensor, withheld: float = 0.0
) -> torch.Tensor:
    """The loss with new noise, at a random level for each picture.

    `withheld` is the share of pictures whose class the network is not told.
    """
    t = torch.randint(0, LEVELS, classes.shape, device=classes.device)  # (B,)
    if withheld:
        hidden = torch.rand(classes.shape, device=classes.device) < withheld
        classes = torch.where(hidden, model.n_classes, classes)
    return loss_at(model, clean, classes, t, torch.randn_like(clean))


def train(
    model: nn.Module, pixels: np.ndarray, labels: np.ndarray, *, steps: int, withheld: float = 0.1, **fit
) -> training.History:
    """Train on pictures (n, C, H, W) from 0 to 1 and their classes; `fit` goes to `training.fit`."""
    data = torch.from_numpy(2 * pixels - 1), torch.from_numpy(labels)
    adamw = partial(torch.optim.AdamW, lr=0.003, fused=True)
    settings = {"batch_size": 64, "average": 0.995, "precision": choose_precision(fit.get("device", "cpu"))}
    return training.fit(
        model,
        partial(batch_loss, withheld=withheld),
        data,
        steps=steps,
        optimizers=lambda model: [adamw(model.parameters())],
        **(settings | fit),
    )


@torch.no_grad()
def guess_clean(
    model: nn.Module, noisy: torch.Tensor, t: int, classes: torch.Tensor, guidance: float = 1.0
) -> torch.Tensor:
    """The guessed clean pictures (B, C, H, W); `guidance` above 1 strengthens the class.

    Ho, J., & Salimans, T. (2022). Classifier-free diffusion guidance.
    """
    level = torch.tensor(t, device=noisy.device)
    guess = model(noisy, level, classes)
    if guidance == 1:
        return guess
    without = model(noisy, level, torch.full_like(classes, model.n_classes))
    return without + guidance * (guess - without)


def denoise_step(
    noisy: torch.Tensor, guess: torch.Tensor, a_now: torch.Tensor | float, a_next: torch.Tensor | float
) -> torch.Tensor:
    """Lesson 4's step: the same guess and the same noise, mixed with less noise."""
    noise = (noisy - a_now**0.5 * guess) / (1 - a_now) ** 0.5
    return a_next**0.5 * guess + (1 - a_next) ** 0.5 * noise


def sampling_levels(steps: int) -> list[int]:
    """The levels of noise that so many steps visit, from the last one down ("trailing" in diffusers)."""
    return [LEVELS - 1 - i * (LEVELS // steps) for i in range(steps)]


Guess = Callable[[torch.Tensor, int], torch.Tensor]


@torch.no_grad()
def make_pictures(guess: Guess, noise: torch.Tensor, levels: Sequence[int]) -> torch.Tensor:
    """Lesson 4's loop: from noise (B, C, H, W) to pictures; `guess(x, t)` gives the clean ones behind x."""
    shares = [*A[list(levels)], 1.0]
    x = noise
    for i, t in enumerate(levels):
        x = denoise_step(x, guess(x, t), shares[i], shares[i + 1])
    return x


def sample(
    model: UNet, asked: ArrayLike, seed: int, steps: int = 25, guidance: float = 1.0, greys: int = 255
) -> np.ndarray:
    """Pictures for these classes, (n, C, H, W) from 0 to 1, in `greys` + 1 levels of grey.

    Noise comes from a generator of its own on the processor, so that every device begins with the same.
    """
    noise = torch.randn((len(asked), *model.shape), generator=torch.Generator().manual_seed(seed))
    wanted, made = torch.as_tensor(np.asarray(asked)), []
    for x, classes in zip(noise.split(AT_ONCE), wanted.split(AT_ONCE), strict=True):
        classes = classes.to(model.device)

        def guess(x: torch.Tensor, t: int, classes: torch.Tensor = classes) -> torch.Tensor:
            return guess_clean(model, x, t, classes, guidance).clamp(-1, 1)

        made.append(make_pictures(guess, x.to(model.device), sampling_levels(steps)).cpu())
    return np.round(to_brightness(torch.cat(made)) * greys) / greys


def to_brightness(x: torch.Tensor) -> np.ndarray:
    """Pictures from -1 to 1 as brightness from 0 to 1; what is too dark to be seen is black.

    A network seldom guesses exactly black. Nobody sees the difference, but a judge's kernel distance does.
    """
    brightness = ((x.cpu().numpy() + 1) / 2).clip(0, 1)
    return np.where(brightness < INVISIBLE, 0, brightness).astype(np.float32)
