"""mean_error: the share of errors, over the levels of each kind of noise, averaged over the kinds, is at most this.

Beside a `reference` the errors of each kind are divided by those of that model: Hendrycks and Dietterich's mean corruption
error (ICLR 2019), with a model of one's own in place of AlexNet. Without one it is the error as it is, as CIFAR-10-C's
is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import Field

from robustness.data.preparation import Shape
from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured, Written
from robustness.limits.limit import Limit
from robustness.noise import Noise
from robustness.statistics.classification import mean


class MeanError(Ask):
    name = "mean_error"
    is_trained_for = True
    at_most = True
    field = (Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, None)
    more: ClassVar = {"reference": (str | None, None)}
    reference = "reference"
    together = True

    def shows_life(self, limit: Limit) -> bool:
        return limit.reference is None  # which may be dead itself

    def problems(self, written: Written) -> Iterator[tuple[str, str]]:
        if "reference" not in written.table and written.asked[self.name] >= 1:
            yield self.name, "is a share of the images, 0.25 where a quarter may be wrong: 1 and more allow every error"

    def fields(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"reference": table.get("reference")}

    def cases(self, limit: Limit, shape: Shape) -> list[tuple[str, Noise]]:
        own = super().cases(limit, shape)
        return own if limit.reference is None else [*own, *((limit.reference, noise) for noise in limit.levels)]

    def judge(self, measured: Measured) -> Found:
        limit, errors = measured.limit, [case.total - case.right for case in measured.cases]
        count = len(limit.levels)
        ratios, most = list[Fraction](), list[Fraction]()
        for family in dict.fromkeys(noise.family for noise in limit.levels):
            levels = [level for level, noise in enumerate(limit.levels) if noise.family == family]
            total = sum(measured.cases[level].total for level in levels)
            theirs = total if limit.reference is None else sum(errors[count + level] for level in levels)
            if not theirs:
                raise RobustnessError(
                    f"{limit.reference} makes no error under {family}, so nothing can be measured by its errors"
                )
            ratios.append(Fraction(sum(errors[level] for level in levels), theirs))
            most.append(Fraction(total, theirs))
        value = mean(ratios)
        if Fraction(limit.required) >= mean(most):  # such as per cent
            raise RobustnessError(
                f"{limit.place}: mean_error = {limit.required} is kept by a network that is wrong about every image, which has "
                f"{float(mean(most)):.4f}: it is a share, 0.95 for 95 %"
            )
        what = "of the images wrong" if limit.reference is None else f"of the errors of {limit.reference}"
        words = f"{float(value):.4f} {what}, mean over {len(ratios)} kinds of noise, the limit allows {limit.required}"
        return Found(float(value), value <= Fraction(limit.required), words, exact=value)
