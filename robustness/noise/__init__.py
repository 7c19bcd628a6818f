"""Noise on images: pure functions from bytes to bytes."""

from typing import Any

from robustness.noise.apply import apply
from robustness.noise.custom import Custom, declare_noise
from robustness.noise.kinds import KINDS
from robustness.noise.kinds.clean import Clean
from robustness.noise.kinds.gaussian import Gaussian
from robustness.noise.kinds.gaussian_wraparound import GaussianWraparound
from robustness.noise.kinds.impulse import Impulse
from robustness.noise.kinds.offset import Offset
from robustness.noise.kinds.periodic import Periodic
from robustness.noise.kinds.resolution import Resolution
from robustness.noise.kinds.salt_and_pepper import SaltAndPepper
from robustness.noise.kinds.shot import Shot
from robustness.noise.kinds.speckle import Speckle
from robustness.noise.kinds.uniform import Uniform
from robustness.noise.presets import PRESETS, make_noises, parameter_names, parse_noises
from robustness.noise.specs import Noise
from robustness.noise.text import make_noise, parse_noise

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


def __getattr__(name: str) -> Any:
    """The class of any other kind, by its name: a file in `kinds/` is all that it takes."""
    for spec in KINDS.values():
        if spec.__name__ == name:
            return spec
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
