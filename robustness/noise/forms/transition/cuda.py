"""Transition on a CUDA device."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, address, grid, half_words, words
from robustness.noise.forms.transition import Transition


def launch(form: Transition, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    _, channels, height, width = images.shape
    pixels, elements = height * width, channels * height * width
    counts = _table(form, images.device)
    move[grid(images, elements, 8)](images, noisy, counts, index, form.stream, seed, pixels, channels, PLANAR=planar, **OPTIONS)


@lru_cache(maxsize=64)
def _table(form: Transition, device: torch.device) -> torch.Tensor:
    """Kept on the device from batch to batch."""
    return torch.from_numpy(form.counts).to(device)


@triton.jit(do_not_specialize=["stream", "seed"])
def move(images, noisy, counts, index, stream, seed, pixels, channels, PLANAR: tl.constexpr, LANES: tl.constexpr):
    image, elements = tl.program_id(0).to(tl.int64), pixels * channels
    block = tl.program_id(1) * LANES + tl.arange(0, LANES)
    w0, w1, w2, w3 = words(index, image, block, stream, seed)
    cut = half_words(w0, w1, w2, w3)
    element = block[:, None] * 8 + tl.arange(0, 8)[None, :]
    at = image * elements + address(element, pixels, channels, PLANAR)
    row = counts + tl.load(images + at, element < elements, other=0).to(tl.int32) * 256
    level = tl.zeros_like(cut)
    for bit in tl.static_range(8):  # bisection: the first level whose count exceeds the half word
        level += tl.where(tl.load(row + level + ((128 >> bit) - 1)) <= cut, 128 >> bit, 0)
    tl.store(noisy + at, level.to(tl.uint8), element < elements)
