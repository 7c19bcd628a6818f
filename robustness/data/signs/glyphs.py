"""Digits and letters as strokes, in a box of -0.5..0.5 by -0.8..0.8."""

from __future__ import annotations

from robustness.data.signs.shapes import Point, Shape, arc, line, placed, union

STROKE = 0.26

_STROKES: dict[str, list[list[Point]]] = {
    "0": [arc(0, 0, 0.38, 0.66, 0, 360, 24)],
    "1": [[(-0.22, -0.42), (0.08, -0.66), (0.08, 0.66)]],
    "2": [[*arc(0, -0.3, 0.36, 0.36, 190, 380, 12), (-0.38, 0.66), (0.4, 0.66)]],
    "3": [arc(-0.02, -0.33, 0.34, 0.33, 200, 450, 12), arc(-0.02, 0.3, 0.38, 0.36, 270, 520, 12)],
    "5": [[(0.34, -0.66), (-0.28, -0.66), (-0.34, -0.06), *arc(-0.02, 0.24, 0.4, 0.42, 240, 500, 12)]],
    "6": [arc(0, 0.26, 0.38, 0.4, 0, 360, 20), [(-0.38, 0.22), (-0.3, -0.3), (0.0, -0.62), (0.26, -0.66)]],
    "7": [[(-0.36, -0.66), (0.38, -0.66), (-0.08, 0.66)]],
    "8": [arc(0, -0.34, 0.32, 0.32, 0, 360, 18), arc(0, 0.3, 0.38, 0.36, 0, 360, 18)],
    "S": [[*arc(0, -0.33, 0.34, 0.33, 330, 90, 10), *arc(0, 0.33, 0.36, 0.33, 270, 510, 10)]],
    "T": [[(-0.4, -0.66), (0.4, -0.66)], [(0, -0.66), (0, 0.66)]],
    "O": [arc(0, 0, 0.38, 0.66, 0, 360, 24)],
    "P": [[(-0.3, 0.66), (-0.3, -0.66), *arc(0.0, -0.3, 0.36, 0.36, 270, 450, 10), (-0.3, 0.06)]],
}


def text(characters: str, height: float, spacing: float = 1.08, stroke: float = STROKE) -> Shape:
    """Characters in a row, centred on the origin."""
    scale = height / 1.6
    left = -spacing * (len(characters) - 1) / 2
    return union(
        *(
            placed(
                union(*(line(*points, width=stroke) for points in _STROKES[character])), scale * (left + n * spacing), 0, scale
            )
            for n, character in enumerate(characters)
        )
    )
