"""A field on a CUDA device."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, clipped, grid
from robustness.noise.forms.field import Field


def launch(form: Field, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    elements = images[0].numel()
    add_field[grid(images, elements, 8)](
        images, noisy, _table(form, images.device, images.shape[1], planar), elements, **OPTIONS
    )


@lru_cache(maxsize=64)
def _table(form: Field, device: torch.device, channels: int, planar: bool) -> torch.Tensor:
    """Kept on the device from batch to batch."""
    return torch.from_numpy(form.in_memory_order(channels, planar)).to(device)


@triton.jit
def add_field(images, noisy, field, elements, LANES: tl.constexpr):
    image = tl.program_id(0).to(tl.int64)
    element = tl.program_id(1) * (8 * LANES) + tl.arange(0, 8 * LANES)
    at = image * elements + element
    level = tl.load(images + at, element < elements).to(tl.int32) + tl.load(field + element, element < elements).to(tl.int32)
    tl.store(noisy + at, clipped(level), element < elements)
