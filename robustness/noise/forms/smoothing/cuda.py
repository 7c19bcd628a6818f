"""Smoothing on a CUDA device: a launch for the columns, then one for the rows."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, grid
from robustness.noise.forms.smoothing import Smoothing


def launch(form: Smoothing, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    _, channels, height, width = images.shape
    weights, radius, lanes = _table(form, images.device), len(form.weights) - 1, 1 if planar else channels
    between = torch.empty_like(images, dtype=torch.int16)
    sides = (height, width, channels, lanes)
    parts = grid(images, images[0].numel(), 8)
    smooth[parts](images, between, weights, radius, *sides, ALONG=False, HALF=2**8, SHIFT=9, **OPTIONS)
    smooth[parts](between, noisy, weights, radius, *sides, ALONG=True, HALF=2**22, SHIFT=23, **OPTIONS)


@lru_cache(maxsize=64)
def _table(form: Smoothing, device: torch.device) -> torch.Tensor:
    """Kept on the device from batch to batch."""
    return torch.from_numpy(form.weights).to(device)


@triton.jit
def smooth(
    images, noisy, weights, radius, height, width, channels, lanes,
    ALONG: tl.constexpr, HALF: tl.constexpr, SHIFT: tl.constexpr, LANES: tl.constexpr,
):  # fmt: skip
    elements = height * width * channels
    start = tl.program_id(0).to(tl.int64) * elements
    element = tl.program_id(1) * (8 * LANES) + tl.arange(0, 8 * LANES)
    inside = element < elements
    step = lanes if ALONG else width * lanes
    side = width if ALONG else height
    place = element // step % side
    first = start + element - place * step
    total = tl.load(weights) * tl.load(images + start + element, inside, other=0).to(tl.int32)
    for d in range(1, radius + 1):
        before = tl.load(images + first + tl.maximum(place - d, 0) * step, inside, other=0).to(tl.int32)
        after = tl.load(images + first + tl.minimum(place + d, side - 1) * step, inside, other=0).to(tl.int32)
        total += tl.load(weights + d) * (before + after)
    tl.store(noisy + start + element, ((total + HALF) >> SHIFT).to(noisy.dtype.element_ty), inside)
