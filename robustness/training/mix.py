"""What takes the place of half of the training images, drawn anew in every epoch: the same under noise, or others.

So whatever is mixed in, a training shows as many images, half of them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from robustness.data import ImageSet, Preparation, fit_images
from robustness.noise import Clean, Noise
from robustness.noise.each import apply_each

SHARE = 0.5

Images = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


class Mix(Protocol):
    """Anything that has other images to show, such as noisy or generated ones.

    told: what it is, for the card; it tells one training from another.
    """

    @property
    def told(self) -> str: ...

    def drawn(self, image_set: ImageSet, fit: Preparation, places: Places, draws: np.random.Generator) -> Images:
        """What stands for the images at these places this time: uint8 of shape (N, size, size, 3)."""
        ...


@dataclass(frozen=True)
class NoiseMix:
    """The images themselves, clean or under one of the noises, all equally likely."""

    noises: tuple[Noise, ...]

    @property
    def told(self) -> str:
        return f"images clean or under {', '.join(map(str, self.noises))}"

    def drawn(self, image_set: ImageSet, fit: Preparation, places: Places, draws: np.random.Generator) -> Images:
        which = draws.integers(1 + len(self.noises), size=len(places))
        images, seed = fit_images(image_set, fit)[places], int(draws.integers(2**63))
        return apply_each((Clean(), *self.noises), which, images, image_set.index[places], seed)
