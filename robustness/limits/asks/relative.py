"""relative: accuracy is at least this share of accuracy without noise."""

from __future__ import annotations

from fractions import Fraction

from robustness.data.preparation import Shape
from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.limits.limit import Limit
from robustness.noise import Clean, Noise


class Relative(Ask):
    name = "relative"
    kept_by_dead = True
    is_trained_for = True
    is_share = True

    def cases(self, limit: Limit, shape: Shape) -> list[tuple[str, Noise]]:
        return [*super().cases(limit, shape), (limit.model, Clean())]

    def judge(self, measured: Measured) -> Found:
        (noisy, clean), required = measured.rights, measured.limit.required
        if not clean:
            raise RobustnessError("no clean image is named right, so no share of them can be kept")
        value = Fraction(noisy, clean)
        share = f"{noisy:,} right, {float(value):.4f} of the {clean:,} that are right without noise"
        return Found(float(value), value >= Fraction(required), f"{share}, the limit asks for {required}")
