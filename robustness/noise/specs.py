"""What noise there is: frozen values with units, and a text form that parses back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from robustness.errors import RobustnessError, nearest

RADIAN_PER_PIXEL = 1 / (2 * math.pi)
"""The spatial frequency, in cycles per pixel, at which one pixel advances a wave by one radian."""
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?(nan|inf)")
"""As Python writes it; what else `float` takes, such as 1_0 or digits of other scripts, may be read otherwise elsewhere."""


@dataclass(frozen=True)
class Noise:
    """A kind of noise with its parameters. Text form: `gaussian(sigma=25)`; parameters at their default are left out."""

    kind: ClassVar[str] = ""
    magnitude: ClassVar[str | None] = None
    """The parameter that says how much."""
    identity: ClassVar[float | None] = 0.0
    """The magnitude that leaves every image as it is; away from it there is more and more noise. None: not known."""
    bit_identical: ClassVar[bool] = True
    """Whether the bytes are the same on every machine; if not, results are marked, and kept for one run only."""
    contract: ClassVar[int] = 2
    """Raised when the same parameters come to mean other bytes: results under the old number are then stale."""
    ranges: ClassVar[dict[str, tuple[float, float]]] = {}

    def __post_init__(self) -> None:
        for name in self.parameters():
            value = getattr(self, name)
            low, high = self.ranges[name]
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise RobustnessError(f"{self.kind}: {name} is a number, not {value!r}")
            if not low <= value <= high:  # NaN and infinities are not
                raise RobustnessError(f"{self.kind}: {name} lies between {low:g} and {high:g}, not {_short(value)}")
            object.__setattr__(self, name, float(value))

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))

    def at(self, magnitude: float) -> Self:
        """The same noise at another magnitude."""
        if self.magnitude is None:
            raise RobustnessError(f"{self.kind} has no magnitude to vary")
        return replace(self, **{self.magnitude: magnitude})

    def ladder(self, steps: int) -> list[Self]:
        """The same noise in even steps from none up to this magnitude: steps + 1 of them, each magnitude of six digits."""
        if self.level is None or self.identity is None:
            raise RobustnessError(f"{self} has no magnitude that grows from nothing")
        rise = (self.level - self.identity) / steps
        return [*(self.at(float(f"{self.identity + rise * step:.6g}")) for step in range(steps)), self]

    @property
    def level(self) -> float | None:
        """The magnitude's value."""
        return None if self.magnitude is None else float(getattr(self, self.magnitude))

    @property
    def family(self) -> str:
        """The text form without the magnitude: what the points of one curve have in common."""
        return self._text(set(filter(None, [self.magnitude])))

    def __str__(self) -> str:
        return self._text(set())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis and IPython print it; by themselves they would list the class attributes too."""
        printer.text(repr(self))

    def _text(self, left_out: set[str]) -> str:
        shown = [
            f"{field.name}={_number(getattr(self, field.name))}"
            for field in fields(self)
            if field.name not in left_out and getattr(self, field.name) != field.default
        ]
        return f"{self.kind}({', '.join(shown)})" if shown else self.kind


@dataclass(frozen=True)
class Clean(Noise):
    """No noise: the images as they are."""

    kind: ClassVar[str] = "clean"


@dataclass(frozen=True)
class Gaussian(Noise):
    """Independent normal noise on every channel of every pixel, rounded to the nearest grey level and clipped to 0..255.

    sigma: standard deviation in grey levels of 255, 0 to 2550 (the study: 5, 25, 50).
    """

    kind: ClassVar[str] = "gaussian"
    magnitude: ClassVar[str | None] = "sigma"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"sigma": (0, 2550)}
    sigma: float


@dataclass(frozen=True)
class GaussianWraparound(Noise):
    """`Gaussian` with the same draws, but uint8 overflow wraps around (256 becomes 0) instead of clipping.

    No camera does this. It is a common slip when noise is added to uint8 arrays, and one reading of the study's figures.

    sigma: standard deviation in grey levels of 255, 0 to 2550.
    """

    kind: ClassVar[str] = "gaussian-wraparound"
    magnitude: ClassVar[str | None] = "sigma"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"sigma": (0, 2550)}
    sigma: float


@dataclass(frozen=True)
class Uniform(Noise):
    """Independent uniform noise on every channel of every pixel, rounded to the nearest grey level and clipped to 0..255.

    half_width: the noise lies between plus and minus this many grey levels of 255, 0 to 2550.
    """

    kind: ClassVar[str] = "uniform"
    magnitude: ClassVar[str | None] = "half_width"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"half_width": (0, 2550)}
    half_width: float


@dataclass(frozen=True)
class Speckle(Noise):
    """Noise in proportion to the light: `x + x n` with n normal, independent on every channel of every pixel.

    Rounded to the nearest grey level and clipped to 0..255; black stays black.

    sigma: standard deviation of n, 0 to 10 (ImageNet-C: 0.15 to 0.6).
    """

    kind: ClassVar[str] = "speckle"
    magnitude: ClassVar[str | None] = "sigma"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"sigma": (0, 10)}
    sigma: float


@dataclass(frozen=True)
class Shot(Noise):
    """Photons counted: `gain k` with k Poisson of mean `x / gain`, independent on every channel of every pixel.

    Rounded to the nearest grey level and clipped to 255; black stays black. The variance is `gain x`.

    gain: grey levels of 255 for one photon, 0 (light without end) to 255 (one photon is white). A full scale of c photons
    is `gain = 255 / c` (ImageNet-C: 60 down to 3 photons, gain 4.25 to 85).
    """

    kind: ClassVar[str] = "shot"
    magnitude: ClassVar[str | None] = "gain"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"gain": (0, 255)}
    gain: float


@dataclass(frozen=True)
class SaltAndPepper(Noise):
    """Some pixels become black (0) or white (255), with equal chance, in all channels at once.

    amount: the share of pixels hit, 0 to 1 (the study: 0.001, 0.002, 0.004). Pixels hit at a smaller amount stay hit,
    with the same colour, at every larger one.
    """

    kind: ClassVar[str] = "salt-and-pepper"
    magnitude: ClassVar[str | None] = "amount"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"amount": (0, 1)}
    amount: float


@dataclass(frozen=True)
class Impulse(Noise):
    """Salt-and-pepper that hits each channel of each pixel by itself, so hit pixels are mostly coloured.

    This is what ImageNet-C and scikit-image call impulse and s&p noise.

    amount: the share of values hit, 0 to 1 (ImageNet-C: 0.03 to 0.27). Nested as in `SaltAndPepper`.
    """

    kind: ClassVar[str] = "impulse"
    magnitude: ClassVar[str | None] = "amount"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"amount": (0, 1)}
    amount: float


@dataclass(frozen=True)
class Periodic(Noise):
    """A wave added to every channel: `255 a (sin t + cos t)`, rounded, clipped to 0..255.

    `t = 2 pi f (x cos o + y sin o) + p` at pixel column x and row y, counted from 0 at the top left.

    amplitude a: share of the full range, 0 to 10 (the study: 0.25, 0.5, 1). The peak is `sqrt(2) a`.
    frequency f: cycles per pixel, 0 to 1; the default advances one radian per pixel. At 0 the wave is a constant offset.
    orientation o: degrees, -360 to 360, in steps of 0.0055; at 0 the wave varies along a row (vertical stripes), at 90 down a
    column.
    phase p: degrees, -360 to 360.
    """

    kind: ClassVar[str] = "periodic"
    magnitude: ClassVar[str | None] = "amplitude"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "amplitude": (0, 10),
        "frequency": (0, 1),
        "orientation": (-360, 360),
        "phase": (-360, 360),
    }
    amplitude: float
    frequency: float = RADIAN_PER_PIXEL
    orientation: float = 0.0
    phase: float = 0.0


@dataclass(frozen=True)
class Offset(Noise):
    """The same number of grey levels added to every channel of every pixel, clipped to 0..255.

    levels: grey levels of 255, -255 (all black) to 255 (all white), rounded to a whole one.
    """

    kind: ClassVar[str] = "offset"
    magnitude: ClassVar[str | None] = "levels"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"levels": (-255, 255)}
    levels: float


@dataclass(frozen=True)
class Resolution(Noise):
    """Detail lost: the image reduced by a factor (mean over areas), then enlarged to its size again (nearest pixel).

    A side of n pixels is reduced to `n / factor`, rounded, at least 1. Means are rounded to the nearest grey level.

    factor: 1 to 1,000 (the study: 2, 3 and 4).
    """

    kind: ClassVar[str] = "resolution"
    magnitude: ClassVar[str | None] = "factor"
    identity: ClassVar[float | None] = 1.0
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"factor": (1, 1000)}
    factor: float


KINDS: dict[str, type[Noise]] = {
    spec.kind: spec
    for spec in (
        *(Clean, Gaussian, GaussianWraparound, Uniform, Speckle, Shot),
        *(SaltAndPepper, Impulse, Periodic, Offset, Resolution),
    )
}


def make_noise(kind: str, parameters: Mapping[str, float], kinds: Mapping[str, type[Noise]] = KINDS) -> Noise:
    """The noise of that kind with those parameters; an error names what is unknown, missing or out of range."""
    if kind not in kinds:
        raise RobustnessError(f"unknown noise {kind!r}: {nearest(kind, kinds)}")
    spec = kinds[kind]
    for name in parameters:
        if name not in spec.parameters():
            raise RobustnessError(f"{kind} has no parameter {name!r}: {nearest(name, spec.parameters())}")
    missing = [field.name for field in fields(spec) if field.name not in parameters and not _optional(spec, field.name)]
    if missing:
        raise RobustnessError(f"{kind} needs {' and '.join(missing)}, for example {_example(spec)}")
    return spec(**parameters)


def parse_noise(text: str) -> Noise:
    """The noise a text form stands for: the inverse of `str(noise)`.

    >>> parse_noise("gaussian(sigma=25)")
    Gaussian(sigma=25.0)
    """
    return make_noise(*read_text_form(text))


def read_text_form(text: str) -> tuple[str, dict[str, float]]:
    """`gaussian(sigma=25)` as the name and its parameters."""
    match = re.fullmatch(r"\s*([A-Za-z0-9_-]+)\s*(?:\(([^()]*)\))?\s*", text)
    if not match:
        raise RobustnessError(f"cannot read the noise {text!r}: write it like gaussian(sigma=25)")
    kind, arguments = match.groups()
    parameters: dict[str, float] = {}
    for argument in filter(None, (part.strip() for part in (arguments or "").split(","))):
        name, equals, value = (part.strip() for part in argument.partition("="))
        if not (equals and name.isidentifier()):
            raise RobustnessError(f"cannot read {argument!r} in the noise {text!r}: write name=number")
        if name in parameters:
            raise RobustnessError(f"{name} stands twice in the noise {text!r}")
        if not NUMBER.fullmatch(value):
            raise RobustnessError(f"{name} in the noise {text!r} is a number, not {value!r}")
        parameters[name] = float(value)
    return kind, parameters


def _optional(spec: type[Noise], name: str) -> bool:
    return hasattr(spec, name)  # a dataclass keeps a field's default as a class attribute


def _example(spec: type[Noise]) -> str:
    typical = {"half_width": 25, "levels": 25, "amount": 0.01, "gain": 4.25, "factor": 2}
    level = 25 if spec.kind.startswith("gaussian") else typical.get(spec.magnitude or "", 0.5)
    return f"{spec.kind}({spec.magnitude}={level})"


def _short(value: float) -> str:
    """The value as written, but no integer that is too long to read, or for Python to print."""
    return "a number of many digits" if isinstance(value, int) and abs(value) >= 10**12 else repr(value)


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")
