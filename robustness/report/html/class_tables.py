"""Accuracy of every class under every noise, as a table for each model, the weakest class first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from robustness.limits.record import LimitRecord
from robustness.report.results import ClassCounts, ImageClass, Results

COLUMNS = 10
"""Noises beside each other; more are in tables below each other, so that none is cut on paper."""
ROWS, FEW = 60, 20
"""Classes shown, the weakest; and of a model that has several tables."""


@dataclass(frozen=True)
class Column:
    """One noise, in the head's two lines."""

    name: str
    level: str  # empty where the noise has no magnitude


@dataclass(frozen=True)
class ClassCell:
    """One class under one noise."""

    text: str  # accuracy in whole per cent
    lost: float  # the share classified wrong, for the colour


@dataclass(frozen=True)
class ClassRow:
    """One class."""

    name: str
    images: int  # in the set
    mean: ClassCell  # of its accuracies under the noises shown
    cells: list[ClassCell | None]  # None where no image was looked at


@dataclass(frozen=True)
class ClassTable:
    """One model under some noises; rows by rising mean over all of its noises."""

    model: str
    columns: list[Column]
    rows: list[ClassRow]
    left_out: int  # classes that have no row


def class_tables(results: Results) -> list[ClassTable]:
    """One for each model in `per_class`."""
    if results.images is None:
        return []
    of_noise = {limit.noise: limit for limit in results.limits}
    by_model: dict[str, list[ClassCounts]] = {}
    for counts in results.per_class:
        by_model.setdefault(counts.model, []).append(counts)
    return [table for model, counts in by_model.items() for table in _tables(model, counts, of_noise, results.images.classes)]


def _tables(
    model: str, counts: list[ClassCounts], of_noise: dict[str, LimitRecord], classes: tuple[ImageClass, ...]
) -> Iterator[ClassTable]:
    columns, rows = [_column(of_noise[one.noise]) for one in counts], _rows(counts, classes)
    most = ROWS if len(columns) <= COLUMNS else FEW
    for start in range(0, len(columns), COLUMNS):
        part = slice(start, start + COLUMNS)
        shown = [replace(row, cells=row.cells[part]) for row in rows[:most]]
        yield ClassTable(model, columns[part], shown, len(rows) - len(shown))


def _column(limit: LimitRecord) -> Column:
    return Column(limit.family, "" if limit.level is None else f"{limit.magnitude} {limit.level:g}")


def _rows(counts: list[ClassCounts], classes: tuple[ImageClass, ...]) -> list[ClassRow]:
    rows = []
    for number, label in enumerate(classes):
        shares = [one.right[number] / seen if (seen := one.seen[number]) else None for one in counts]
        known = [share for share in shares if share is not None]
        if known:
            mean = sum(known) / len(known)
            cells = [None if share is None else _cell(share) for share in shares]
            rows.append((mean, ClassRow(label.name, label.images, _cell(mean), cells)))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _cell(share: float) -> ClassCell:
    """Rounded, but 100 only where all are right, and 0 only where none is."""
    percent = round(100 * share)
    if 0 < share < 1:
        percent = min(99, max(1, percent))
    return ClassCell(f"{percent}", round(1 - share, 2))
