"""Confusions as matrices and, class by class, as bars: numbers to draw, in the places where they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustness.report.results import Confusions, Results

SIDE = 480
"""Width and height of a matrix, in its own units."""
LEFT, BOTTOM = 150, 140
"""Room for the names of rows and columns."""
CLASSES = 24
"""With more, a matrix has those most often confused, and one column for all others."""
NAMED = 8
"""Confusions and classes that are named."""
LETTERS = 18
"""Of a name beside the matrix."""


@dataclass(frozen=True)
class Square:
    """A cell that is not empty."""

    x: float
    y: float
    share: float  # of its row, 0 to 1
    text: str


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
    rows: list[tuple[float, str]]  # the middle of each, and its name
    columns: list[tuple[float, str]]
    left_out: int  # classes without a row of their own
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
    classes = [Class(name, right, seen) for name, right, seen in zip(names, found.right, found.seen, strict=True) if seen]
    shown = _shown(found, len(names))
    heads = [names[label] for label in shown] + ["any other"] * (len(shown) < len(names))
    cell = SIDE / len(heads)
    return ConfusionChart(
        model=found.model,
        noise=found.noise,
        accuracy=found.accuracy,
        cell=round(cell, 2),
        rows=_places([names[label] for label in shown], cell),
        columns=_places(heads, cell),
        left_out=len(names) - len(shown),
        squares=_squares(found, shown, names, cell),
        largest=[_words(names[label], names[other], count, found.seen[label]) for label, other, count in found.pairs[:NAMED]],
        worst=sorted(classes, key=lambda one: one.share)[:NAMED],
    )


def _shown(found: Confusions, count: int) -> list[int]:
    """The classes that have a row, in their order."""
    if count <= CLASSES:
        return list(range(count))
    seen = [label for label in range(count) if found.seen[label]]
    confused = [label for pair in found.pairs for label in pair[:2] if found.seen[label]]
    weakest = sorted(seen, key=lambda label: found.right[label] / found.seen[label])
    return sorted(list(dict.fromkeys([*confused, *weakest]))[: CLASSES - 1])


def _squares(found: Confusions, shown: list[int], names: list[str], cell: float) -> list[Square]:
    place = {label: number for number, label in enumerate(shown)}
    counts: dict[tuple[int, int], int] = {}
    texts: dict[tuple[int, int], str] = {}
    diagonal = [(label, label, found.right[label]) for label in shown if found.right[label]]
    for label, other, count in [*diagonal, *found.pairs]:
        if label in place:
            at = (label, other if other in place else -1)
            counts[at] = counts.get(at, 0) + count
            name = names[other] if other in place else "another class"
            texts[at] = _words(names[label], name, counts[at], found.seen[label])
    return [
        Square(
            x=round(place.get(other, len(shown)) * cell, 1),
            y=round(place[label] * cell, 1),
            share=round(count / found.seen[label], 3),
            text=texts[label, other],
        )
        for (label, other), count in sorted(counts.items())
    ]


def _words(name: str, other: str, count: int, seen: int) -> str:
    taken = "correctly classified" if other == name else f"classified as {other}"
    return f"{name} {taken}: {count:,} of {seen:,}"


def _places(names: Sequence[str], cell: float) -> list[tuple[float, str]]:
    short = [name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…" for name in names]
    return [(round((number + 0.5) * cell, 1), name) for number, name in enumerate(short)]
