"""Samples beside the training images that are nearest to them.

The distance of two images is sqrt(2 - 2 r) with the correlation r of their pixels, 0 to 2: Euclidean, once each image has been
brought to mean 0 and length 1. Between the pixels as they are any two dark images would be near.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from robustness.data import ImageSet, fit_images
from robustness.gan.batches import FIT
from robustness.gan.measures import nearest
from robustness.models.classifier import to_tensor

COPY = 0.01
"""A sample as near to a training image as this share of the real held-out images are, is as good as copied."""
SHOWN = 10


@dataclass(frozen=True, eq=False)
class Copies:
    """How like its training images a generator's samples are.

    nearest: the median distance from a sample to the training image nearest to it, over that from a real held-out image: 1
    where samples are as near as these, above it where they resemble nothing, 0 where all are copies.
    copied: the share of samples at `copy_distance` or nearer, where one real image in a hundred is.
    pairs: the samples nearest to a training image, that image below each, uint8 of shape (2, up to 10, 28, 28, 3).
    """

    nearest: float
    copied: float
    copy_distance: float
    pairs: npt.NDArray[np.uint8]


def find_copies(samples: ImageSet, real: ImageSet, training: ImageSet) -> Copies:
    """Look for the nearest training image of each sample, and of each held-out image to tell what is near."""
    known = _standardised(training)
    distances, places = nearest(_standardised(samples), known)
    usual, _ = nearest(_standardised(real), known)
    limit = torch.quantile(usual, COPY)
    first = distances.argsort(stable=True)[:SHOWN].numpy()
    pairs = (fit_images(samples, FIT)[first], fit_images(training, FIT)[places[first].numpy()])
    return Copies(
        nearest=float(distances.median() / usual.median()),
        copied=float((distances <= limit).double().mean()),
        copy_distance=float(limit),
        pairs=np.stack(pairs),
    )


def _standardised(images: ImageSet) -> torch.Tensor:
    """float32 of shape (N, 3 * 28 * 28 + 1); an image of one grey has the last coordinate alone: it correlates with none."""
    pixels = to_tensor(fit_images(images, FIT)).flatten(1).float()
    is_grey = (pixels == pixels[:, :1]).all(dim=1, keepdim=True)
    from_mean = functional.normalize((pixels - pixels.mean(dim=1, keepdim=True)) * ~is_grey)
    return torch.cat([from_mean, is_grey.float()], dim=1)
