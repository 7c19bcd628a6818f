"""A limit held against a measurement: the outcome, in plain values and in words."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict, dataclass
from typing import Any

from robustness.evaluation.evaluate import Measurement
from robustness.gate.thresholds import Limit, Thresholds
from robustness.gate.verdict import judge, needed


@dataclass(frozen=True)
class Outcome:
    """One limit, measured. Every field is a plain value, fit for JSON.

    limit: the limit's id. required: the accuracy it asks for, as written. needed: the images that are.
    family, magnitude, level, identity: the noise without its magnitude, the magnitude's name and value, and the value that
    leaves images as they are. bit_identical: whether the noise is the same on every machine.
    key: the case's hash in the store. repeat: the command that measures the same again.
    """

    limit: str
    place: str
    model: str
    data: str
    noise: str
    family: str
    magnitude: str | None
    level: float | None
    identity: float | None
    bit_identical: bool
    seed: int
    required: str
    needed: int
    right: int
    total: int
    accuracy: float
    verdict: str
    key: str
    model_hash: str
    stored: bool
    seconds: float
    repeat: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def explain(self) -> str:
        """The failure message."""
        return (
            f"{self.place} {self.model} {self.noise}\n"
            f"  accuracy {self.accuracy:.4f}: {self.right:,} of {self.total:,} right, "
            f"the limit {self.required} asks for {self.needed:,}\n"
            f"  repeat: {self.repeat}"
        )


def check(limit: Limit, measurement: Measurement, repeat: str) -> Outcome:
    """The outcome of a limit, given the measurement of its case."""
    right, total = measurement.right, measurement.total
    return Outcome(
        limit=str(limit),
        place=limit.place,
        model=limit.model,
        data=measurement.case.data,
        noise=str(limit.noise),
        family=limit.noise.family,
        magnitude=limit.noise.magnitude,
        level=limit.noise.level,
        identity=limit.noise.identity,
        bit_identical=limit.noise.bit_identical,
        seed=measurement.case.seed,
        required=str(limit.accuracy),
        needed=needed(limit.accuracy, total),
        right=right,
        total=total,
        accuracy=measurement.accuracy,
        verdict=judge(right, total, limit.accuracy).value,
        key=measurement.case.key,
        model_hash=measurement.case.model_hash,
        stored=measurement.stored,
        seconds=round(measurement.seconds, 3),
        repeat=repeat,
    )


def repeat_command(limit: Limit, thresholds: Thresholds, node_id: str) -> str:
    """The command that measures a limit's case again: the test itself where the model lives in a pytest fixture."""
    if thresholds.models[limit.model].load == "fixture":
        return f"pytest {shlex.quote(node_id)}"
    file = shlex.quote(os.path.relpath(thresholds.file))
    return f'robustness evaluate {limit.model} --thresholds {file} --noise "{limit.noise}"'
