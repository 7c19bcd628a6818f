"""The magnitude at which a noise distorts images as much as another: by peak signal-to-noise ratio, or by structure."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from robustness.data import ImageSet, Preparation
from robustness.errors import RobustnessError
from robustness.evaluation.batch import clean_batch
from robustness.evaluation.order import evaluation_order
from robustness.noise import Noise, apply

SAMPLE = 256
"""How many images the distortion is measured on."""
HALVINGS = 20
"""Of the range: a magnitude is known to one part in a million of it."""

SMALLEST = 6
"""Pixels that an image needs each way for its structural similarity."""

Measure = Literal["psnr", "ssim"]
TOLERANCE: dict[Measure, float] = {"psnr": 0.5, "ssim": 0.01}
"""How far below its target a measure may end, which is less than a viewer could tell: more is another distortion."""


def sample(image_set: ImageSet, fit: Preparation) -> tuple[torch.Tensor, npt.NDArray[np.int64]]:
    """A random sample, the first `SAMPLE` images in the order of evaluation, and their index: int64 of shape (n,).

    The images are uint8 of shape (n, 3, size, size), as a network of that fit takes them.
    """
    places = evaluation_order(image_set.index)[:SAMPLE]
    return clean_batch(image_set, fit, places, torch.device("cpu")), image_set.index[places]


def psnr(clean: torch.Tensor, noisy: torch.Tensor) -> float:
    """Peak signal-to-noise ratio in dB: `10 log10(255^2 / MSE)`, the error's mean over all values of all images.

    clean, noisy: uint8 of one shape. Infinite where they are equal.
    """
    error = float((noisy.to(torch.int32) - clean).square().double().mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def ssim(clean: torch.Tensor, noisy: torch.Tensor) -> float:
    """Mean structural similarity over all images, 1 where they are equal.

    clean, noisy: uint8 of shape (N, 3, H, W). Source: Z. Wang et al., "Image quality assessment: from error visibility to
    structural similarity", IEEE Trans. Image Process. 13 (2004), with its Gaussian window of 11 pixels and sigma 1.5. In
    float32: the last digits depend on the machine.
    """
    if min(clean.shape[2:]) < SMALLEST:
        raise RobustnessError(f"SSIM looks through a window of 11 pixels, and needs images of {SMALLEST} at least")
    from torchmetrics.functional.image import structural_similarity_index_measure  # takes seconds to import

    similarity: Any = structural_similarity_index_measure(noisy.float(), clean.float(), data_range=255.0)
    return float(similarity)


def matched_magnitude(
    highest: Noise, clean: torch.Tensor, index: npt.NDArray[np.int64], seed: int, measure: Measure, target: float
) -> Noise:
    """The noise at the magnitude, up to that of `highest`, at which the measure falls to the target: bisection, six digits.

    clean: uint8 of shape (N, 3, H, W), with their `index`; see `sample`. target: in dB for "psnr", below 1 for "ssim". The
    measure there is at or below the target, by no more than `TOLERANCE`. A `RobustnessError` where it does not fall that far,
    or falls past the target in one step, as under noises that move in steps (`offset`, `resolution`).
    """
    if highest.level is None or highest.identity is None:
        raise RobustnessError(f"{highest} has no magnitude that grows from nothing, and none to match")
    of = {"psnr": psnr, "ssim": ssim}[measure]
    if not target < of(clean, clean):
        raise RobustnessError(
            f"images without noise have a {measure} of {of(clean, clean):g}; the target {target:g} is no distortion"
        )
    reached = of(clean, apply(highest, clean, index, seed))
    if reached > target:
        raise RobustnessError(
            f"{highest} brings the {measure} down to {reached:.4g}, not to {target:g}: give a higher magnitude"
        )
    low, high = highest.identity, highest.level
    for _ in range(HALVINGS):
        middle = float(f"{(low + high) / 2:.6g}")
        matches = of(clean, apply(highest.at(middle), clean, index, seed)) <= target
        low, high = (low, middle) if matches else (middle, high)
    matched = highest.at(high)
    reached = of(clean, apply(matched, clean, index, seed))
    if target - reached > TOLERANCE[measure]:
        raise RobustnessError(
            f"{matched.kind} moves in steps: its {measure} falls past {target:g} to {reached:.4g} at {matched}; "
            "give another target"
        )
    return matched
