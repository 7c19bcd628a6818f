"""What a former hunt found, tried again outside of a gate, on the model as it is now."""

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
from robustness.hunts.measure import is_within
from robustness.search.finding import Finding
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


def thresholds_beside(finding: Path) -> Path:
    """The thresholds file that a finding belongs to, beside the folder of findings, or else the one in the current folder."""
    beside = Path(os.path.relpath(finding.absolute().parent.parent / FILE_NAME))
    return beside if beside.exists() else Path(FILE_NAME)
