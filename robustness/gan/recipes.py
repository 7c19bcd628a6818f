"""The GANs there are, and how each is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import nn

from robustness.gan.condition import Condition
from robustness.gan.convolutional import ConvolutionalDiscriminator, ConvolutionalGenerator
from robustness.gan.networks import StudyDiscriminator, StudyGenerator

Loss = Literal["cross-entropy", "hinge"]


@dataclass(frozen=True)
class Recipe:
    """Adam for both networks, a step of each for every batch.

    generator_rate, discriminator_rate: learning rates, the same throughout, so that a training can be gone on with.
    betas: of Adam.
    loss: see `robustness.gan.losses`.
    augment: whether the discriminator sees images changed at random; see `robustness.gan.augment`.
    average: share of the averaged generator that each step keeps, or None where the generator itself is the result.
    bfloat16: convolutions and products in 16 bits, weights and sums in 32.
    natural_epochs: after so many epochs every class comes equally often to a GAN that is told the classes; None: never.
    """

    generator_rate: float
    discriminator_rate: float
    betas: tuple[float, float]
    batch_size: int
    loss: Loss
    augment: bool = False
    average: float | None = None
    bfloat16: bool = False
    natural_epochs: int | None = None
    epochs: int = 200


@dataclass(frozen=True)
class Networks:
    """A generator and the discriminator that trains it."""

    generator: Callable[[Condition], nn.Module]
    discriminator: Callable[[Condition], nn.Module]
    recipe: Recipe


NETWORKS = {
    "study": Networks(
        StudyGenerator,
        StudyDiscriminator,
        Recipe(generator_rate=0.0002, discriminator_rate=0.0002, betas=(0.5, 0.999), batch_size=30, loss="cross-entropy"),
    ),
    "convolutional": Networks(
        ConvolutionalGenerator,
        ConvolutionalDiscriminator,
        Recipe(
            generator_rate=0.0002,
            discriminator_rate=0.0004,
            betas=(0.0, 0.99),
            batch_size=64,
            loss="hinge",
            augment=True,
            average=0.999,
            bfloat16=True,
            natural_epochs=20,
        ),
    ),
}
"""study: as the study has it. convolutional: the hinge loss, the discriminator at twice the generator's rate and no momentum,
as H. Zhang et al., "Self-attention generative adversarial networks", ICML 2019, train a projection discriminator with one step
for each; the average over about 1000 steps (1.6 epochs of GTSRB) takes the wobble of the last steps out of the result. Classes
come as often as they do in the data first, and equally often later (deferred re-sampling: K. Cao et al., "Learning imbalanced
datasets with label-distribution-aware margin loss", NeurIPS 2019): after 20 epochs of GTSRB, whose commonest class has 11 times
the images of the rarest, "20" came out as "30"."""
