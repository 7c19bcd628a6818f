"""worst_class: every class has at least this accuracy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.models.class_map import without_outside


class WorstClass(Ask):
    name = "worst_class"
    is_trained_for = True
    is_share = True

    def judge(self, measured: Measured) -> Found:
        images, required = measured.bench.images, measured.limit.required
        names, labels = without_outside(images.class_names), images.labels
        totals = np.bincount(labels, minlength=len(names))
        if missing := [names[label] for label in np.flatnonzero(totals == 0)]:
            raise RobustnessError(f"{images.name} has no image of {', '.join(missing[:3])}, so its accuracy was not measured")
        rights = np.bincount(labels[measured.cases[0].result.predictions == labels], minlength=len(names))
        shares = [Fraction(int(right), int(total)) for right, total in zip(rights, totals, strict=True)]
        value = min(shares)
        worst = shares.index(value)
        counts = f"worst class {names[worst]!r}: {rights[worst]:,} of {totals[worst]:,} right, {float(value):.4f}"
        return Found(float(value), value >= Fraction(required), f"{counts}, the limit asks for {required}")
