"""Recolouring on a CUDA device."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, grid
from robustness.noise.forms.recolouring import Recolouring


def launch(form: Recolouring, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    _, channels, height, width = images.shape
    top, ratio = _tables(form, images.device)
    recolour[grid(images, height * width, 4)](
        images, noisy, top, ratio, form.ratio.shape[1], height * width, channels, PLANAR=planar, **OPTIONS
    )


@lru_cache(maxsize=64)
def _tables(form: Recolouring, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Kept on the device from batch to batch."""
    return torch.from_numpy(form.top).to(device), torch.from_numpy(form.ratio).to(device)


@triton.jit
def recolour(images, noisy, top, ratio, columns, pixels, channels, PLANAR: tl.constexpr, LANES: tl.constexpr):
    pixel = tl.program_id(1) * (4 * LANES) + tl.arange(0, 4 * LANES)
    inside = pixel < pixels
    start = tl.program_id(0).to(tl.int64) * pixels * channels + (pixel if PLANAR else pixel * channels)
    step = pixels if PLANAR else 1
    largest = tl.load(images + start, inside, other=0).to(tl.int32)
    smallest = largest
    for c in range(1, channels):
        x = tl.load(images + start + c * step, inside, other=0).to(tl.int32)
        largest, smallest = tl.maximum(largest, x), tl.minimum(smallest, x)
    most = tl.load(top + largest) + 2097152
    share = tl.load(ratio + largest * columns + tl.minimum(smallest, columns - 1))
    for c in range(channels):
        x = tl.load(images + start + c * step, inside, other=0).to(tl.int32)
        tl.store(noisy + start + c * step, ((most - share * (largest - x)) >> 22).to(tl.uint8), inside)
