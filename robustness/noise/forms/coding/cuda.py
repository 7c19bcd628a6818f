"""Coding on a CUDA device: launches for the colours, three for the cosines of each plane's blocks, one for the colours again.

A lane has a row or a column of a block, eight values in its registers; between the launches they lie in memory.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, clipped, grid
from robustness.noise.forms.coding import Coding


def launch(form: Coding, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    count, channels, height, width = images.shape
    steps = _steps(form, images.device)
    if channels != 3:
        _code(images, noisy, steps[0], channels, height, width, planar)
        return
    tall, narrow = -(-height // 2), -(-width // 2)
    columns = _whole(narrow)
    luma = torch.empty((count, 1, height, width), dtype=torch.uint8, device=images.device)
    chroma = torch.empty((count, 2, tall, columns), dtype=torch.uint8, device=images.device)
    lighten[grid(images, height * width, 4)](images, luma, height * width, PLANAR=planar, **OPTIONS)
    halve[grid(images, tall * columns, 4)](images, chroma, height, width, tall, columns, PLANAR=planar, **OPTIONS)
    _code(luma, luma, steps[0], 1, height, width, planar=True)
    _code(chroma, chroma, steps[1], 2, tall, columns, planar=True)
    colour[grid(images, height * width, 4)](luma, chroma, noisy, height, width, tall, narrow, columns, PLANAR=planar, **OPTIONS)


def _code(
    samples: torch.Tensor, coded: torch.Tensor, steps: torch.Tensor, planes: int, height: int, width: int, planar: bool
) -> None:
    """So many planes of each image by way of quantised cosines. planar: whether they lie apart, and are not interleaved."""
    rows, columns = _whole(height), _whole(width)
    cosines = torch.empty((len(samples) * planes, rows, columns), dtype=torch.int32, device=samples.device)
    parts, sides = grid(cosines, rows * columns, 8), (height, width, rows, columns)
    rows_to_cosines[parts](samples, cosines, planes, *sides, PLANAR=planar, **OPTIONS)
    quantise[parts](cosines, steps, rows, columns, **OPTIONS)
    rows_from_cosines[parts](cosines, coded, planes, *sides, PLANAR=planar, **OPTIONS)


def _whole(side: int) -> int:
    """Of blocks."""
    return -(-side // 8) * 8


@lru_cache(maxsize=64)
def _steps(form: Coding, device: torch.device) -> torch.Tensor:
    """Kept on the device from batch to batch."""
    return torch.from_numpy(form.steps).to(device)


@triton.jit
def _read(values, at, step, inside):
    """Eight values, a step apart."""
    a, b = tl.load(values + at, inside, other=0), tl.load(values + at + step, inside, other=0)
    c, d = tl.load(values + at + 2 * step, inside, other=0), tl.load(values + at + 3 * step, inside, other=0)
    e, f = tl.load(values + at + 4 * step, inside, other=0), tl.load(values + at + 5 * step, inside, other=0)
    g, h = tl.load(values + at + 6 * step, inside, other=0), tl.load(values + at + 7 * step, inside, other=0)
    return a, b, c, d, e, f, g, h


@triton.jit
def _write(values, at, step, inside, a, b, c, d, e, f, g, h):
    tl.store(values + at, a, inside)
    tl.store(values + at + step, b, inside)
    tl.store(values + at + 2 * step, c, inside)
    tl.store(values + at + 3 * step, d, inside)
    tl.store(values + at + 4 * step, e, inside)
    tl.store(values + at + 5 * step, f, inside)
    tl.store(values + at + 6 * step, g, inside)
    tl.store(values + at + 7 * step, h, inside)


@triton.jit
def _to_cosines(a, b, c, d, e, f, g, h, SHIFT: tl.constexpr, EXTRA: tl.constexpr):
    """Of eight values, with so many binary digits taken off at the end."""
    half: tl.constexpr = 1 << (SHIFT - 1)
    t0, t1, t2, t3 = a + h, b + g, c + f, d + e
    t7, t6, t5, t4 = a - h, b - g, c - f, d - e
    t10, t13, t11, t12 = t0 + t3, t0 - t3, t1 + t2, t1 - t2
    z1 = (t12 + t13) * 4433 + half
    z5 = (t4 + t5 + t6 + t7) * 9633 + half
    z3, z4 = z5 - (t4 + t6) * 16069, z5 - (t5 + t7) * 3196
    z2, z6 = (t5 + t6) * 20995, (t4 + t7) * 7373
    return (
        (((t10 + t11) << EXTRA) + half) >> SHIFT,
        (t7 * 12299 - z6 + z4) >> SHIFT,
        (z1 + t13 * 6270) >> SHIFT,
        (t6 * 25172 - z2 + z3) >> SHIFT,
        (((t10 - t11) << EXTRA) + half) >> SHIFT,
        (t5 * 16819 - z2 + z4) >> SHIFT,
        (z1 - t12 * 15137) >> SHIFT,
        (t4 * 2446 - z6 + z3) >> SHIFT,
    )


@triton.jit
def _from_cosines(a, b, c, d, e, f, g, h, SHIFT: tl.constexpr):
    """To eight values, with so many binary digits taken off at the end."""
    half: tl.constexpr = 1 << (SHIFT - 1)
    z1 = (c + g) * 4433
    t2, t3 = z1 - g * 15137, z1 + c * 6270
    t0, t1 = ((a + e) << 13) + half, ((a - e) << 13) + half
    p, q, r, s = t0 + t3, t1 + t2, t1 - t2, t0 - t3
    z5 = (h + d + f + b) * 9633
    z3, z4 = z5 - (h + d) * 16069, z5 - (f + b) * 3196
    z2, z6 = (f + d) * 20995, (h + b) * 7373
    t, u, v, w = b * 12299 - z6 + z4, d * 25172 - z2 + z3, f * 16819 - z2 + z4, h * 2446 - z6 + z3
    return (
        (p + t) >> SHIFT,
        (q + u) >> SHIFT,
        (r + v) >> SHIFT,
        (s + w) >> SHIFT,
        (s - w) >> SHIFT,
        (r - v) >> SHIFT,
        (q - u) >> SHIFT,
        (p - t) >> SHIFT,
    )


@triton.jit
def _row(samples, y, planes, height, width, PLANAR: tl.constexpr):
    """Where a row of a program's plane begins, of image after image, and how far apart its samples lie."""
    plane = tl.program_id(0).to(tl.int64)
    first = plane * height * width if PLANAR else plane // planes * planes * height * width + plane % planes
    step = 1 if PLANAR else planes
    return samples + first + y * width * step, step


