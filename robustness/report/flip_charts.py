"""The distribution of critical magnitudes: the share of right predictions that has flipped, over magnitude, as coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from robustness.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, colours

BINS = 20
"""Bars of the histogram."""
STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15)
"""Between two ticks, in units of a power of ten."""
QUANTILES = (0.01, 0.05, 0.25, 0.5)
"""Shares of which is read aloud where they have flipped."""


@dataclass(frozen=True)
class Break:
    """Where a promise is broken: as more flip than a limit allows, or accuracy falls below a claim's bar.

    x: pixels; None where it is beyond what was searched, and then `text` says so. ends: pixels of its interval in the
    population, None where there is none.
    """

    x: float | None
    ends: tuple[float, float] | None
    text: str


@dataclass(frozen=True)
class FlipChart:
    """One search, of a limit on flips or of a claim that accuracy breaks; the other of `limit` and `claim` is None.

    found: `robustness.limits.flips.flip_curve`. line, band: points of an SVG polyline and polygon. bars: x, y, width and height
    of a histogram's, on the line's scale. limit_y: where the limit lies. expected: where the claim looks for the break, from
    and to. number: which colour. y_ticks: pixels and texts, in per cent. text: for reading aloud.
    """

    model: str
    limit: dict[str, Any] | None
    claim: dict[str, Any] | None
    found: dict[str, Any]
    line: str
    band: str
    bars: list[tuple[float, float, float, float]]
    limit_y: float | None
    breaks: Break
    expected: tuple[float, float] | None
    number: int
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    text: str


@dataclass(frozen=True)
class Plane:
    """Magnitudes and shares as pixels. highest: the magnitude at the right edge. top: the share at the upper one."""

    start: float
    highest: float
    top: float

    def x(self, magnitude: float) -> float:
        part = (magnitude - self.start) / (self.highest - self.start)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, part)), 1)

    def y(self, share: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share / self.top, 1)


def flip_charts(results: dict[str, Any]) -> list[FlipChart]:
    """A chart for each limit on flips, and for each claim about where accuracy breaks."""
    numbers = colours(results)
    limits = [limit for limit in results["limits"] if limit["asks"] == "max_flips" and limit["details"]]
    claims = [claim for claim in results["claims"] if "search" in claim["evidence"]]
    return [
        *(_of_limit(limit, numbers[limit["model"]]) for limit in limits),
        *(_of_claim(claim, numbers[claim["models"][0]]) for claim in claims),
    ]


def _of_limit(limit: dict[str, Any], number: int) -> FlipChart:
    flips, required = limit["details"], float(limit["required"])
    shares, magnitudes = flips["flipped"], flips["magnitudes"]
    band = flips["band"]
    plane = _plane(magnitudes, max(required, shares[-1], band[1][-1] if band else 0.0))
    at = _first(magnitudes, shares, required)
    first, last = (_first(magnitudes, ends, required) for ends in (band[1], band[0])) if band else (None, None)
    return _chart(
        model=limit["model"],
        limit=limit,
        flips=flips,
        plane=plane,
        band=band,
        required=required,
        breaks=Break(
            None if at is None else plane.x(at),
            None if first is None else (plane.x(first), WIDTH - RIGHT if last is None else plane.x(last)),
            f"the limit is kept up to {magnitudes[-1]:g}" if at is None else f"passes the limit at {at:.4g}",
        ),
        number=number,
    )


def _of_claim(claim: dict[str, Any], number: int) -> FlipChart:
    evidence, flips = claim["evidence"], claim["evidence"]["search"]
    magnitudes, at = flips["magnitudes"], evidence["break_point"]
    plane = _plane(magnitudes, flips["flipped"][-1])
    first, last = evidence["interval"]
    return _chart(
        model=claim["models"][0],
        claim=claim,
        flips=flips,
        plane=plane,
        breaks=Break(
            None if at is None else plane.x(at),
            None if first is None else (plane.x(first), WIDTH - RIGHT if last is None else plane.x(last)),
            f"accuracy does not break up to {magnitudes[-1]:g}" if at is None else f"accuracy breaks at {at:.4g}",
        ),
        expected=(plane.x(evidence["expected"][0]), plane.x(evidence["expected"][1])),
        number=number,
    )


def _chart(
    model: str,
    flips: dict[str, Any],
    plane: Plane,
    breaks: Break,
    number: int,
    limit: dict[str, Any] | None = None,
    claim: dict[str, Any] | None = None,
    band: list[list[float]] | None = None,
    required: float | None = None,
    expected: tuple[float, float] | None = None,
) -> FlipChart:
    shares, magnitudes = flips["flipped"], flips["magnitudes"]

    def points(values: list[float]) -> list[str]:
        return [f"{plane.x(magnitude)},{plane.y(share)}" for magnitude, share in zip(magnitudes, values, strict=True)]

    quarters = [plane.start + (plane.highest - plane.start) * part / 4 for part in range(5)]
    reached = [(share, _first(magnitudes, shares, share, strictly=False)) for share in QUANTILES]
    said = [f"{100 * share:g} % up to {at:.4g}" for share, at in reached if at is not None]
    text = f"{100 * shares[-1]:.2f} % of the right predictions of {model} flip up to {flips['noise']}"
    return FlipChart(
        model=model,
        limit=limit,
        claim=claim,
        found=flips,
        line=" ".join(points(shares)),
        band=" ".join([*points(band[0]), *reversed(points(band[1]))]) if band else "",
        bars=_bars(magnitudes, shares, plane),
        limit_y=None if required is None else plane.y(required),
        breaks=breaks,
        expected=None if expected is None else (min(expected), max(expected)),
        number=number,
        x_ticks=[(plane.x(magnitude), f"{magnitude:.4g}") for magnitude in quarters],
        y_ticks=[(plane.y(plane.top * part / 4), f"{round(25 * plane.top * part, 2):g}") for part in range(5)],
        text="; ".join([text, *said, breaks.text]),
    )


def _plane(magnitudes: list[float], highest: float) -> Plane:
    """With room for a share, and an upper edge whose quarters are round numbers of per cent."""
    if not highest:
        return Plane(magnitudes[0], magnitudes[-1], 1.0)
    unit = 10.0 ** math.floor(math.log10(highest / 4))
    quarter = next(step * unit for step in STEPS if 4 * step * unit >= 1.04 * highest)
    return Plane(magnitudes[0], magnitudes[-1], min(1.0, round(4 * quarter, 9)))


def _bars(magnitudes: list[float], shares: list[float], plane: Plane) -> list[tuple[float, float, float, float]]:
    """What flips in each part of the range, where anything does."""
    edges = [round((len(shares) - 1) * part / BINS) for part in range(BINS + 1)]
    bars = []
    for lower, upper in pairwise(edges):
        left, right, top = plane.x(magnitudes[lower]), plane.x(magnitudes[upper]), plane.y(shares[upper] - shares[lower])
        if shares[upper] > shares[lower]:
            bars.append((round(left + 1, 1), top, round(right - left - 2, 1), round(HEIGHT - BOTTOM - top, 1)))
    return bars


def _first(magnitudes: Sequence[float], shares: Sequence[float], share: float, strictly: bool = True) -> float | None:
    """The first magnitude by which more than a share has flipped, or as much; shares are rounded to six digits."""
    least = share + 5e-7 if strictly else share - 5e-7
    return next((at for at, flipped in zip(magnitudes, shares, strict=True) if flipped > least), None)
