"""What the report says of each generator that was judged: its marks beside their limits, and the chart of its losses."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from robustness.gan.curves import loss_chart
from robustness.generators.record import NAMES, ClassMarks, GeneratorRecord, Marks, mark, shown, worst_classes
from robustness.report.results import Results

WORST = 5
"""Classes of lowest fidelity that are named."""


@dataclass(frozen=True)
class Row:
    """A mark as text."""

    name: str
    value: str
    limit: str  # empty where it has none
    verdict: str
    record: str  # the name of the limit's; empty likewise


@dataclass(frozen=True)
class GeneratorSection:
    """One generator; images in base64."""

    name: str
    marks: Marks
    rows: list[Row]
    worst: list[ClassMarks]
    sheet_text: str  # for reading aloud
    chart: str  # SVG; empty where no losses are known
    chart_text: str


def generator_sections(results: Results) -> list[GeneratorSection]:
    """One for each generator that was judged."""
    return [_section(name, marks, results.of(GeneratorRecord)) for name, marks in results.generators.items()]


def _section(name: str, marks: Marks, limits: tuple[GeneratorRecord, ...]) -> GeneratorSection:
    of_mark = {limit.asks: limit for limit in limits if limit.generator == name}
    known = {network: [loss for loss in losses if loss is not None] for network, losses in marks.losses.items()}
    losses = known if all(known.values()) else {}
    chart = loss_chart(losses, name) if losses else ""
    ends = "; ".join(f"{network} {values[-1]:.3f} after {len(values)} epochs" for network, values in losses.items())
    return GeneratorSection(
        name=name,
        marks=marks,
        rows=[_row(asks, marks, of_mark.get(asks)) for asks in NAMES],
        worst=worst_classes(marks)[:WORST],
        sheet_text=f"Samples of {name}{', a column for each class' if marks.classes else ''}",
        chart=base64.b64encode(chart.encode()).decode(),
        chart_text=f"Losses in the training of {name}: {ends}",
    )


def _row(asks: str, marks: Marks, limit: GeneratorRecord | None) -> Row:
    value = mark(asks, marks)
    text = "none" if value is None else shown(value, None if limit is None else float(limit.required))
    if limit is None:
        return Row(NAMES[asks], text, "", "", "")
    bound = "≤" if asks.startswith("max_") else "≥"
    return Row(NAMES[asks], text, f"{bound} {limit.required}", str(limit.verdict), limit.name)