@triton.jit
def rows_to_cosines(samples, cosines, planes, height, width, rows, columns, PLANAR: tl.constexpr, LANES: tl.constexpr):
    line = tl.program_id(1) * LANES + tl.arange(0, LANES)
    inside = line * 8 < rows * columns
    y, x = line // (columns // 8), line % (columns // 8) * 8
    row, step = _row(samples, tl.minimum(y, height - 1), planes, height, width, PLANAR)
    last = width - 1  # repeated, as the last row is, to fill a block
    a, b = tl.load(row + tl.minimum(x, last) * step, inside), tl.load(row + tl.minimum(x + 1, last) * step, inside)
    c, d = tl.load(row + tl.minimum(x + 2, last) * step, inside), tl.load(row + tl.minimum(x + 3, last) * step, inside)
    e, f = tl.load(row + tl.minimum(x + 4, last) * step, inside), tl.load(row + tl.minimum(x + 5, last) * step, inside)
    g, h = tl.load(row + tl.minimum(x + 6, last) * step, inside), tl.load(row + tl.minimum(x + 7, last) * step, inside)
    a, b, c, d = a.to(tl.int32) - 128, b.to(tl.int32) - 128, c.to(tl.int32) - 128, d.to(tl.int32) - 128
    e, f, g, h = e.to(tl.int32) - 128, f.to(tl.int32) - 128, g.to(tl.int32) - 128, h.to(tl.int32) - 128
    a, b, c, d, e, f, g, h = _to_cosines(a, b, c, d, e, f, g, h, SHIFT=11, EXTRA=13)
    at = tl.program_id(0).to(tl.int64) * rows * columns + line * 8
    _write(cosines, at, 1, inside, a, b, c, d, e, f, g, h)


