"""Differentiable augmentation: the discriminator sees real and generated images changed alike, and cannot learn them by heart.

S. Zhao, Z. Liu, J. Lin, J.-Y. Zhu, S. Han, "Differentiable augmentation for data-efficient GAN training", NeurIPS 2020, its
policy of colour, translation and cutout. Mirroring is none of it, since it changes what some signs mean.
"""

from __future__ import annotations

import torch

SHIFT = 1 / 8
"""Up to this share of the side; what comes in is black, as where small images are padded."""
CUT = 1 / 2
"""Side of the square that is cut out, a share of the image's."""


def augment(images: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
    """Each image by itself: float32 of shape (N, C, H, W) in about -1..1, and the same again.

    draws: of the CPU, so that every device sees the same changes.
    """
    return _cut(_shift(_colour(images, draws), draws), draws)


def _colour(images: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
    """Brightness by up to half of the range's half, saturation by a factor from 0 to 2, contrast from 0.5 to 1.5."""
    brightness, saturation, contrast = torch.rand(3, len(images), 1, 1, 1, generator=draws).to(images.device)
    images = images + (brightness - 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * (2 * saturation)
    middle = images.mean(dim=(1, 2, 3), keepdim=True)
    changed: torch.Tensor = middle + (images - middle) * (contrast + 0.5)
    return changed


def _shift(images: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
    """Whole pixels, as products with a matrix of zeros and ones for each image: quicker than gathering, forth and back."""
    height, width = images.shape[2:]
    down, across = (_moves(len(images), side, draws).to(images.device) for side in (height, width))
    return down[:, None] @ (images + 1) @ across[:, None].transpose(2, 3) - 1


def _moves(count: int, side: int, draws: torch.Generator) -> torch.Tensor:
    """Matrices of shape (count, side, side) that move a row by a drawn number of pixels and fill up with zeros."""
    reach = round(SHIFT * side)
    offsets = torch.randint(-reach, reach + 1, (count, 1, 1), generator=draws)
    return (torch.arange(side)[:, None] - torch.arange(side) == offsets).float()


def _cut(images: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
    """A square anywhere, also over the border, becomes medium grey."""
    height, width = images.shape[2:]
    rows, columns = (_inside(len(images), side, draws).to(images.device) for side in (height, width))
    return images * ~(rows[:, :, None] & columns[:, None, :])[:, None]


def _inside(count: int, side: int, draws: torch.Generator) -> torch.Tensor:
    """Whether a place lies within the cut: bool of shape (count, side)."""
    length = round(CUT * side)
    first = torch.randint(0, side + 1, (count, 1), generator=draws) - length // 2
    places = torch.arange(side)
    return (places >= first) & (places < first + length)
