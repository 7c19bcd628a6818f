"""Snowing in NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.by_reference import Images, Indices, half_words
from robustness.noise.forms.snowing import ONE, Snowing

Layers = npt.NDArray[np.int64]


def apply(form: Snowing, images: Images, index: Indices, seed: int) -> Images:
    flakes = _enlarged(form, images, index, seed)[..., np.newaxis].astype(np.uint8)
    layers = form.streaks.side("reference").apply(form.streaks, flakes, index, seed).astype(np.int64)
    snow = layers + layers[:, ::-1, ::-1]
    x, grey = images.astype(np.int64), _grey(images)[..., np.newaxis]
    more = form.strength * (2**17 * snow + form.pale * np.maximum(3 * grey + 255 - 2 * x, 0))
    levels: Images = np.minimum(x + (more + 2**32 >> 33), 255).astype(np.uint8)
    return levels


def _enlarged(form: Snowing, images: Images, index: Indices, seed: int) -> Layers:
    """Flakes enlarged and cut off, 0 to 255, of shape (N, H, W)."""
    flakes = form.flakes[half_words(images[..., :1], form.stream, index, seed)][..., 0].astype(np.int64)
    for axis in (1, 2):
        side = flakes.shape[axis]
        at = (side - 1) * ONE + (2 * np.arange(side) - side + 1) * form.step
        first, part = at // 2**17, (at % 2**17 + 2**8) // 2**9
        part = np.expand_dims(part, tuple({0, 1, 2} - {axis}))
        flakes = (256 - part) * flakes.take(first, axis) + part * flakes.take(np.minimum(first + 1, side - 1), axis)
    cut: Layers = np.where(flakes < form.threshold * 2**16, 0, np.minimum(flakes + 2**19 >> 20, 255))
    return cut


def _grey(images: Images) -> Layers:
    x = images.astype(np.int64)
    if x.shape[3] == 3:
        grey: Layers = x @ np.array([19595, 38470, 7471]) + 2**15 >> 16
    else:
        grey = (2 * x.sum(axis=3) + x.shape[3]) // (2 * x.shape[3])
    return grey
