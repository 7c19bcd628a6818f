"""The kinds of promise that a thresholds file can make. A new kind is a folder, and one line here."""

from __future__ import annotations

from pathlib import Path

from robustness.claims.declare import Claims
from robustness.gate.promise import AnyKind
from robustness.gate.thresholds import Thresholds, read
from robustness.generators.declare import Generators
from robustness.hunts.declare import Hunts
from robustness.limits.declare import Limits

KINDS: list[AnyKind] = [
    Limits(),
    Hunts(),
    Claims(),
    Generators(),
]


def read_thresholds(file: Path) -> Thresholds:
    """The content of the file; a `RobustnessError` lists every problem with its line."""
    return read(file, KINDS)
