"""The distribution of critical magnitudes, in values that are fit for JSON."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FlipCurve:
    """How many of the predictions that are right without noise have flipped up to each magnitude."""

    noise: str  # at the highest magnitude
    family: str
    magnitude: str | None  # its name
    magnitudes: tuple[float, ...]  # of the levels, from none to the highest
    right: int  # images correctly classified without noise
    total: int
    flipped: tuple[float, ...]  # at each level, the share of `right`
