"""The corruptions of CIFAR-10-C, Tiny-ImageNet-C and ImageNet-C, at their published constants.

Source: Hendrycks and Dietterich, "Benchmarking neural network robustness to common corruptions and perturbations", ICLR 2019,
and its code, hendrycks/robustness. Severities 1 to 5 of each are noises of ours; what differs is in docs/noise.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from robustness.errors import RobustnessError
from robustness.noise.kinds import KINDS
from robustness.noise.specs import Noise

FIFTEEN = (
    *("gaussian", "shot", "impulse", "defocus", "glass", "motion", "zoom"),
    *("snow", "frost", "fog", "brightness", "contrast", "elastic", "pixelate", "jpeg"),
)
"""Those that people average, in the order of the paper; by the names of our kinds."""
NINETEEN = (*FIFTEEN, "speckle", "gaussian-blur", "spatter", "saturate")
"""With the four that were meant for validation."""
TWELVE = tuple(kind for kind in FIFTEEN if kind not in ("glass", "frost", "elastic"))
"""The fifteen without three that are no noises here yet."""

FOUR = ("gaussian", "shot", "impulse", "speckle")
"""Those that are noise in the narrow sense."""

SIDES = {"cifar-c": 32, "tiny-imagenet-c": 64, "imagenet-c": 224}
"""Pixels a side of the images that each benchmark is made of."""

Levels = tuple[dict[str, float], ...]


def _one(name: str, *values: float) -> Levels:
    return tuple({name: value} for value in values)


def _several(names: str, *rows: tuple[float, ...]) -> Levels:
    return tuple(dict(zip(names.split(), row, strict=True)) for row in rows)


def _gaussian(*sigmas: float) -> Levels:
    """Of a full range of 1."""
    return _one("sigma", *(round(255 * sigma, 2) for sigma in sigmas))


def _shot(*photons: float) -> Levels:
    """At white."""
    return _one("gain", *(round(255 / count, 2) for count in photons))


def _brightness(*shares: float) -> Levels:
    return _one("levels", *(round(255 * share, 2) for share in shares))


def _contrast(*kept: float) -> Levels:
    return _one("loss", *(round(1 - share, 2) for share in kept))


def _pixelate(*shares: float) -> Levels:
    """Of a side's length, rounded so that cutting off leaves what theirs leaves."""
    return _one("factor", *(round(1 / share, 4) for share in shares))


def _defocus(*rows: tuple[float, float]) -> Levels:
    """Radius and blur; ours is in proportion to a radius below 1."""
    return _several("radius blur", *((radius, round(blur / min(1, radius), 4)) for radius, blur in rows))


def _saturate(*rows: tuple[float, float]) -> Levels:
    """a and b of `S a + b`."""
    return _several("factor shift", *((a, round(b / (a - 1), 6) if b else 0.0) for a, b in rows))


def _motion(*rows: tuple[float, float]) -> Levels:
    return _several("radius sigma", *rows)


def _zoom(*rows: tuple[float, float]) -> Levels:
    """The last enlargement that theirs reaches, and in how many steps."""
    return _several("factor steps", *rows)


def _snow(*rows: tuple[float, ...]) -> Levels:
    return tuple({"strength": 1.0} | row for row in _several("mean spread zoom threshold radius sigma mix", *rows))


def _fog(*rows: tuple[float, float]) -> Levels:
    return _several("amount decay", *rows)


