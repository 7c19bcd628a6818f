"""Correlation in NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.by_reference import Images, Indices, first_words
from robustness.noise.forms.correlation import Correlation


def apply(form: Correlation, images: Images, index: Indices, seed: int) -> Images:
    words = first_words(images[:, :1, :1, :1], form.stream, index, seed).ravel().astype(np.int64)
    directions = words * len(form.offsets) >> 32
    return np.stack([_blurred(image, form, form.offsets[d]) for image, d in zip(images, directions, strict=True)])


def _blurred(image: npt.NDArray[np.uint8], form: Correlation, offsets: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    height, width, _ = image.shape
    total = np.zeros(image.shape, dtype=np.int64)
    for weight, (down, right) in zip(form.weights.tolist(), offsets.tolist(), strict=True):
        rows, columns = _inside(np.arange(height) + down, height, form), _inside(np.arange(width) + right, width, form)
        total += weight * image[np.ix_(rows, columns)].astype(np.int64)
    levels: npt.NDArray[np.uint8] = ((total + 2**21) >> 22).astype(np.uint8)
    return levels


def _inside(places: npt.NDArray[np.int64], side: int, form: Correlation) -> npt.NDArray[np.int64]:
    """The pixel that stands at each place."""
    if not form.mirrored:
        return np.clip(places, 0, side - 1)
    period = max(2 * (side - 1), 1)
    places = places % period
    mirrored: npt.NDArray[np.int64] = np.minimum(places, period - places) if side > 1 else places * 0
    return mirrored
