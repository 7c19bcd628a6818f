"""Accuracy over magnitude as coordinates: what an SVG needs, and nothing about SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from robustness.limits.record import LimitRecord
from robustness.noise import KINDS
from robustness.report.results import Results
from robustness.statistics.verdict import Verdict

WIDTH, HEIGHT = 440, 262
LEFT, RIGHT, TOP, BOTTOM = 44, 22, 36, 40
ZOOMED = 0.9
"""Where all that a chart shows lies above this, its scale begins here."""
COLOURS, SHAPES = 6, 4
"""How many there are; models beyond have them again, with another marker and another dash."""
DASHES = ("none", "7 3", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class Point:
    """A measured level; x, y and those like them in pixels."""

    x: float
    y: float
    limit_y: float
    verdict: Verdict
    text: str  # for reading aloud
    published_y: float | None  # of the study's figure, if it has one


@dataclass(frozen=True)
class Line:
    """One model's points by rising magnitude."""

    model: str
    number: int  # of its colour
    points: list[Point]
    limits: str  # the points of a polyline through its limits
    breaks: Point | None  # the lowest level that fails its limit
    band: str  # a polygon: where the population's accuracy lies; empty where that was not asked


@dataclass(frozen=True)
class Chart:
    """One kind of noise. ticks: pixels and texts."""

    title: str
    magnitude: str | None
    lines: list[Line]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    zoomed: bool  # whether the scale does not begin at 0

    @property
    def x_label(self) -> str:
        return with_unit(self.title, self.magnitude)


@dataclass(frozen=True)
class Style:
    """How a model is drawn."""

    colour: int
    shape: int  # of its markers
    dash: str


def style(number: int) -> Style:
    """Of the model of that number."""
    return Style(number % COLOURS, (number + number // COLOURS) % SHAPES, DASHES[number // COLOURS % len(DASHES)])


def with_unit(family: str, magnitude: str | None) -> str:
    """The name of a magnitude, and its unit where there is one."""
    kind = KINDS.get(family.partition("(")[0])
    unit = kind.unit if kind else ""
    return f"{magnitude}, {unit}" if unit else f"{magnitude}"


def colours(results: Results) -> dict[str, int]:
    """The number of each model's colour: those with limits first, so that as few as can be share one."""
    limited = {limit.model for limit in results.limits}
    return {model: number for number, model in enumerate(sorted(results.models, key=lambda name: name not in limited))}


def accuracy_charts(results: Results) -> list[Chart]:
    """A chart for each noise that differs in its magnitude alone; clean accuracy stands at the magnitude that does nothing."""
    limits = [limit for limit in results.limits if limit.is_plain]
    clean = [limit for limit in limits if limit.level is None and limit.identity is not None]
    families: dict[str, list[LimitRecord]] = {}
    for limit in limits:
        if limit.level is not None:
            families.setdefault(limit.family, []).append(limit)
    return [_chart(title, limits, clean, results) for title, limits in families.items()]


def _chart(title: str, limits: list[LimitRecord], clean: list[LimitRecord], results: Results) -> Chart:
    identity = limits[0].identity
    levels = [(limit.level, limit) for limit in limits if limit.level is not None]
    if identity is not None:
        levels += [(identity, limit) for limit in clean]
    shown = sorted({value for value, _ in levels} | ({identity} if identity is not None else set()))
    lowest, highest = shown[0], shown[-1]

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - lowest) / ((highest - lowest) or 1.0), 1)

    floor = _floor([limit for _, limit in levels], results)

    def y(accuracy: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (accuracy - floor) / (1 - floor), 1)

    lines = []
    for model, number in colours(results).items():
        published = results.published.get(model, {})
        mine = sorted((pair for pair in levels if pair[1].model == model), key=lambda pair: pair[0])
        if any(limit.level is not None for _, limit in mine):
            points = [_point(x(value), y, limit, published.get(limit.noise)) for value, limit in mine]
            broken = [
                (limit.distance, point)
                for (_, limit), point in zip(mine, points, strict=True)
                if limit.level is not None and limit.verdict is Verdict.FAIL
            ]
            limit_line = " ".join(f"{point.x},{point.limit_y}" for point in points)
            breaks = min(broken, key=lambda pair: pair[0])[1] if broken else None
            lines.append(
                Line(model, number, points, limit_line, breaks, _band([(x(value), limit) for value, limit in mine], y))
            )
    x_ticks = [(x(value), f"{value:g}") for value in _apart(shown)]
    y_ticks = [(y(share), f"{100 * share:g}") for share in (floor + (1 - floor) * part / 4 for part in range(5))]
    return Chart(title, limits[0].magnitude, lines, x_ticks, y_ticks, floor > 0)


def _floor(limits: list[LimitRecord], results: Results) -> float:
    """Where the scale begins."""
    shown = [value for limit in limits for value in (limit.accuracy, float(limit.required), limit.low) if value is not None]
    shown += [published for limit in limits if (published := results.published.get(limit.model, {}).get(limit.noise))]
    return ZOOMED if min(shown) >= ZOOMED else 0.0


def _band(limits: list[tuple[float, LimitRecord]], y: Callable[[float], float]) -> str:
    upper = [f"{x},{y(limit.high)}" for x, limit in limits if limit.high is not None]
    lower = [f"{x},{y(limit.low)}" for x, limit in reversed(limits) if limit.low is not None]
    return " ".join([*upper, *lower]) if len(upper) == len(lower) == len(limits) else ""


def _point(x: float, y: Callable[[float], float], limit: LimitRecord, published: float | None) -> Point:
    required = float(limit.required)
    text = f"{limit.model}, {limit.noise}: {100 * limit.accuracy:.2f} %, limit {100 * required:g} %"
    if limit.verdict is not Verdict.PASS:
        text += f", {limit.verdict}"
    if published is not None:
        text += f", published {100 * published:.2f} %"
    return Point(x, y(limit.accuracy), y(required), limit.verdict, text, None if published is None else y(published))


def _apart(values: list[float]) -> list[float]:
    """The values that leave room for each other's text, the highest always among them."""
    kept = [values[-1]]
    for value in reversed(values[:-1]):
        if kept[-1] - value >= (values[-1] - values[0]) / 9:
            kept.append(value)
    return kept[::-1]
