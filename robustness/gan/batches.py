"""One epoch's batches: every image once or every class equally often, clean or under one of the noises, as its seed has it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from robustness.data import Fit, ImageSet, fit_images
from robustness.errors import RobustnessError
from robustness.gan.condition import Condition
from robustness.gan.networks import SIZE
from robustness.gan.pair import Batch
from robustness.noise import Clean, Noise
from robustness.noise.each import apply_each

FIT = Fit(SIZE)
"""The study's: the centre, cropped or padded."""


class Batches:
    """A GAN's epoch. Each image is shown clean or under one of the condition's noises, all equally likely, drawn anew.

    So over the epochs a GAN trained on noise meets the clean set and each noisy one equally often, and an epoch takes as long
    as without. Images left over from whole batches wait for the next epoch's order: batch normalisation over few is no good.

    balanced: whether every class comes equally often, however many images it has; otherwise every image comes once.
    """

    def __init__(
        self,
        image_set: ImageSet,
        condition: Condition,
        batch_size: int,
        seed: np.random.SeedSequence,
        balanced: bool = False,
    ) -> None:
        if len(image_set) < batch_size:
            raise RobustnessError(f"{image_set.name} has {len(image_set)} images, fewer than a batch of {batch_size}")
        generator = np.random.default_rng(seed)
        order = _balanced(image_set.labels, generator) if balanced else generator.permutation(len(image_set))
        self.places = order[: len(order) // batch_size * batch_size].reshape(-1, batch_size)
        noises: tuple[Noise, ...] = (Clean(), *condition.noises)
        self.drawn = generator.integers(len(noises), size=len(image_set))
        self.levels = np.array([condition.levels(noise) for noise in noises], dtype=np.float32)
        self.labels = image_set.labels
        self.images = fit_images(image_set, FIT)
        if condition.noises:
            self.images = apply_each(noises, self.drawn, self.images, image_set.index, int(generator.integers(2**63)))

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Batch]:
        for places in self.places:
            pixels = torch.from_numpy(self.images[places]).permute(0, 3, 1, 2)
            levels = torch.from_numpy(self.levels[self.drawn[places]])
            yield pixels / 127.5 - 1, torch.from_numpy(self.labels[places]), levels


def _balanced(labels: npt.NDArray[np.int64], generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Places in random order, about as many as there are labels, equally many of each class, all of it before one again."""
    classes = np.unique(labels)
    each = max(len(labels) // len(classes), 1)
    chosen = []
    for label in classes:
        places = np.flatnonzero(labels == label)
        rounds = [generator.permutation(places) for _ in range(-(-each // len(places)))]
        chosen.append(np.concatenate(rounds)[:each])
    return generator.permutation(np.concatenate(chosen))
