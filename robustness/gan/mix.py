"""A generator's samples as training images."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robustness.data import ImageSet, Preparation, fit_images
from robustness.errors import RobustnessError
from robustness.gan.checkpoint import load_generator
from robustness.gan.sample import BATCH, Generator
from robustness.noise import Clean
from robustness.training.mix import Images, Places


@dataclass(frozen=True)
class SampleMix:
    """Samples of the images' classes; where the generator was trained on noise, clean or with one of its noises.

    told: see `robustness.training.mix.Mix`.
    """

    generator: Generator
    told: str

    @classmethod
    def load(cls, file: Path) -> SampleMix:
        generator = load_generator(file)
        return cls(generator, f"samples of a generator, SHA-256 {hashlib.sha256(file.read_bytes()).hexdigest()}")

    def drawn(self, image_set: ImageSet, fit: Preparation, places: Places, draws: np.random.Generator) -> Images:
        """A sample for each of these images, no two alike: uint8 of shape (N, size, size, 3)."""
        if self.generator.condition.class_names != image_set.class_names:
            raise RobustnessError(f"the generator was not trained on the classes of {image_set.name}, so it cannot be mixed in")
        noises = (Clean(), *self.generator.condition.noises)
        which = draws.integers(len(noises), size=len(places))
        numbers, seed = draws.integers(2**31, size=len(places)), int(draws.integers(2**63))
        labels = image_set.labels[places]
        samples: Images = np.empty((len(places), fit.size, fit.size, 3), dtype=np.uint8)
        for number, noise in enumerate(noises):
            asked = np.flatnonzero(which == number)
            for start in range(0, len(asked), BATCH):
                batch = asked[start : start + BATCH]
                images = self.generator.images(labels[batch], numbers[batch], seed, noise)
                drawn = ImageSet.from_images("samples", images, labels[batch].tolist(), image_set.class_names)
                samples[batch] = fit_images(drawn, fit)
        return samples
