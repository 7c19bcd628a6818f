"""Training images changed before any noise: the study's way, and hardening's."""

from __future__ import annotations

import math

import torch
from torch.nn import functional
from torchvision.transforms import v2

from robustness.data import Fit, Preparation

STUDY = v2.Compose([v2.RandomRotation(40.0), v2.ColorJitter(contrast=0.6), v2.RandomHorizontalFlip(), v2.RandomVerticalFlip()])

CHANGED_SHARE = 0.75
SCALE = 1.3
TURN = 12.0
"""Degrees."""
SHIFT = 3.0
"""Pixels."""
LIGHT = 1.5
"""The factor, or its inverse, that brightness changes by at most."""
SHADE = 0.15
"""What is added to every pixel at most, of the full range."""


def augment_as_study(images: torch.Tensor) -> torch.Tensor:
    """Each image by itself: uint8 of shape (N, 3, H, W), and the same again."""
    return torch.stack([STUDY(image) for image in images])


def canvas(fit: Preparation) -> Preparation:
    """More of each image than the network sees, where `fit` crops, so that what is scaled down is real at its edges."""
    return Fit(math.ceil(SCALE * fit.size), fit.kind) if fit.kind == "crop-or-pad" else fit


def vary(images: torch.Tensor, size: int) -> torch.Tensor:
    """Three images in four scaled, turned, shifted and lit a little otherwise: uint8 of shape (N, 3, size, size).

    images: uint8 of shape (N, 3, canvas, canvas), at the pixels' own scale; the others are cropped to their centre.
    """
    count, room = len(images), images.shape[-1]
    changed = (torch.rand(count) < CHANGED_SHARE).float()

    def drawn(highest: float) -> torch.Tensor:
        return changed * highest * (2 * torch.rand(count) - 1)

    zoom = torch.exp(-drawn(math.log(SCALE))) * size / room
    turn = drawn(math.radians(TURN))
    odd = ((room - size) % 2) / room  # the centre crop leaves the odd pixel at its end
    across, down = (drawn(2 * SHIFT / room) - odd for _ in range(2))
    rows = [zoom * torch.cos(turn), -zoom * torch.sin(turn), across, zoom * torch.sin(turn), zoom * torch.cos(turn), down]
    grid = functional.affine_grid(torch.stack(rows, 1).view(count, 2, 3), [count, 3, size, size], align_corners=False)
    seen = functional.grid_sample(images.float(), grid, align_corners=False)
    light = torch.exp(drawn(math.log(LIGHT))).view(-1, 1, 1, 1)
    shade = drawn(255 * SHADE).view(-1, 1, 1, 1)
    return (seen * light + shade).round().clamp(0, 255).byte()
