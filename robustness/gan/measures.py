"""How generated images compare with real ones: float32 vectors of shape (N, D) in, numbers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import torch
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from robustness.errors import RobustnessError

NEIGHBOURS = 3
CHUNK = 1024
"""Rows of a matrix of distances held at a time."""


def frechet_distance(real: torch.Tensor, fake: torch.Tensor) -> float:
    """Between the normal distributions with the two sets' means and covariances; 0 where these are equal.

    M. Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium", NeurIPS 2017, there
    in the features of an Inception network. In others it has another scale, and compares only with itself.
    """
    _check(real, fake)
    metric = FrechetInceptionDistance(feature=_AsTheyAre(real.shape[1])).set_dtype(torch.float64)
    metric.update(real.double(), real=True)
    metric.update(fake.double(), real=False)
    return float(metric.compute())


def precision_and_recall(real: torch.Tensor, fake: torch.Tensor) -> tuple[float, float]:
    """The share of generated images that lie among the real ones, and of real ones among the generated: quality and variety.

    An image lies among others where one of them has it nearer than its own third neighbour of its kind. T. Kynkäänniemi et
    al., "Improved precision and recall metric for assessing generative models", NeurIPS 2019.
    """
    _check(real, fake)
    return _share_among(fake, real), _share_among(real, fake)


def nearest(vectors: torch.Tensor, among: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The Euclidean distance of each vector to the nearest of others, float32 of shape (N,), and which it is, int64."""
    places = torch.cat([torch.cdist(part, among).argmin(dim=1) for part in torch.split(vectors, CHUNK)])
    return (vectors - among[places]).norm(dim=1), places  # cdist's own distances lose the last digits, which copies want


def spread(vectors: torch.Tensor) -> float:
    """The mean Euclidean distance of two different vectors: how varied they are."""
    if len(vectors) < 2:
        raise RobustnessError(f"{len(vectors)} vectors have no distances between them")
    total = sum(float(torch.cdist(part, vectors).sum(dtype=torch.float64)) for part in torch.split(vectors, CHUNK))
    return total / (len(vectors) * (len(vectors) - 1))


def loss_divergence(losses: Mapping[str, Sequence[float]]) -> float | None:
    """By how much the gap between the losses of "generator" and "discriminator", one value per epoch, has widened.

    The gap's mean over the last quarter of the epochs less its mean over the first, each of one epoch at least: around 0 while
    both networks keep pace, above it where one outruns the other. None where there are fewer than two epochs.
    """
    pairs = zip(losses.get("generator", ()), losses.get("discriminator", ()), strict=True)
    gaps = [abs(generator - discriminator) for generator, discriminator in pairs]
    if len(gaps) < 2:
        return None
    quarter = max(1, len(gaps) // 4)
    return fmean(gaps[-quarter:]) - fmean(gaps[:quarter])


def _share_among(vectors: torch.Tensor, others: torch.Tensor) -> float:
    radii = torch.cat([torch.cdist(part, others).kthvalue(NEIGHBOURS + 1, dim=1).values for part in torch.split(others, CHUNK)])
    inside = [(torch.cdist(part, others) <= radii).any(dim=1) for part in torch.split(vectors, CHUNK)]
    return float(torch.cat(inside).double().mean())


def _check(real: torch.Tensor, fake: torch.Tensor) -> None:
    for name, vectors in (("real", real), ("generated", fake)):
        if len(vectors) <= NEIGHBOURS:
            raise RobustnessError(f"{len(vectors)} {name} images are too few to compare, at least {NEIGHBOURS + 1} are needed")
        if not torch.isfinite(vectors).all():
            raise RobustnessError(f"the features of the {name} images are not all finite, so nothing can be compared")


class _AsTheyAre(nn.Module):
    """In the place of the network that torchmetrics would use: the features have been computed."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.num_features = features

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features
