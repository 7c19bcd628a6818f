"""One epoch's batches, in an order and with augmentations that its seed fixes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from robustness.data import ImageSet, Preparation, fit_images
from robustness.training.augment import augment_as_study, canvas, vary
from robustness.training.mix import SHARE, Mix
from robustness.training.noise import add_drawn_noise
from robustness.training.recipes import Augmentation, Recipe

Batch = tuple[torch.Tensor, torch.Tensor]
"""uint8 of shape (N, channels, height, width), and int64 labels of shape (N,)."""


class Batches:
    """The images at `places` as one epoch of a recipe shows them; the study's draws the classes equally often.

    mix: what takes the place of half of them; not with hardening, which has noise of its own.
    """

    def __init__(
        self,
        image_set: ImageSet,
        fit: Preparation,
        places: npt.NDArray[np.int64],
        recipe: Recipe,
        seed: np.random.SeedSequence,
        mix: Mix | None = None,
    ) -> None:
        order_seed, augment_seed, mix_seed = seed.generate_state(3)
        generator = np.random.default_rng(order_seed)
        self.images = fit_images(image_set, canvas(fit) if recipe.augmentation == "harden" else fit)
        self.labels, self.fit, self.recipe, self.augment_seed = image_set.labels, fit, recipe, int(augment_seed)
        self.order = generator.permutation(places)
        if recipe.augmentation == "study":
            weights = 1 / np.bincount(self.labels[places])[self.labels[places]]
            self.order = generator.choice(places, size=len(places), p=weights / weights.sum())
        if mix is not None:
            draws = np.random.default_rng(mix_seed)
            chosen = np.sort(draws.permutation(places)[: round(SHARE * len(places))])
            self.images = self.images.copy()
            self.images[chosen] = mix.drawn(image_set, fit, chosen, draws)

    def __len__(self) -> int:
        return -(-len(self.order) // self.recipe.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        torch.manual_seed(self.augment_seed)  # torchvision's transforms draw from the global generator
        generator = np.random.default_rng(self.augment_seed)
        for start in range(0, len(self.order), self.recipe.batch_size):
            places = self.order[start : start + self.recipe.batch_size]
            images = torch.from_numpy(self.images[places]).permute(0, 3, 1, 2)
            images = _augmented(images, self.recipe.augmentation, self.fit, generator)
            yield images, torch.from_numpy(self.labels[places])


def _augmented(
    images: torch.Tensor, augmentation: Augmentation, fit: Preparation, generator: np.random.Generator
) -> torch.Tensor:
    match augmentation:
        case "study":
            return augment_as_study(images)
        case "harden":
            return add_drawn_noise(vary(images, fit.size), generator)
        case _:
            return images
