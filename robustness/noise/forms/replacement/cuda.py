"""Replacement on a CUDA device."""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, address, grid, in_order, words
from robustness.noise.forms.replacement import Replacement


def launch(form: Replacement, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    _, channels, height, width = images.shape
    pixels, elements = height * width, channels * height * width
    units = elements if form.per_channel else pixels
    replace[grid(images, units, 4)](
        images, noisy, index, form.limit, form.stream, seed, pixels, channels,
        PLANAR=planar, PER_CHANNEL=form.per_channel, **OPTIONS,
    )  # fmt: skip


@triton.jit(do_not_specialize=["stream", "seed", "limit"])
def replace(
    images, noisy, index, limit, stream, seed, pixels, channels: tl.constexpr,
    PLANAR: tl.constexpr, PER_CHANNEL: tl.constexpr, LANES: tl.constexpr,
):  # fmt: skip
    image = tl.program_id(0).to(tl.int64)
    block = tl.program_id(1) * LANES + tl.arange(0, LANES)
    w0, w1, w2, w3 = words(index, image, block, stream, seed)
    word = in_order(w0, w1, w2, w3)
    hit = (word >> 1).to(tl.int64) < limit
    colour = ((word & 1) * 255).to(tl.uint8)
    unit = block[:, None] * 4 + tl.arange(0, 4)[None, :]
    start = image * pixels * channels
    if PER_CHANNEL:
        inside = unit < pixels * channels
        at = start + address(unit, pixels, channels, PLANAR)
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
