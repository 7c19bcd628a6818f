"""The share of right predictions that have flipped, over magnitude, as coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from robustness.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH


@dataclass(frozen=True)
class FlipChart:
    """One limit on flips. line, band: points of an SVG polyline and polygon. limit_y: where the limit lies. number: which
    colour. y_ticks: pixels and texts, in per cent. text: for reading aloud.
    """

    limit: dict[str, Any]
    line: str
    band: str
    limit_y: float
    number: int
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    text: str


def flip_charts(results: dict[str, Any]) -> list[FlipChart]:
    """A chart for each limit on flips."""
    models = list(results["models"])
    limits = [limit for limit in results["limits"] if limit["asks"] == "max_flips" and limit["details"]]
    return [_chart(limit, models.index(limit["model"])) for limit in limits]


def _chart(limit: dict[str, Any], number: int) -> FlipChart:
    flips = limit["details"]
    magnitudes, shares = flips["magnitudes"], flips["flipped"]
    required = float(limit["required"])
    band = flips["band"] or [shares, shares]
    top: float = min(1.0, 1.15 * max(required, shares[-1], band[1][-1])) or 1.0
    start: float = magnitudes[0]
    span: float = magnitudes[-1] - start

    def x(magnitude: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (magnitude - start) / span, 1)

    def y(share: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share / top, 1)

    def points(values: list[float]) -> list[str]:
        return [f"{x(magnitude)},{y(share)}" for magnitude, share in zip(magnitudes, values, strict=True)]

    quarters = [start + span * part / 4 for part in range(5)]
    said = [
        f"{100 * row['share']:g} % up to {row['magnitude']:g}" for row in flips["quantiles"] if row["magnitude"] is not None
    ]
    text = f"{100 * shares[-1]:.2f} % of the right predictions of {limit['model']} flip up to {limit['noise']}"
    return FlipChart(
        limit=limit,
        line=" ".join(points(shares)),
        band=" ".join([*points(band[0]), *reversed(points(band[1]))]) if flips["band"] else "",
        limit_y=y(required),
        number=number,
        x_ticks=[(x(magnitude), f"{magnitude:.4g}") for magnitude in quarters],
        y_ticks=[(y(top * part / 4), f"{round(25 * top * part, 2):g}") for part in range(5)],
        text="; ".join([text, *said]),
    )
