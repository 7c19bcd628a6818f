"""What the two networks want of the discriminator's verdicts, each of shape (N,)."""

from __future__ import annotations

import torch
from torch.nn import functional

from robustness.gan.recipes import Loss


def generator_loss(loss: Loss, fake: torch.Tensor) -> torch.Tensor:
    """The generator wants its images taken for real."""
    match loss:
        case "cross-entropy":
            return functional.binary_cross_entropy(fake, torch.ones_like(fake))
        case "hinge":
            return -fake.mean()


def discriminator_loss(loss: Loss, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """The discriminator wants to tell them apart: by its probabilities, or by scores on either side of -1 and 1.

    hinge: J. H. Lim, J. C. Ye, "Geometric GAN", 2017. Cross-entropy is halved, as in the study's code.
    """
    match loss:
        case "cross-entropy":
            told = functional.binary_cross_entropy(real, torch.ones_like(real))
            return (told + functional.binary_cross_entropy(fake, torch.zeros_like(fake))) / 2
        case "hinge":
            return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()
