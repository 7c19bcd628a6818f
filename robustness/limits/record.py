"""What became of a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from robustness.gate.promise import Row
from robustness.noise.kinds import KINDS
from robustness.search.curve import FlipCurve
from robustness.statistics.verdict import Verdict

Label = Annotated[str, Field(alias="class")]
"""The name of a class, under a key that is no name in Python."""


@dataclass(frozen=True, kw_only=True)
class DropFound:
    """What changed since the baseline, on the same images under the same noise."""

    baseline: str  # its file's name
    right_before: int
    broken: int  # images newly wrong
    mended: int  # and newly right
    allowed: int  # images that may be lost
    drop: float
    low: float  # an interval of the drop in the population
    high: float
    p_value: float  # of no larger drop than allowed
    broken_images: tuple[int, ...] = ()  # the first few, by index
    mended_images: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Quantile:
    """The magnitude up to which a share of the right predictions has flipped, with its interval; None: beyond the range."""

    share: float
    magnitude: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class ClassFlips:
    name: str
    flipped: int
    right: int


@dataclass(frozen=True, kw_only=True)
class FlippedImage:
    index: int
    label: Label
    becomes: str  # the class predicted from `magnitude` on
    magnitude: float


@dataclass(frozen=True, kw_only=True)
class FlipsFound(FlipCurve):
    """A search for the magnitude at which each prediction flips."""

    resolution: str  # what was looked at, in words
    passes: float  # forward passes over the set
    accuracy: tuple[float, ...]  # at each level, if each prediction changes only once
    mended: int  # images wrong without noise that turn right
    confidence: float
    band: tuple[tuple[float, ...], tuple[float, ...]] | None  # lower and upper shares flipped, in the population
    band_missing: str | None  # why there is none
    quantiles: tuple[Quantile, ...]
    classes: tuple[ClassFlips, ...]  # that lose most
    images: tuple[FlippedImage, ...]  # that flip first


@dataclass(frozen=True, kw_only=True)
class WaveMap:
    """Accuracy under waves of equal energy."""

    frequencies: tuple[float, ...]  # cycles per pixel, of the rows
    orientations: tuple[float, ...]  # degrees, of the columns
    accuracies: tuple[tuple[float, ...], ...]
    clean: float  # accuracy without noise
    band: tuple[float, float] | None  # lowest and highest frequency of those that take half of the accuracy
    words: str


@dataclass(frozen=True, kw_only=True)
class DifferentImage:
    index: int
    label: Label
    says: str
    source_says: str
    margin: float  # of the source


@dataclass(frozen=True, kw_only=True)
class DifferencesFound:
    """Images that two models classify differently, those of the widest margins first."""

    source: str  # the model compared with
    differences: int
    ties: int  # of these, where the source's own margin is next to nothing
    images: tuple[DifferentImage, ...]


@dataclass(frozen=True, kw_only=True)
class LimitRecord:
    """One limit, measured."""

    kind: ClassVar[str] = "limit"
    PROPERTIES: ClassVar[Mapping[str, str]] = {
        "model": "model",
        "noise": "noise",
        "asks": "asks",
        "measured": "value",
        "limit": "required",
        "right": "right",
        "images": "seen",
        "waived until": "waived_until",
        "reason": "reason",
        "place": "place",
        "repeat": "repeat",
    }

    limit: str  # its id
    place: str
    model: str
    data: str
    subject: str  # the id without the model
    is_plain: bool  # whether it is about accuracy on all images, under the file's seed
    noise: str
    family: str  # the noise without its magnitude
    magnitude: str | None  # its name
    level: float | None  # its value
    identity: float | None  # the value that leaves images as they are
    bit_identical: bool  # whether the noise is the same on every machine
    seed: int
    seeds: tuple[int, ...] = ()  # all of them, where their mean or a quantile is asked
    asks: str
    required: str  # as written
    needed: int  # images of the test set that are an accuracy asked for
    value: float  # what was measured, in the units of `required`
    words: str | None  # the same in words, where it is not just counted
    change: DropFound | None = None
    details: FlipsFound | WaveMap | DifferencesFound | None = None
    right: int  # images correctly classified
    seen: int  # of those evaluated
    total: int  # of the set's
    accuracy: float  # right / seen
    claim: str  # "test-set" or "population": what it speaks of
    confidence: float | None
    low: float | None  # bounds of the population's value
    high: float | None
    to_decide: int | None  # images in all that would decide an INCONCLUSIVE verdict
    verdict: Verdict
    stops: bool
    waived_until: str | None = None  # up to when it does not stop the release
    waiver: str | None = None  # and why
    key: str  # the case's hash in the store
    contract: int | None = None  # of the noise, where that case is the model's under it
    model_hash: str
    size: int | None = None  # of the network's input
    fit: str | None = None  # how images came to it
    stored: bool
    seconds: float
    repeat: str
    reason: str

    @property
    def id(self) -> str:
        return self.limit

    @property
    def name(self) -> str:
        return self.limit

    @property
    def about(self) -> tuple[str, ...]:
        return (self.model,)

    @property
    def under(self) -> str:
        return f"{self.model} under {self.subject}"

    @property
    def distance(self) -> float:
        """Of the level, from the one that leaves images as they are, or changes them least."""
        none = self.identity
        if none is None and (kind := KINDS.get(self.family.partition("(")[0])):
            none = kind.mildest
        return abs((self.level or 0.0) - (none or 0.0))

    @property
    def title(self) -> str:
        return f"{self.under}: {self.verdict}"

    @property
    def again(self) -> str:
        return self.repeat

    @property
    def measured(self) -> str:
        return f"{self.value:.4f}"

    @property
    def asked(self) -> str:
        return f"limit {self.required}"

    @property
    def row(self) -> Row:
        from robustness.limits.asks import ASKS

        ask = ASKS.get(self.asks)  # a later version may know more
        counted = ask is not None and ask.is_counted and not self.seeds
        note = "" if self.waived_until is None else f", waived until {self.waived_until}"
        return Row(
            model=self.model,
            subject=self.subject,
            bit_identical=self.bit_identical,
            images=(self.right, self.seen) if counted else None,
            value=self.value,
            required=self.required,
            full=1.0 if ask is not None and ask.is_share else None,
            note=note,
        )

    @property
    def group(self) -> str:
        return self.asks

    @property
    def throughput(self) -> tuple[int, float] | None:
        return (self.seen, self.seconds) if self.is_plain and not self.stored and self.seconds else None

    def explain(self) -> str:
        """The failure message."""
        return f"{self.place} {self.model} {self.subject}\n  {self.reason}\n  repeat: {self.repeat}"
