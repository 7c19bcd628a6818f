"""Plain images, and a network that names one of them wrong only while it deviates from plain by so much and no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from robustness.data import Fit, ImageSet
from robustness.models.classifier import Classifier

GREYS = (40, 100, 160, 220)
NAMES = ("black", "dark", "light", "white")
WEAK = 2
"""The class that flips, to the next one."""


def image_set(name="plain"):
    """8x8 images, one of each grey, and one more whose label is wrong; their indices begin at 70."""
    images = [np.full((8, 8, 3), grey, np.uint8) for grey in (*GREYS, GREYS[WEAK])]
    numbered = ImageSet.from_images(name, images, [0, 1, 2, 3, 0], NAMES)
    return replace(numbered, index=numbered.index + 70)


class Banded(nn.Module):
    """Names the nearest grey, but that of class `WEAK` wrong where the mean deviation from it lies in low..high grey levels.

    answers: how often it was asked. spoil: makes other logits of the logits and the deviations.
    """

    greys: torch.Tensor
    band: torch.Tensor

    def __init__(self, low, high, spoil=None):
        super().__init__()
        self.register_buffer("greys", torch.tensor(GREYS))
        self.register_buffer("band", torch.tensor([low, high]))
        self.spoil = spoil
        self.answers = 0

    def forward(self, batch):
        self.answers += 1
        levels = batch * 255
        nearest = (levels.mean(dim=(1, 2, 3))[:, None] - self.greys).abs().argmin(dim=1)
        deviation = (levels - self.greys[nearest][:, None, None, None]).abs().mean(dim=(1, 2, 3))
        flips = (nearest == WEAK) & (self.band[0] <= deviation) & (deviation <= self.band[1])
        logits = nn.functional.one_hot((nearest + flips.long()) % len(GREYS), len(GREYS)).float()
        return logits if self.spoil is None else self.spoil(logits, deviation)


def classifier(low=8.0, high=8.6, spoil=None):
    return Classifier("banded", Banded(low, high, spoil), Fit(8))


def steady(spoil=None):
    """Never flips, whatever the noise."""
    return classifier(1000.0, 1000.0, spoil)
