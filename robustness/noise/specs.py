"""What a noise is: a frozen value with units, and its text form."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from robustness.errors import RobustnessError
from robustness.noise.forms.form import Form


@dataclass(frozen=True)
class Noise:
    """A kind of noise with its parameters. Text form: `gaussian(sigma=25)`; parameters at their default are left out."""

    kind: ClassVar[str] = ""
    magnitude: ClassVar[str | None] = None
    """The parameter that says how much."""
    unit: ClassVar[str] = ""
    """What the magnitude counts, in words."""
    identity: ClassVar[float | None] = 0.0
    """The magnitude that leaves every image as it is; away from it there is more and more noise. None: not known."""
    mildest: ClassVar[float | None] = None
    """Where no magnitude leaves every image as it is: the one that changes them least; away from it there is more noise."""
    bit_identical: ClassVar[bool] = True
    """Whether the bytes are the same on every machine; if not, results are marked, and kept for one run only."""
    contract: ClassVar[int] = 2
    """Raised when the same parameters come to mean other bytes: results under the old number are then stale."""
    ranges: ClassVar[dict[str, tuple[float, float]]] = {}
    """Of each parameter, lowest and highest."""
    typical: ClassVar[float] = 0.5
    """A magnitude to show as an example."""
    highest: ClassVar[float] = 1.0
    """Up to which magnitude a distortion is looked for."""
    gallery: ClassVar[tuple[float, ...]] = ()
    """Magnitudes to look at side by side."""
    stream: ClassVar[int | None] = None
    """Of its random words, which tells it apart from other kinds; see `robustness.noise.arithmetic`."""

    def __post_init__(self) -> None:
        for name in self.parameters():
            value = getattr(self, name)
            low, high = self.ranges[name]
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise RobustnessError(f"{self.kind}: {name} is a number, not {value!r}")
            if not low <= value <= high:  # NaN and infinities are not
                raise RobustnessError(f"{self.kind}: {name} lies between {low:g} and {high:g}, not {_short(value)}")
            object.__setattr__(self, name, float(value))

    def form(self, height: int, width: int) -> Form | None:
        """What it does to images of that many pixels, in integers; None if nothing."""
        raise RobustnessError(f"{self} has no place in the noise contract")

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
    def changes_nothing(self) -> bool:
        """Whether it is known to leave every image as it is: a level of none, or no noise at all."""
        return self.identity is not None and self.level in (None, self.identity)

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


def _short(value: float) -> str:
    """The value as written, but no integer that is too long to read, or for Python to print."""
    return "a number of many digits" if isinstance(value, int) and abs(value) >= 10**12 else repr(value)


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")
