"""The losses of both networks, epoch by epoch, as a small chart in SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 30, 40
COLOURS = ("#0072b2", "#d55e00")
"""Blue and vermilion of the palette of M. Okabe and K. Ito, which colour-blind readers tell apart."""


def loss_chart(losses: Mapping[str, Sequence[float]], title: str) -> str:
    """The text of an SVG file. losses: a list of one value per epoch for each network, in the order of the colours."""
    epochs = max(len(values) for values in losses.values())
    every = [value for values in losses.values() for value in values]
    lowest, highest = min(0.0, *every), max(every)
    span = max(highest - lowest, 1e-9)

    def x(epoch: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (epoch - 1) / max(1, epochs - 1), 1)

    def y(loss: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (loss - lowest) / span, 1)

    said = "; ".join(f"{name}: {values[-1]:.3f} after {len(values)} epochs" for name, values in losses.items())
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="12" fill="#444" role="img" aria-label="{escape(f"{title}. {said}")}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-size="13">{escape(title)}</text>',
    ]
    for level in _round_values(lowest, highest):
        lines += [
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(level)}" y2="{y(level)}" stroke="#ddd"/>',
            f'<text x="{LEFT - 6}" y="{y(level) + 4}" text-anchor="end">{level:.3g}</text>',
        ]
    for epoch in {1, *map(int, _round_values(1, epochs, least=1))}:
        lines.append(f'<text x="{x(epoch)}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{epoch}</text>')
    lines.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">epoch</text>')
    for number, (name, values) in enumerate(losses.items()):
        points = " ".join(f"{x(epoch)},{y(loss)}" for epoch, loss in enumerate(values, 1))
        colour = COLOURS[number]
        lines += [
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
            f'<text x="{WIDTH - RIGHT - 110 * (len(losses) - number)}" y="18" fill="{colour}">{escape(name)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


def _round_values(lowest: float, highest: float, least: float = 1e-9) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten from the lowest to the highest, six at most. least: between two of them."""
    span = highest - lowest
    power = 10.0 ** math.floor(math.log10(max(span, least)))
    step = next(part * power for part in (0.1, 0.2, 0.5, 1, 2) if part * power >= least and 5 * part * power >= span)
    return [number * step for number in range(math.ceil(lowest / step), math.floor(highest / step) + 1)]
