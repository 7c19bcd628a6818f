"""What noise there is: frozen values with units, and a text form that parses back."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

from robustness.errors import RobustnessError, nearest

RADIAN_PER_PIXEL = 1 / (2 * math.pi)
"""The spatial frequency, in cycles per pixel, at which one pixel advances a wave by one radian."""


@dataclass(frozen=True)
class Noise:
    """A kind of noise with its parameters. Text form: `gaussian(sigma=25)`; parameters at their default are left out."""

    kind: ClassVar[str] = ""
    magnitude: ClassVar[str | None] = None
    """The parameter that says how much; 0 of it leaves every image as it is."""
    contract: ClassVar[int] = 1
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

    def __str__(self) -> str:
        shown = [
            f"{field.name}={_number(getattr(self, field.name))}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
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
class Periodic(Noise):
    """A wave added to every channel: `255 a (sin t + cos t)`, rounded, clipped to 0..255.

    `t = 2 pi f (x cos o + y sin o) + p` at pixel column x and row y, counted from 0 at the top left.

    amplitude a: share of the full range, 0 to 10 (the study: 0.25, 0.5, 1). The peak is `sqrt(2) a`.
    frequency f: cycles per pixel, 0 to 1; the default advances one radian per pixel. At 0 the wave is a constant offset.
    orientation o: degrees, -360 to 360; at 0 the wave varies along a row (vertical stripes), at 90 down a column.
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


KINDS: dict[str, type[Noise]] = {spec.kind: spec for spec in (Clean, Gaussian, GaussianWraparound, SaltAndPepper, Periodic)}


def make_noise(kind: str, parameters: dict[str, float]) -> Noise:
    """The noise of that kind with those parameters; an error names what is unknown, missing or out of range."""
    if kind not in KINDS:
        raise RobustnessError(f"unknown noise {kind!r}: {nearest(kind, KINDS)}")
    spec = KINDS[kind]
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
    match = re.fullmatch(r"\s*([A-Za-z0-9_-]+)\s*(?:\(([^()]*)\))?\s*", text)
    if not match:
        raise RobustnessError(f"cannot read the noise {text!r}: write it like gaussian(sigma=25)")
    kind, arguments = match.groups()
    parameters: dict[str, float] = {}
    for argument in filter(None, (part.strip() for part in (arguments or "").split(","))):
        name, equals, value = (part.strip() for part in argument.partition("="))
        if not equals:
            raise RobustnessError(f"cannot read {argument!r} in the noise {text!r}: write name=number")
        if name in parameters:
            raise RobustnessError(f"{name} stands twice in the noise {text!r}")
        try:
            parameters[name] = float(value)
        except ValueError:
            raise RobustnessError(f"{name} in the noise {text!r} is a number, not {value!r}") from None
    return make_noise(kind, parameters)


def _optional(spec: type[Noise], name: str) -> bool:
    return hasattr(spec, name)  # a dataclass keeps a field's default as a class attribute


def _example(spec: type[Noise]) -> str:
    return {"gaussian": "gaussian(sigma=25)", "salt-and-pepper": "salt-and-pepper(amount=0.01)"}.get(
        spec.kind, f"{spec.kind}({spec.magnitude}=0.5)"
    )


def _short(value: float) -> str:
    """The value as written, but no integer that is too long to read, or for Python to print."""
    return "a number of many digits" if isinstance(value, int) and abs(value) >= 10**12 else repr(value)


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")
