"""A random half word and the value give a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from robustness.noise.fixed import HALVES, LEVELS
from robustness.noise.forms.form import Form
from robustness.noise.tables import SIZE


@dataclass(frozen=True, eq=False)
class Transition(Form):
    """The element's half word u and its value x give a level: the smallest y with `u < counts[x, y]`.

    counts: int32 of shape (256, 256); `counts[x, y]` half words of 65,536 lead from x to y or below.
    first: uint8 of shape (256, 256), the level for u = 256 h: where to begin looking (the guide table of Chen and Asau, 1974).
    """

    stream: int
    counts: npt.NDArray[np.int32]
    first: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, stream: int, rows: Sequence[npt.NDArray[np.int64]]) -> Self:
        """From the counts of each value x."""
        counts = np.array(rows, dtype=np.int32)
        counts[:, 255] = SIZE  # clipped
        first = [np.searchsorted(row, HALVES[::256], side="right") for row in counts]
        return cls(stream, counts, np.array(first, dtype=np.uint8))

    @property
    def changes(self) -> bool:
        return not np.array_equal(self.counts, np.where(LEVELS[:, np.newaxis] <= LEVELS, SIZE, 0))
