"""A release frozen: the predictions that limits on later releases are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robustness.errors import RobustnessError
from robustness.evaluation.baseline import save_baseline
from robustness.gate.workbench import Workbench
from robustness.limits.limit import Limit
from robustness.noise import Clean


@dataclass(frozen=True)
class Frozen:
    cases: int
    left_out: tuple[str, ...]  # what a baseline cannot hold, and why


def freeze(bench: Workbench, file: Path) -> Frozen:
    """Measure every model, clean and under each noise that it has a limit for, and write a baseline, never over another."""
    if file.exists():
        raise RobustnessError(f"{file} is there already and stays as it is; name another release")
    thresholds, cases, left_out = bench.thresholds, [], []
    for limit in thresholds.of(Limit):
        if thresholds.models[limit.model].load == "fixture":
            left_out.append(f"{limit.model} lives in a pytest fixture")
        elif not limit.noise.bit_identical:
            left_out.append(f"{limit.noise} may make other bytes elsewhere")
        else:
            cases += [(limit.model, Clean()), (limit.model, limit.noise)]
    reasons = tuple(dict.fromkeys(left_out))
    if not cases:
        raise RobustnessError("; ".join([f"{thresholds.file}: nothing in it can be saved", *reasons]))
    measured = [bench.measure(bench.load(model), noise) for model, noise in dict.fromkeys(cases)]
    save_baseline(file, [(measurement.case, measurement.result) for measurement in measured])
    return Frozen(len(measured), reasons)
