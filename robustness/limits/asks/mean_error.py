"""mean_error: errors summed over levels, over those of the model `reference`, averaged over kinds of noise, are at most this.

Hendrycks and Dietterich's mean corruption error (ICLR 2019), beside a model of one's own in place of AlexNet.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import Field

from robustness.data.preparation import Shape
from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.limits.limit import Limit
from robustness.noise import Noise


class MeanError(Ask):
    name = "mean_error"
    is_trained_for = True
    at_most = True
    field = (Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, None)
    more: ClassVar = {"reference": (str | None, None)}
    needs = reference = "reference"
    together = True

    def cases(self, limit: Limit, shape: Shape) -> list[tuple[str, Noise]]:
        return [*super().cases(limit, shape), *((str(limit.reference), noise) for noise in limit.levels)]

    def judge(self, measured: Measured) -> Found:
        limit, errors = measured.limit, [case.total - case.right for case in measured.cases]
        count = len(limit.levels)
        ratios = []
        for family in dict.fromkeys(noise.family for noise in limit.levels):
            levels = [level for level, noise in enumerate(limit.levels) if noise.family == family]
            theirs = sum(errors[count + level] for level in levels)
            if not theirs:
                raise RobustnessError(
                    f"{limit.reference} makes no error under {family}, so nothing can be measured by its errors"
                )
            ratios.append(Fraction(sum(errors[level] for level in levels), theirs))
        value = sum(ratios, Fraction(0)) / len(ratios)
        words = (
            f"{float(value):.4f} of the errors of {limit.reference}, mean over {len(ratios)} kinds of noise, "
            f"the limit allows {limit.required}"
        )
        return Found(float(value), value <= Fraction(limit.required), words)
