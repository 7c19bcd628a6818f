"""Which images a model got wrong, small enough to be kept for each limit: two releases are compared image by image."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.result import Result
from robustness.limits.record import LimitRecord
from robustness.report.results import Misclassified

MOST = 2**24
"""Bytes of a list: 134 million images."""


def misclassified(
    limits: Sequence[LimitRecord], image_set: ImageSet, seed: int, find: Callable[[str], Result | None]
) -> tuple[Misclassified, ...]:
    """For each model and noise that has a limit, and was evaluated on every image. seed: the thresholds file's, of noise."""
    found = []
    for limit in by_case(limits, seed).values():
        result = find(limit.key)
        if result is not None and (result.predictions >= 0).all():
            wrong = image_set.index[result.predictions != image_set.labels]
            found.append(Misclassified(model=limit.model, noise=limit.noise, images=pack(wrong.tolist())))
    return tuple(found)


def by_case(limits: Sequence[LimitRecord], seed: int) -> dict[tuple[str, str], LimitRecord]:
    """By model and noise: one of the limits that evaluated the model under the noise and this seed of it."""
    return {(one.model, one.noise): one for one in limits if one.contract is not None and one.seed == seed}


def pack(indices: Sequence[int]) -> str:
    """As the bits of a number, compressed, in base64.

    >>> sorted(unpack(pack([0, 3, 1289])))
    [0, 3, 1289]
    """
    bits = np.zeros(max(indices, default=-1) + 1, bool)
    bits[list(indices)] = True
    return base64.b64encode(zlib.compress(np.packbits(bits).tobytes(), 9)).decode()


def unpack(text: str) -> frozenset[int]:
    """The inverse of `pack`."""
    try:
        unpacker = zlib.decompressobj()
        packed = np.frombuffer(unpacker.decompress(base64.b64decode(text, validate=True), MOST), np.uint8)
        if not unpacker.eof:
            raise ValueError("it is cut off, or too long")
    except (binascii.Error, ValueError, zlib.error) as error:
        raise RobustnessError(f"a list of misclassified images cannot be read: {error}; run the gate again") from error
    return frozenset(np.flatnonzero(np.unpackbits(packed)).tolist())
