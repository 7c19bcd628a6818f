"""The noise contract: every noise as integer arithmetic on bytes, which any kernel can do without one bit of difference.

A noisy value depends on the noise, the seed, the image's index, the position in the image and the value there; on nothing
else (batch, order, memory layout, threads, machine). Random 32-bit words come from Philox-4x32-10 with

    key     = (seed low word, seed high word)
    counter = (block, stream, image index low word, image index high word)

where `stream` tells the noises apart and block b holds words 4b to 4b + 3 of the image. Pixels are numbered in (y, x) order
and elements, the values of single channels, in (y, x, channel) order. A half word is 16 bits: element e has the low half
(e even) or the high half (e odd) of word `e // 2`. The streams are numbered in `STREAMS`.

Parameters become integers first, ties to even: sigma, half_width, gain, levels and 255 amplitude in multiples of 2^-16, amount
of 2^-31, an orientation of 2^-16 turns (0.0055 degrees), a phase of 2^-32 turns; frequency and factor stay as they are, and
their few products and quotients are single IEEE 754 operations on doubles. Levels are rounded half up; `>>` and `//` round
towards minus infinity. Q and C are the normal quantiles and cosines of `robustness.noise.tables`, in multiples of 2^-20.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from robustness.errors import RobustnessError
from robustness.noise.specs import (
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
)
from robustness.noise.tables import ONE, SIZE, cosines, normal_quantiles

STREAMS = {Gaussian: 1, GaussianWraparound: 1, SaltAndPepper: 2, Impulse: 3, Uniform: 4, Speckle: 5, Shot: 6}
"""Wrap-around meets the draws of Gaussian noise, so the two differ in their overflow alone."""
HALVES = np.arange(SIZE, dtype=np.int64)
LEVELS = np.arange(256, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Addition:
    """The element's half word u looks up what is added: `x + table[u]`, brought back to 0..255.

    table: int16 of shape (65536,), rising; int8 where that holds it, to lie in a nearer cache. wraps: modulo 256 instead of
    clipping.
    """

    stream: int
    table: npt.NDArray[np.int16 | np.int8]
    wraps: bool = False


@dataclass(frozen=True, eq=False)
class Transition:
    """The element's half word u and its value x give a level: the smallest y with `u < counts[x, y]`.

    counts: int32 of shape (256, 256); `counts[x, y]` half words of 65,536 lead from x to y or below.
    first: uint8 of shape (256, 256), the level for u = 256 h: where to begin looking (the guide table of Chen and Asau, 1974).
    """

    stream: int
    counts: npt.NDArray[np.int32]
    first: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Replacement:
    """A word w for each pixel (or element, if per_channel): hit when `w >> 1 < limit`; then 255 if w is odd, else 0.

    limit: the amount in multiples of 2^-31.
    """

    stream: int
    limit: int
    per_channel: bool


@dataclass(frozen=True, eq=False)
class Field:
    """`x + levels[row, column]` in every channel, clipped to 0..255. levels: int16 of shape (H, W)."""

    levels: npt.NDArray[np.int16]

    def in_memory_order(self, channels: int, planar: bool) -> npt.NDArray[np.int16]:
        """What is added to each byte of an image that lies in memory as (H, W, C), or as (C, H, W) when planar."""
        return np.tile(self.levels.ravel(), channels) if planar else np.repeat(self.levels.ravel(), channels)


@dataclass(frozen=True)
class Averaging:
    """The image cut into rows times columns equal areas, each filled with its mean.

    Output row i of m averages rows `[i H / m, (i + 1) H / m)`, shares of pixels counted as such; row y of the noisy image
    is output row `(2y + 1) m // 2H`. Columns alike. Means are rounded half up. Of a resolution loss by a factor,
    `m = max(1, floor(H / factor + 1/2))`.
    """

    rows: int
    columns: int


Arithmetic = Addition | Transition | Replacement | Field | Averaging


@lru_cache(maxsize=256)
def arithmetic(noise: Noise, height: int, width: int) -> Arithmetic | None:
    """What the noise does to images of that many pixels; None if nothing."""
    match noise:
        case Clean():
            return None
        case Gaussian(sigma):
            return Addition(STREAMS[Gaussian], gaussian_table(sigma))
        case GaussianWraparound(sigma):
            return Addition(STREAMS[GaussianWraparound], gaussian_table(sigma), wraps=True)
        case Uniform(half_width):
            return Addition(STREAMS[Uniform], uniform_table(half_width))
        case Speckle():
            return _speckle(noise)
        case Shot():
            return _shot(noise)
        case SaltAndPepper(amount):
            return Replacement(STREAMS[SaltAndPepper], round(amount * 2**31), per_channel=False)
        case Impulse(amount):
            return Replacement(STREAMS[Impulse], round(amount * 2**31), per_channel=True)
        case Periodic():
            return _wave(noise, height, width)
        case Offset(levels):
            return Field(np.full((height, width), (_fixed(levels) + 2**15) >> 16, dtype=np.int16))
        case Resolution(factor):
            return Averaging(_reduced(height, factor), _reduced(width, factor))
    raise RobustnessError(f"{noise} has no place in the noise contract")


def gaussian_table(sigma: float) -> npt.NDArray[np.int16 | np.int8]:
    """`sigma Q[u]`, Q the normal quantiles, in whole grey levels."""
    return _narrow(_whole(_fixed(sigma) * normal_quantiles().astype(np.int64)))


def uniform_table(half_width: float) -> npt.NDArray[np.int16 | np.int8]:
    """`half_width (2u + 1 - 2^16) / 2^16` in whole grey levels."""
    return _narrow((_fixed(half_width) * (2 * HALVES + 1 - SIZE) + 2**31) >> 32)


@lru_cache(maxsize=64)
def _speckle(noise: Speckle) -> Transition:
    """`x + x sigma Q[u]`: rising in u for every x."""
    scaled = _fixed(noise.sigma) * normal_quantiles().astype(np.int64)
    return _transition(STREAMS[Speckle], [np.searchsorted(x + _whole(x * scaled), LEVELS, side="right") for x in range(256)])


@lru_cache(maxsize=64)
def _shot(noise: Shot) -> Transition:
    """`gain k`, k the Poisson quantile of `(u + 1/2) / 2^16` for the mean x / gain; x itself where the gain is 0.

    The quantile is the smallest count whose cumulative probability reaches it.
    """
    gain = _fixed(noise.gain)
    if gain == 0:
        return _transition(STREAMS[Shot], [np.where(x <= LEVELS, SIZE, 0) for x in range(256)])
    return _transition(STREAMS[Shot], [_photons_up_to_levels(gain, x) for x in range(256)])


def _photons_up_to_levels(gain: int, x: int) -> npt.NDArray[np.int64]:
    """For each grey level, how many half words give a photon count that shows as this level or a darker one.

    The probabilities are built from the most likely count outwards with additions, products and quotients alone, which IEEE
    754 rounds alike on every machine; counts 12 standard deviations away have none.
    """
    mean = x * 2**16 / gain
    mode = math.floor(mean)
    reach = math.ceil(12 * math.sqrt(mean)) + 40
    above = np.cumprod(mean / np.arange(mode + 1, mode + reach, dtype=np.float64))
    below = np.cumprod(np.arange(mode, max(mode - reach, 0), -1, dtype=np.float64) / mean) if mode else np.empty(0)
    cumulative = np.cumsum(np.concatenate([below[::-1], [1.0], above]))
    half_words = np.ceil(SIZE * (cumulative / cumulative[-1]) - 0.5).astype(np.int64)
    photons = np.arange(mode - len(below), mode + reach, dtype=np.int64)
    shown = (gain * photons + 2**15) >> 16
    last = np.searchsorted(shown, LEVELS, side="right") - 1
    counts = np.where(last < 0, 0, half_words[last])
    counts[255] = SIZE
    return counts


def _transition(stream: int, rows: list[npt.NDArray[np.int64]]) -> Transition:
    counts = np.array(rows, dtype=np.int32)
    counts[:, 255] = SIZE  # clipped
    first = [np.searchsorted(row, HALVES[::256], side="right") for row in counts]
    return Transition(stream, counts, np.array(first, dtype=np.uint8))


def _wave(noise: Periodic, height: int, width: int) -> Field:
    """A numerically controlled oscillator: phase in 2^-32 turns, its upper 16 bits, rounded, look up sine and cosine.

    A pixel to the right, or down, advances the phase by `round(2^12 f C[o])`, or by the same with the sine. Looked up is the
    turn `(phase + 2^15) >> 16` modulo 2^16, so the wave is within 0.02 amplitude levels of the real one of that orientation.
    """
    cosine = cosines().astype(np.int64)
    sine = np.roll(cosine, SIZE // 4)
    orientation = round(noise.orientation / 360 * SIZE) % SIZE
    step_x = round(noise.frequency * int(cosine[orientation]) * 2**12)
    step_y = round(noise.frequency * int(sine[orientation]) * 2**12)
    x, y = np.arange(width, dtype=np.int64), np.arange(height, dtype=np.int64)[:, np.newaxis]
    phase = x * step_x + y * step_y + round(noise.phase / 360 * 2**32)
    turn = ((phase + 2**15) >> 16) % SIZE
    return Field(_whole(_fixed(255 * noise.amplitude) * (cosine + sine)[turn]).astype(np.int16))


def _fixed(value: float) -> int:
    """The value in multiples of 2^-16."""
    return round(value * 2**16)


def _whole(product: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A product of a `_fixed` value and one of the tables in whole units, rounded half up."""
    levels: npt.NDArray[np.int64] = (product + 2**16 * ONE // 2) // (2**16 * ONE)
    return levels


def _narrow(levels: npt.NDArray[np.int64]) -> npt.NDArray[np.int16 | np.int8]:
    return levels.astype(np.int8 if -128 <= levels.min() <= levels.max() <= 127 else np.int16)


def _reduced(side: int, factor: float) -> int:
    return max(1, math.floor(side / factor + 0.5))
