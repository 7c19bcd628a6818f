"""What a generator is asked for: a class, and how much noise of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from robustness.errors import RobustnessError, nearest
from robustness.noise import Noise, parse_noise


@dataclass(frozen=True)
class Condition:
    """What a GAN was told of its training images.

    class_names: of their classes; empty where it was not told the class.
    noises: those that were on them, beside none; empty where all were clean.

    A noise is told as its level: one number for each kind of noise (the text form without its magnitude), 0 for none and 1
    for the highest magnitude of that kind in `noises`, in proportion between. So the study's nine noises take three numbers,
    `gaussian(sigma=25)` is (0.5, 0, 0), and a generator can be asked for magnitudes between those it has seen.
    """

    class_names: tuple[str, ...] = ()
    noises: tuple[Noise, ...] = ()

    def __post_init__(self) -> None:
        for noise in self.noises:
            if noise.level is None or noise.identity is None or noise.level == noise.identity:
                raise RobustnessError(f"{noise} has no magnitude that grows from nothing, so a GAN cannot be told how much")

    @cached_property
    def highest(self) -> dict[str, Noise]:
        """The noise of highest magnitude of each kind, in the order in which the kinds come."""
        found: dict[str, Noise] = {}
        for noise in self.noises:
            if noise.family not in found or abs(_rise(noise)) > abs(_rise(found[noise.family])):
                found[noise.family] = noise
        return found

    def levels(self, noise: Noise) -> list[float]:
        """One number from 0 to 1 for each kind of noise; all are 0 for clean images."""
        if noise.level is None:  # clean
            return [0.0] * len(self.highest)
        if noise.family not in self.highest:
            said = nearest(noise.family, self.highest) if self.highest else "it was trained on clean images alone"
            raise RobustnessError(f"the generator does not know the noise {noise.family}: {said}")
        share = _rise(noise) / _rise(self.highest[noise.family])
        if not 0 <= share <= 1:
            raise RobustnessError(f"the generator was trained up to {self.highest[noise.family]}; {noise} lies beyond it")
        return [share if family == noise.family else 0.0 for family in self.highest]

    def label(self, text: str) -> int:
        """The class of that name or number."""
        if text in self.class_names:
            return self.class_names.index(text)
        if text in (numbers := [str(label) for label in range(len(self.class_names))]):
            return numbers.index(text)
        if not self.class_names:
            raise RobustnessError(f"the generator was not told of classes, so it cannot be asked for {text!r}")
        raise RobustnessError(
            f"the generator knows no class {text!r}: {nearest(text, self.class_names)}; or a number from 0 to "
            f"{len(self.class_names) - 1}"
        )

    def to_card(self) -> dict[str, Any]:
        return {"class_names": list(self.class_names), "noises": [str(noise) for noise in self.noises]}

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> Condition:
        names, noises = card["class_names"], card["noises"]
        if not isinstance(names, list) or not isinstance(noises, list) or not all(isinstance(name, str) for name in names):
            raise RobustnessError("the condition is a list of class names and one of noises")
        return cls(tuple(names), tuple(parse_noise(text) for text in noises))


def _rise(noise: Noise) -> float:
    """How far a noise's magnitude lies above the one that does nothing."""
    assert noise.level is not None
    assert noise.identity is not None
    return noise.level - noise.identity


class ConditionVector(nn.Module):
    """The condition as a vector: the class's embedding, as wide as there are classes (43), then the levels of noise.

    labels: int64 of shape (N,); levels: float32 of shape (N, kinds of noise). Gives float32 of shape (N, width).
    """

    def __init__(self, condition: Condition) -> None:
        super().__init__()
        classes = len(condition.class_names)
        self.width = classes + len(condition.highest)
        self.embedding = nn.Embedding(classes, classes) if classes else None

    def forward(self, labels: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        return levels if self.embedding is None else torch.cat([self.embedding(labels), levels], dim=1)
