"""Noise on images: pure functions from bytes to bytes."""

from robustness.noise.apply import apply
from robustness.noise.presets import PRESETS, parse_noises
from robustness.noise.specs import (
    KINDS,
    Clean,
    Gaussian,
    GaussianWraparound,
    Impulse,
    Noise,
    Offset,
    Periodic,
    Resolution,
    SaltAndPepper,
    Shot,
    Speckle,
    Uniform,
    make_noise,
    parse_noise,
)

__all__ = [
    "KINDS",
    "PRESETS",
    "Clean",
    "Gaussian",
    "GaussianWraparound",
    "Impulse",
    "Noise",
    "Offset",
    "Periodic",
    "Resolution",
    "SaltAndPepper",
    "Shot",
    "Speckle",
    "Uniform",
    "apply",
    "make_noise",
    "parse_noise",
    "parse_noises",
]
