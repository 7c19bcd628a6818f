"""What evaluating a case yields: the predicted class of every image. Everything else is derived from it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Result:
    """Predictions over an image set.

    predictions: int16 of shape (N,), the predicted class, -1 where not evaluated.
    margins: float32 of shape (N,), the largest logit minus the second; a hint outside every promise of identity.
    """

    predictions: npt.NDArray[np.int16]
    margins: npt.NDArray[np.float32]

    @classmethod
    def nothing_of(cls, images: int) -> Self:
        """Of so many images, none of them evaluated."""
        of_type: dict[bool, npt.NDArray[Any]] = {True: np.full(images, -1, np.int16), False: np.zeros(images, np.float32)}
        return cls(*(of_type["int16" in str(one.type)].copy() for one in fields(cls)))

    @property
    def is_complete(self) -> bool:
        """Whether every image was evaluated."""
        return bool((self.predictions >= 0).all())

    def right(self, labels: npt.NDArray[np.int64]) -> int:
        """How many images are named right."""
        return int((self.predictions == labels).sum())

    def take(self, places: npt.NDArray[np.int64]) -> Self:
        """Of the images at those places alone."""
        return type(self)(*(getattr(self, one.name)[places] for one in fields(self)))

    def copy(self) -> Self:
        return type(self)(*(getattr(self, one.name).copy() for one in fields(self)))


@dataclass(frozen=True, eq=False)
class Scores(Result):
    """Predictions, and how the class that each image is of fared among the others; measured where something is asked of that.

    ranks: int16 of shape (N,), the place of the image's own class among all by their logits, 1 exactly where it is the
    predicted one; -1 where not evaluated. Of classes with equal logits all but the predicted one have the last of their
    places, so that a network that tells them apart by nothing gains nothing; see `robustness.evaluation.rule.ranked`.
    probabilities: float32 of shape (N,), of the predicted class; a hint outside every promise of identity. NaN where the
    network gives probabilities without saying so: a softmax of these would be none.
    """

    ranks: npt.NDArray[np.int16]
    probabilities: npt.NDArray[np.float32]
