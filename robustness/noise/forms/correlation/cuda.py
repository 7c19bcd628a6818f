"""Correlation on a CUDA device."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, grid, words
from robustness.noise.forms.correlation import Correlation


def launch(form: Correlation, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    _, channels, height, width = images.shape
    weights, offsets = _tables(form, images.device)
    correlate[grid(images, images[0].numel(), 8)](
        images, noisy, weights, offsets, len(form.weights), len(form.offsets), index, form.stream, seed,
        height, width, channels, 1 if planar else channels, MIRRORED=form.mirrored, **OPTIONS,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _tables(form: Correlation, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Kept on the device from batch to batch."""
    return torch.from_numpy(form.weights).to(device), torch.from_numpy(form.offsets).to(device)


@triton.jit
def _inside(place, side, MIRRORED: tl.constexpr):
    """The pixel that stands at a place."""
    if MIRRORED:
        period = tl.maximum(2 * (side - 1), 1)
        place = (place % period + period) % period
        return tl.minimum(place, period - place) % side
    return tl.minimum(tl.maximum(place, 0), side - 1)


@triton.jit(do_not_specialize=["stream", "seed"])
def correlate(
    images, noisy, weights, offsets, taps, directions, index, stream, seed, height, width, channels, lanes,
    MIRRORED: tl.constexpr, LANES: tl.constexpr,
):  # fmt: skip
    image, elements = tl.program_id(0).to(tl.int64), height * width * channels
    element = tl.program_id(1) * (8 * LANES) + tl.arange(0, 8 * LANES)
    inside = element < elements
    first, _, _, _ = words(index, image, element * 0, stream, seed)
    direction = ((first.to(tl.uint64) * directions) >> 32).to(tl.int32)
    lane = element % lanes
    x = element // lanes % width
    y = element // (lanes * width) % height
    plane = image * elements + element // (lanes * width * height) * (height * width)
    total = tl.zeros_like(element)
    for t in range(taps):
        at = offsets + (direction * taps + t) * 2
        row = _inside(y + tl.load(at), height, MIRRORED)
        column = _inside(x + tl.load(at + 1), width, MIRRORED)
        value = tl.load(images + plane + (row * width + column) * lanes + lane, inside, other=0)
        total += tl.load(weights + t) * value.to(tl.int32)
    tl.store(noisy + image * elements + element, ((total + 2097152) >> 22).to(tl.uint8), inside)
