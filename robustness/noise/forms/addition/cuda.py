"""Addition on a CUDA device."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl

from robustness.noise.forms.addition import Addition
from robustness.noise.forms.by_triton import OPTIONS, address, clipped, grid, half_words, words


def launch(form: Addition, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    _, channels, height, width = images.shape
    pixels, elements = height * width, channels * height * width
    table = _table(form, images.device)
    add[grid(images, elements, 8)](
        images, noisy, table, index, form.stream, seed, pixels, channels, PLANAR=planar, WRAPS=form.wraps, **OPTIONS
    )


@lru_cache(maxsize=64)
def _table(form: Addition, device: torch.device) -> torch.Tensor:
    """Kept on the device from batch to batch."""
    return torch.from_numpy(form.table).to(device)


@triton.jit(do_not_specialize=["stream", "seed"])
def add(
    images, noisy, table, index, stream, seed, pixels, channels, PLANAR: tl.constexpr, WRAPS: tl.constexpr, LANES: tl.constexpr
):
    image, elements = tl.program_id(0).to(tl.int64), pixels * channels
    block = tl.program_id(1) * LANES + tl.arange(0, LANES)
    w0, w1, w2, w3 = words(index, image, block, stream, seed)
    element = block[:, None] * 8 + tl.arange(0, 8)[None, :]
    at = image * elements + address(element, pixels, channels, PLANAR)
    level = tl.load(images + at, element < elements).to(tl.int32) + tl.load(table + half_words(w0, w1, w2, w3)).to(tl.int32)
    if WRAPS:
        tl.store(noisy + at, (level & 255).to(tl.uint8), element < elements)
    else:
        tl.store(noisy + at, clipped(level), element < elements)
