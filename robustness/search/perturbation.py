"""Several noises on the same images, one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy.typing as npt

from robustness.errors import RobustnessError
from robustness.noise import Noise, apply, parse_noise

if TYPE_CHECKING:
    import torch

AND_THEN = " + "


@dataclass(frozen=True)
class Perturbation:
    """Noises put on one after another, all with one seed. Text form, without the seed: `gaussian(sigma=3) + offset(levels=2)`.

    noises: built-in ones with a magnitude that grows from nothing, at least one. seed: 0 to 2^64 - 1. Anything else is a
    `RobustnessError`.
    """

    noises: tuple[Noise, ...]
    seed: int

    def __post_init__(self) -> None:
        if not self.noises:
            raise RobustnessError("a perturbation wants at least one noise, for example gaussian(sigma=5)")
        for noise in self.noises:
            if noise.level is None or noise.identity is None or not noise.bit_identical:
                raise RobustnessError(
                    f"{noise}: a perturbation is made of built-in noises with a magnitude, for example gaussian(sigma=5)"
                )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**64:
            raise RobustnessError(f"a seed lies between 0 and 2^64 - 1, not {self.seed}")

    def apply(self, images: torch.Tensor, index: npt.ArrayLike) -> torch.Tensor:
        """The images with the noises on them: uint8 of shape (N, 3, H, W), on the same device. index: see `noise.apply`."""
        import torch  # a gate's controller reads findings, and does without

        for noise in self.noises:
            images = apply(noise, images, index, self.seed, torch.get_num_threads())
        return images

    def at(self, level: int, levels: int) -> Perturbation:
        """The same with every noise at that level, 0 to `levels`, of even steps from none up to its magnitude here."""
        return Perturbation(tuple(noise.ladder(levels)[level] for noise in self.noises), self.seed)

    def __str__(self) -> str:
        return AND_THEN.join(map(str, self.noises))


def parse_perturbation(text: str, seed: int) -> Perturbation:
    """The perturbation a text form stands for: the inverse of `str(perturbation)`.

    >>> parse_perturbation("gaussian(sigma=3) + resolution(factor=2)", 0)
    Perturbation(noises=(Gaussian(sigma=3.0), Resolution(factor=2.0)), seed=0)
    """
    return Perturbation(tuple(parse_noise(noise) for noise in text.split(AND_THEN)), seed)
