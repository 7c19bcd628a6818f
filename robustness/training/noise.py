"""The noise that hardening draws: the study's three kinds over ranges, and a part left out to be tested on.

Never drawn: the other kinds, and waves whose phase lies in `HELD_OUT_PHASES`.
"""

from __future__ import annotations

import numpy as np
import torch

from robustness.noise import Gaussian, Noise, Periodic, SaltAndPepper, apply

SIGMA = (0.0, 60.0)
AMPLITUDE = (0.0, 1.1)
FREQUENCY = (1 / 64, 1 / 2)
"""Cycles per pixel, drawn evenly over octaves: from one wave over more than the image to one over two pixels."""
ORIENTATION = (0.0, 180.0)
TRAINED_PHASES = (0.0, 240.0)
HELD_OUT_PHASES = (240.0, 360.0)
AMOUNT = (0.0005, 0.05)
"""Share of the pixels, drawn evenly over octaves."""
GROUP = 8
"""Images that share one drawn noise, each with a field of its own."""
CLEAN_SHARE = 0.25


def draw_noise(generator: np.random.Generator) -> Noise:
    """One noise: half of them waves, which take most to learn."""
    match generator.choice(["gaussian", "periodic", "salt-and-pepper"], p=[0.35, 0.5, 0.15]):
        case "gaussian":
            return Gaussian(sigma=generator.uniform(*SIGMA))
        case "periodic":
            return Periodic(
                amplitude=generator.uniform(*AMPLITUDE),
                frequency=_over_octaves(generator, FREQUENCY),
                orientation=generator.uniform(*ORIENTATION),
                phase=generator.uniform(*TRAINED_PHASES),
            )
        case _:
            return SaltAndPepper(amount=_over_octaves(generator, AMOUNT))


def add_drawn_noise(images: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
    """The images, uint8 of shape (N, C, H, W), group by group with a drawn noise or, one group in four, without any."""
    noisy = images.clone()
    for start in range(0, len(images), GROUP):
        group = slice(start, start + GROUP)
        seed = int(generator.integers(2**63))
        if generator.uniform() >= CLEAN_SHARE:
            noisy[group] = apply(draw_noise(generator), images[group], np.arange(len(images[group])), seed)
    return noisy


def _over_octaves(generator: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(np.exp(generator.uniform(*np.log(limits))))
