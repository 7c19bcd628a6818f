"""From images of any size to the one size a network takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from robustness.data.image_set import ImageSet

FitKind = Literal["crop-or-pad", "resize"]


@dataclass(frozen=True)
class Fit:
    """How images come to be `size` by `size` pixels.

    crop-or-pad: the centre, cropped where the image is larger and padded with zeros where it is smaller, without
    resizing (the study's way). resize: bilinear, with antialiasing, the aspect ratio not kept.
    """

    size: int
    kind: FitKind = "crop-or-pad"

    def __str__(self) -> str:
        return f"{self.kind} {self.size}"


@lru_cache(maxsize=4)
def fit_images(image_set: ImageSet, fit: Fit) -> npt.NDArray[np.uint8]:
    """All images at one size: uint8 of shape (N, size, size, 3). Read-only, since callers share it."""
    fitted = np.zeros((len(image_set), fit.size, fit.size, 3), dtype=np.uint8)
    place = _resize if fit.kind == "resize" else _crop_or_pad
    for number, target in enumerate(fitted):
        place(image_set[number], target)
    fitted.flags.writeable = False
    return fitted


def _crop_or_pad(image: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8]) -> None:
    source_y, target_y = _centre(image.shape[0], target.shape[0])
    source_x, target_x = _centre(image.shape[1], target.shape[1])
    target[target_y, target_x] = image[source_y, source_x]


def _centre(length: int, size: int) -> tuple[slice, slice]:
    """Where the kept pixels lie in the source and in the target; an odd one over stays at the end."""
    kept = min(length, size)
    source, target = (length - kept) // 2, (size - kept) // 2
    return slice(source, source + kept), slice(target, target + kept)


def _resize(image: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8]) -> None:
    resized = Image.fromarray(image).resize((target.shape[1], target.shape[0]), Image.Resampling.BILINEAR)
    target[:] = np.asarray(resized)
