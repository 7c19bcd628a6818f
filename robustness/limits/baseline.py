"""A release frozen: the predictions that limits on later releases are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robustness.errors import RobustnessError
from robustness.evaluation.baseline import measured_case, save_baseline
from robustness.gate.workbench import Workbench
from robustness.limits.limit import Limit
from robustness.noise import Clean, Noise


@dataclass(frozen=True)
class Frozen:
    cases: int
    left_out: tuple[str, ...]  # what a baseline cannot hold, and why


def freeze(bench: Workbench, file: Path, noises: Sequence[Noise] = ()) -> Frozen:
    """Measure every model, clean, under each noise that it has a limit for and under `noises`, and write a baseline.

    No file is written over.
    """
    refuse_another(file)
    thresholds, left_out = bench.thresholds, []
    wanted = [(name, noise) for name in thresholds.models for noise in (Clean(), *noises)]
    wanted += [(limit.model, limit.noise) for limit in thresholds.of(Limit)]
    cases = dict[tuple[str, Noise], None]()
    for model, noise in wanted:
        if thresholds.models[model].load == "fixture":
            left_out.append(f"{model} lives in a pytest fixture; `--from results.json` of a gate freezes it too")
        elif not noise.bit_identical:
            left_out.append(f"{noise} may make other bytes elsewhere")
        else:
            cases[model, Clean() if noise.changes_nothing else noise] = None
    reasons = tuple(dict.fromkeys(left_out))
    if not cases:
        raise RobustnessError("; ".join([f"{thresholds.file}: nothing in it can be saved", *reasons]))
    measured = [bench.measure(bench.load(model), noise) for model, noise in cases]
    first, frozen = measured[0].case, [measured_case(one.case, one.result) for one in measured]
    save_baseline(file, first.data, first.data_hash, first.seed, frozen)
    return Frozen(len(measured), reasons)


def refuse_another(file: Path) -> None:
    """A baseline is what a release was: it stays as it is."""
    if file.exists():
        raise RobustnessError(f"{file} is there already and stays as it is; name another release")
