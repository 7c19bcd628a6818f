"""Averages on a CUDA device, or any that torch knows: two products of matrices."""

from __future__ import annotations

import torch

from robustness.noise.forms.averaging import Averaging


def launch(form: Averaging, images: torch.Tensor, noisy: torch.Tensor, planar: bool, index: torch.Tensor, seed: int) -> None:
    """Sums of whole numbers below 2^53 are exact in float64, whatever their order."""
    height, width = images.shape[2:]
    sides = ((height, form.rows), (width, form.columns))
    down, across = (_shares(side, cells, images.device).double() for side, cells in sides)
    total = (down @ images.double() @ across.T).long()
    means = ((2 * total + height * width) // (2 * height * width)).to(torch.uint8)
    rows, columns = ((2 * torch.arange(side, device=images.device) + 1) * cells // (2 * side) for side, cells in sides)
    noisy.copy_(means[:, :, rows][:, :, :, columns])


def _shares(side: int, cells: int, device: torch.device) -> torch.Tensor:
    """How much of each pixel lies in each cell, in parts of a cells-th: int64 of shape (cells, side).

    The edges of the pixels, moved into a cell where they lie outside: what remains between two is the pixel's share of it.
    """
    edges = torch.arange(side + 1, device=device) * cells
    start = torch.arange(cells, device=device)[:, None] * side
    return edges.clamp(start, start + side).diff(dim=1)
