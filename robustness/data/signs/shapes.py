"""Shapes as signed distance fields: below zero inside, in the sign's own units, where the sign spans -1..1.

Only additions, products, quotients, square roots and comparisons touch the pixels, which IEEE 754 fixes to the last bit: the
same picture everywhere.
Source of the formulas: I. Quilez, "2D distance functions".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float64]
Shape = Callable[[Field, Field], Field]
Point = tuple[float, float]


def circle(x: float, y: float, radius: float) -> Shape:
    return lambda px, py: np.sqrt((px - x) ** 2 + (py - y) ** 2) - radius


def ring(x: float, y: float, radius: float, width: float) -> Shape:
    """A circle's line of that width."""
    disc = circle(x, y, radius)
    return lambda px, py: np.abs(disc(px, py)) - width / 2


def polygon(*points: Point, rounding: float = 0.0) -> Shape:
    """A closed polygon, its corners rounded outwards."""

    def distance(px: Field, py: Field) -> Field:
        nearest = np.full(px.shape, np.inf)
        inside = np.zeros(px.shape, dtype=bool)
        for (ax, ay), (bx, by) in zip(points, (*points[1:], points[0]), strict=True):
            nearest = np.minimum(nearest, _to_segment(px, py, ax, ay, bx, by))
            if ay != by:
                inside ^= ((ay > py) != (by > py)) & (px < (bx - ax) * (py - ay) / (by - ay) + ax)
        signed: Field = np.where(inside, -1.0, 1.0) * np.sqrt(nearest)
        return signed - rounding

    return distance


def line(*points: Point, width: float) -> Shape:
    """A stroke through the points, with round ends."""

    def distance(px: Field, py: Field) -> Field:
        nearest = np.full(px.shape, np.inf)
        for (ax, ay), (bx, by) in pairwise(points):
            nearest = np.minimum(nearest, _to_segment(px, py, ax, ay, bx, by))
        stroke: Field = np.sqrt(nearest)
        return stroke - width / 2

    return distance


def box(left: float, top: float, right: float, bottom: float, rounding: float = 0.0) -> Shape:
    return polygon((left, top), (right, top), (right, bottom), (left, bottom), rounding=rounding)


def arc(x: float, y: float, radius_x: float, radius_y: float, start: float, end: float, steps: int = 12) -> list[Point]:
    """Points along an ellipse, angles in degrees clockwise from the right."""
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(x + radius_x * math.cos(angle), y + radius_y * math.sin(angle)) for angle in angles]


def union(*shapes: Shape) -> Shape:
    def distance(px: Field, py: Field) -> Field:
        fields = [shape(px, py) for shape in shapes]
        nearest = fields[0]
        for field in fields[1:]:
            nearest = np.minimum(nearest, field)
        return nearest

    return distance


def within(shape: Shape, frame: Shape) -> Shape:
    """The part of a shape that lies inside the frame."""
    return lambda px, py: np.maximum(shape(px, py), frame(px, py))


def mirrored(shape: Shape) -> Shape:
    """Left and right exchanged."""
    return lambda px, py: shape(-px, py)


def placed(shape: Shape, x: float, y: float, scale: float, turn: float = 0.0) -> Shape:
    """The shape scaled, turned clockwise by degrees, and moved."""
    cosine, sine = math.cos(math.radians(turn)), math.sin(math.radians(turn))

    def distance(px: Field, py: Field) -> Field:
        rx, ry = (px - x) / scale, (py - y) / scale
        return scale * shape(cosine * rx + sine * ry, cosine * ry - sine * rx)

    return distance


def regular(corners: int, radius: float, turn: float) -> Sequence[Point]:
    """The corners of a regular polygon, the first at `turn` degrees clockwise from the right."""
    return arc(0, 0, radius, radius, turn, turn + 360, corners)[:-1]


def _to_segment(px: Field, py: Field, ax: float, ay: float, bx: float, by: float) -> Field:
    """The squared distance to a segment."""
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    along = np.clip(((px - ax) * dx + (py - ay) * dy) / length, 0.0, 1.0) if length else 0.0
    return (px - ax - along * dx) ** 2 + (py - ay - along * dy) ** 2