@triton.jit
def _kept(cosine, step):
    """What is left of a cosine, in eighths of it."""
    size = (tl.abs(cosine) + 4 * step) // (8 * step) * step
    return tl.where(cosine < 0, -size, size)


@triton.jit
def quantise(cosines, steps, rows, columns, LANES: tl.constexpr):
    """Down the columns, and back up."""
    column = tl.program_id(1) * LANES + tl.arange(0, LANES)
    inside = column * 8 < rows * columns
    at = tl.program_id(0).to(tl.int64) * rows * columns + column // columns * 8 * columns + column % columns
    a, b, c, d, e, f, g, h = _read(cosines, at, columns, inside)
    a, b, c, d, e, f, g, h = _to_cosines(a, b, c, d, e, f, g, h, SHIFT=15, EXTRA=13)
    here = steps + column % 8
    a, b, c, d = (
        _kept(a, tl.load(here)), _kept(b, tl.load(here + 8)), _kept(c, tl.load(here + 16)), _kept(d, tl.load(here + 24))
    )  # fmt: skip
    e, f, g, h = (
        _kept(e, tl.load(here + 32)), _kept(f, tl.load(here + 40)), _kept(g, tl.load(here + 48)), _kept(h, tl.load(here + 56))
    )  # fmt: skip
    a, b, c, d, e, f, g, h = _from_cosines(a, b, c, d, e, f, g, h, SHIFT=11)
    _write(cosines, at, columns, inside, a, b, c, d, e, f, g, h)


@triton.jit
def _put(row, x, width, step, inside, value):
    tl.store(row + x * step, clipped(value + 128), inside & (x < width))


@triton.jit
def rows_from_cosines(cosines, coded, planes, height, width, rows, columns, PLANAR: tl.constexpr, LANES: tl.constexpr):
    line = tl.program_id(1) * LANES + tl.arange(0, LANES)
    y, x = line // (columns // 8), line % (columns // 8) * 8
    inside = y < height
    at = tl.program_id(0).to(tl.int64) * rows * columns + line * 8
    a, b, c, d, e, f, g, h = _read(cosines, at, 1, inside)
    a, b, c, d, e, f, g, h = _from_cosines(a, b, c, d, e, f, g, h, SHIFT=18)
    row, step = _row(coded, y, planes, height, width, PLANAR)
    _put(row, x, width, step, inside, a)
    _put(row, x + 1, width, step, inside, b)
    _put(row, x + 2, width, step, inside, c)
    _put(row, x + 3, width, step, inside, d)
    _put(row, x + 4, width, step, inside, e)
    _put(row, x + 5, width, step, inside, f)
    _put(row, x + 6, width, step, inside, g)
    _put(row, x + 7, width, step, inside, h)


@triton.jit
def _colour(images, pixel, pixels, inside, PLANAR: tl.constexpr):
    """Red, green and blue of a pixel."""
    at = images + tl.program_id(0).to(tl.int64) * 3 * pixels + (pixel if PLANAR else 3 * pixel)
    step = pixels if PLANAR else 1
    red, green = tl.load(at, inside, other=0), tl.load(at + step, inside, other=0)
    return red.to(tl.int32), green.to(tl.int32), tl.load(at + 2 * step, inside, other=0).to(tl.int32)


