"""What the CUDA device's kernels share, in Triton.

images, noisy: uint8, the values of one image after the other in the order they lie in memory: (y, x, channel), or (channel,
y, x) where PLANAR. The grid is (images, parts of one image). Under `TRITON_INTERPRET=1` they run on CPU tensors.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

LANES = 128
"""Blocks of random words to a program: one for each thread of its four warps."""
OPTIONS = {"LANES": LANES, "enable_fp_fusion": False}
"""Of every launch: all is integers, and a library's default is not to be warned about."""


def grid(images: torch.Tensor, values: int, values_per_lane: int) -> tuple[int, int]:
    """Programs for so many values of each image."""
    return len(images), -(-values // (values_per_lane * LANES))


@triton.jit
def words(index, image, block, stream, seed):
    """The four Philox-4x32-10 words of each block of an image."""
    place = tl.load(index + image)
    zero = tl.zeros_like(block)
    low = (place & 0xFFFFFFFF).to(tl.uint32, bitcast=False)
    high = (place >> 32).to(tl.uint32, bitcast=False)
    return tl.philox(
        seed, block.to(tl.uint32), (zero + stream).to(tl.uint32), zero.to(tl.uint32) + low, zero.to(tl.uint32) + high
    )


@triton.jit
def in_order(w0, w1, w2, w3):
    """Word k of each block at [block, k]."""
    pairs = tl.join(tl.join(w0, w2), tl.join(w1, w3))
    return tl.reshape(pairs, (w0.shape[0], 4))


@triton.jit
def half_words(w0, w1, w2, w3):
    """Half word k of each block at [block, k], the low half of a word first."""
    words = in_order(w0, w1, w2, w3)
    return tl.reshape(tl.join(words & 0xFFFF, words >> 16), (w0.shape[0], 8)).to(tl.int32)


@triton.jit
def address(element, pixels, channels, PLANAR: tl.constexpr):
    """Where in an image's bytes the element of that number lies."""
    if PLANAR:
        return (element % channels) * pixels + element // channels
    return element


@triton.jit
def clipped(level):
    return tl.minimum(tl.maximum(level, 0), 255).to(tl.uint8)


@triton.jit
def half_word(index, image, element, stream, seed):
    """The half word of each element."""
    w0, w1, w2, w3 = words(index, image, element // 8, stream, seed)
    place = element % 8
    word = tl.where(place < 4, tl.where(place < 2, w0, w1), tl.where(place < 6, w2, w3))
    return tl.where(place % 2 == 0, word & 0xFFFF, word >> 16).to(tl.int32)


@triton.jit
def read_between(place, side, step):
    """Of an enlargement about the middle: the pixel that is read at each place, the next, and the weight of that of 256."""
    at = (step * 0 + side - 1) * 65536 + (2 * place - side + 1).to(tl.int64) * step
    first = (at >> 17).to(tl.int32)
    return first, tl.minimum(first + 1, side - 1), (((at & 131071) + 256) >> 9).to(tl.int32)
