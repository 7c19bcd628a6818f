"""Confusions as matrices and, class by class, as bars: numbers to draw, in the places where they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SIDE = 640
"""Width and height of a matrix, in its own units."""
NAMED = 8
"""Confusions and classes that are named."""


@dataclass(frozen=True)
class Square:
    """A cell that is not empty. share: of its row, 0 to 1."""

    x: float
    y: float
    share: float


@dataclass(frozen=True)
class ClassRow:
    """A class. right, seen: images. share: right over seen."""

    name: str
    right: int
    seen: int

    @property
    def share(self) -> float:
        return self.right / self.seen


@dataclass(frozen=True)
class ConfusionChart:
    """One model under one noise. cell: the width of a square. largest: in words. worst: the classes of lowest accuracy."""

    model: str
    noise: str
    accuracy: float
    cell: float
    squares: list[Square]
    largest: list[str]
    worst: list[ClassRow]


def confusion_charts(results: dict[str, Any]) -> list[ConfusionChart]:
    """One for each of the confusions in results.json."""
    if not results["images"]:
        return []
    names = [label["name"] for label in results["images"]["classes"]]
    return [_chart(entry, names) for entry in results["confusions"]]


def _chart(entry: dict[str, Any], names: list[str]) -> ConfusionChart:
    cell = SIDE / len(names)
    seen = entry["seen"]
    counted = [(label, label, right) for label, right in enumerate(entry["right"]) if right]
    squares = [
        Square(round(other * cell, 1), round(label * cell, 1), round(count / seen[label], 3))
        for label, other, count in [*counted, *entry["pairs"]]
    ]
    rows = [ClassRow(name, right, total) for name, right, total in zip(names, entry["right"], seen, strict=True) if total]
    return ConfusionChart(
        model=entry["model"],
        noise=entry["noise"],
        accuracy=entry["accuracy"],
        cell=round(cell, 2),
        squares=squares,
        largest=[
            f"{names[label]} taken for {names[other]}: {count:,} of {seen[label]:,}"
            for label, other, count in entry["pairs"][:NAMED]
        ],
        worst=sorted(rows, key=lambda row: row.share)[:NAMED],
    )
