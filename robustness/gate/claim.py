"""What limits claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Claim:
    """What limits speak of, for a whole file.

    about: "test-set": the images at hand, counted. "population": all the images they were drawn from.
    confidence: of a verdict about the population, 0.5 to 1.
    independent: the user says that the images were drawn one by one.
    design_effect: by how much dependence among the images inflates the variance of the accuracy, 1 or more.
    early: stop as soon as the verdict is clear.
    """

    about: Literal["test-set", "population"] = "test-set"
    confidence: float = 0.95
    independent: bool = False
    design_effect: float | None = None
    early: bool = False
