"""What evaluating a case yields: the predicted class of every image. Everything else is derived from it."""

from __future__ import annotations

from dataclasses import dataclass

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

    @property
    def is_complete(self) -> bool:
        """Whether every image was evaluated."""
        return bool((self.predictions >= 0).all())

    def right(self, labels: npt.NDArray[np.int64]) -> int:
        """How many images are named right."""
        return int((self.predictions == labels).sum())
