"""The noise contract in plain NumPy: slow enough to read, exact enough to check every faster kernel against."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.noise.arithmetic import Addition, Arithmetic, Averaging, Field, Replacement, Transition, arithmetic
from robustness.noise.philox import Words, philox4x32
from robustness.noise.specs import Noise

CHUNK = 32  # images whose random words fit in the processor's cache

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]


def apply(noise: Noise, images: Images, index: Indices, seed: int) -> Images:
    """The images with noise on them; arguments and result as of `robustness.noise.apply` on arrays, unchecked."""
    _, height, width, _ = images.shape
    work = arithmetic(noise, height, width)
    noisy = np.array(images, order="C")
    for start in range(0, len(images) if work else 0, CHUNK):
        part = slice(start, start + CHUNK)
        noisy[part] = _apply(work, noisy[part], np.asarray(index)[part], seed)
    return noisy


def _apply(work: Arithmetic | None, images: Images, index: Indices, seed: int) -> Images:
    match work:
        case Addition(stream, table, wraps):
            levels = images.astype(np.int16) + table[_half_words(images, stream, index, seed)]
            return levels.astype(np.uint8) if wraps else _clip(levels)  # a cast keeps the low byte
        case Transition(stream, counts, _):
            cut = _half_words(images, stream, index, seed)
            level: Images = np.sum(counts[images] <= cut[..., np.newaxis], axis=-1, dtype=np.uint8)
            return level
        case Replacement(stream, limit, per_channel):
            units = images if per_channel else images[..., :1]
            word = _first_words(units, stream, index, seed)
            colour = np.where(word & 1, np.uint8(255), np.uint8(0))
            return np.where(word >> 1 < limit, colour, images)
        case Field(levels):
            return _clip(images + levels[..., np.newaxis])
        case Averaging(rows, columns):
            return _average(images, rows, columns)
        case None:
            return images


def _average(images: Images, rows: int, columns: int) -> Images:
    _, height, width, _ = images.shape
    down, across = _shares(height, rows), _shares(width, columns)
    total = np.einsum("iy,nyxc,jx->nijc", down, images.astype(np.int64), across, optimize=True)
    means = ((2 * total + height * width) // (2 * height * width)).astype(np.uint8)
    noisy: Images = means[:, _nearest_cells(height, rows)][:, :, _nearest_cells(width, columns)]
    return noisy


def _shares(side: int, cells: int) -> npt.NDArray[np.int64]:
    """How much of each pixel lies in each of the cells a side is cut into, in parts of a cells-th; shape (cells, side)."""
    start = np.maximum(np.arange(cells)[:, np.newaxis] * side, np.arange(side) * cells)
    end = np.minimum((np.arange(cells)[:, np.newaxis] + 1) * side, (np.arange(side) + 1) * cells)
    share: npt.NDArray[np.int64] = np.maximum(end - start, 0)
    return share


def _nearest_cells(side: int, cells: int) -> npt.NDArray[np.int64]:
    """The cell in which each pixel's centre lies; shape (side,)."""
    return (2 * np.arange(side, dtype=np.int64) + 1) * cells // (2 * side)


def _half_words(images: Images, stream: int, index: Indices, seed: int) -> npt.NDArray[np.uint16]:
    """A half word for every element, low half first."""
    elements = images[0].size
    words = _words(-(-elements // 8), stream, index, seed)
    return words.astype("<u4").reshape(len(images), -1).view("<u2")[:, :elements].reshape(images.shape)


def _first_words(units: Images, stream: int, index: Indices, seed: int) -> Words:
    """A word for every unit."""
    count = units[0].size
    return _words(-(-count // 4), stream, index, seed).reshape(len(units), -1)[:, :count].reshape(units.shape)


def _words(blocks: int, stream: int, index: Indices, seed: int) -> Words:
    """Random words of shape (N, blocks, 4)."""
    low, high = index & 0xFFFFFFFF, index >> 32
    counter = (np.arange(blocks), stream, low[:, np.newaxis], high[:, np.newaxis])
    return philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32))


def _clip(levels: npt.NDArray[np.int16]) -> Images:
    return np.clip(levels, 0, 255).astype(np.uint8)
