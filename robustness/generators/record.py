"""What became of a limit on a generator, and the marks of the generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from robustness.gate.promise import KeptOrBroken

NAMES = {
    "fidelity": "fidelity",
    "worst_class": "worst class",
    "precision": "precision",
    "recall": "recall",
    "max_frechet": "Frechet distance",
    "max_nearest": "nearest training image",
    "max_copied": "copied",
    "max_collapsed": "collapsed classes",
    "max_divergence": "divergence of the losses",
}
"""What is asked, in words."""


@dataclass(frozen=True, kw_only=True)
class ClassMarks:
    """One class: as many samples as there are real images. See `robustness.gan.judge.ClassJudged`."""

    name: str
    images: int
    right: int  # samples that the judge classifies as asked
    real_right: int  # real images that it classifies correctly
    low: float  # an interval of the share `right`
    high: float
    variety: float | None
    fidelity: float | None
    collapsed: bool


@dataclass(frozen=True, kw_only=True)
class Marks:
    """All marks of a generator; None for what does not exist, or is no finite number. See `robustness.gan.judge.Judged`."""

    judge: str
    samples: int
    fidelity: float | None
    classes: tuple[ClassMarks, ...]
    collapsed: tuple[str, ...]
    worst_class: str | None = None
    precision: float | None
    recall: float | None
    frechet: float | None
    nearest: float | None = None
    copied: float | None
    copy_distance: float | None = None
    divergence: float | None = None
    losses: dict[str, tuple[float | None, ...]]  # of its training, by network
    sheet: str  # samples, WebP in base64
    pairs: str | None = None  # the samples nearest to a training image, likewise
    hash: str | None = None


def mark(asks: str, judged: Marks) -> float | int | None:
    """The mark that a limit asks for; None where it does not exist or is no finite number."""
    match asks:
        case "worst_class":
            worst = worst_classes(judged)
            return worst[0].fidelity if worst else None
        case "max_collapsed":
            told = any(label.variety is not None for label in judged.classes)
            return len(judged.collapsed) if told else None
    value: float | None = getattr(judged, asks.removeprefix("max_"))
    return value


def worst_classes(judged: Marks) -> list[ClassMarks]:
    """The classes of which the judge names real images right, those of lowest fidelity first."""
    known = [(label.fidelity, label) for label in judged.classes if label.fidelity is not None]
    return [label for _, label in sorted(known, key=lambda pair: pair[0])]


def shown(value: float, required: float | None = None) -> str:
    """A mark with three digits, or with as many as it takes to see on which side of the limit it lies."""
    for digits in range(max(3, len(f"{abs(value):.0f}")), 17):
        text = f"{value:.{digits}g}"
        if required is None or (float(text) > required, float(text) < required) == (value > required, value < required):
            return text
    return f"{value!r}"


@dataclass(frozen=True, kw_only=True)
class GeneratorJudged:
    """All marks of a declared generator, noted once a process."""

    kind: ClassVar[str] = "generator"
    generator: str
    marks: Marks


@dataclass(frozen=True, kw_only=True)
class GeneratorRecord(KeptOrBroken):
    """One limit on a generator, and the mark it is about."""

    kind: ClassVar[str] = "generator_limit"
    PROPERTIES: ClassVar[Mapping[str, str]] = {
        "generator": "generator",
        "judge": "judge",
        "asks": "asks",
        "measured": "value",
        "limit": "required",
        "reason": "words",
        "place": "place",
    }

    generator_limit: str  # its id
    place: str
    generator: str
    judge: str
    asks: str
    required: str  # as written
    value: float
    stops: bool
    words: str

    @property
    def title(self) -> str:
        return f"{self.generator}: a limit on the generator is broken"

    @property
    def measured(self) -> str:
        return f"{self.value:.4g}"

    @property
    def asked(self) -> str:
        return f"limit {self.required}"

    again: ClassVar[None] = None
