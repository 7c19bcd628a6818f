"""Fogging on a CUDA device: three launches for each level of the plasma, one for the image."""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from robustness.noise.forms.by_triton import OPTIONS, grid, half_word
from robustness.noise.forms.fogging import Fogging


def launch(form: Fogging, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    count, channels, height, width = images.shape
    side = form.points
    points = torch.zeros((count, side, side), dtype=torch.int32, device=images.device)
    for level, most in enumerate(form.heights):
        step = side >> level
        parts = grid(points, (side // step) ** 2, 1)
        for kind in ("MIDDLES", "ABOVE", "BESIDE"):
            raise_points[parts](points, index, most, form.stream, seed, side, step, KIND=kind, **OPTIONS)
    least, most_ = points.amin(dim=(1, 2)), points.amax(dim=(1, 2))
    largest = images.amax(dim=(1, 2, 3)).to(torch.int64)
    fog[grid(images, images[0].numel(), 8)](
        images, noisy, points, least, most_, largest, form.amount, height, width, channels, side, PLANAR=planar, **OPTIONS
    )


@triton.jit(do_not_specialize=["height", "stream", "seed"])
def raise_points(points, index, height, stream, seed, side, step, KIND: tl.constexpr, LANES: tl.constexpr):
    image, number = tl.program_id(0).to(tl.int64), tl.program_id(1) * LANES + tl.arange(0, LANES)
    across, half, last = side // step, step // 2, side - 1
    inside = number < across * across
    y, x = number // across * step, number % across * step
    if KIND != "ABOVE":
        y += half
    if KIND != "BESIDE":
        x += half
    y, x = y & last, x & last
    up, down, left, right = (y - half) & last, (y + half) & last, (x - half) & last, (x + half) & last
    start = points + image * side * side
    if KIND == "MIDDLES":
        total = tl.load(start + up * side + left, inside, other=0) + tl.load(start + up * side + right, inside, other=0)
        total += tl.load(start + down * side + left, inside, other=0) + tl.load(start + down * side + right, inside, other=0)
    else:
        total = tl.load(start + up * side + x, inside, other=0) + tl.load(start + down * side + x, inside, other=0)
        total += tl.load(start + y * side + left, inside, other=0) + tl.load(start + y * side + right, inside, other=0)
    at = y * side + x
    draw = half_word(index, image, at, stream, seed).to(tl.int64) * 2 - 65535
    tl.store(start + at, (total >> 2) + ((draw * height) >> 16).to(tl.int32), inside)


@triton.jit(do_not_specialize=["amount"])
def fog(
    images, noisy, points, least, most, largest, amount, height, width, channels, side,
    PLANAR: tl.constexpr, LANES: tl.constexpr,
):  # fmt: skip
    image, elements = tl.program_id(0).to(tl.int64), height * width * channels
    element = tl.program_id(1) * (8 * LANES) + tl.arange(0, 8 * LANES)
    inside = element < elements
    pixel = element % (height * width) if PLANAR else element // channels
    low = tl.load(least + image).to(tl.int64)
    span = tl.maximum(tl.load(most + image).to(tl.int64) - low, 1)
    at = image * side * side + pixel // width * side + pixel % width
    share = ((tl.load(points + at, inside, other=0).to(tl.int64) - low) << 16) // span
    brightest = tl.load(largest + image)
    whole = tl.maximum(brightest * 65536 + amount, 1)
    gain = ((brightest << 40) + whole // 2) // whole
    x = tl.load(images + image * elements + element, inside, other=0).to(tl.int64)
    level = ((x * 65536 + ((share * amount) >> 16)) * gain + 549755813888) >> 40
    tl.store(noisy + image * elements + element, level.to(tl.uint8), inside)
