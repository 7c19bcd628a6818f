"""What the report says of each generator that was judged: its marks beside their limits, and the chart of its losses."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from robustness.gan.curves import loss_chart
from robustness.generators.measure import NAMES, mark, shown, worst_classes

WORST = 5
"""Classes of lowest fidelity that are named."""


@dataclass(frozen=True)
class Row:
    """A mark as text. limit, verdict: empty where it has no limit."""

    name: str
    value: str
    limit: str
    verdict: str


@dataclass(frozen=True)
class GeneratorSection:
    """One generator. worst: of its classes, as `judged_values` gives them. sheet: a WebP image, chart: an SVG one, in base64.

    chart is empty where no losses are known. pairs: as sheet, or empty. chart_text, sheet_text: for reading aloud.
    """

    name: str
    judge: str
    samples: int
    rows: list[Row]
    worst: list[dict[str, Any]]
    sheet: str
    sheet_text: str
    pairs: str
    chart: str
    chart_text: str


def generator_sections(results: dict[str, Any]) -> list[GeneratorSection]:
    """One for each generator in results.json."""
    return [_section(name, judged, results["generator_limits"]) for name, judged in results["generators"].items()]


def _section(name: str, judged: dict[str, Any], limits: list[dict[str, Any]]) -> GeneratorSection:
    of_mark = {limit["asks"]: limit for limit in limits if limit["generator"] == name}
    losses = judged["losses"] if any(judged["losses"].values()) else {}
    chart = loss_chart(losses, name) if losses else ""
    ends = "; ".join(f"{network} {values[-1]:.3f} after {len(values)} epochs" for network, values in losses.items())
    return GeneratorSection(
        name=name,
        judge=judged["judge"],
        samples=judged["samples"],
        rows=[_row(asks, judged, of_mark.get(asks)) for asks in NAMES],
        worst=worst_classes(judged)[:WORST],
        sheet=judged["sheet"],
        sheet_text=f"Samples of {name}{', a column for each class' if judged['classes'] else ''}",
        pairs=judged.get("pairs") or "",
        chart=base64.b64encode(chart.encode()).decode(),
        chart_text=f"Losses in the training of {name}: {ends}",
    )


def _row(asks: str, judged: dict[str, Any], limit: dict[str, Any] | None) -> Row:
    value = mark(asks, judged)
    required = None if limit is None else float(limit["required"])
    text = "none" if value is None else shown(value, required)
    if limit is None:
        return Row(NAMES[asks], text, "", "")
    return Row(
        NAMES[asks],
        text,
        f"{'≤' if asks.startswith('max_') else '≥'} {limit['required']}",
        "FAIL" if limit["stops"] else "PASS",
    )
