"""Confusions as matrices and, class by class, as bars: numbers to draw, in the places where they go."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.report.results import Confusions, Results

SIDE = 640
"""Width and height of a matrix, in its own units."""
NAMED = 8
"""Confusions and classes that are named."""


@dataclass(frozen=True)
class Square:
    """A cell that is not empty."""

    x: float
    y: float
    share: float  # of its row, 0 to 1


@dataclass(frozen=True)
class Class:
    name: str
    right: int  # images correctly classified
    seen: int

    @property
    def share(self) -> float:
        return self.right / self.seen


@dataclass(frozen=True)
class ConfusionChart:
    """One model under one noise."""

    model: str
    noise: str
    accuracy: float
    cell: float  # the width of a square
    squares: list[Square]
    largest: list[str]  # confusions, in words
    worst: list[Class]  # of lowest accuracy


def confusion_charts(results: Results) -> list[ConfusionChart]:
    """One for each of the confusions."""
    if results.images is None:
        return []
    names = [label.name for label in results.images.classes]
    return [_chart(confusions, names) for confusions in results.confusions]


def _chart(found: Confusions, names: list[str]) -> ConfusionChart:
    cell = SIDE / len(names)
    counted = [(label, label, right) for label, right in enumerate(found.right) if right]
    squares = [
        Square(round(other * cell, 1), round(label * cell, 1), round(count / found.seen[label], 3))
        for label, other, count in [*counted, *found.pairs]
    ]
    classes = [Class(name, right, seen) for name, right, seen in zip(names, found.right, found.seen, strict=True) if seen]
    return ConfusionChart(
        model=found.model,
        noise=found.noise,
        accuracy=found.accuracy,
        cell=round(cell, 2),
        squares=squares,
        largest=[
            f"{names[label]} taken for {names[other]}: {count:,} of {found.seen[label]:,}"
            for label, other, count in found.pairs[:NAMED]
        ],
        worst=sorted(classes, key=lambda one: one.share)[:NAMED],
    )
