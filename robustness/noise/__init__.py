"""Noise on images: pure functions from bytes to bytes."""

from robustness.noise.apply import apply
from robustness.noise.custom import Custom, declare_noise
from robustness.noise.presets import PRESETS, make_noises, parameter_names, parse_noises
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
    "Custom",
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
    "declare_noise",
    "make_noise",
    "make_noises",
    "parameter_names",
    "parse_noise",
    "parse_noises",
]
