"""What is added is looked up by a random half word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.form import Form


@dataclass(frozen=True, eq=False)
class Addition(Form):
    """The element's half word u looks up what is added: `x + table[u]`, brought back to 0..255.

    table: int16 of shape (65536,), rising; int8 where that holds it, to lie in a nearer cache. wraps: modulo 256 instead of
    clipping.
    """

    stream: int
    table: npt.NDArray[np.int16 | np.int8]
    wraps: bool = False

    @property
    def changes(self) -> bool:
        return bool(self.table.any())
