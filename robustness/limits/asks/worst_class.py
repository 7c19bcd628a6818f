"""worst_class: every class has at least this accuracy."""

from __future__ import annotations

from fractions import Fraction

from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.limits.asks.share import every_class
from robustness.statistics.classification import recalls


class WorstClass(Ask):
    name = "worst_class"
    takes = ("group", "over_seeds")
    is_trained_for = True
    is_share = True

    def judge(self, measured: Measured) -> Found:
        (result, images), required = measured.part, measured.limit.required
        names = every_class(images)
        shares = recalls(result.predictions, images.labels, len(names))
        value = min(shares)
        worst = shares.index(value)
        total = int((images.labels == worst).sum())
        counts = f"worst class {names[worst]!r}: {int(value * total):,} of {total:,} right, {float(value):.4f}"
        return Found(float(value), value >= Fraction(required), f"{counts}, the limit asks for {required}", exact=value)
