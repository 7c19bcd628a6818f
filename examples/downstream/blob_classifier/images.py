"""Blobs, drawn: 16 pixels square, of any two colours that differ."""

from __future__ import annotations

import numpy as np
from torch.utils.data import Dataset

SIZE = 16


class Blobs(Dataset):
    """Pairs of an image, uint8 of shape (16, 16, 3), and its class."""

    classes = ("cross", "disc", "ring")

    def __init__(self, images: int, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.pairs = [(draw(generator, label), label) for label in range(len(self.classes)) for _ in range(images)]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> tuple[np.ndarray, int]:
        return self.pairs[place]


def draw(generator: np.random.Generator, label: int) -> np.ndarray:
    """One blob of a class, a little off the centre, a little larger or smaller."""
    x, y = np.abs(np.indices((SIZE, SIZE)) - generator.uniform(6.5, 8.5, (2, 1, 1)))
    radius, distance = generator.uniform(4.5, 6.5), np.hypot(x, y)
    blob = [np.minimum(x, y) <= 1, True, distance >= radius - 2][label] & (distance <= radius)
    dark, bright = generator.uniform(0, 80, 3), generator.uniform(150, 255, 3)
    return np.where(blob[..., np.newaxis], bright, dark).astype(np.uint8)


def training_images() -> Blobs:
    return Blobs(200, seed=0)


def held_out_images() -> Blobs:
    return Blobs(70, seed=1)
