"""Accuracy over magnitude as coordinates: what an SVG needs, and nothing about SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from robustness.noise import parse_noise

WIDTH, HEIGHT = 440, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 22, 14, 40


@dataclass(frozen=True)
class Point:
    """A measured level. x, y: pixels. limit_y: where the limit lies. text: for reading aloud."""

    x: float
    y: float
    limit_y: float
    verdict: str
    text: str


@dataclass(frozen=True)
class Line:
    """One model's points by rising magnitude. number: which colour."""

    model: str
    number: int
    points: list[Point]


@dataclass(frozen=True)
class Chart:
    """One kind of noise. ticks: pixels and texts."""

    title: str
    magnitude: str
    lines: list[Line]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]


def accuracy_charts(results: dict[str, Any]) -> list[Chart]:
    """A chart for each noise that differs in its magnitude alone; clean accuracy stands at magnitude 0."""
    groups: dict[str, list[tuple[float, dict[str, Any]]]] = {}
    clean = []
    for limit in results["limits"]:
        noise = parse_noise(limit["noise"])
        if noise.magnitude is None:
            clean.append((0.0, limit))
        else:
            groups.setdefault(_without_magnitude(limit["noise"]), []).append((getattr(noise, noise.magnitude), limit))
    models = list(results["models"])
    return [_chart(title, levels, clean, models) for title, levels in groups.items()]


def _chart(
    title: str, levels: list[tuple[float, dict[str, Any]]], clean: list[tuple[float, dict[str, Any]]], models: list[str]
) -> Chart:
    highest = max(magnitude for magnitude, _ in levels) or 1.0
    magnitude = parse_noise(levels[0][1]["noise"]).magnitude or ""

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * value / highest, 1)

    lines = []
    for number, model in enumerate(models):
        mine = sorted((pair for pair in [*clean, *levels] if pair[1]["model"] == model), key=lambda pair: pair[0])
        points = [_point(x(value), limit) for value, limit in mine]
        if any(limit["noise"] != "clean" for _, limit in mine):
            lines.append(Line(model, number, points))
    shown = sorted({0.0, *(value for value, _ in levels)})
    x_ticks = [(x(value), f"{value:g}") for value in _apart(shown, highest)]
    return Chart(title, magnitude, lines, x_ticks, [(_y(share / 4), f"{25 * share}") for share in range(5)])


def _point(x: float, limit: dict[str, Any]) -> Point:
    text = f"{limit['model']}, {limit['noise']}: {100 * limit['accuracy']:.2f} %, limit {100 * float(limit['required']):g} %"
    return Point(x, _y(limit["accuracy"]), _y(float(limit["required"])), limit["verdict"], text)


def _y(accuracy: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * accuracy, 1)


def _apart(values: list[float], highest: float) -> list[float]:
    """The values that leave room for each other's text, the highest always among them."""
    kept = [values[-1]]
    for value in reversed(values[:-1]):
        if math.isclose(kept[-1], value) or kept[-1] - value >= highest / 9:
            kept.append(value)
    return kept[::-1]


def _without_magnitude(text: str) -> str:
    """`periodic(amplitude=0.5, phase=90)` as `periodic(phase=90)`: what tells one curve from another."""
    noise = parse_noise(text)
    magnitude = noise.magnitude or ""
    return str(noise.at(0.0)).replace(f"{magnitude}=0, ", "").replace(f"({magnitude}=0)", "")
