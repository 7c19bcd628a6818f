"""Images under several noises at once, each under its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from robustness.noise.apply import apply
from robustness.noise.specs import Noise


def apply_each(
    noises: Sequence[Noise], which: npt.NDArray[np.int64], images: npt.NDArray[np.uint8], index: npt.ArrayLike, seed: int
) -> npt.NDArray[np.uint8]:
    """Image `i` under `noises[which[i]]`; everything else as in `apply`."""
    noisy, places = images.copy(), np.asarray(index)
    for number, noise in enumerate(noises):
        chosen = np.flatnonzero(which == number)
        noisy[chosen] = apply(noise, images[chosen], places[chosen], seed)
    return noisy