CONSTANTS: dict[str, dict[str, Levels]] = {
    "cifar-c": {
        "gaussian": _gaussian(0.04, 0.06, 0.08, 0.09, 0.1),
        "shot": _shot(500, 250, 100, 75, 50),
        "impulse": _one("amount", 0.01, 0.02, 0.03, 0.05, 0.07),
        "speckle": _one("sigma", 0.06, 0.1, 0.12, 0.16, 0.2),
        "gaussian-blur": _one("sigma", 0.4, 0.6, 0.7, 0.8, 1),
        "defocus": _defocus((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)),
        "motion": _motion((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)),
        "zoom": _zoom((1.06, 6), (1.11, 11), (1.15, 15), (1.2, 20), (1.25, 25)),
        "snow": _snow(
            (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
            (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
            (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
            (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
            (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
        ),
        "fog": _fog((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)),
        "brightness": _brightness(0.05, 0.1, 0.15, 0.2, 0.3),
        "contrast": _contrast(0.75, 0.5, 0.4, 0.3, 0.15),
        "pixelate": _pixelate(0.95, 0.9, 0.85, 0.75, 0.65),
        "jpeg": _one("quality", 80, 65, 58, 50, 40),
        "saturate": _saturate((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)),
    },
    "tiny-imagenet-c": {
        "gaussian": _gaussian(0.04, 0.08, 0.12, 0.15, 0.18),
        "shot": _shot(250, 100, 50, 30, 15),
        "impulse": _one("amount", 0.01, 0.02, 0.05, 0.08, 0.14),
        "speckle": _one("sigma", 0.15, 0.2, 0.25, 0.3, 0.35),
        "gaussian-blur": _one("sigma", 0.5, 0.75, 1, 1.25, 1.5),
        "defocus": _defocus((0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)),
        "motion": _motion((10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3)),
        "zoom": _zoom((1.06, 6), (1.11, 11), (1.15, 15), (1.2, 20), (1.25, 25)),
        "snow": _snow(
            (0.1, 0.2, 1, 0.6, 8, 3, 0.8),
            (0.1, 0.2, 1, 0.5, 10, 4, 0.8),
            (0.15, 0.3, 1.75, 0.55, 10, 4, 0.7),
            (0.25, 0.3, 2.25, 0.6, 12, 6, 0.65),
            (0.3, 0.3, 1.25, 0.65, 14, 12, 0.6),
        ),
        "fog": _fog((0.4, 3), (0.7, 3), (1, 2.5), (1.5, 2), (2, 1.75)),
        "brightness": _brightness(0.1, 0.2, 0.3, 0.4, 0.5),
        "contrast": _contrast(0.4, 0.3, 0.2, 0.1, 0.05),
        "pixelate": _pixelate(0.9, 0.8, 0.7, 0.6, 0.5),
        "jpeg": _one("quality", 65, 58, 50, 40, 25),
        "saturate": _saturate((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (30, 0.2)),
    },
    "imagenet-c": {
        "gaussian": _gaussian(0.08, 0.12, 0.18, 0.26, 0.38),
        "shot": _shot(60, 25, 12, 5, 3),
        "impulse": _one("amount", 0.03, 0.06, 0.09, 0.17, 0.27),
        "speckle": _one("sigma", 0.15, 0.2, 0.35, 0.45, 0.6),
        "gaussian-blur": _one("sigma", 1, 2, 3, 4, 6),
        "defocus": _defocus((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)),
        "motion": _motion((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)),
        "zoom": _zoom((1.11, 11), (1.15, 15), (1.2, 10), (1.24, 12), (1.3, 10)),
        "snow": _snow(
            (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
            (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
            (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
        ),
        "fog": _fog((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)),
        "brightness": _brightness(0.1, 0.2, 0.3, 0.4, 0.5),
        "contrast": _contrast(0.4, 0.3, 0.2, 0.1, 0.05),
        "pixelate": _pixelate(0.6, 0.5, 0.4, 0.3, 0.25),
        "jpeg": _one("quality", 25, 18, 15, 10, 7),
        "saturate": _saturate((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)),
    },
}
"""Parameters of each kind at severities 1 to 5, by benchmark."""

PRESETS_OF: dict[str, tuple[str, tuple[str, ...]]] = {
    **{name: (name, FOUR) for name in ("cifar-c", "imagenet-c")},
    **{f"{name}-{len(kinds)}": (name, kinds) for name, kinds in product(SIDES, (TWELVE, FIFTEEN, NINETEEN))},
}
"""The benchmark and the corruptions of each preset: of those whose name ends in a number, so many."""


def missing(preset: str) -> tuple[str, ...]:
    """The corruptions of a preset that are no kinds of noise here."""
    return tuple(kind for kind in PRESETS_OF[preset][1] if kind not in KINDS) if preset in PRESETS_OF else ()


def refuse_what_is_missing(preset: str) -> None:
    """A `RobustnessError` where a preset needs kinds that are not here."""
    if lacking := missing(preset):
        words = f"{', '.join(lacking[:-1])} and {lacking[-1]}" if len(lacking) > 1 else lacking[0]
        raise RobustnessError(f"{preset} needs {words}, which are no noises here yet: take {preset_of(PRESETS_OF[preset][0])}")


def severities() -> dict[str, dict[int, tuple[Noise, ...]]]:
    """Of each preset that lacks nothing, the noises at severities 1 to 5."""
    return {
        preset: {
            severity: tuple(KINDS[kind](**CONSTANTS[name][kind][severity - 1]) for kind in kinds) for severity in range(1, 6)
        }
        for preset, (name, kinds) in PRESETS_OF.items()
        if not missing(preset)
    }


def preset_of(benchmark: str) -> str:
    """The preset of a benchmark's corruptions that lacks nothing."""
    return f"{benchmark}-{len(TWELVE)}"


def nearest_benchmark(height: int, width: int) -> str:
    """The benchmark whose images are nearest in size, by the ratio of the sides."""
    side = max(1.0, (height * width) ** 0.5)
    return min(SIDES, key=lambda name: max(side / SIDES[name], SIDES[name] / side))


def advice(preset: str, height: int, width: int) -> str:
    """A sentence where another benchmark's constants suit images of that size better; else nothing."""
    better = nearest_benchmark(height, width)
    if preset not in PRESETS_OF or better == PRESETS_OF[preset][0]:
        return ""
    name, kinds = PRESETS_OF[preset]
    suited = next((other for other, made_of in PRESETS_OF.items() if made_of == (better, kinds)), preset_of(better))
    return (
        f"{preset} is made for images of {SIDES[name]} pixels, and these have {height} x {width}: {suited}, made for "
        f"{SIDES[better]}, is nearer"
    )


def by_corruption(noises: Mapping[int, tuple[Noise, ...]]) -> dict[str, tuple[Noise, ...]]:
    """The noises of a preset at severities 1 to 5, by corruption."""
    columns = zip(*(noises[severity] for severity in sorted(noises)), strict=True)
    return {column[0].kind: tuple(column) for column in columns}
