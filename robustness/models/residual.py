"""Residual networks of two sizes: of another kind than the baseline, so that networks can be told apart by what breaks them.

After K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016: one block per stage.
"""

from __future__ import annotations

import torch
from torch import nn


class SmallResNet(nn.Module):
    """Three residual stages of 16, 32 and 64 channels with batch normalisation, then the mean over the image.

    Input float32 of shape (N, 3, size, size) in 0..1, for any size; output logits of shape (N, classes).
    """

    OUTPUT = "head"
    WIDTHS: tuple[int, ...] = (16, 32, 64)

    def __init__(self, classes: int, size: int = 40) -> None:
        super().__init__()
        first, last = self.WIDTHS[0], self.WIDTHS[-1]
        self.stem = nn.Sequential(nn.Conv2d(3, first, 3, padding=1, bias=False), nn.BatchNorm2d(first), nn.ReLU())
        self.stages = nn.Sequential(
            *(Residual(before, width, 2) for before, width in zip((first, *self.WIDTHS[:-1]), self.WIDTHS, strict=True))
        )
        self.head = nn.Linear(last, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.stages(self.stem(images))
        logits: torch.Tensor = self.head(features.mean(dim=(2, 3)))
        return logits


class MediumResNet(SmallResNet):
    """Four stages, of 32, 64, 128 and 192 channels."""

    WIDTHS = (32, 64, 128, 192)


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, width, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(features) + self.shortcut(features))
