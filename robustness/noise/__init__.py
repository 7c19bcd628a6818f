"""Noise on images: pure functions from bytes to bytes."""

from robustness.noise.presets import PRESETS, parse_noises
from robustness.noise.reference import apply
from robustness.noise.specs import (
    KINDS,
    Clean,
    Gaussian,
    GaussianWraparound,
    Noise,
    Periodic,
    SaltAndPepper,
    make_noise,
    parse_noise,
)

__all__ = [
    "KINDS",
    "PRESETS",
    "Clean",
    "Gaussian",
    "GaussianWraparound",
    "Noise",
    "Periodic",
    "SaltAndPepper",
    "apply",
    "make_noise",
    "parse_noise",
    "parse_noises",
]
