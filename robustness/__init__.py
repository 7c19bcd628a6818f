"""How much noise until an image classifier fails, did this release get worse, and can the verdict be trusted?"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robustness.data import Fit, ImageSet, load_image_set
    from robustness.errors import RobustnessError
    from robustness.models.classifier import Classifier
    from robustness.noise import Clean, Gaussian, Noise, Periodic, SaltAndPepper, apply, parse_noise

_HOMES = {  # looked up on first use, so that importing the package costs nothing
    "Classifier": "models.classifier",
    "Clean": "noise",
    "Fit": "data",
    "Gaussian": "noise",
    "ImageSet": "data",
    "Noise": "noise",
    "Periodic": "noise",
    "RobustnessError": "errors",
    "SaltAndPepper": "noise",
    "apply": "noise",
    "load_image_set": "data",
    "parse_noise": "noise",
}

__all__ = [
    "Classifier",
    "Clean",
    "Fit",
    "Gaussian",
    "ImageSet",
    "Noise",
    "Periodic",
    "RobustnessError",
    "SaltAndPepper",
    "apply",
    "load_image_set",
    "parse_noise",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
