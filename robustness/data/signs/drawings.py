"""The 43 signs, drawn: each is a list of layers, a shape and its colour, from the back to the front.

Drawn after the general look of the German signs, simplified to what a camera makes out from a distance.
"""

from __future__ import annotations

from robustness.data.signs.glyphs import text
from robustness.data.signs.shapes import (
    Shape,
    arc,
    box,
    circle,
    line,
    mirrored,
    placed,
    polygon,
    regular,
    ring,
    union,
    within,
)

Colour = tuple[float, float, float]  # of 0..1
Layer = tuple[Shape, Colour]

WHITE, BLACK, GREY = (0.94, 0.94, 0.92), (0.08, 0.08, 0.09), (0.45, 0.46, 0.47)
RED, BLUE, YELLOW, GREEN = (0.76, 0.07, 0.10), (0.04, 0.25, 0.62), (0.96, 0.74, 0.08), (0.05, 0.52, 0.25)

DISC = circle(0, 0, 1)
UP = polygon((0, -0.8), (0.87, 0.7), (-0.87, 0.7), rounding=0.12)
DOWN = polygon((0, 0.8), (0.87, -0.7), (-0.87, -0.7), rounding=0.12)
INSIDE_UP = polygon((0, -0.47), (0.62, 0.57), (-0.62, 0.57), rounding=0.02)


def _prohibition(*layers: Layer) -> list[Layer]:
    return [(DISC, RED), (circle(0, 0, 0.77), WHITE), *layers]


def _warning(*layers: Layer) -> list[Layer]:
    return [(UP, RED), (INSIDE_UP, WHITE), *layers]


def _command(*layers: Layer) -> list[Layer]:
    return [(DISC, WHITE), (circle(0, 0, 0.95), BLUE), *layers]


def _end(*layers: Layer) -> list[Layer]:
    """A white disc with what ends in grey, struck out by five thin lines."""
    strokes = union(*(line((-0.62 + d, 0.62 + d), (0.62 + d, -0.62 + d), width=0.055) for d in (-0.2, -0.1, 0, 0.1, 0.2)))
    return [(DISC, BLACK), (circle(0, 0, 0.96), WHITE), *layers, (within(strokes, circle(0, 0, 0.93)), BLACK)]


def _speed(number: str) -> list[Layer]:
    spacing, height = (1.08, 0.86) if len(number) == 2 else (0.98, 0.68)
    return _prohibition((text(number, height, spacing), BLACK))


def _head(x: float, y: float, turn: float, size: float = 0.26) -> Shape:
    """An arrow's head; at turn 0 it points up."""
    return placed(polygon((0, -1), (0.95, 0.45), (-0.95, 0.45)), x, y, size, turn)


CAR = union(
    box(-0.5, -0.02, 0.5, 0.3, 0.06),
    polygon((-0.34, 0), (-0.24, -0.34), (0.24, -0.34), (0.34, 0), rounding=0.04),
    circle(-0.34, 0.38, 0.13),
    circle(0.34, 0.38, 0.13),
)
TRUCK = union(
    box(-0.62, -0.42, 0.22, 0.26, 0.03),
    polygon((0.3, 0.26), (0.3, -0.2), (0.5, -0.2), (0.66, 0.04), (0.66, 0.26), rounding=0.03),
    circle(-0.4, 0.36, 0.14),
    circle(0.42, 0.36, 0.14),
)


def _person(x: float, y: float, scale: float) -> Shape:
    """Somebody walking to the left."""
    body = union(
        circle(-0.04, -0.74, 0.15),
        line((0, -0.46), (0.04, 0.1), width=0.3),
        line((0.04, 0.1), (-0.26, 0.8), width=0.17),
        line((0.04, 0.1), (0.2, 0.42), (0.36, 0.8), width=0.17),
        line((0, -0.44), (-0.34, -0.02), width=0.13),
        line((0.02, -0.44), (0.34, -0.06), width=0.13),
    )
    return placed(body, x, y, scale)


