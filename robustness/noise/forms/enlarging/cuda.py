"""Enlarging on a CUDA device."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, grid, read_between
from robustness.noise.forms.enlarging import Enlarging


def launch(form: Enlarging, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    _, channels, height, width = images.shape
    enlarge[grid(images, images[0].numel(), 8)](
        images, noisy, _steps(form, images.device), len(form.steps), height, width, channels, 1 if planar else channels,
        **OPTIONS,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _steps(form: Enlarging, device: torch.device) -> torch.Tensor:
    """Kept on the device from batch to batch."""
    return torch.tensor(form.steps, dtype=torch.int64, device=device)


@triton.jit
def enlarge(images, noisy, steps, count, height, width, channels, lanes, LANES: tl.constexpr):
    elements = height * width * channels
    element = tl.program_id(1) * (8 * LANES) + tl.arange(0, 8 * LANES)
    inside = element < elements
    start = images + tl.program_id(0).to(tl.int64) * elements + element % lanes
    x, y = element // lanes % width, element // (lanes * width) % height
    start += element // (lanes * width * height) * (height * width)
    total = tl.load(start + (y * width + x) * lanes, inside, other=0).to(tl.int32) * 131072
    for k in range(count):
        step = tl.load(steps + k)
        upper, lower, tall = read_between(y, height, step)
        left, right, wide = read_between(x, width, step)
        a = tl.load(start + (upper * width + left) * lanes, inside, other=0).to(tl.int32)
        b = tl.load(start + (upper * width + right) * lanes, inside, other=0).to(tl.int32)
        c = tl.load(start + (lower * width + left) * lanes, inside, other=0).to(tl.int32)
        d = tl.load(start + (lower * width + right) * lanes, inside, other=0).to(tl.int32)
        total += (256 - wide) * ((256 - tall) * a + tall * c) + wide * ((256 - tall) * b + tall * d)
    level = (total + (count + 2) * 32768) // ((count + 2) * 65536)
    tl.store(noisy + tl.program_id(0).to(tl.int64) * elements + element, level.to(tl.uint8), inside)
