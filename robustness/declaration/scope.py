"""What limits speak of: this test set, or the population it was drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.statistics.sampling import Sampling


@dataclass(frozen=True)
class Scope:
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


def sampling_of(scope: Scope, image_set: ImageSet) -> Sampling:
    """What may be said of the images' dependence: what was declared of it, else their tracks; refused where it is unknown."""
    if scope.design_effect is not None:
        return Sampling(design_effect=scope.design_effect)
    if image_set.tracks is not None:
        return Sampling(image_set.tracks)
    if image_set.dependent is None and scope.independent:
        return Sampling()
    reason = image_set.dependent or f"whether the images of {image_set.name} are independent is not known"
    remedy = "give a design_effect in [run]" + ("" if image_set.dependent else ", or say independent = true if they are")
    raise RobustnessError(f"no claim about a population can be made: {reason}; {remedy}")
