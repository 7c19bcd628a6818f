"""Plain grey images, and classifiers whose every change is known."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from robustness.data import Fit, ImageSet
from robustness.models.classifier import Classifier

LEVEL = 60


def grey_images(count, labels=None, marked=None):
    """Plain 4x4 images of one dark grey level; the one at the place `marked` has a white corner, which stays white."""
    images = np.full((count, 4, 4, 3), LEVEL, np.uint8)
    if marked is not None:
        images[marked, 0, 0] = 255
    return ImageSet.from_images("grey", images, [0] * count if labels is None else labels, ["dark", "bright"])


class ByBrightness(nn.Module):
    """Class 1 where the mean grey level is above the threshold, given in levels of 255; above 255 never."""

    def __init__(self, threshold):
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor((threshold + 0.001) / 255))  # no level lies on it

    def forward(self, batch):
        excess = batch[:, :1].mean(dim=(1, 2, 3)) - self.threshold
        return torch.stack([-excess, excess], dim=1)


class Banded(nn.Module):
    """Class 1 for images with a white corner to which `low` to `high` levels of light were added, and for nothing else."""

    def __init__(self, low, high):
        super().__init__()
        self.band = nn.Parameter(torch.tensor([LEVEL + low - 0.25, LEVEL + high + 0.25]) / 255)

    def forward(self, batch):
        level = batch[:, :, 3, 3].mean(dim=1)
        inside = ((level > self.band[0]) & (level < self.band[1]) & (batch[:, 0, 0, 0] == 1)).float()
        return torch.stack([1 - inside, inside], dim=1)


def by_brightness(threshold, hashable=False):
    return Classifier("toy", ByBrightness(threshold), Fit(4), architecture="by brightness" if hashable else None)


def banded(low, high):
    return Classifier("banded", Banded(low, high), Fit(4))
