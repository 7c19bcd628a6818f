"""What a gate's test reports besides the record of a promise, and how both cross from worker to controller: as JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Protocol, runtime_checkable

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, in_one_line


class Note(Protocol):
    """A frozen dataclass of values that are fit for JSON. kind: names its class."""

    kind: ClassVar[str]


@runtime_checkable
class OneOfARun(Protocol):
    """A note of something that a whole run has one of, and measures all of its promises with."""

    @property
    def what(self) -> str: ...
    @property
    def which(self) -> str:
        """A hash that tells two of them apart."""


@dataclass(frozen=True, kw_only=True)
class GateTest:
    """The test depends on the gate's fixtures: it measures a promise, or is a rule of the project's own."""

    kind: ClassVar[str] = "rule"
    thresholds: str = ""  # SHA-256 of the file that the test's process read

    @property
    def what(self) -> str:
        return "thresholds file"

    @property
    def which(self) -> str:
        return self.thresholds


@dataclass(frozen=True, kw_only=True)
class ModelUsed:
    """A model that was measured, whether for a limit, a hunt, a claim or as a judge."""

    kind: ClassVar[str] = "model"
    model: str
    hash: str
    identity: str  # see `robustness.evaluation.identity`
    preparation: Preparation | None = None  # of its images
    mean: tuple[float, ...] = ()  # and their normalisation, per channel, of values in 0..1
    std: tuple[float, ...] = ()

    @property
    def what(self) -> str:
        return f"model {self.model}"

    @property
    def which(self) -> str:
        return self.identity


@dataclass(frozen=True, kw_only=True)
class ImagesUsed:
    """The images that a promise was measured on, or that the report shows."""

    kind: ClassVar[str] = "images"
    images: str
    hash: str

    @property
    def what(self) -> str:
        return f"image set {self.images}"

    @property
    def which(self) -> str:
        return self.hash


@dataclass(frozen=True, kw_only=True)
class RuleMeasured:
    """What a rule of the project's own measured."""

    kind: ClassVar[str] = "measurement"
    case: str
    key: str
    right: int
    total: int


@dataclass(frozen=True, kw_only=True)
class NoiseWarning:
    """A declared noise that is next to none, see `robustness.gate.noise_sentinels.faint`."""

    kind: ClassVar[str] = "warning"
    noise: str
    place: str  # of the first promise under it
    words: str  # how little it changes, in a sentence

    def __str__(self) -> str:
        return f"{self.place}: {self.words}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What a rule of the project's own recorded, with pytest's `record_property`."""

    kind: ClassVar[str] = "figure"
    name: str
    value: float | int | str


NOTES: tuple[type[Note], ...] = (GateTest, ModelUsed, ImagesUsed, RuleMeasured, NoiseWarning)


def figure(name: str, value: object) -> Figure:
    """value: in plain types, see `plain`. What is neither a finite number nor a text is told as JSON has it."""
    is_float = isinstance(value, float) and math.isfinite(value)
    is_int = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= sys.maxsize  # as all readers of JSON know
    text = value if isinstance(value, str) else json.dumps(value)
    return Figure(name=_writable(name), value=value if is_float or is_int else _writable(text))  # type: ignore[arg-type]


def _writable(text: object) -> str:
    """Whatever the results cannot be written with, half of a pair of surrogates, by its number."""
    return str(text).encode("utf-8", "backslashreplace").decode()


def to_text(note: Note) -> str:
    """As JSON, which survives every transport; a `RobustnessError` where it would not come back as it is."""
    try:
        text = adapter(type(note)).dump_json(note, by_alias=True, warnings="error").decode()
        unchanged = adapter(type(note)).validate_json(text, strict=True) == note
    except (PydanticSerializationError, ValidationError) as error:  # a value of another type, or NaN, which JSON does not have
        raise RobustnessError(f"{note.kind}: cannot be reported: {in_one_line(error)}") from error
    if not unchanged:
        raise RobustnessError(f"{note.kind}: cannot be reported: it comes back otherwise")
    return f"{note.kind} {text}"


def from_text(text: str, classes: Iterable[type[Note]]) -> Note:
    """The inverse of `to_text`. classes: of all notes that there may be."""
    kind, _, content = text.partition(" ")
    (cls,) = (cls for cls in classes if cls.kind == kind)
    note: Note = adapter(cls).validate_json(content, strict=True)
    return note


def plain(value: object) -> object:
    """Anybody's value in plain Python types, fit for JSON; a `TypeError` or `ValueError` where it has no such form."""
    return json.loads(json.dumps(value, default=_scalar))


def _scalar(value: object) -> object:
    """A NumPy scalar or a tensor with one element as the Python number it holds."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} has no plain form")
    try:
        return item()
    except (ValueError, RuntimeError) as error:
        raise TypeError(str(error)) from error


@lru_cache
def adapter(cls: Any) -> TypeAdapter[Any]:
    """What turns values of a class into JSON, and JSON into such values."""
    return TypeAdapter(cls)
