"""What became of a hunt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from robustness.gate.promise import KeptOrBroken
from robustness.search.finding import Finding


@dataclass(frozen=True, kw_only=True)
class HuntRecord(KeptOrBroken):
    """One hunt and what it found."""

    kind: ClassVar[str] = "hunt"
    PROPERTIES: ClassVar[Mapping[str, str]] = {
        "model": "model",
        "noise": "safe",
        "limit": "budget",
        "right": "right",
        "images": "images",
        "reason": "words",
        "place": "place",
        "repeat": "replay",
    }

    hunt: str  # its id
    place: str
    model: str
    safe: tuple[str, ...]  # the noises at the highest magnitude declared safe
    budget: str  # as written
    profile: str = "ci"  # how hard was looked
    tried: int  # perturbations, at most
    images: int = 0  # looked at
    right: int  # of them correctly classified without noise
    mended: tuple[str, ...] = ()  # files of former findings that break the budget they were found under no more
    within_budget: tuple[str, ...] = ()  # of those that still do, but not today's
    beyond: tuple[str, ...] = ()  # of those on the model that lie in none of its hunts, so were not tried
    stops: bool = False  # whether something was found; what follows is about that
    flipped: int = 0  # right predictions that change now
    finding: Finding | None = None
    file: str | None = None
    known: bool = False  # whether a former hunt found it
    before: str | None = None  # what its image is classified as now, without noise
    after: str | None = None  # and under the finding's `smallest`
    replay: str | None = None  # the command that tries it again
    words: str

    @property
    def about(self) -> tuple[str, ...]:
        return (self.model,)

    @property
    def title(self) -> str:
        return f"{self.model}: a hunt found too many flips"

    @property
    def again(self) -> str | None:
        return self.replay

    @property
    def measured(self) -> str:
        return f"{self.flipped:,} of {self.right:,} flip" if self.stops else "nothing found"

    @property
    def asked(self) -> str:
        return f"budget {self.budget}"

    value: ClassVar[None] = None

    def explain(self) -> str:
        return f"{super().explain()}\n  replay: {self.replay}"
