"""A map of waves, measured outside of a gate."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from robustness.errors import RobustnessError
from robustness.gate.workbench import Workbench
from robustness.limits.declare import MOST
from robustness.limits.findings import worst_band
from robustness.noise import Clean
from robustness.search.waves import waves


def measure_waves(model: str, amplitude: float, bench: Workbench) -> dict[str, Any]:
    """Accuracy under waves of the energy of a long one of that amplitude, over spatial frequency and orientation."""
    if not 0 < amplitude <= MOST:
        raise RobustnessError(f"an amplitude lies above 0 and is at most {MOST}, not {amplitude:g}")
    classifier = bench.load(model)
    clean, *measured = (bench.measure(classifier, noise) for noise in (Clean(), *waves(amplitude, classifier.fit.size)))
    return worst_band(clean.accuracy, measured, Decimal(0)).details or {}