CURVE_LEFT = union(
    line((0.22, 0.5), (0.22, 0.2), (0.1, 0.06), (-0.1, 0.0), (-0.14, -0.1), width=0.15), _head(-0.16, -0.14, -25, 0.2)
)
DOUBLE_CURVE = union(
    line((0.12, 0.52), (0.16, 0.36), (-0.14, 0.22), (-0.12, 0.08), (0.12, -0.02), (0.1, -0.12), width=0.14),
    _head(0.06, -0.18, -14, 0.18),
)
BUMPS = within(union(box(-0.5, 0.42, 0.5, 0.52), circle(-0.23, 0.46, 0.24), circle(0.23, 0.46, 0.24)), box(-0.6, 0, 0.6, 0.5))
SLIPPERY = union(
    placed(CAR, 0, -0.02, 0.46, -12),
    line((-0.3, 0.24), (-0.12, 0.34), (-0.3, 0.44), (-0.14, 0.54), width=0.07),
    line((0.12, 0.24), (0.3, 0.34), (0.12, 0.44), (0.28, 0.54), width=0.07),
)
NARROWS = union(
    line((-0.2, 0.52), (-0.2, -0.16), width=0.1), line((0.34, 0.52), (0.3, 0.28), (0.04, 0.1), (0.04, -0.16), width=0.1)
)
ROAD_WORK = union(
    circle(-0.02, -0.2, 0.1),
    line((0.0, -0.02), (0.14, 0.22), width=0.18),
    line((0.14, 0.22), (0.02, 0.5), width=0.1),
    line((0.16, 0.22), (0.3, 0.5), width=0.1),
    line((0.0, -0.02), (-0.22, 0.2), width=0.08),
    line((0.06, 0.1), (-0.36, 0.42), width=0.05),
    polygon((-0.58, 0.54), (-0.38, 0.26), (-0.18, 0.54)),
)
BICYCLE = union(
    ring(-0.3, 0.3, 0.19, 0.07),
    ring(0.3, 0.3, 0.19, 0.07),
    line((-0.3, 0.3), (-0.1, 0.02), (0.2, 0.02), (0.02, 0.3), (-0.3, 0.3), width=0.06),
    line((0.3, 0.3), (0.16, -0.1), (0.06, -0.12), width=0.06),
    line((-0.1, 0.02), (-0.14, -0.08), (-0.22, -0.08), width=0.06),
    line((-0.1, 0.02), (0.02, 0.3), width=0.06),
)
SNOWFLAKE = union(
    *(
        placed(
            union(
                line((0, -1), (0, 1), width=0.2),
                line((-0.3, -0.85), (0, -0.5), (0.3, -0.85), width=0.16),
                line((-0.3, 0.85), (0, 0.5), (0.3, 0.85), width=0.16),
            ),
            0,
            0.16,
            0.36,
            turn,
        )
        for turn in (0, 60, 120)
    )
)
DEER = union(
    polygon((-0.3, -0.02), (0.3, -0.06), (0.36, 0.16), (-0.24, 0.2), rounding=0.03),
    line((-0.24, 0.16), (-0.36, 0.34), (-0.46, 0.42), width=0.07),
    line((-0.16, 0.16), (-0.22, 0.5), width=0.07),
    line((0.3, 0.12), (0.44, 0.3), (0.36, 0.5), width=0.07),
    line((0.24, 0.14), (0.2, 0.5), width=0.07),
    line((-0.26, 0.04), (-0.38, -0.2), width=0.11),
    line((-0.36, -0.2), (-0.5, -0.12), width=0.1),
    line((-0.34, -0.24), (-0.3, -0.42), (-0.4, -0.52), width=0.045),
    line((-0.32, -0.34), (-0.2, -0.46), width=0.045),
)
RIGHT_OF_WAY = union(
    line((0, 0.5), (0, -0.08), width=0.18), _head(0, -0.14, 0, 0.2), line((-0.34, 0.2), (0.34, 0.2), width=0.09)
)
CAUTION = union(polygon((-0.09, -0.26), (0.09, -0.26), (0.05, 0.22), (-0.05, 0.22), rounding=0.03), circle(0, 0.42, 0.1))
TURN_RIGHT = union(line((-0.26, 0.62), (-0.26, -0.12), (0.2, -0.12), width=0.22), _head(0.36, -0.12, 90, 0.36))
AHEAD = union(line((0, 0.66), (0, -0.3), width=0.24), _head(0, -0.42, 0, 0.36))
AHEAD_OR_RIGHT = union(
    line((-0.2, 0.66), (-0.2, -0.36), width=0.2),
    _head(-0.2, -0.46, 0, 0.3),
    line((-0.2, 0.3), (-0.06, 0.14), (0.28, 0.14), width=0.2),
    _head(0.42, 0.14, 90, 0.3),
)
KEEP_RIGHT = union(line((-0.42, -0.42), (0.26, 0.26), width=0.24), _head(0.36, 0.36, 135, 0.38))
ROUNDABOUT = union(
    *(
        placed(union(line(*arc(0, 0, 0.5, 0.5, 100, 178, 8), width=0.2), _head(-0.5, -0.06, 4, 0.24)), 0, 0, 1, turn)
        for turn in (0, 120, 240)
    )
)
NO_PASSING = (placed(CAR, -0.34, 0.02, 0.56), placed(CAR, 0.34, 0.02, 0.56))
NO_TRUCKS_PASSING = (placed(TRUCK, -0.33, 0.0, 0.52), placed(CAR, 0.37, 0.02, 0.5))
LIGHTS = ((0, -0.12, RED), (0, 0.14, YELLOW), (0, 0.4, GREEN))

