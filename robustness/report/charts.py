"""Accuracy over magnitude as coordinates: what an SVG needs, and nothing about SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 440, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 22, 14, 40


@dataclass(frozen=True)
class Point:
    """A measured level. x, y: pixels. limit_y: where the limit lies. text: for reading aloud.

    published_y: where the study's figure lies, if it has one.
    """

    x: float
    y: float
    limit_y: float
    verdict: str
    text: str
    published_y: float | None


@dataclass(frozen=True)
class Line:
    """One model's points by rising magnitude. number: which colour.

    limits: the points of a polyline through its limits. breaks: the lowest level that does not keep its limit, if there is one.
    band: the points of a polygon between what the population's accuracy lies above and below; empty where that was not asked.
    """

    model: str
    number: int
    points: list[Point]
    limits: str
    breaks: Point | None
    band: str


@dataclass(frozen=True)
class Chart:
    """One kind of noise. ticks: pixels and texts."""

    title: str
    magnitude: str
    lines: list[Line]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]

    @property
    def has_bands(self) -> bool:
        return any(line.band for line in self.lines)


def colours(results: dict[str, Any]) -> dict[str, int]:
    """The number of each model's colour: those with limits first, so that as few as can be share one."""
    limited = {limit["model"] for limit in results["limits"]}
    return {model: number for number, model in enumerate(sorted(results["models"], key=lambda name: name not in limited))}


def accuracy_charts(results: dict[str, Any]) -> list[Chart]:
    """A chart for each noise that differs in its magnitude alone; clean accuracy stands at the magnitude that does nothing."""
    limits = [limit for limit in results["limits"] if limit["is_plain"]]
    clean = [limit for limit in limits if limit["magnitude"] is None]
    families: dict[str, list[dict[str, Any]]] = {}
    for limit in limits:
        if limit["magnitude"] is not None:
            families.setdefault(limit["family"], []).append(limit)
    return [_chart(title, limits, clean, results) for title, limits in families.items()]


def _chart(title: str, limits: list[dict[str, Any]], clean: list[dict[str, Any]], results: dict[str, Any]) -> Chart:
    identity = limits[0]["identity"]
    levels = [(limit["level"], limit) for limit in limits]
    if identity is not None:
        levels += [(identity, limit) for limit in clean]
    shown = sorted({value for value, _ in levels} | ({identity} if identity is not None else set()))
    lowest, highest = float(shown[0]), float(shown[-1])

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - lowest) / ((highest - lowest) or 1.0), 1)

    lines = []
    for model, number in colours(results).items():
        published = results["published"].get(model, {})
        mine = sorted((pair for pair in levels if pair[1]["model"] == model), key=lambda pair: pair[0])
        if any(limit["magnitude"] for _, limit in mine):
            points = [_point(x(value), limit, published.get(limit["noise"])) for value, limit in mine]
            limit_line = " ".join(f"{point.x},{point.limit_y}" for point in points)
            broken = [
                (abs(value - (identity or 0)), point)
                for (value, limit), point in zip(mine, points, strict=True)
                if limit["magnitude"] is not None and limit["verdict"] != "PASS"
            ]
            breaks = min(broken, key=lambda pair: pair[0])[1] if broken else None
            band = _band([(x(value), limit) for value, limit in mine])
            lines.append(Line(model, number, points, limit_line, breaks, band))
    x_ticks = [(x(value), f"{value:g}") for value in _apart(shown)]
    return Chart(title, limits[0]["magnitude"], lines, x_ticks, [(_y(share / 4), f"{25 * share}") for share in range(5)])


def _band(limits: list[tuple[float, dict[str, Any]]]) -> str:
    if any(limit.get("low") is None or limit.get("high") is None for _, limit in limits):
        return ""
    upper = [f"{x},{_y(limit['high'])}" for x, limit in limits]
    lower = [f"{x},{_y(limit['low'])}" for x, limit in reversed(limits)]
    return " ".join([*upper, *lower])


def _point(x: float, limit: dict[str, Any], published: float | None) -> Point:
    required = float(limit["required"])
    text = f"{limit['model']}, {limit['noise']}: {100 * limit['accuracy']:.2f} %, limit {100 * required:g} %"
    if published is None:
        return Point(x, _y(limit["accuracy"]), _y(required), limit["verdict"], text, None)
    return Point(
        x, _y(limit["accuracy"]), _y(required), limit["verdict"], f"{text}, published {100 * published:.2f} %", _y(published)
    )


def _y(accuracy: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * accuracy, 1)


def _apart(values: list[float]) -> list[float]:
    """The values that leave room for each other's text, the highest always among them."""
    kept = [values[-1]]
    for value in reversed(values[:-1]):
        if kept[-1] - value >= (values[-1] - values[0]) / 9:
            kept.append(value)
    return kept[::-1]
