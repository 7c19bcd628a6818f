"""What becomes of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from robustness.claims.record import Evidence
from robustness.noise import Noise

Rights = Mapping[Noise, npt.NDArray[np.bool_]]
"""Which images a model classifies correctly under each noise: bool of shape (N,), the same images in the same order."""


class Outcome(StrEnum):
    """UNDECIDED: the images at hand show neither that the claim holds in the population nor that it does not."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Tested:
    """A claim after its test.

    words: what was found, in a sentence. evidence: the figures it rests on.
    """

    outcome: Outcome
    words: str
    evidence: Evidence
