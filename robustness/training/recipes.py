"""How a network is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Augmentation = Literal["none", "study", "harden"]


@dataclass(frozen=True)
class Recipe:
    """Adam on the cross-entropy.

    learning_rate: throughout, or with `one_cycle` at its peak: it rises over the first 30 % of the steps and falls to nothing
        (L. Smith, N. Topin, "Super-convergence", 2018).
    augmentation: "study" draws the classes equally often, and turns each image by up to 40 degrees, changes its contrast by up
        to 0.6 and mirrors it both ways, as the study did; mirroring changes what some signs mean (keep left becomes keep
        right). "harden" turns, scales and shifts three images in four a little and lights them otherwise, and then puts noise
        on three in four; see `training.noise`.
    weight_decay: decoupled from the gradient (I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", 2019).
    bfloat16: convolutions and products in 16 bits, weights and sums in 32.
    """

    learning_rate: float
    augmentation: Augmentation = "none"
    batch_size: int = 32
    epochs: int = 10
    validation_share: float = 0.1
    one_cycle: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    bfloat16: bool = False


RECIPES = {
    "default": Recipe(learning_rate=0.001),
    "study": Recipe(learning_rate=0.01, augmentation="study"),
    "one-cycle": Recipe(learning_rate=0.001, batch_size=64, one_cycle=True, weight_decay=0.01, bfloat16=True),
    "fine-tune": Recipe(learning_rate=0.0003, batch_size=64, epochs=20, validation_share=0.2),
    "harden": Recipe(
        learning_rate=0.004,
        augmentation="harden",
        batch_size=128,
        epochs=50,
        validation_share=0.05,
        one_cycle=True,
        weight_decay=0.02,
        label_smoothing=0.05,
        bfloat16=True,
    ),
}
