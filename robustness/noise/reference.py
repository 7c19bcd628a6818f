"""The noise contract in plain NumPy: slow enough to read, exact enough to check every faster kernel against.

Every function is pure: the bytes depend on the noise, the seed, the image's index and the position in it, and on nothing
else (batch, order, memory layout, machine). Random words come from Philox-4x32-10 with

    key     = the 64-bit seed (low word, high word)
    counter = (block, noise id, image index low word, image index high word)
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from robustness.errors import RobustnessError
from robustness.noise.philox import Words, philox4x32
from robustness.noise.specs import Clean, Gaussian, GaussianWraparound, Noise, Periodic, SaltAndPepper

GAUSSIAN_ID = 1
SALT_AND_PEPPER_ID = 2
CHUNK = 32  # images whose random words fit in the processor's cache

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]


def apply(noise: Noise, images: Images, index: npt.ArrayLike, seed: int) -> Images:
    """The images with noise on them.

    images: uint8 of shape (N, H, W, C). index: N integers from 0 to 2^63 - 1, each image's place in its original set (a
    subset keeps them). seed: 0 to 2^64 - 1. Returns a new uint8 array of the same shape.
    """
    places = _checked(images, index, seed)
    if isinstance(noise, Clean):
        return images.copy()
    noisy = np.empty_like(images, order="C")
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        noisy[part] = _apply(noise, images[part], places[part], seed)
    return noisy


def _apply(noise: Noise, images: Images, index: Indices, seed: int) -> Images:
    match noise:
        case Gaussian(sigma):
            return _clip(_gaussian_sum(images, sigma, index, seed))
        case GaussianWraparound(sigma):
            return _gaussian_sum(images, sigma, index, seed).astype(np.uint8)  # keeps the low byte
        case SaltAndPepper(amount):
            return _salt_and_pepper(images, amount, index, seed)
        case Periodic():
            wave = wave_table(noise, images.shape[1], images.shape[2])
            return _clip(images + wave[..., np.newaxis])
    raise RobustnessError(f"no reference for the noise {noise}")


def _gaussian_sum(images: Images, sigma: float, index: Indices, seed: int) -> npt.NDArray[np.int32]:
    """Image plus noise, rounded half up to whole grey levels, not yet brought back to 0..255.

    Elements in (y, x, channel) order take one 16-bit half word each, low half first; the half word u looks up
    `T[u] = round(64 sigma Phi^-1((u + 1/2) / 65536))`, so noise is summed in 64ths of a grey level.
    """
    elements = images[0].size
    words = _words(-(-elements // 8), GAUSSIAN_ID, index, seed)
    halves = words.astype("<u4").reshape(len(images), -1).view("<u2")[:, :elements].reshape(images.shape)
    noisy: npt.NDArray[np.int32] = (64 * images.astype(np.int32) + gaussian_table(sigma)[halves] + 32) >> 6
    return noisy


def _salt_and_pepper(images: Images, amount: float, index: Indices, seed: int) -> Images:
    """Pixels in (y, x) order take two words each: hit when the first is below `amount 2^32`; the second's top bit is salt."""
    height, width = images.shape[1:3]
    words = _words(-(-height * width // 2), SALT_AND_PEPPER_ID, index, seed)
    pairs = words.reshape(len(images), -1, 2)[:, : height * width].reshape(len(images), height, width, 2)
    hit = pairs[..., 0].astype(np.uint64) < np.uint64(round(amount * 2**32))
    colour = np.where(pairs[..., 1] >> np.uint32(31), np.uint8(255), np.uint8(0))
    return np.where(hit[..., np.newaxis], colour[..., np.newaxis], images)


@lru_cache(maxsize=64)
def gaussian_table(sigma: float) -> npt.NDArray[np.int32]:
    """`T[u]` for the 65,536 half words u: normal quantiles times sigma, in 64ths of a grey level."""
    return np.rint(64.0 * sigma * _normal_quantiles()).astype(np.int32)


@lru_cache(maxsize=1)
def _normal_quantiles() -> npt.NDArray[np.float64]:
    quantile = NormalDist().inv_cdf
    upper = np.array([quantile((u + 0.5) / 65536) for u in range(32768, 65536)])
    return np.concatenate([-upper[::-1], upper])


@lru_cache(maxsize=64)
def wave_table(noise: Periodic, height: int, width: int) -> npt.NDArray[np.int32]:
    """The wave in whole grey levels, shape (height, width), built once in float64."""
    orientation, phase = math.radians(noise.orientation), math.radians(noise.phase)
    x, y = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)[:, np.newaxis]
    t = 2 * math.pi * noise.frequency * (x * math.cos(orientation) + y * math.sin(orientation)) + phase
    return np.rint(255 * noise.amplitude * (np.sin(t) + np.cos(t))).astype(np.int32)


def _clip(levels: npt.NDArray[np.int32]) -> Images:
    return np.clip(levels, 0, 255).astype(np.uint8)


def _words(blocks: int, noise_id: int, index: Indices, seed: int) -> Words:
    """Random words of shape (N, blocks, 4)."""
    low, high = index & 0xFFFFFFFF, index >> 32
    counter = (np.arange(blocks), noise_id, low[:, np.newaxis], high[:, np.newaxis])
    return philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32))


def _checked(images: Images, index: npt.ArrayLike, seed: int) -> Indices:
    if images.dtype != np.uint8 or images.ndim != 4:
        raise RobustnessError(f"noise wants uint8 images of shape (N, H, W, C), not {images.dtype} of {images.shape}")
    places = np.asarray(index, dtype=None if len(images) else np.int64)
    if (
        places.shape != (len(images),)
        or places.dtype.kind not in "iu"
        or (places.size and not 0 <= places.min() <= places.max() < 2**63)
    ):
        raise RobustnessError(f"noise wants one index of 0 to 2^63 - 1 per image, {len(images)} in all")
    if not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise RobustnessError(f"a seed lies between 0 and 2^64 - 1, not {seed}")
    return places.astype(np.int64)