DRAWINGS: tuple[list[Layer], ...] = (
    *(_speed(number) for number in ("20", "30", "50", "60", "70", "80")),
    _end((text("80", 0.86), GREY)),
    _speed("100"),
    _speed("120"),
    _prohibition((NO_PASSING[0], RED), (NO_PASSING[1], BLACK)),
    _prohibition((NO_TRUCKS_PASSING[0], RED), (NO_TRUCKS_PASSING[1], BLACK)),
    _warning((RIGHT_OF_WAY, BLACK)),
    [
        (polygon((0, -0.96), (0.96, 0), (0, 0.96), (-0.96, 0), rounding=0.04), WHITE),
        (polygon((0, -0.66), (0.66, 0), (0, 0.66), (-0.66, 0)), YELLOW),
    ],
    [(DOWN, RED), (polygon((0, 0.47), (0.62, -0.57), (-0.62, -0.57), rounding=0.02), WHITE)],
    [
        (polygon(*regular(8, 1.06, 22.5)), WHITE),
        (polygon(*regular(8, 0.99, 22.5)), RED),
        (text("STOP", 0.62, 1.06, 0.28), WHITE),
    ],
    _prohibition(),
    _prohibition((placed(TRUCK, -0.02, 0.02, 0.72), BLACK)),
    [(DISC, RED), (box(-0.72, -0.18, 0.72, 0.18), WHITE)],
    _warning((CAUTION, BLACK)),
    _warning((CURVE_LEFT, BLACK)),
    _warning((mirrored(CURVE_LEFT), BLACK)),
    _warning((DOUBLE_CURVE, BLACK)),
    _warning((BUMPS, BLACK)),
    _warning((SLIPPERY, BLACK)),
    _warning((NARROWS, BLACK)),
    _warning((ROAD_WORK, BLACK)),
    _warning(*((circle(x, y, 0.12), colour) for x, y, colour in LIGHTS)),
    _warning((_person(0, 0.14, 0.46), BLACK)),
    _warning((union(_person(-0.18, 0.2, 0.38), _person(0.22, 0.26, 0.32)), BLACK)),
    _warning((BICYCLE, BLACK)),
    _warning((SNOWFLAKE, BLACK)),
    _warning((mirrored(DEER), BLACK)),
    _end(),
    _command((TURN_RIGHT, WHITE)),
    _command((mirrored(TURN_RIGHT), WHITE)),
    _command((AHEAD, WHITE)),
    _command((AHEAD_OR_RIGHT, WHITE)),
    _command((mirrored(AHEAD_OR_RIGHT), WHITE)),
    _command((KEEP_RIGHT, WHITE)),
    _command((mirrored(KEEP_RIGHT), WHITE)),
    _command((ROUNDABOUT, WHITE)),
    _end((union(*NO_PASSING), GREY)),
    _end((union(*NO_TRUCKS_PASSING), GREY)),
)
"""By class number, in the order of `SIGN_NAMES`."""
