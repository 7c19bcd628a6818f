"""Stretching on a CUDA device: channels summed by torch, levels worked out by Triton."""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, grid
from robustness.noise.forms.stretching import Stretching


def launch(form: Stretching, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    _, channels, height, width = images.shape
    totals = images.sum(dim=(2, 3), dtype=torch.int64)
    stretch[grid(images, images[0].numel(), 8)](
        images, noisy, totals, form.factor, height * width, channels, PLANAR=planar, **OPTIONS
    )


@triton.jit(do_not_specialize=["factor"])
def stretch(images, noisy, totals, factor, pixels, channels, PLANAR: tl.constexpr, LANES: tl.constexpr):
    image, elements = tl.program_id(0).to(tl.int64), pixels * channels
    element = tl.program_id(1) * (8 * LANES) + tl.arange(0, 8 * LANES)
    channel = element // pixels if PLANAR else element % channels
    total = tl.load(totals + image * channels + channel, element < elements, other=0)
    x = tl.load(images + image * elements + element, element < elements, other=0).to(tl.int64)
    moved = factor * (x * pixels - total) + total * 65536
    share = image * 0 + pixels  # in 64 bits
    level = (2 * moved + share * 65536) // (share * 131072)
    tl.store(noisy + image * elements + element, level.to(tl.uint8), element < elements)
