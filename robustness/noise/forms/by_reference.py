"""Random words and bytes for the references, in plain NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.noise.philox import Words, philox4x32

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]


def half_words(images: Images, stream: int, index: Indices, seed: int) -> npt.NDArray[np.uint16]:
    """A half word for every element, low half first."""
    elements = images[0].size
    words = _words(-(-elements // 8), stream, index, seed)
    return words.astype("<u4").reshape(len(images), -1).view("<u2")[:, :elements].reshape(images.shape)


def first_words(units: Images, stream: int, index: Indices, seed: int) -> Words:
    """A word for every unit."""
    count = units[0].size
    return _words(-(-count // 4), stream, index, seed).reshape(len(units), -1)[:, :count].reshape(units.shape)


def _words(blocks: int, stream: int, index: Indices, seed: int) -> Words:
    """Random words of shape (N, blocks, 4)."""
    low, high = index & 0xFFFFFFFF, index >> 32
    counter = (np.arange(blocks), stream, low[:, np.newaxis], high[:, np.newaxis])
    return philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32))


def clip(levels: npt.NDArray[np.int16] | npt.NDArray[np.int32] | npt.NDArray[np.int64]) -> Images:
    return np.clip(levels, 0, 255).astype(np.uint8)