@triton.jit
def lighten(images, luma, pixels, PLANAR: tl.constexpr, LANES: tl.constexpr):
    """Y of each pixel."""
    pixel = tl.program_id(1) * (4 * LANES) + tl.arange(0, 4 * LANES)
    red, green, blue = _colour(images, pixel, pixels, pixel < pixels, PLANAR)
    level = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16
    tl.store(luma + tl.program_id(0).to(tl.int64) * pixels + pixel, level.to(tl.uint8), pixel < pixels)


@triton.jit
def halve(images, chroma, height, width, tall, columns, PLANAR: tl.constexpr, LANES: tl.constexpr):
    """Cb and Cr, means of 2 x 2 rounded down and up in turn along a row, of which the last pixel is repeated."""
    place = tl.program_id(1) * (4 * LANES) + tl.arange(0, 4 * LANES)
    inside = place < tall * columns
    y, x = place // columns, place % columns
    more_blue, more_red = tl.zeros_like(place) + 1 + x % 2, tl.zeros_like(place) + 1 + x % 2
    for k in tl.static_range(4):
        pixel = tl.minimum(2 * y + k // 2, height - 1) * width + tl.minimum(2 * x + k % 2, width - 1)
        red, green, blue = _colour(images, pixel, height * width, inside, PLANAR)
        more_blue += (-11059 * red - 21709 * green + 32768 * blue + 8421375) >> 16
        more_red += (32768 * red - 27439 * green - 5329 * blue + 8421375) >> 16
    at = chroma + tl.program_id(0).to(tl.int64) * 2 * tall * columns + place
    tl.store(at, (more_blue >> 2).to(tl.uint8), inside)
    tl.store(at + tall * columns, (more_red >> 2).to(tl.uint8), inside)


@triton.jit
def _enlarged(plane, y, x, tall, narrow, columns, inside):
    """Three quarters of the sample that a pixel lies in and one of the nearest, down and across."""
    above, left = y // 2, x // 2
    below = tl.minimum(tl.maximum(above - 1 + y % 2 * 2, 0), tall - 1)
    right = tl.minimum(tl.maximum(left - 1 + x % 2 * 2, 0), narrow - 1)
    here = tl.load(plane + above * columns + left, inside, other=0).to(tl.int32)
    near = 3 * here + tl.load(plane + below * columns + left, inside, other=0).to(tl.int32)
    far = 3 * tl.load(plane + above * columns + right, inside, other=0).to(tl.int32)
    far += tl.load(plane + below * columns + right, inside, other=0).to(tl.int32)
    return tl.where(narrow <= 2, here, (3 * near + far + 8 - x % 2) >> 4) - 128


@triton.jit
def colour(luma, chroma, noisy, height, width, tall, narrow, columns, PLANAR: tl.constexpr, LANES: tl.constexpr):
    """Red, green and blue of each pixel."""
    image, pixels = tl.program_id(0).to(tl.int64), height * width
    pixel = tl.program_id(1) * (4 * LANES) + tl.arange(0, 4 * LANES)
    inside = pixel < pixels
    y, x = pixel // width, pixel % width
    light = tl.load(luma + image * pixels + pixel, inside, other=0).to(tl.int32)
    plane = chroma + image * 2 * tall * columns
    blue = _enlarged(plane, y, x, tall, narrow, columns, inside)
    red = _enlarged(plane + tall * columns, y, x, tall, narrow, columns, inside)
    at = noisy + image * 3 * pixels + (pixel if PLANAR else 3 * pixel)
    step = pixels if PLANAR else 1
    tl.store(at, clipped(light + ((91881 * red + 32768) >> 16)), inside)
    tl.store(at + step, clipped(light + ((-22554 * blue - 46802 * red + 32768) >> 16)), inside)
    tl.store(at + 2 * step, clipped(light + ((116130 * blue + 32768) >> 16)), inside)
