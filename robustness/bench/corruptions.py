"""The contenders for the corruptions of ImageNet-C, at its severity 1 where they take its constants."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from robustness.bench import noise as lineup
from robustness.bench.clock import Call
from robustness.bench.noise import Contender
from robustness.noise import PRESETS, Noise, make_noise

Images = npt.NDArray[np.uint8]

NOISES: dict[str, Noise] = {
    **{noise.kind: noise for noise in PRESETS["imagenet-c-12"][:12]},
    "gaussian-blur": make_noise("gaussian-blur", {"sigma": 1}),
    "saturate": make_noise("saturate", {"factor": 2}),
}
THEIRS = {
    "contrast": "contrast",
    "brightness": "brightness",
    "saturate": "saturate",
    "pixelate": "pixelate",
    "gaussian-blur": "gaussian_blur",
    "defocus": "defocus_blur",
    "motion": "motion_blur",
    "zoom": "zoom_blur",
    "fog": "fog",
    "snow": "snow",
    "jpeg": "jpeg_compression",
}
"""What ImageNet-C's own functions are called."""


def contenders() -> list[Contender]:
    """Ours, on one thread and on all, its reference, the benchmark's own functions and other libraries, kind by kind."""
    return [contender for kind in THEIRS for contender in _of(kind)]


def _of(kind: str) -> list[Contender]:
    noise = NOISES[kind]
    return [*lineup.ours(noise), lineup.imagecorruptions(noise, THEIRS[kind]), *OTHERS[kind](noise)]


def _torchvision(noise: Noise, function: str, *arguments: Any) -> Contender:
    """On whole batches of bytes."""

    def make(images: Images) -> Call:
        from torchvision.transforms.v2 import functional

        tensor = lineup.to_tensor(images)
        return lambda: getattr(functional, function)(tensor, *arguments)

    return Contender(noise, f"torchvision {function}", make)


def _pillow(noise: Noise, name: str, change: Callable[[Image.Image], Any]) -> Contender:
    """Image by image; opened before the clock starts."""

    def make(images: Images) -> Call:
        opened = [Image.fromarray(image) for image in images]
        return lambda: [np.asarray(change(image)) for image in opened]

    return Contender(noise, f"Pillow {name}", make)


def _saved(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=25)
    return Image.open(file)


def _pixelated(image: Image.Image) -> Image.Image:
    small = image.resize((int(image.width * 0.6), int(image.height * 0.6)), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.BOX)


OTHERS: dict[str, Callable[[Noise], list[Contender]]] = {
    "contrast": lambda noise: [
        _torchvision(noise, "adjust_contrast", 0.4),
        lineup.kornia(noise, "RandomContrast", contrast=(0.4, 0.4)),
        lineup.albumentations(noise, "RandomBrightnessContrast", brightness_limit=(0, 0), contrast_limit=(-0.6, -0.6)),
    ],
    "brightness": lambda noise: [
        _torchvision(noise, "adjust_brightness", 1.2),
        lineup.kornia(noise, "RandomBrightness", brightness=(1.1, 1.1)),
        lineup.albumentations(noise, "RandomBrightnessContrast", brightness_limit=(0.1, 0.1), contrast_limit=(0, 0)),
    ],
    "saturate": lambda noise: [
        _torchvision(noise, "adjust_saturation", 2),
        lineup.kornia(noise, "RandomSaturation", saturation=(2.0, 2.0)),
        lineup.albumentations(
            noise, "HueSaturationValue", hue_shift_limit=(0, 0), sat_shift_limit=(40, 40), val_shift_limit=(0, 0)
        ),
    ],
    "pixelate": lambda noise: [
        _pillow(noise, "resize by boxes", _pixelated),
        lineup.albumentations(noise, "Downscale", scale_range=(0.6, 0.6)),
    ],
    "gaussian-blur": lambda noise: [
        _torchvision(noise, "gaussian_blur", [9, 9], [1.0, 1.0]),
        _pillow(noise, "GaussianBlur, by boxes", lambda image: image.filter(ImageFilter.GaussianBlur(1))),
        lineup.kornia(noise, "RandomGaussianBlur", kernel_size=(9, 9), sigma=(1.0, 1.0)),
        lineup.albumentations(noise, "GaussianBlur", blur_limit=(9, 9), sigma_limit=(1, 1)),
    ],
    "defocus": lambda noise: [lineup.albumentations(noise, "Defocus", radius=(3, 3), alias_blur=(0.1, 0.1))],
    "motion": lambda noise: [
        lineup.kornia(noise, "RandomMotionBlur", kernel_size=21, angle=45.0, direction=1.0),
        lineup.albumentations(noise, "MotionBlur", blur_limit=(21, 21)),
    ],
    "zoom": lambda noise: [lineup.albumentations(noise, "ZoomBlur", max_factor=(1.12, 1.12), step_factor=(0.01, 0.01))],
    "fog": lambda noise: [lineup.albumentations(noise, "RandomFog", fog_coef_range=(0.5, 0.5))],
    "snow": lambda noise: [
        lineup.kornia(noise, "RandomSnow", snow_coefficient=(0.5, 0.5), brightness=(2.0, 2.0)),
        lineup.albumentations(noise, "RandomSnow", snow_point_range=(0.2, 0.2)),
    ],
    "jpeg": lambda noise: [
        _pillow(noise, "JPEG", _saved),
        lineup.albumentations(noise, "ImageCompression", quality_range=(25, 25)),
    ],
}
"""Other libraries' nearest to each kind."""
