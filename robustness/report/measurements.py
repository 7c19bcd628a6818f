"""Measurements of `evaluate` and `sweep` as a table like the study's, or as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robustness.evaluation.evaluate import Measurement
from robustness.report.table import table


def measurement_table(measurements: Sequence[Measurement]) -> list[str]:
    """One line per measurement: model, noise, images right, accuracy in per cent."""
    rows = [(m.case.model, str(m.case.noise), f"{m.right:,}", f"{m.total:,}", f"{100 * m.accuracy:.2f}") for m in measurements]
    return table(("model", "noise", "right", "total", "accuracy, %"), rows)


def to_plain(measurement: Measurement) -> dict[str, Any]:
    """A measurement fit for JSON."""
    case = measurement.case
    return {
        "model": case.model,
        "data": case.data,
        "noise": str(case.noise),
        "bit_identical": case.noise.bit_identical,
        "seed": case.seed,
        "right": measurement.right,
        "total": measurement.total,
        "accuracy": measurement.accuracy,
        "key": case.key,
        "stored": measurement.stored,
    }
