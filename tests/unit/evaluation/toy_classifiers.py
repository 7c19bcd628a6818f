"""A tiny image set and toy classifiers for it: dark, grey or bright."""

from __future__ import annotations

from collections import UserList

import numpy as np
import torch
from torch import nn

from robustness.data import Fit, ImageSet
from robustness.models.classifier import Classifier

CLASSES = ("dark", "grey", "bright")
LEVELS = (20, 128, 235)


def image_set(count=6, classes=CLASSES):
    """Plain 4x4 images of the three levels in turn, the label of every fourth one wrong."""
    images = [np.full((4, 4, 3), LEVELS[number % 3], np.uint8) for number in range(count)]
    return ImageSet.from_images("toy", images, [(number + (number % 4 == 3)) % 3 for number in range(count)], classes)


class Brightness(nn.Module):
    """Names the nearest of the three levels; counts its forwards and remembers how it was called."""

    def __init__(self):
        super().__init__()
        self.levels = nn.Parameter(torch.tensor(LEVELS) / 255)
        self.calls = UserList[tuple[tuple[int, ...], bool]]()  # no list: it is no setting of the network's

    def forward(self, batch):
        self.calls.append((tuple(batch.shape), self.training))
        return -(batch[:, :1].mean(dim=(1, 2, 3))[:, None] - self.levels).abs()


class Answer(nn.Module):
    """Gives whatever a function of the batch gives."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, batch):
        return self.function(batch)


def classifier(module=None, name="toy", architecture=None, class_names=None):
    return Classifier(name, module or Brightness(), Fit(4), architecture=architecture, class_names=class_names)
