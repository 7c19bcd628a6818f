"""Samples of a generator, as a stream: a million take no more memory than a thousand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from robustness.errors import RobustnessError
from robustness.gan.condition import Condition
from robustness.gan.latents import check_seed, draw_latents
from robustness.models.classifier import best_device
from robustness.models.state import hash_state
from robustness.noise import Clean, Noise

BATCH = 512
MOST = 2**32
"""Samples of a class: the next class's latent vectors come after them."""

Images = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Generator:
    """A trained generator: classes and places in, images out.

    module: takes latents, labels and levels, as in `robustness.gan.networks`.
    losses: of "generator" and "discriminator" in its training, a mean for each epoch; empty where they are not known.
    trained_on: the content hash of its training images, where it is known.
    """

    module: nn.Module
    condition: Condition
    losses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    trained_on: str | None = None
    device: torch.device = field(default_factory=best_device)

    def __post_init__(self) -> None:
        self.module.eval().to(self.device)

    def content_hash(self) -> str:
        """SHA-256 over network, condition and weights: all that its samples depend on."""
        digest = hashlib.sha256(json.dumps([type(self.module).__qualname__, self.condition.to_card()]).encode())
        digest.update(hash_state(self.module.state_dict()).encode())
        return digest.hexdigest()

    def images(self, labels: npt.ArrayLike, places: npt.ArrayLike, seed: int, noise: Noise | None = None) -> Images:
        """Sample number `places[i]` of class `labels[i]`: uint8 of shape (N, 28, 28, 3).

        Its latent vector depends on the seed, the class and that number alone; not on what else is asked for.
        noise: one the generator was trained on, at that or a lower magnitude; without, clean images.
        """
        classes, numbers = (np.asarray(values, dtype=np.int64) for values in (labels, places))
        latents = torch.from_numpy(draw_latents(seed, (classes << 32) + numbers))
        levels = torch.tensor(self.condition.levels(noise or Clean())).expand(len(classes), -1)
        with torch.inference_mode():
            asked = (part.to(self.device) for part in (latents, torch.tensor(classes), levels))
            levels_of_grey = self.module(*asked).add_(1).mul_(127.5).round_().to(torch.uint8)
        images: Images = levels_of_grey.permute(0, 2, 3, 1).contiguous().cpu().numpy()
        return images


def stream(
    generator: Generator, labels: Sequence[int], count: int, seed: int, noise: Noise | None = None
) -> Iterator[tuple[Places, Places, Images]]:
    """`count` samples of each class, class after class, in batches: their labels, their numbers, and the images.

    What cannot be asked for is refused at once, before the first batch is.
    """
    if not 1 <= count <= MOST:
        raise RobustnessError(f"a class has from one sample to {MOST:,}, not {count}")
    check_seed(seed)
    generator.condition.levels(noise or Clean())
    return _batches(generator, labels, count, seed, noise)


def _batches(
    generator: Generator, labels: Sequence[int], count: int, seed: int, noise: Noise | None
) -> Iterator[tuple[Places, Places, Images]]:
    total = len(labels) * count
    for start in range(0, total, BATCH):
        numbers = np.arange(start, min(start + BATCH, total))
        classes, places = np.asarray(labels)[numbers // count], numbers % count
        yield classes, places, generator.images(classes, places, seed, noise)
