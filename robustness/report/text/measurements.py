"""Measurements of `evaluate` and `sweep` as a table like the study's, or as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from robustness.evaluation.evaluate import Measurement
from robustness.report.text.table import OWN_NOISE, marked, table
from robustness.statistics.paired import Change, drop_interval, p_value


def measurement_table(measurements: Sequence[Measurement]) -> list[str]:
    """One line per measurement: model, noise, images right, accuracy in per cent."""
    rows = [
        (
            m.case.model,
            marked(str(m.case.noise), m.case.noise.bit_identical),
            f"{m.right:,}",
            f"{m.total:,}",
            f"{100 * m.accuracy:.2f}",
        )
        for m in measurements
    ]
    notes = [] if all(m.case.noise.bit_identical for m in measurements) else [OWN_NOISE]
    return table(("model", "noise", "right", "total", "accuracy, %"), rows) + notes


def comparison_table(pairs: Sequence[tuple[Measurement, Measurement]], labels: npt.NDArray[np.int64]) -> list[str]:
    """One line per noise: two models' accuracies in per cent, what changed, and how many predictions differ, right or wrong."""
    head = ("noise", "before, %", "after, %", "drop, points", "95 % interval", "newly wrong", "newly right", "p", "differ")
    rows = []
    for before, after in pairs:
        change = Change.from_predictions(before.result.predictions, after.result.predictions, labels)
        low, high = drop_interval(change, 0.05)
        rows.append(
            (
                str(before.case.noise),
                f"{100 * before.accuracy:.2f}",
                f"{100 * after.accuracy:.2f}",
                f"{100 * change.drop:.2f}",
                f"{100 * low:.2f} to {100 * high:.2f}",
                f"{change.broken:,}",
                f"{change.mended:,}",
                f"{p_value(change):.2g}",
                f"{(before.result.predictions != after.result.predictions).sum():,}",
            )
        )
    return table(head, rows)


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
