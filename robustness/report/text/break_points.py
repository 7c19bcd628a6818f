"""Where a classifier breaks, on real images and on generated ones, as text."""

from __future__ import annotations

from robustness.gan.break_point import BreakPoints
from robustness.report.text.table import table

SHOWN = {
    "real": "real images under the noise",
    "generated": "samples asked for with it",
    "noised": "clean samples under it",
}


def break_point_lines(found: BreakPoints) -> list[str]:
    """Accuracy at every magnitude, then where it breaks."""
    curves = [getattr(found, name) for name in SHOWN]
    rows = [
        [f"{magnitude:g}", *(f"{curve.accuracies[place]:.4f}" for curve in curves)]
        for place, magnitude in enumerate(found.magnitudes)
    ]
    magnitude = str(found.noise.magnitude)
    lines = table([f"{found.noise.family}, {magnitude}", *SHOWN.values()], rows, left=0)
    for name, curve in zip(SHOWN, curves, strict=True):
        broken = curve.break_point is not None
        place = f"from {magnitude} {curve.break_point:g}" if broken else f"up to {magnitude} {found.magnitudes[-1]:g}"
        lines.append(f"{SHOWN[name]}: {'' if broken else 'not '}below {found.of_clean:g} of its accuracy without noise {place}")
    return lines
