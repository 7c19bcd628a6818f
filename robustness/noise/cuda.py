"""The noise contract on the CUDA device that holds the images, without a copy to the CPU."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from robustness.noise.arithmetic import Addition, Arithmetic, Averaging, Field, Replacement, Transition

LANES = 128
"""Blocks of random words to a program: one for each thread of its four warps."""


@lru_cache(maxsize=1)
def has_triton() -> bool:
    """Whether noise can be made on the device; says so, once, where it cannot."""
    found = find_spec("triton") is not None
    if not found:
        tqdm.write(
            "Triton is not installed: noise on CUDA tensors is made on the CPU, the same bytes but slower", file=sys.stderr
        )
    return found


def apply_on_device(work: Arithmetic | None, images: torch.Tensor, index: npt.NDArray[np.int64], seed: int) -> torch.Tensor:
    """What `work` makes of uint8 images of shape (N, C, H, W), laid out as they are where that is dense."""
    if work is None or not images.numel():
        return images.clone()
    planar = images.is_contiguous()
    if not planar:
        images = images.contiguous(memory_format=torch.channels_last)
    if isinstance(work, Averaging):
        return _average(work, images)
    noisy = torch.empty_like(images)
    with torch.cuda.device(images.device) if images.is_cuda else nullcontext():  # Triton's interpreter works on the CPU
        _launch(work, images, noisy, planar, torch.from_numpy(index).to(images.device), seed)
    return noisy


def _launch(work: Arithmetic, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    from robustness.noise import cuda_kernels as kernels

    count, channels, height, width = images.shape
    pixels, elements = height * width, channels * height * width
    how = {"PLANAR": planar, "LANES": LANES, "enable_fp_fusion": False}  # all integers; unset, it is warned about

    def grid(values: int, values_per_lane: int) -> tuple[int, int]:
        return count, -(-values // (values_per_lane * LANES))

    table = _table(work, images.device, channels, planar)
    match work:
        case Addition(stream, _, wraps):
            kernels.add[grid(elements, 8)](images, noisy, table, index, stream, seed, pixels, channels, WRAPS=wraps, **how)
        case Transition(stream):
            kernels.move[grid(elements, 8)](images, noisy, table, index, stream, seed, pixels, channels, **how)
        case Replacement(stream, limit, per_channel):
            units = elements if per_channel else pixels
            kernels.replace[grid(units, 4)](
                images, noisy, index, limit, stream, seed, pixels, channels, PER_CHANNEL=per_channel, **how
            )
        case Field():
            kernels.add_field[grid(elements, 8)](images, noisy, table, elements, LANES=LANES, enable_fp_fusion=False)


@lru_cache(maxsize=64)
def _table(work: Arithmetic, device: torch.device, channels: int, planar: bool) -> torch.Tensor | None:
    """What the kernel looks up, kept on the device from batch to batch."""
    match work:
        case Addition(_, table):
            return torch.from_numpy(table).to(device)
        case Transition(_, counts):
            return torch.from_numpy(counts).to(device)
        case Field():
            return torch.from_numpy(work.in_memory_order(channels, planar)).to(device)
    return None


def _average(work: Averaging, images: torch.Tensor) -> torch.Tensor:
    """Sums of whole numbers below 2^53 are exact in float64, whatever their order."""
    height, width = images.shape[2:]
    down, across = (
        _shares(side, cells, images.device).double() for side, cells in ((height, work.rows), (width, work.columns))
    )
    total = (down @ images.double() @ across.T).long()
    means = ((2 * total + height * width) // (2 * height * width)).to(torch.uint8)
    rows, columns = (
        (2 * torch.arange(side, device=images.device) + 1) * cells // (2 * side)
        for side, cells in ((height, work.rows), (width, work.columns))
    )
    return torch.empty_like(images).copy_(means[:, :, rows][:, :, :, columns])


def _shares(side: int, cells: int, device: torch.device) -> torch.Tensor:
    """How much of each pixel lies in each cell, in parts of a cells-th: int64 of shape (cells, side).

    The edges of the pixels, moved into a cell where they lie outside: what remains between two is the pixel's share of it.
    """
    edges = torch.arange(side + 1, device=device) * cells
    start = torch.arange(cells, device=device)[:, None] * side
    return edges.clamp(start, start + side).diff(dim=1)
