"""What a former hunt found, tried again on the model as it is now: by a hunt of a gate, or outside of one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from robustness.errors import RobustnessError
from robustness.gate.thresholds import FILE_NAME
from robustness.gate.workbench import Workbench
from robustness.hunts.declare import Hunt
from robustness.search.finding import Finding
from robustness.search.perturbation import parse_perturbation
from robustness.search.replay import Replayed, replay


class Fate(StrEnum):
    BROKEN = "BROKEN"  # the model still breaks today's budget
    WITHIN = "WITHIN TODAY'S BUDGET"  # only the one that it was found under
    MENDED = "MENDED"  # neither


@dataclass(frozen=True, eq=False)
class Today:
    """A finding tried again."""

    replayed: Replayed
    budget: Decimal  # the least of the hunts that the finding lies within today, or else its own

    @property
    def fate(self) -> Fate:
        if Fraction(self.replayed.flipped, self.replayed.right) > Fraction(self.budget):
            return Fate.BROKEN
        return Fate.WITHIN if self.replayed.broken else Fate.MENDED


def replay_today(file: Path, finding: Finding, bench: Workbench) -> Today:
    """Try a finding again, by what the workbench's thresholds declare. file: where it was read from."""
    thresholds = bench.thresholds
    if finding.model not in thresholds.models or thresholds.models[finding.model].load == "fixture":
        raise RobustnessError(
            f"{file}: {thresholds.file} declares no model {finding.model!r} that a command can load; name the file that does "
            "with --thresholds"
        )
    hunts = (hunt for hunt in thresholds.of(Hunt) if hunt.model == finding.model and is_within(finding, hunt))
    budget = min((hunt.budget for hunt in hunts), default=Decimal(finding.budget))
    return Today(replay(finding, bench.load(finding.model), bench.images), budget)


def is_within(finding: Finding, declared: Hunt) -> bool:
    """Whether a finding's noises lie, together, within what is declared safe."""
    safe = {noise.kind: noise for noise in declared.safe}
    total = 0.0
    for noise in parse_perturbation(finding.perturbation, finding.seed).noises:
        highest = safe.get(noise.kind)
        if highest is None or noise.level is None or noise.identity is None or highest.level is None:
            return False
        share = (noise.level - noise.identity) / (highest.level - noise.identity)
        if share < 0:
            return False
        total += share
    return total <= 1 + 1e-4  # magnitudes have six digits


def thresholds_beside(finding: Path) -> Path:
    """The thresholds file that a finding belongs to, beside the folder of findings, or else the one in the current folder."""
    beside = Path(os.path.relpath(finding.absolute().parent.parent / FILE_NAME))
    return beside if beside.exists() else Path(FILE_NAME)
