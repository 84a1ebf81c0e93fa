"""The convolutional network that lesson 2 writes out, for the labs that go on with it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


def convolution(n_in: int, n_out: int) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """A 3 × 3 convolution that keeps height and width, and its batch norm."""
    return nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out)


Body = Callable[[torch.Tensor], torch.Tensor]
Connect = Callable[[torch.Tensor, Body], torch.Tensor]


def shortcut(x: torch.Tensor, body: Body) -> torch.Tensor:
    """What a body makes of its input, added to the input (He et al. 2016)."""
    return torch.relu(x + body(x))


class Block(nn.Module):
    """Two convolutions, the body, that `connect` joins with what comes in; `make_cnn` says how."""

    def __init__(self, channels: int, connect: Connect = shortcut) -> None:
        super().__init__()
        first, second = convolution(channels, channels), convolution(channels, channels)
        self.body = nn.Sequential(*first, nn.ReLU(), *second)
        self.connect = connect

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to the same shape."""
        return self.connect(x, self.body)


def make_cnn(
    n_channels: int,
    n_classes: int,
    seed: int,
    channels: int = 16,
    groups: tuple[int, ...] = (1, 2, 1),
    connect: Connect = shortcut,
) -> nn.Sequential:
    """An untrained network: (B, n_channels, H, W) pixels to (B, n_classes) scores.

    Parameters
    ----------
    n_channels, n_classes : int
        Of the pictures: 1 for grey ones, and how many classes there are.
    seed : int
        Of the initial weights.
    channels : int
        Feature maps of each convolution.
    groups : tuple of int
        Blocks in each group; between two groups pooling halves height and width.
    connect : callable
        ``connect(x, body)`` gives what a block makes of its input x (B, C, H, W), in the same shape.
    """
    torch.manual_seed(seed)
    layers: list[nn.Module] = [*convolution(n_channels, channels), nn.ReLU()]
    for i, n_blocks in enumerate(groups):
        if i > 0:
            layers.append(nn.MaxPool2d(2))
        layers += [Block(channels, connect) for _ in range(n_blocks)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, n_classes)]
    return nn.Sequential(*layers, *head).to(memory_format=torch.channels_last)


def count_parameters(model: nn.Module) -> int:
    """Numbers that training sets."""
    return sum(parameter.numel() for parameter in model.parameters())


def widest(make: Callable[[int], nn.Module], budget: int) -> nn.Module:
    """``make(width)`` of the largest width with which it has at most `budget` parameters, at least 1."""
    width = 1
    while count_parameters(make(width + 1)) <= budget:
        width += 1
    return make(width)
