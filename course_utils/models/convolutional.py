"""The convolutional network that lesson 2 writes out, for its labs."""

from __future__ import annotations

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
