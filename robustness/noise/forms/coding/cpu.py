"""Coding on the CPU: block by block, eight rows or columns of it at once in the processor's registers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numba import njit, types

from robustness.noise.forms.by_numba import BYTES, OUT, Loop, kernel
from robustness.noise.forms.coding import Coding

TABLES = types.Array(types.int32, 3, "C", readonly=True)


def loop(form: Coding, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled, tables = code(), _tables(form)
    return lambda images, noisy, _: compiled(images, noisy, channels, planar, height, width, tables)


@lru_cache(maxsize=64)
def _tables(form: Coding) -> npt.NDArray[np.int32]:
    """Of Y, and of Cb and Cr: the steps s, and m and d for which `n // 8s` is `n m >> d` up to n of 2^14.

    int32 of shape (2, 3, 64). d is 14 and the binary digits of 8s, m is 2^d / 8s rounded up, so that n m fits int32.
    """
    steps = form.steps.reshape(2, 64).astype(np.int64)
    digits = 14 + np.frexp(8 * steps)[1]
    return np.stack([steps, -(-(1 << digits) // (8 * steps)), digits], axis=1).astype(np.int32)


@njit(nogil=True)
def _to_cosines(d, shift, half, extra):
    """Along the first axis of an 8 x 8 block, in place: `(13 + digits)` binary digits taken off, of the sums `extra` put on."""
    for i in range(8):
        t0, t7 = np.int32(d[i] + d[i + 56]), np.int32(d[i] - d[i + 56])
        t1, t6 = np.int32(d[i + 8] + d[i + 48]), np.int32(d[i + 8] - d[i + 48])
        t2, t5 = np.int32(d[i + 16] + d[i + 40]), np.int32(d[i + 16] - d[i + 40])
        t3, t4 = np.int32(d[i + 24] + d[i + 32]), np.int32(d[i + 24] - d[i + 32])
        t10, t13 = np.int32(t0 + t3), np.int32(t0 - t3)
        t11, t12 = np.int32(t1 + t2), np.int32(t1 - t2)
        d[i] = np.int32(((t10 + t11) << extra) + half) >> shift
        d[i + 32] = np.int32(((t10 - t11) << extra) + half) >> shift
        z1 = np.int32((t12 + t13) * 4433 + half)
        d[i + 16] = np.int32(z1 + t13 * 6270) >> shift
        d[i + 48] = np.int32(z1 - t12 * 15137) >> shift
        z5 = np.int32((t4 + t6 + t5 + t7) * 9633 + half)
        z3, z4 = np.int32(z5 - (t4 + t6) * 16069), np.int32(z5 - (t5 + t7) * 3196)
        z2, z6 = np.int32((t5 + t6) * 20995), np.int32((t4 + t7) * 7373)
        d[i + 8] = np.int32(t7 * 12299 - z6 + z4) >> shift
        d[i + 24] = np.int32(t6 * 25172 - z2 + z3) >> shift
        d[i + 40] = np.int32(t5 * 16819 - z2 + z4) >> shift
        d[i + 56] = np.int32(t4 * 2446 - z6 + z3) >> shift


@njit(nogil=True)
def _from_cosines(c, shift, half):
    """Along the first axis of an 8 x 8 block, in place."""
    for i in range(8):
        z1 = np.int32((c[i + 16] + c[i + 48]) * 4433)
        t2, t3 = np.int32(z1 - c[i + 48] * 15137), np.int32(z1 + c[i + 16] * 6270)
        t0, t1 = np.int32(((c[i] + c[i + 32]) << 13) + half), np.int32(((c[i] - c[i + 32]) << 13) + half)
        a, b, e, f = np.int32(t0 + t3), np.int32(t1 + t2), np.int32(t1 - t2), np.int32(t0 - t3)
        o7, o5, o3, o1 = c[i + 56], c[i + 40], c[i + 24], c[i + 8]
        z5 = np.int32((o7 + o3 + o5 + o1) * 9633)
        z3, z4 = np.int32(z5 - (o7 + o3) * 16069), np.int32(z5 - (o5 + o1) * 3196)
        z2, z6 = np.int32((o5 + o3) * 20995), np.int32((o7 + o1) * 7373)
        p0, p1 = np.int32(o7 * 2446 - z6 + z3), np.int32(o5 * 16819 - z2 + z4)
        p2, p3 = np.int32(o3 * 25172 - z2 + z3), np.int32(o1 * 12299 - z6 + z4)
        c[i], c[i + 56] = np.int32(a + p3) >> shift, np.int32(a - p3) >> shift
        c[i + 8], c[i + 48] = np.int32(b + p2) >> shift, np.int32(b - p2) >> shift
        c[i + 16], c[i + 40] = np.int32(e + p1) >> shift, np.int32(e - p1) >> shift
        c[i + 24], c[i + 32] = np.int32(f + p0) >> shift, np.int32(f - p0) >> shift


@njit(nogil=True)
def _code_plane(plane, rows, columns, steps, factors, digits):
    """A plane of whole blocks, in place; what is outside an image is not read again."""
    one, other = np.empty(64, np.int32), np.empty(64, np.int32)
    for top in range(0, rows, 8):
        for left in range(0, columns, 8):
            for y in range(8):
                start = (top + y) * columns + left
                for x in range(8):
                    one[x * 8 + y] = np.int32(plane[start + x]) - np.int32(128)
            _to_cosines(one, np.int32(11), np.int32(1024), np.int32(13))
            for u in range(8):
                for y in range(8):
                    other[y * 8 + u] = one[u * 8 + y]
            _to_cosines(other, np.int32(15), np.int32(16384), np.int32(13))
            for k in range(64):
                size = np.int32(abs(other[k]) + 4 * steps[k])
                kept = np.int32(np.int32(np.int32(size * factors[k]) >> digits[k]) * steps[k])
                other[k] = kept if other[k] > 0 else -kept
            _from_cosines(other, np.int32(11), np.int32(1024))
            for y in range(8):
                for u in range(8):
                    one[u * 8 + y] = other[y * 8 + u]
            _from_cosines(one, np.int32(18), np.int32(131072))
            for y in range(8):
                start = (top + y) * columns + left
                for x in range(8):
                    plane[start + x] = min(max(one[x * 8 + y] + np.int32(128), np.int32(0)), np.int32(255))


@njit(nogil=True)
def _fill(plane, height, width, rows, columns):
    """The last column and row of an image repeated to the end of its plane."""
    for y in range(height):
        last = plane[y * columns + width - 1]
        for x in range(width, columns):
            plane[y * columns + x] = last
    for y in range(height, rows):
        for x in range(columns):
            plane[y * columns + x] = plane[(height - 1) * columns + x]


@njit(nogil=True)
def _halve(full, wide, half, height, rows, columns):
    """Means of 2 x 2 of a plane `wide` wide, rounded down and up in turn; its last row is repeated."""
    for y in range((height + 1) // 2):
        upper, lower = full[2 * y * wide :], full[min(2 * y + 1, height - 1) * wide :]
        for x in range(columns):
            total = np.int32(upper[2 * x]) + np.int32(upper[2 * x + 1]) + np.int32(lower[2 * x]) + np.int32(lower[2 * x + 1])
            half[y * columns + x] = np.int32(total + 1 + x % 2) >> np.int32(2)
    _fill(half, (height + 1) // 2, columns, rows, columns)


@njit(nogil=True)
def _enlarge(half, columns, full, wide, height, width):
    """Each sample as 2 x 2, three quarters of it and one of the nearest neighbour in either direction."""
    tall, narrow = (height + 1) // 2, (width + 1) // 2
    mixed = np.empty(narrow + 2, np.int32)
    for y in range(height):
        target = full[y * wide :]
        near = half[y // 2 * columns :]
        if narrow <= 2:
            for x in range(width):
                target[x] = near[x // 2]
            continue
        far = half[(min(y // 2 + 1, tall - 1) if y % 2 else max(y // 2 - 1, 0)) * columns :]
        for x in range(narrow):
            mixed[x + 1] = 3 * np.int32(near[x]) + np.int32(far[x])
        mixed[0], mixed[narrow + 1] = mixed[1], mixed[narrow]
        for x in range(narrow):
            target[2 * x] = np.int32(3 * mixed[x + 1] + mixed[x] + 8) >> np.int32(4)
            target[2 * x + 1] = np.int32(3 * mixed[x + 1] + mixed[x + 2] + 7) >> np.int32(4)


@njit(nogil=True)
def _level(value):
    return min(max(np.int32(value), np.int32(0)), np.int32(255))


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, types.int64, types.int64, TABLES))
def code(images, noisy, channels, planar, height, width, tables):
    pixels = height * width
    pixel_step, channel_step = (1, pixels) if planar else (channels, 1)
    rows, columns = (height + 7) // 8 * 8, (width + 7) // 8 * 8
    half_rows, half_columns = ((height + 1) // 2 + 7) // 8 * 8, ((width + 1) // 2 + 7) // 8 * 8
    wide = max(columns, 2 * half_columns)
    luma = np.empty(rows * columns, np.uint8)
    blue, red = np.empty(height * wide, np.uint8), np.empty(height * wide, np.uint8)
    half_blue, half_red = np.empty(half_rows * half_columns, np.uint8), np.empty(half_rows * half_columns, np.uint8)
    for n in range(len(images)):
        image, out = images[n], noisy[n]
        if channels != 3:
            for c in range(channels):
                for y in range(height):
                    for x in range(width):
                        luma[y * columns + x] = image[c * channel_step + (y * width + x) * pixel_step]
                _fill(luma, height, width, rows, columns)
                _code_plane(luma, rows, columns, tables[0, 0], tables[0, 1], tables[0, 2])
                for y in range(height):
                    for x in range(width):
                        out[c * channel_step + (y * width + x) * pixel_step] = luma[y * columns + x]
            continue
        for y in range(height):
            for x in range(width):
                at = (y * width + x) * pixel_step
                r, g, b = np.int32(image[at]), np.int32(image[at + channel_step]), np.int32(image[at + 2 * channel_step])
                luma[y * columns + x] = np.int32(19595 * r + 38470 * g + 7471 * b + 32768) >> np.int32(16)
                blue[y * wide + x] = np.int32(-11059 * r - 21709 * g + 32768 * b + 8421375) >> np.int32(16)
                red[y * wide + x] = np.int32(32768 * r - 27439 * g - 5329 * b + 8421375) >> np.int32(16)
        _fill(luma, height, width, rows, columns)
        _code_plane(luma, rows, columns, tables[0, 0], tables[0, 1], tables[0, 2])
        for full, half in ((blue, half_blue), (red, half_red)):
            _fill(full, height, width, height, wide)
            _halve(full, wide, half, height, half_rows, half_columns)
            _code_plane(half, half_rows, half_columns, tables[1, 0], tables[1, 1], tables[1, 2])
            _enlarge(half, half_columns, full, wide, height, width)
        for y in range(height):
            for x in range(width):
                at = (y * width + x) * pixel_step
                light = np.int32(luma[y * columns + x])
                cb, cr = np.int32(blue[y * wide + x]) - np.int32(128), np.int32(red[y * wide + x]) - np.int32(128)
                out[at] = _level(light + (np.int32(91881 * cr + 32768) >> np.int32(16)))
                out[at + channel_step] = _level(light + (np.int32(-22554 * cb - 46802 * cr + 32768) >> np.int32(16)))
                out[at + 2 * channel_step] = _level(light + (np.int32(116130 * cb + 32768) >> np.int32(16)))
