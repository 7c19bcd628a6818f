"""What the two networks want of the discriminator's verdicts, each of shape (N,)."""

from __future__ import annotations

import torch
from torch.nn import functional

from robustness.gan.recipes import Loss


def generator_loss(loss: Loss, fake: torch.Tensor) -> torch.Tensor:
    """The generator wants its images taken for real."""
    match loss:
        case "cross-entropy":
            return _cross_entropy(fake, 1.0)
        case "hinge":
            return -fake.mean()


def discriminator_loss(loss: Loss, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """The discriminator wants to tell them apart: by its probabilities, or by scores on either side of -1 and 1.

    hinge: J. H. Lim, J. C. Ye, "Geometric GAN", 2017. Cross-entropy is halved, as in the study's code.
    """
    match loss:
        case "cross-entropy":
            return (_cross_entropy(real, 1.0) + _cross_entropy(fake, 0.0)) / 2
        case "hinge":
            return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()


def _cross_entropy(probabilities: torch.Tensor, truth: float) -> torch.Tensor:
    """NaN where a probability is: torch's own raises then, and on a GPU ends the process."""
    if probabilities.isnan().any():
        return probabilities.sum()
    return functional.binary_cross_entropy(probabilities, torch.full_like(probabilities, truth))
