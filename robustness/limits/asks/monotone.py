"""monotone: from no level to a stronger one does accuracy rise by more than this."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from robustness.declaration.tables import Share
from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.noise import Noise


class Monotone(Ask):
    name = "monotone"
    kept_by_dead = True
    at_most = True
    field = (Share | None, None)
    together = True

    def levels(self, noises: Sequence[Noise]) -> Sequence[Noise]:
        """From weak to strong."""
        if len({noise.family for noise in noises}) > 1 or len(noises) < 2 or noises[-1].identity is None:
            raise RobustnessError("speaks of two levels or more of one noise that grows from nothing")
        return sorted(noises, key=lambda noise: abs((noise.level or 0.0) - (noise.identity or 0.0)))

    def judge(self, measured: Measured) -> Found:
        rights, total, limit = measured.rights, measured.cases[0].total, measured.limit
        pairs = [(weak, strong) for strong in range(len(rights)) for weak in range(strong)]
        weak, strong = max(pairs, key=lambda pair: rights[pair[1]] - rights[pair[0]])
        rise = max(0, rights[strong] - rights[weak])
        where = f"from {limit.levels[weak]} to {limit.levels[strong]}" if rise else "at no level"
        words = f"accuracy rises by {rise / total:.4f} ({rise:,} images) {where}, the limit allows {limit.required}"
        return Found(rise / total, Fraction(rise, total) <= Fraction(limit.required), words)
