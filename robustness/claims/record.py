"""What became of a claim, and the figures that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from robustness.gate.promise import KeptOrBroken
from robustness.search.curve import FlipCurve

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class BreakEvidence:
    """Where accuracy falls below a share of what it is without noise."""

    of_clean: str
    break_point: float | None  # the magnitude; None: beyond the range searched
    interval: tuple[float | None, float | None]
    confidence: float
    expected: Interval  # the magnitudes named beforehand
    clean_accuracy: float
    looked_at: str  # in words
    search: FlipCurve | None = None


@dataclass(frozen=True, kw_only=True)
class Distortion:
    """How much a noise distorts, at the magnitude where it was compared."""

    noise: str
    psnr: float  # dB
    ssim: float | None


@dataclass(frozen=True, kw_only=True)
class PatternPair:
    """Two noises that distort alike, held against each other on one model."""

    noises: tuple[str, str]
    accuracies: Interval
    difference: float
    interval: Interval
    p_value: float
    alarm: bool  # whether they differ significantly


@dataclass(frozen=True, kw_only=True)
class PatternsEvidence:
    confidence: float
    negligible: float
    pairs: tuple[PatternPair, ...]
    distortions: tuple[Distortion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OrderPair:
    """Two noises that distort alike, on several models: by model, and for both orders."""

    noises: tuple[str, str]
    accuracies: dict[str, Interval]
    p_values: dict[str, Interval]
    disrupts_more: tuple[tuple[str, ...], tuple[str, ...]]  # the models that the first disrupts more, then the second


@dataclass(frozen=True, kw_only=True)
class OrderEvidence:
    confidence: float
    pairs: tuple[OrderPair, ...]
    distortions: tuple[Distortion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LevelPair:
    """Two levels of a noise, the weaker first."""

    levels: tuple[str, str]
    accuracies: Interval
    rise: float
    at_most: float  # an upper bound of the rise in the population
    p_value: float
    alarm: bool  # whether accuracy rises significantly


@dataclass(frozen=True, kw_only=True)
class LevelsEvidence:
    confidence: float
    negligible: float
    pairs: tuple[LevelPair, ...]


@dataclass(frozen=True, kw_only=True)
class GainCell:
    """One noise alone: the accuracy of every training on both sides, and the gain."""

    noise: str
    accuracies: tuple[float, ...]
    accuracies_of_others: tuple[float, ...]
    gain: float
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class GainEvidence:
    confidence: float
    negligible: float
    gain: float
    interval: Interval
    cells: tuple[GainCell, ...]


Evidence = BreakEvidence | GainEvidence | LevelsEvidence | OrderEvidence | PatternsEvidence


@dataclass(frozen=True, kw_only=True)
class ClaimRecord(KeptOrBroken):
    """One claim, tested."""

    kind: ClassVar[str] = "claim"
    PROPERTIES: ClassVar[Mapping[str, str]] = {
        "model": "models",
        "outcome": "outcome",
        "declared": "expected",
        "reason": "words",
        "place": "place",
    }

    claim: str  # its id
    place: str
    says: str
    models: tuple[str, ...]
    expected: str  # "supported", "refuted" or "undecided"
    outcome: str
    stops: bool  # whether they differ
    words: str  # what was found
    evidence: Evidence

    @property
    def about(self) -> tuple[str, ...]:
        return self.models

    @property
    def title(self) -> str:
        return f"{', '.join(self.models)}: a claim is {self.outcome}, not {self.expected}"

    @property
    def reason(self) -> str:
        return f"{self.outcome}, declared {self.expected}: {self.words}" if self.stops else f"{self.outcome}, as declared"

    @property
    def measured(self) -> str:
        return self.outcome

    @property
    def asked(self) -> str:
        return f"declared {self.expected}"

    again: ClassVar[None] = None
    value: ClassVar[None] = None
