"""How a network is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Adam on the cross-entropy.

    augment: draw the classes equally often, and turn each image by up to 40 degrees, change its contrast by up to 0.6 and
        mirror it both ways, as the study did. Mirroring changes what some signs mean (keep left becomes keep right).
    """

    learning_rate: float
    augment: bool
    batch_size: int = 32
    epochs: int = 10
    validation_share: float = 0.1


RECIPES = {
    "default": Recipe(learning_rate=0.001, augment=False),
    "study": Recipe(learning_rate=0.01, augment=True),
}
