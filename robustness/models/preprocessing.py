"""How images come to a network: their preparation, and the normalisation that comes with it."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.data.preparation import Preparation

Channels = tuple[float, ...]
PLAIN: tuple[Channels, Channels] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
"""Mean and standard deviation that leave values in 0..1 as they are, for any number of channels."""


@dataclass(frozen=True)
class Preprocessing:
    """A preparation with the normalisation that comes with it. read_from: where it was found, or None where it was declared."""

    fit: Preparation
    mean: Channels
    std: Channels
    read_from: str | None = None

    def __str__(self) -> str:
        mean, std = (", ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))
        return f"{self.fit}, mean [{mean}], std [{std}]"
