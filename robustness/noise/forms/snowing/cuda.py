"""Snowing on a CUDA device: a launch each for the flakes, their streaks and the image."""

from __future__ import annotations

from functools import lru_cache

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, grid, half_word, read_between
from robustness.noise.forms.snowing import Snowing


def launch(form: Snowing, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    count, channels, height, width = images.shape
    flakes = torch.empty((count, 1, height, width), dtype=torch.uint8, device=images.device)
    streaks = torch.empty_like(flakes)
    parts, table = grid(flakes, height * width, 1), _table(form, images.device)
    enlarge[parts](flakes, table, index, form.threshold, form.step, form.stream, seed, height, width, **OPTIONS)
    form.streaks.side("cuda").launch(form.streaks, flakes, streaks, True, index, seed)
    snow[parts](images, noisy, streaks, form.strength, form.pale, height * width, channels, PLANAR=planar, **OPTIONS)


@lru_cache(maxsize=64)
def _table(form: Snowing, device: torch.device) -> torch.Tensor:
    """Kept on the device from batch to batch."""
    return torch.from_numpy(form.flakes).to(device)


@triton.jit
def _flake(table, index, image, pixel, stream, seed):
    """In 2^-4 levels."""
    return tl.load(table + half_word(index, image, pixel, stream, seed)).to(tl.int64)


@triton.jit(do_not_specialize=["threshold", "step", "stream", "seed"])
def enlarge(flakes, table, index, threshold, step, stream, seed, height, width, LANES: tl.constexpr):
    image, pixel = tl.program_id(0).to(tl.int64), tl.program_id(1) * LANES + tl.arange(0, LANES)
    upper, lower, tall = read_between(pixel // width % height, height, step)
    left, right, wide = read_between(pixel % width, width, step)
    a = _flake(table, index, image, upper * width + left, stream, seed)
    b = _flake(table, index, image, upper * width + right, stream, seed)
    c = _flake(table, index, image, lower * width + left, stream, seed)
    d = _flake(table, index, image, lower * width + right, stream, seed)
    value = (256 - tall) * ((256 - wide) * a + wide * b) + tall * ((256 - wide) * c + wide * d)
    level = tl.where(value < value * 0 + threshold * 65536, 0, tl.minimum((value + 524288) >> 20, 255))
    tl.store(flakes + image * height * width + pixel, level.to(tl.uint8), pixel < height * width)


@triton.jit(do_not_specialize=["strength", "pale"])
def snow(images, noisy, streaks, strength, pale, pixels, channels: tl.constexpr, PLANAR: tl.constexpr, LANES: tl.constexpr):
    image, pixel = tl.program_id(0).to(tl.int64), tl.program_id(1) * LANES + tl.arange(0, LANES)
    inside = pixel < pixels
    start = image * pixels * channels + (pixel if PLANAR else pixel * channels)
    step = pixels if PLANAR else 1
    here = tl.load(streaks + image * pixels + pixel, inside, other=0).to(tl.int64)
    there = tl.load(streaks + image * pixels + (pixels - 1 - pixel), inside, other=0).to(tl.int64)
    grey = tl.zeros_like(here)
    for c in tl.static_range(channels):
        x = tl.load(images + start + c * step, inside, other=0).to(tl.int64)
        grey += x * ((19595 if c == 0 else 38470 if c == 1 else 7471) if channels == 3 else 2)
    grey = (grey + 32768) >> 16 if channels == 3 else (grey + channels) // (2 * channels)
    for c in tl.static_range(channels):
        x = tl.load(images + start + c * step, inside, other=0).to(tl.int64)
        more = ((here + there) * 131072 + tl.maximum(3 * grey + 255 - 2 * x, 0) * pale) * strength
        level = tl.minimum(x + ((more + 4294967296) >> 33), 255)
        tl.store(noisy + start + c * step, level.to(tl.uint8), inside)
