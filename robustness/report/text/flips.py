"""Searches, hunts and maps of waves in words, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from robustness.limits.record import FlipsFound, WaveMap
from robustness.report.text.table import table


def flip_lines(model: str, data: str, flips: FlipsFound, breaks: Sequence[tuple[str, str]]) -> list[str]:
    """A search. breaks: where accuracy falls below shares of clean."""
    magnitude, highest = flips.magnitude, flips.magnitudes[-1]
    interval = [] if flips.band is None else [f"{100 * flips.confidence:g} % interval"]
    rows = [
        (
            f"{100 * row.share:g} %",
            at(row.magnitude, highest),
            *([between(row.low, row.high, highest)] if interval else []),
        )
        for row in flips.quantiles
    ]
    lines = [f"{model} on {data} up to {flips.noise}: {flips.right:,} of {flips.total:,} right without noise"]
    if flips.right:
        lines += ["", *table(("right predictions flipped", f"up to {magnitude}", *interval), rows, left=1)]
        lines += [f"no interval: {flips.band_missing}"] if flips.band_missing else []
        lines += ["", *(f"accuracy falls below {share} of clean {where}" for share, where in breaks)]
    else:
        lines += ["so no right prediction can flip, and no accuracy can fall"]
    step = len(flips.accuracy) // 8
    curve = list(zip(flips.magnitudes, flips.accuracy, strict=True))[::step]
    lines += [
        "",
        *table(
            (str(magnitude), "accuracy, %, if each prediction changes only once"),
            [(f"{level:g}", f"{100 * share:.2f}") for level, share in curve],
            left=0,
        ),
    ]
    if flips.classes:
        lines += ["", "classes that lose most:"]
        lines += [f"  {row.name}: {row.flipped:,} of {row.right:,} right predictions" for row in flips.classes]
    if flips.images:
        lines += ["", "images that flip first:"]
        lines += [
            f"  image {row.index}, {row.label}, becomes {row.becomes} at {magnitude} {row.magnitude:g}" for row in flips.images
        ]
    lines += ["", f"{flips.mended:,} predictions wrong without noise turn right where they first change"]
    return [*lines, f"looked at {flips.resolution}; {flips.passes:g} forward passes over the set"]


def at(magnitude: float | None, highest: float) -> str:
    """A magnitude; None is one beyond the highest that was looked at."""
    return f"beyond {highest:g}" if magnitude is None else f"{magnitude:g}"


def between(low: float | None, high: float | None, highest: float) -> str:
    """An interval of magnitudes, each as in `at`."""
    return at(low, highest) if low is None else f"{at(low, highest)} to {at(high, highest)}"


def wave_lines(model: str, data: str, waves: WaveMap, amplitude: float) -> list[str]:
    """A map of waves: accuracy in per cent, a row for each frequency."""
    rows = [
        (f"{frequency:g}", f"{1 / frequency:.3g}", *(f"{100 * accuracy:.1f}" for accuracy in accuracies))
        for frequency, accuracies in zip(waves.frequencies, waves.accuracies, strict=True)
    ]
    head = ("cycles per pixel", "pixels", *(f"{orientation:g}°" for orientation in waves.orientations))
    return [
        f"accuracy of {model} on {data} under waves of the energy of amplitude {amplitude:g}, %; {100 * waves.clean:.1f} "
        "without; 0°: vertical stripes",
        "",
        *table(head, rows, left=0),
        "",
        waves.words,
    ]
