"""A limit on a generator's mark, judged: the mark beside what is asked of it.

The marks come in plain values, as `robustness.gan.marks` makes and keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from robustness.errors import RobustnessError, some
from robustness.generators.declare import GeneratorLimit

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
OF_CLASSES = ("fidelity", "worst_class", "max_collapsed")
"""Marks of a generator that can be asked for a class."""


@dataclass(frozen=True)
class GeneratorJudged:
    """One limit and the mark it holds for, in plain values.

    generator_limit: its id. asks, required: see `GeneratorLimit`. value: the mark. stops: whether it breaks the limit.
    judged: all marks of the generator, see `robustness.gan.marks.marks_of`.
    """

    generator_limit: str
    place: str
    generator: str
    judge: str
    asks: str
    required: str
    value: float
    stops: bool
    words: str
    judged: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def explain(self) -> str:
        """The failure message."""
        return f"{self.place} {self.generator_limit}\n  {self.words}"


def judge_limit(limit: GeneratorLimit, judged: Mapping[str, Any]) -> GeneratorJudged:
    """Hold a generator's marks against a limit; a `RobustnessError` where the mark it speaks of does not exist."""
    value = mark(limit.asks, judged)
    if value is None:
        raise RobustnessError(f"{limit.generator}: {_missing(limit.asks, judged)}: nothing was measured")
    required = float(limit.required)  # a share that was counted is rounded as this is: 7 of 10 keep 0.7
    keeps = value <= required if limit.is_ceiling else value >= required  # of what is no number neither is true
    bound = "at most" if limit.is_ceiling else "at least"
    details = _details(limit.asks, judged)
    return GeneratorJudged(
        generator_limit=str(limit),
        place=limit.place,
        generator=limit.generator,
        judge=judged["judge"],
        asks=limit.asks,
        required=str(limit.required),
        value=value,
        stops=not keeps,
        words=f"{NAMES[limit.asks]} {shown(value, required)}{details}, the limit asks for {bound} {limit.required}",
        judged=dict(judged),
    )


def mark(asks: str, judged: Mapping[str, Any]) -> float | int | None:
    """The mark that a limit asks for; None where it does not exist or is no finite number."""
    match asks:
        case "worst_class":
            worst = worst_classes(judged)
            return float(worst[0]["fidelity"]) if worst else None
        case "max_collapsed":
            told = any(label["variety"] is not None for label in judged["classes"])
            return len(judged["collapsed"]) if told else None
    value: float | None = judged.get(asks.removeprefix("max_"))  # older results have fewer
    return value


def worst_classes(judged: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The classes of which the judge names real images right, those of lowest fidelity first."""
    known = [label for label in judged["classes"] if label["fidelity"] is not None]
    return sorted(known, key=lambda label: float(label["fidelity"]))


def shown(value: float, required: float | None = None) -> str:
    """A mark with three digits, or with as many as it takes to see on which side of the limit it lies."""
    for digits in range(max(3, len(f"{abs(value):.0f}")), 17):
        text = f"{value:.{digits}g}"
        if required is None or (float(text) > required, float(text) < required) == (value > required, value < required):
            return text
    return f"{value!r}"


def _details(asks: str, judged: Mapping[str, Any]) -> str:
    """Which classes a mark of classes speaks of, or what a ratio is one to."""
    worst = worst_classes(judged)
    unknown = len(judged["classes"]) - len(worst)
    left_out = f"; without {unknown} of which the judge names no real image right" if unknown else ""
    match asks:
        case "fidelity":
            return f" (worst class {shown(worst[0]['fidelity'])}, {worst[0]['name']})"
        case "worst_class":
            return f" ({worst[0]['name']}{left_out})"
        case "max_nearest":
            return " times as far as from a real image"
        case "max_collapsed" if judged["collapsed"]:
            return f" ({some(judged['collapsed'])})"
    return ""


def _missing(asks: str, judged: Mapping[str, Any]) -> str:
    if asks in OF_CLASSES and not judged["classes"]:
        return f"it knows no classes, so it has no mark for {NAMES[asks]}"
    match asks:
        case "fidelity" | "worst_class":
            return f"{judged['judge']} names no real image right, so there is no fidelity"
        case "max_collapsed":
            return "no class has two different real images, so none can be called collapsed"
        case "max_nearest" | "max_copied" if judged["copied"] is None:
            return "the training images at hand are not those it was trained on, so no copies were looked for"
        case "max_divergence":
            return "its card tells no losses of two epochs, so they cannot have diverged"
    return f"{NAMES[asks]} is no finite number"
