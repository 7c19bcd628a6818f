"""Toy generators whose marks are known, and a judge that names colours."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from robustness.data import ImageSet
from robustness.gan.condition import Condition
from robustness.gan.sample import Generator

COLOURS = ("blue", "green", "red")
CHANNEL = torch.tensor([2, 1, 0])


class Painter(nn.Module):
    """Images of the class's colour, lighter or darker by the first latent number, with columns lighter or darker by others.

    `paint` may change what is asked.
    """

    def __init__(self, paint=lambda labels, latents: (labels, latents)):
        super().__init__()
        self.paint = paint

    def forward(self, latents, labels, levels):
        labels, latents = self.paint(labels, latents)
        images = torch.full((len(labels), 3, 28, 28), -1.0)
        images[torch.arange(len(labels)), CHANNEL[labels]] = (latents[:, 0].tanh() * 0.35 + 0.35)[:, None, None]
        columns = latents[:, 2:30].tanh() * 0.04
        lighter = latents[:, 1].tanh() * 0.05 + 0.15
        return images + (lighter[:, None] + columns - columns.mean(dim=1, keepdim=True))[:, None, None]


class NamesColours(nn.Module):
    """Features: the mean of each channel; the class: the largest."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(3, 3, bias=False)
        with torch.no_grad():
            self.last.weight.copy_(torch.eye(3).flip(0))

    def forward(self, images):
        return self.last(images.mean(dim=(2, 3)))


def painted(count, seed, names=COLOURS):
    """Real images: what a faithful painter paints from other latent vectors."""
    generator = Generator(Painter(), Condition(COLOURS))
    labels = np.arange(count) % 3
    images = generator.images(labels, np.arange(count), seed)
    return ImageSet.from_images("real", images, labels.tolist(), names)
