"""The study's GAN and its conditional twins, fully connected.

S. Mehrotra, R. Dalal, "Understanding classification failure in Machine Learning using CNNs and GANs", Colorado State
University, 2021; the layers are those of E. Linder-Norén's PyTorch-GAN, where `BatchNorm1d(width, 0.8)` sets eps, not the
momentum. The study does not print its conditional layers; here the condition joins the input of both networks.
"""

from __future__ import annotations

import torch
from torch import nn

from robustness.gan.condition import Condition, ConditionVector
from robustness.gan.latents import LATENT

SIZE = 28
"""Width and height of the images in pixels."""
PIXELS = 3 * SIZE * SIZE


class StudyGenerator(nn.Module):
    """Dense layers of 128, 256, 512, 1024 and 2352 units; 3,117,232 parameters without a condition.

    latents: float32 of shape (N, 100), standard normal; labels and levels: see `ConditionVector`.
    Gives images, float32 of shape (N, 3, 28, 28) in -1..1.
    """

    def __init__(self, condition: Condition) -> None:
        super().__init__()
        self.condition = ConditionVector(condition)
        layers: list[nn.Module] = [nn.Linear(LATENT + self.condition.width, 128), nn.LeakyReLU(0.2)]
        for before, width in ((128, 256), (256, 512), (512, 1024)):
            layers += [nn.Linear(before, width), nn.BatchNorm1d(width, eps=0.8), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(1024, PIXELS), nn.Tanh())

    def forward(self, latents: torch.Tensor, labels: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        images: torch.Tensor = self.layers(torch.cat([latents, self.condition(labels, levels)], dim=1))
        return images.view(-1, 3, SIZE, SIZE)


class StudyDiscriminator(nn.Module):
    """Dense layers of 512, 256 and 1 unit; 1,336,321 parameters without a condition.

    images: float32 of shape (N, 3, 28, 28) in -1..1. Gives the probability of being real, float32 of shape (N,).
    """

    def __init__(self, condition: Condition) -> None:
        super().__init__()
        self.condition = ConditionVector(condition)
        self.layers = nn.Sequential(
            nn.Linear(PIXELS + self.condition.width, 512),
            nn.LeakyReLU(0.2),
            nn.Linear(512, 256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, 1),
            nn.Sigmoid(),
        )

    def forward(self, images: torch.Tensor, labels: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        probabilities: torch.Tensor = self.layers(torch.cat([images.flatten(1), self.condition(labels, levels)], dim=1))
        return probabilities.squeeze(1)
