"""Coding in NumPy, after libjpeg's own text: jccolor, jcsample, jfdctint, jcdctmgr, jidctint, jdsample and jdcolor."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.by_reference import Images, Indices, clip
from robustness.noise.forms.coding import Coding

Samples = npt.NDArray[np.int64]


def apply(form: Coding, images: Images, index: Indices, seed: int) -> Images:
    luma, chroma = form.steps.astype(np.int64)
    if images.shape[3] != 3:
        return clip(np.stack([_coded(images[..., c].astype(np.int64), luma) for c in range(images.shape[3])], axis=-1))
    red, green, blue = np.moveaxis(images.astype(np.int64), 3, 0)
    y = (19595 * red + 38470 * green + 7471 * blue + 2**15) >> 16
    cb = (-11059 * red - 21709 * green + 32768 * blue + (128 << 16) + 2**15 - 1) >> 16
    cr = (32768 * red - 27439 * green - 5329 * blue + (128 << 16) + 2**15 - 1) >> 16
    y = _coded(y, luma)
    half = -(-images.shape[2] // 2)
    cb, cr = (_enlarged(_coded(_halved(plane), chroma)[..., :half], *y.shape[1:]) - 128 for plane in (cb, cr))
    red = y + ((91881 * cr + 2**15) >> 16)
    green = y + ((-22554 * cb - 46802 * cr + 2**15) >> 16)
    blue = y + ((116130 * cb + 2**15) >> 16)
    return clip(np.stack([red, green, blue], axis=-1))


def _halved(plane: Samples) -> Samples:
    """Means of 2 x 2, rounded down and up in turn along a row; whole blocks of them in a row."""
    _, height, width = plane.shape
    even = np.pad(plane, ((0, 0), (0, height % 2), (0, -width % 16)), mode="edge")
    total = even[:, ::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, ::2] + even[:, 1::2, 1::2]
    return (total + 1 + np.arange(total.shape[2]) % 2) >> 2


def _enlarged(plane: Samples, height: int, width: int) -> Samples:
    """Each sample as 2 x 2, three quarters of it and one of the nearest neighbour in either direction."""
    if plane.shape[2] <= 2:
        return plane.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
    rows = np.pad(plane, ((0, 0), (1, 1), (0, 0)), mode="edge")
    tall = np.stack([3 * plane + rows[:, :-2], 3 * plane + rows[:, 2:]], axis=2).reshape(len(plane), -1, plane.shape[2])
    columns = np.pad(tall, ((0, 0), (0, 0), (1, 1)), mode="edge")
    wide = np.stack([(3 * tall + columns[..., :-2] + 8) >> 4, (3 * tall + columns[..., 2:] + 7) >> 4], axis=3)
    return wide.reshape(*tall.shape[:2], -1)[:, :height, :width]


def _coded(plane: Samples, steps: Samples) -> Samples:
    """A plane of shape (N, height, width) by way of quantised cosines."""
    count, height, width = plane.shape
    filled = np.pad(plane, ((0, 0), (0, -height % 8), (0, -width % 8)), mode="edge") - 128
    blocks = filled.reshape(count, -(-height // 8), 8, -(-width // 8), 8).swapaxes(2, 3)
    cosines = _to_cosines(_to_cosines(blocks, 4, -2), 3, 2)
    divisor = 8 * steps
    kept = np.sign(cosines) * ((np.abs(cosines) + divisor // 2) // divisor) * steps
    levels = _from_cosines(_from_cosines(kept, 3, 13 - 2), 4, 13 + 2 + 3) + 128
    return np.clip(levels, 0, 255).swapaxes(2, 3).reshape(count, filled.shape[1], filled.shape[2])[:, :height, :width]


def _to_cosines(samples: Samples, axis: int, digits: int) -> Samples:
    """Along an axis of 8, with so many binary digits taken off at the end, or put on where below 0."""
    d = np.moveaxis(samples, axis, 0)
    sums, differences = d[:4] + d[:3:-1], d[:4] - d[:3:-1]
    t10, t13, t11, t12 = sums[0] + sums[3], sums[0] - sums[3], sums[1] + sums[2], sums[1] - sums[2]
    t7, t6, t5, t4 = differences
    z1 = (t12 + t13) * 4433
    z5 = (t4 + t6 + t5 + t7) * 9633
    z3, z4 = z5 - (t4 + t6) * 16069, z5 - (t5 + t7) * 3196
    z2, z6 = -(t5 + t6) * 20995, -(t4 + t7) * 7373
    parts = (
        (t10 + t11) << 13,
        t7 * 12299 + z6 + z4,
        z1 + t13 * 6270,
        t6 * 25172 + z2 + z3,
        (t10 - t11) << 13,
        t5 * 16819 + z2 + z4,
        z1 - t12 * 15137,
        t4 * 2446 + z6 + z3,
    )
    return np.moveaxis((np.stack(parts) + (1 << (12 + digits))) >> (13 + digits), 0, axis)


def _from_cosines(cosines: Samples, axis: int, digits: int) -> Samples:
    """Along an axis of 8, with so many binary digits taken off at the end."""
    c = np.moveaxis(cosines, axis, 0)
    z1 = (c[2] + c[6]) * 4433
    t2, t3 = z1 - c[6] * 15137, z1 + c[2] * 6270
    t0, t1 = (c[0] + c[4]) << 13, (c[0] - c[4]) << 13
    even = np.stack([t0 + t3, t1 + t2, t1 - t2, t0 - t3])
    z5 = (c[7] + c[3] + c[5] + c[1]) * 9633
    z3, z4 = z5 - (c[7] + c[3]) * 16069, z5 - (c[5] + c[1]) * 3196
    z2, z6 = -(c[5] + c[3]) * 20995, -(c[7] + c[1]) * 7373
    odd = np.stack([c[1] * 12299 + z6 + z4, c[3] * 25172 + z2 + z3, c[5] * 16819 + z2 + z4, c[7] * 2446 + z6 + z3])
    both = np.concatenate([even + odd, (even - odd)[::-1]])
    return np.moveaxis((both + (1 << (digits - 1))) >> digits, 0, axis)
