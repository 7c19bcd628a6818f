"""The loops of the CUDA kernel, in Triton: one read and one write of every byte.

images, noisy: uint8, the values of one image after the other in the order they lie in memory: (y, x, channel), or (channel,
y, x) where PLANAR. The grid is (images, parts of one image); each lane has one block of four random words. Under
`TRITON_INTERPRET=1` they run on CPU tensors.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def _words(index, image, block, stream, seed):
    """The four Philox-4x32-10 words of each block of an image."""
    place = tl.load(index + image)
    zero = tl.zeros_like(block)
    low = (place & 0xFFFFFFFF).to(tl.uint32, bitcast=False)
    high = (place >> 32).to(tl.uint32, bitcast=False)
    return tl.philox(
        seed, block.to(tl.uint32), (zero + stream).to(tl.uint32), zero.to(tl.uint32) + low, zero.to(tl.uint32) + high
    )


@triton.jit
def _in_order(w0, w1, w2, w3):
    """Word k of each block at [block, k]."""
    pairs = tl.join(tl.join(w0, w2), tl.join(w1, w3))
    return tl.reshape(pairs, (w0.shape[0], 4))


@triton.jit
def _half_words(w0, w1, w2, w3):
    """Half word k of each block at [block, k], the low half of a word first."""
    words = _in_order(w0, w1, w2, w3)
    return tl.reshape(tl.join(words & 0xFFFF, words >> 16), (w0.shape[0], 8)).to(tl.int32)


@triton.jit
def _address(element, pixels, channels, PLANAR: tl.constexpr):
    """Where in an image's bytes the element of that number lies."""
    if PLANAR:
        return (element % channels) * pixels + element // channels
    return element


@triton.jit
def _clipped(level):
    return tl.minimum(tl.maximum(level, 0), 255).to(tl.uint8)


@triton.jit(do_not_specialize=["stream", "seed"])
def add(
    images, noisy, table, index, stream, seed, pixels, channels, PLANAR: tl.constexpr, WRAPS: tl.constexpr, LANES: tl.constexpr
):
    image, elements = tl.program_id(0).to(tl.int64), pixels * channels
    block = tl.program_id(1) * LANES + tl.arange(0, LANES)
    w0, w1, w2, w3 = _words(index, image, block, stream, seed)
    element = block[:, None] * 8 + tl.arange(0, 8)[None, :]
    at = image * elements + _address(element, pixels, channels, PLANAR)
    level = tl.load(images + at, element < elements).to(tl.int32) + tl.load(table + _half_words(w0, w1, w2, w3)).to(tl.int32)
    if WRAPS:
        tl.store(noisy + at, (level & 255).to(tl.uint8), element < elements)
    else:
        tl.store(noisy + at, _clipped(level), element < elements)


@triton.jit(do_not_specialize=["stream", "seed"])
def move(images, noisy, counts, index, stream, seed, pixels, channels, PLANAR: tl.constexpr, LANES: tl.constexpr):
    image, elements = tl.program_id(0).to(tl.int64), pixels * channels
    block = tl.program_id(1) * LANES + tl.arange(0, LANES)
    w0, w1, w2, w3 = _words(index, image, block, stream, seed)
    cut = _half_words(w0, w1, w2, w3)
    element = block[:, None] * 8 + tl.arange(0, 8)[None, :]
    at = image * elements + _address(element, pixels, channels, PLANAR)
    row = counts + tl.load(images + at, element < elements, other=0).to(tl.int32) * 256
    level = tl.zeros_like(cut)
    for bit in tl.static_range(8):  # bisection: the first level whose count exceeds the half word
        level += tl.where(tl.load(row + level + ((128 >> bit) - 1)) <= cut, 128 >> bit, 0)
    tl.store(noisy + at, level.to(tl.uint8), element < elements)


@triton.jit(do_not_specialize=["stream", "seed", "limit"])
def replace(
    images, noisy, index, limit, stream, seed, pixels, channels: tl.constexpr,
    PLANAR: tl.constexpr, PER_CHANNEL: tl.constexpr, LANES: tl.constexpr,
):  # fmt: skip
    image = tl.program_id(0).to(tl.int64)
    block = tl.program_id(1) * LANES + tl.arange(0, LANES)
    w0, w1, w2, w3 = _words(index, image, block, stream, seed)
    word = _in_order(w0, w1, w2, w3)
    hit = (word >> 1).to(tl.int64) < limit
    colour = ((word & 1) * 255).to(tl.uint8)
    unit = block[:, None] * 4 + tl.arange(0, 4)[None, :]
    start = image * pixels * channels
    if PER_CHANNEL:
        inside = unit < pixels * channels
        at = start + _address(unit, pixels, channels, PLANAR)
        tl.store(noisy + at, tl.where(hit, colour, tl.load(images + at, inside)), inside)
    elif PLANAR:
        for c in tl.static_range(channels):
            at = start + c * pixels + unit
            tl.store(noisy + at, tl.where(hit, colour, tl.load(images + at, unit < pixels)), unit < pixels)
    else:  # everything first, in wide steps, then the hits, which are few
        for c in tl.static_range(channels):
            element = (tl.program_id(1) * channels + c) * 4 * LANES + tl.arange(0, 4 * LANES)
            inside = element < pixels * channels
            tl.store(noisy + start + element, tl.load(images + start + element, inside), inside)
        tl.debug_barrier()
        for c in tl.static_range(channels):
            tl.store(noisy + start + unit * channels + c, colour, hit & (unit < pixels))


@triton.jit
def add_field(images, noisy, field, elements, LANES: tl.constexpr):
    image = tl.program_id(0).to(tl.int64)
    element = tl.program_id(1) * (8 * LANES) + tl.arange(0, 8 * LANES)
    at = image * elements + element
    level = tl.load(images + at, element < elements).to(tl.int32) + tl.load(field + element, element < elements).to(tl.int32)
    tl.store(noisy + at, _clipped(level), element < elements)
