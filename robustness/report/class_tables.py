"""Accuracy of every class under every noise, as a table for each model, the weakest class first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One noise. name, level: the head's two lines; level is empty where the noise has no magnitude."""

    name: str
    level: str


@dataclass(frozen=True)
class ClassCell:
    """One class under one noise. text: accuracy in whole per cent. lost: the share named wrong, for the colour."""

    text: str
    lost: float


@dataclass(frozen=True)
class ClassRow:
    """One class. images: in the set. mean: of its accuracies under the noises shown. cells: None where none was looked at."""

    name: str
    images: int
    mean: ClassCell
    cells: list[ClassCell | None]


@dataclass(frozen=True)
class ClassTable:
    """One model. rows: by rising mean."""

    model: str
    columns: list[Column]
    rows: list[ClassRow]


def class_tables(results: dict[str, Any]) -> list[ClassTable]:
    """One for each model in `per_class` of results.json."""
    if not results["images"]:
        return []
    of_noise = {limit["noise"]: limit for limit in results["limits"]}
    by_model: dict[str, list[dict[str, Any]]] = {}
    for entry in results["per_class"]:
        by_model.setdefault(entry["model"], []).append(entry)
    return [
        ClassTable(
            model, [_column(of_noise[entry["noise"]]) for entry in entries], _rows(entries, results["images"]["classes"])
        )
        for model, entries in by_model.items()
    ]


def _column(limit: dict[str, Any]) -> Column:
    return Column(limit["family"], "" if limit["level"] is None else f"{limit['magnitude']} {limit['level']:g}")


def _rows(entries: list[dict[str, Any]], classes: list[dict[str, Any]]) -> list[ClassRow]:
    rows = []
    for number, label in enumerate(classes):
        shares = [entry["right"][number] / seen if (seen := entry["seen"][number]) else None for entry in entries]
        known = [share for share in shares if share is not None]
        if known:
            mean = sum(known) / len(known)
            cells = [None if share is None else _cell(share) for share in shares]
            rows.append((mean, ClassRow(label["name"], label["images"], _cell(mean), cells)))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _cell(share: float) -> ClassCell:
    """Rounded, but 100 only where all are right, and 0 only where none is."""
    percent = round(100 * share)
    if 0 < share < 1:
        percent = min(99, max(1, percent))
    return ClassCell(f"{percent}", round(1 - share, 2))
