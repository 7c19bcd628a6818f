"""A drawn sign as a camera beside a road would see it.

Every random number comes from Python's Mersenne Twister, whose sequence is fixed for all versions, and every pixel from
arithmetic that IEEE 754 fixes: the same bytes on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt

from robustness.data.signs.drawings import Colour, Layer
from robustness.data.signs.shapes import Field, Shape, circle, line

Picture = npt.NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """What all frames of one track share: the place, the light, the sign's state.

    roll, yaw, pitch: how the sign is turned, in degrees. light: how bright the scene is; slope: how much brighter one side.
    contrast: 1 is full. fading: how far the colours have gone grey. tint: of the light, per channel. cover: something in
    front of the sign, and its colour.
    """

    roll: float
    yaw: float
    pitch: float
    light: float
    slope: tuple[float, float]
    contrast: float
    fading: float
    tint: Colour
    near: Colour
    far: Colour
    cover: tuple[Shape, Colour] | None

    @classmethod
    def drawn_from(cls, random: Random) -> View:
        grey, sky = random.uniform(0.15, 0.75), random.uniform(0.3, 1.0)
        return cls(
            roll=random.gauss(0, 4),
            yaw=random.gauss(0, 16),
            pitch=random.gauss(0, 7),
            light=random.choice((random.uniform(0.25, 0.5), random.uniform(0.4, 0.9), random.uniform(0.7, 1.15))),
            slope=(random.gauss(0, 0.12), random.gauss(0, 0.12)),
            contrast=random.uniform(0.55, 1.0),
            fading=random.uniform(0.0, 0.5),
            tint=(random.gauss(1, 0.06), 1.0, random.gauss(1, 0.08)),
            near=(grey * random.uniform(0.6, 1.1), grey * random.uniform(0.8, 1.2), grey * random.uniform(0.6, 1.2)),
            far=(sky * random.uniform(0.75, 1.0), sky * random.uniform(0.85, 1.0), sky),
            cover=_cover(random) if random.random() < 0.12 else None,
        )


def photograph(layers: list[Layer], view: View, size: int, random: Random) -> npt.NDArray[np.uint8]:
    """One frame: uint8 of shape (size, size, 3)."""
    x, y, pixel = _seen_from(view, size, random)
    picture = _background(view, size, random)
    for shape, colour in [*layers, *([view.cover] if view.cover else [])]:
        grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
        faded = np.array([value + view.fading * (grey - value) for value in colour])
        covered = np.clip(0.5 - shape(x, y) / pixel, 0.0, 1.0)[..., np.newaxis]
        picture = picture * (1 - covered) + covered * faded
    soft, motion = random.choice((0, 0, 0, 1, 1, 2, 3)), random.choice((0, 0, 0, 1, 2, 4))
    picture = _blurred(picture, soft * size // 32, motion * size // 60)
    return _exposed(picture, view, random)


def _seen_from(view: View, size: int, random: Random) -> tuple[Field, Field, Field]:
    """The sign's coordinates at every pixel's centre, and how far apart neighbouring pixels lie there."""
    margin = random.uniform(1.12, 1.35)
    place = (np.arange(size) + 0.5) * (2 * margin / size) - margin
    x, y = np.meshgrid(place + random.gauss(0, 0.04), place + random.gauss(0, 0.04))
    roll, yaw, pitch = (math.radians(angle + random.gauss(0, 1)) for angle in (view.roll, view.yaw, view.pitch))
    x, y = x * math.cos(roll) + y * math.sin(roll), y * math.cos(roll) - x * math.sin(roll)
    depth = 1 + 0.25 * (x * math.sin(yaw) + y * math.sin(pitch))
    return x * depth / math.cos(yaw), y * depth / math.cos(pitch), depth * (2 * margin / size)


def _background(view: View, size: int, random: Random) -> Picture:
    """Something near below, something far above, and texture at three scales."""
    horizon = random.uniform(-0.2, 1.2)
    height = np.clip(((np.arange(size) + 0.5) / size - horizon) * 4 + 0.5, 0.0, 1.0)[:, np.newaxis, np.newaxis]
    texture = np.zeros((size, size))
    for cells, weight in ((3, 0.35), (7, 0.2), (15, 0.12)):
        texture += _value_noise(size, cells, random) * weight
    scenery: Picture = np.array(view.far) * (1 - height) + np.array(view.near) * height
    return scenery * (1 + texture[..., np.newaxis])


def _value_noise(size: int, cells: int, random: Random) -> Field:
    """Random values of -0.5..0.5 on a grid of cells, bilinear in between."""
    corners: Field = _bytes(random, (cells + 1, cells + 1)) / 255 - 0.5
    place = (np.arange(size) + 0.5) * (cells / size)
    cell = place.astype(np.int64)
    along = place - cell
    rows: Field = corners[cell] * (1 - along)[:, np.newaxis] + corners[cell + 1] * along[:, np.newaxis]
    return rows[:, cell] * (1 - along) + rows[:, cell + 1] * along


def _blurred(picture: Picture, soft: int, motion: int) -> Picture:
    """Out of focus by `soft` binomial passes, and moved sideways by `motion` pixels during the exposure."""
    for axis in (0, 1) * soft:
        before, after = _shifted(picture, axis, -1), _shifted(picture, axis, 1)
        picture = before * 0.25 + picture * 0.5 + after * 0.25
    moved = np.zeros_like(picture)
    for step in range(-motion, motion + 1):
        moved += _shifted(picture, 1, step)
    return moved / (2 * motion + 1)


def _shifted(picture: Picture, axis: int, step: int) -> Picture:
    """The picture moved by `step` pixels, its edge repeated."""
    places = np.clip(np.arange(picture.shape[axis]) - step, 0, picture.shape[axis] - 1)
    return picture.take(places, axis=axis)


def _exposed(picture: Picture, view: View, random: Random) -> npt.NDArray[np.uint8]:
    """Light, contrast and the sensor's own noise, then eight bits."""
    size = len(picture)
    across = (np.arange(size) + 0.5) / size - 0.5
    light = view.light * (1 + view.slope[0] * across + view.slope[1] * across[:, np.newaxis])[..., np.newaxis]
    haze = 0.5 * view.light
    lit = (haze + (picture * light - haze) * view.contrast) * np.array(view.tint)
    grain = _bytes(random, (4, *picture.shape)).sum(axis=0) - 510.0  # four bytes: nearly normal, deviation 147.8
    levels: Picture = lit * 255 + grain * (random.uniform(0.5, 4.0) / 147.8)
    return np.floor(np.clip(levels, 0, 255) + 0.5).astype(np.uint8)


def _cover(random: Random) -> tuple[Shape, Colour]:
    """A twig, a pole or a sticker in front of the sign."""
    colour = random.choice(((0.16, 0.26, 0.1), (0.3, 0.28, 0.25), (0.8, 0.8, 0.78)))
    angle, distance = math.radians(random.uniform(0, 360)), random.uniform(0.5, 1.0)
    x, y = distance * math.cos(angle), distance * math.sin(angle)
    if random.random() < 0.5:
        return circle(x, y, random.uniform(0.15, 0.35)), colour
    far = 3 * math.cos(angle + 1.2), 3 * math.sin(angle + 1.2)
    return line((x - far[0], y - far[1]), (x + far[0], y + far[1]), width=random.uniform(0.06, 0.2)), colour


def _bytes(random: Random, shape: tuple[int, ...]) -> Field:
    return np.frombuffer(random.randbytes(math.prod(shape)), dtype=np.uint8).astype(np.float64).reshape(shape)
