"""The distribution of critical magnitudes: the share of right predictions that has flipped, over magnitude, as coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from robustness.claims.record import BreakEvidence, ClaimRecord
from robustness.limits.record import FlipsFound, LimitRecord
from robustness.report.html.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, colours, with_unit
from robustness.report.results import Results
from robustness.search.curve import FlipCurve

BINS = 20
"""Bars of the histogram."""
STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15)
"""Between two ticks, in units of a power of ten."""
QUANTILES = (0.01, 0.05, 0.25, 0.5)
"""Shares of which is read aloud where they have flipped."""


@dataclass(frozen=True)
class Break:
    """Where a promise is broken: more flip than a limit allows, or accuracy falls below a claim's bar."""

    x: float | None  # pixels; None where it is beyond what was searched, and then `text` says so
    ends: tuple[float, float] | None  # pixels of its interval in the population
    text: str


@dataclass(frozen=True)
class FlipChart:
    """One search, of a limit on flips or of a claim that accuracy breaks; the other of `limit` and `claim` is None."""

    model: str
    limit: LimitRecord | None
    claim: ClaimRecord | None
    found: FlipCurve
    line: str  # the points of an SVG polyline
    band: str  # and of a polygon
    bars: list[tuple[float, float, float, float]]  # x, y, width and height of a histogram's, on the line's scale
    limit_y: float | None
    breaks: Break
    expected: tuple[float, float] | None  # where the claim expects the break, from and to
    number: int  # of its colour
    x_ticks: list[tuple[float, str]]  # pixels and texts
    y_ticks: list[tuple[float, str]]  # in per cent
    text: str  # for reading aloud

    @property
    def x_label(self) -> str:
        return with_unit(self.found.family, self.found.magnitude)


@dataclass(frozen=True)
class Plane:
    """Magnitudes and shares as pixels."""

    start: float
    highest: float  # the magnitude at the right edge
    top: float  # the share at the upper one

    def x(self, magnitude: float) -> float:
        part = (magnitude - self.start) / (self.highest - self.start)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, part)), 1)

    def y(self, share: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share / self.top, 1)

    def breaks(self, at: float | None, first: float | None, last: float | None, text: str) -> Break:
        """At a magnitude, with an interval from the first to the last; None: beyond the range."""
        ends = None if first is None else (self.x(first), WIDTH - RIGHT if last is None else self.x(last))
        return Break(None if at is None else self.x(at), ends, text)


def flip_charts(results: Results) -> list[FlipChart]:
    """A chart for each limit on flips, and for each claim about where accuracy breaks."""
    numbers = colours(results)
    return [
        *(
            _of_limit(limit, limit.details, numbers[limit.model])
            for limit in results.limits
            if isinstance(limit.details, FlipsFound)
        ),
        *(
            _of_claim(claim, claim.evidence, claim.evidence.search, numbers[claim.models[0]])
            for claim in results.of(ClaimRecord)
            if isinstance(claim.evidence, BreakEvidence) and claim.evidence.search
        ),
    ]


def _of_limit(limit: LimitRecord, flips: FlipsFound, number: int) -> FlipChart:
    required, shares, magnitudes = float(limit.required), flips.flipped, flips.magnitudes
    band = flips.band if flips.right else None  # where nothing can flip there is nothing to bound
    plane = _plane(magnitudes, max(required, shares[-1], band[1][-1] if band else 0.0))
    at = _first(magnitudes, shares, required)
    first, last = (_first(magnitudes, ends, required) for ends in (band[1], band[0])) if band else (None, None)
    text = f"the limit is kept up to {magnitudes[-1]:g}" if at is None else f"passes the limit at {at:.4g}"
    breaks = plane.breaks(at, first, last, text)
    return _chart(limit.model, flips, plane, breaks, number, limit=limit, band=band, required=required)


def _of_claim(claim: ClaimRecord, evidence: BreakEvidence, flips: FlipCurve, number: int) -> FlipChart:
    at, plane = evidence.break_point, _plane(flips.magnitudes, flips.flipped[-1])
    text = f"accuracy does not break up to {flips.magnitudes[-1]:g}" if at is None else f"accuracy breaks at {at:.4g}"
    first, last = sorted(map(plane.x, evidence.expected))
    breaks = plane.breaks(at, *evidence.interval, text)
    return _chart(claim.models[0], flips, plane, breaks, number, claim=claim, expected=(first, last))


def _chart(
    model: str,
    flips: FlipCurve,
    plane: Plane,
    breaks: Break,
    number: int,
    limit: LimitRecord | None = None,
    claim: ClaimRecord | None = None,
    band: tuple[Sequence[float], Sequence[float]] | None = None,
    required: float | None = None,
    expected: tuple[float, float] | None = None,
) -> FlipChart:
    shares, magnitudes = flips.flipped, flips.magnitudes

    def points(values: Sequence[float]) -> list[str]:
        return [f"{plane.x(magnitude)},{plane.y(share)}" for magnitude, share in zip(magnitudes, values, strict=True)]

    quarters = [plane.start + (plane.highest - plane.start) * part / 4 for part in range(5)]
    reached = [(share, _first(magnitudes, shares, share, strictly=False)) for share in QUANTILES]
    said = [f"{100 * share:g} % up to {at:.4g}" for share, at in reached if at is not None]
    text = f"{100 * shares[-1]:.2f} % of the right predictions of {model} flip up to {flips.noise}"
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
        expected=expected,
        number=number,
        x_ticks=[(plane.x(magnitude), f"{magnitude:.4g}") for magnitude in quarters],
        y_ticks=[(plane.y(plane.top * part / 4), f"{round(25 * plane.top * part, 2):g}") for part in range(5)],
        text="; ".join([text, *said, breaks.text]),
    )


def _plane(magnitudes: Sequence[float], highest: float) -> Plane:
    """With room for a share, and an upper edge whose quarters are round numbers of per cent."""
    if not highest:
        return Plane(magnitudes[0], magnitudes[-1], 1.0)
    unit = 10.0 ** math.floor(math.log10(highest / 4))
    quarter = next(step * unit for step in STEPS if 4 * step * unit >= 1.04 * highest)
    return Plane(magnitudes[0], magnitudes[-1], min(1.0, round(4 * quarter, 9)))


def _bars(magnitudes: Sequence[float], shares: Sequence[float], plane: Plane) -> list[tuple[float, float, float, float]]:
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
