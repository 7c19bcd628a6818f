"""Latent vectors from the noise engine's generator: the same seed gives the same vectors anywhere, whatever the batch.

Element e of the vector of sample i is `Q[u] / 2^20` as float32, where u is half word e of the Philox words addressed by (seed,
`STREAM`, i), numbered as in `robustness.noise.arithmetic`, and Q are the normal quantiles of `robustness.noise.tables`. Those
are integers below 2^23, so every machine divides to the same float32. A standard normal number in 16 bits takes 65,536 values
from -4.33 to 4.33, all equally likely: far finer than a generator tells apart, and of a true normal number one draw in 65,536
would lie beyond the last.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from robustness.errors import RobustnessError
from robustness.noise.philox import HALF, LOW, philox4x32
from robustness.noise.tables import ONE, normal_quantiles

LATENT = 100
"""Elements of a latent vector, as in the study."""
STREAM = 256
"""Far from the noises' streams, so that no image meets the words that made it."""
HALVES_PER_BLOCK = 8


def draw_latents(seed: int, index: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """A standard normal vector for each sample: float32 of shape (N, 100).

    seed: 0 to 2^64 - 1. index: N integers from 0 to 2^63 - 1.
    """
    check_seed(seed)
    places = np.asarray(index, dtype=np.uint64)[:, np.newaxis]
    blocks = np.arange(-(-LATENT // HALVES_PER_BLOCK))
    words = philox4x32((blocks, STREAM, places & LOW, places >> HALF), (seed & 0xFFFFFFFF, seed >> 32))
    halves = words.astype("<u4").reshape(len(places), -1).view("<u2")[:, :LATENT]
    latents: npt.NDArray[np.float32] = _normals()[halves]
    return latents


def check_seed(seed: int) -> None:
    if not 0 <= seed < 2**64:
        raise RobustnessError(f"a seed lies between 0 and 2^64 - 1, not {seed}")


@lru_cache(maxsize=1)
def _normals() -> npt.NDArray[np.float32]:
    return (normal_quantiles() / ONE).astype(np.float32)
