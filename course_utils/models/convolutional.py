"""The convolutional network that lesson 2 writes out, for its labs, and one with residual blocks."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


class CNN(nn.Module):
    """Four convolutions, the largest number of each map, one linear layer: lesson 2's network.

    Parameters
    ----------
    n_classes : int
        How many classes there are.
    n_channels : int
        Of the pictures: 1 for grey ones, 3 for colours.
    width : int
        Maps of the first convolution; the others have twice and four times as many.
    """

    def __init__(self, n_classes: int, n_channels: int = 1, width: int = 16) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_channels, width, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.conv3 = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
        self.conv4 = nn.Conv2d(4 * width, 4 * width, 3, padding=1)
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(2 * width)
        self.norm3, self.norm4 = nn.BatchNorm2d(4 * width), nn.BatchNorm2d(4 * width)
        self.head = nn.Linear(4 * width, n_classes)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, n_channels, H, W) pixels to (B, n_classes) scores."""
        return self.head(self.features(x))

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """(B, n_channels, H, W) pixels to (B, 4 * width) numbers: how strongly each map answers anywhere."""
        x = torch.relu(self.norm1(self.conv1(x)))  # (B, 16, H/2, W/2)
        x = nn.functional.max_pool2d(torch.relu(self.norm2(self.conv2(x))), 2)  # (B, 32, H/4, W/4)
        x = nn.functional.max_pool2d(torch.relu(self.norm3(self.conv3(x))), 2)  # (B, 64, H/8, W/8)
        x = torch.relu(self.norm4(self.conv4(x)))
        return x.amax(dim=(2, 3))  # (B, 64)


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
