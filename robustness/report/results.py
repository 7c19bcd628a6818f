"""What a run found out, as typed values: all that `results.json` holds, and all that reports are made of.

Each class is an object in the file, and each field a key of it (docs/report.md). `robustness.report.file` writes and reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from robustness.declaration.about import About
from robustness.gate.ledger import PROMISE_TEST, RunVerdict
from robustness.gate.notes import NoiseWarning, Note, RuleMeasured
from robustness.gate.promise import Record
from robustness.generators.record import Marks
from robustness.kinds import KINDS
from robustness.limits.record import LimitRecord
from robustness.report.environment import Environment

SCHEMA = 1

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, kw_only=True)
class ThresholdsFile:
    path: str
    sha256: str  # of its bytes
    text: str = ""  # all of it


@dataclass(frozen=True, kw_only=True)
class DeclaredModel:
    """How the thresholds file declares a model, see `robustness.models.declaration`."""

    name: str
    load: str
    weights: str | None = None
    size: int | tuple[int, int] | None = None
    fit: str | None = None  # as its weights were trained, or its preparation says
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    precision: str = "float32"
    prepare: str | None = None  # where its preparation was read from


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How images come to a model, with all that a library's configuration says of it."""

    preparation: str  # in words; see `robustness.data.preparation`
    height: int
    width: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class DeclaredNoise:
    """A transform that the thresholds file declares as a noise."""

    load: str
    magnitude: str | None  # its name
    arguments: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ImageClass:
    name: str
    images: int
    picture: str | None  # of a typical image, PNG as a data URI


@dataclass(frozen=True, kw_only=True)
class Images:
    """The image set."""

    name: str
    images: int
    content_hash: str
    classes: tuple[ImageClass, ...]
    left_out: str | None = None  # what lay beside the images and was none, in a sentence
    in_order: bool = False  # whether their indices are their places; not so of a part of another set


@dataclass(frozen=True, kw_only=True)
class NoisyImages:
    """A few images under one noise."""

    noise: str
    pictures: tuple[str, ...]  # PNG as data URIs


@dataclass(frozen=True, kw_only=True)
class ClassCounts:
    """How each class fares with one model under one noise."""

    model: str
    noise: str
    seen: tuple[int, ...]  # images of each class
    right: tuple[int, ...]  # of them correctly classified


@dataclass(frozen=True, kw_only=True)
class Confusions(ClassCounts):
    """And what it took them for."""

    accuracy: float
    pairs: tuple[tuple[int, int, int], ...]  # class, what it was taken for, how often; the most frequent first


@dataclass(frozen=True, kw_only=True)
class TurnedImage:
    index: int
    name: str | None = None  # of its file
    before: str  # the class predicted without noise
    after: str  # and with it
    clean: str  # PNG as a data URI
    noisy: str


@dataclass(frozen=True, kw_only=True)
class Turned:
    """Images that a model classifies correctly without noise and wrong under one."""

    model: str
    noise: str
    turned: int  # how many there are
    pictures: tuple[TurnedImage, ...]  # a few of them


@dataclass(frozen=True, kw_only=True)
class Misclassified:
    """Images that a model classifies wrongly under one noise, see `robustness.report.misclassified`."""

    model: str
    noise: str
    images: str  # their indices, packed


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Tests of one kind."""

    kind: str  # what a limit asks; another kind of promise; "limit", not measured; "rule", a test of the project's own
    tests: int
    seconds: float  # in all of them, with what they set up: the first of a process loads its model
    stored: int | None  # tests that found all predictions measured already; None where that is not told
    images_per_second: float | None  # through noise and network; None where this run did not measure that


@dataclass(frozen=True, kw_only=True)
class PromiseTest:
    """That measured a promise."""

    id: str
    seconds: float  # with what it set up


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """A hypothesis of a study."""

    name: str
    words: str


@dataclass(frozen=True, kw_only=True)
class RunDetails:
    id: str = ""  # of this run alone
    files: tuple[str, ...] = ()  # whose tests measured promises
    command: tuple[str, ...]
    started: str  # UTC, ISO 8601
    seconds: float
    versions: dict[str, str]
    python: str
    platform: str
    environment: Environment = field(default_factory=Environment)


@dataclass(frozen=True, kw_only=True)
class UnmeasuredPromise:
    kind: str
    id: str
    place: str
    models: tuple[str, ...]  # that it is about
    left_out: bool  # by a run that was asked for less than all


@dataclass(frozen=True, kw_only=True)
class Content:
    """All results but the records of promises."""

    verdict: RunVerdict
    gaps: tuple[str, ...]  # sentences: what was to be measured and was not
    left_out: tuple[str, ...]  # ids of promises that a narrowed run did not select
    unmeasured: tuple[UnmeasuredPromise, ...] = ()  # those, and what is missing
    errors: dict[str, str]  # by test: why it could not measure, or which rule of the project's own does not hold
    rules: tuple[str, ...] = ()  # of the project's own that hold, by test
    warnings: tuple[NoiseWarning, ...] = ()  # of noises that are next to none, each once
    thresholds: ThresholdsFile
    report: About = field(default_factory=About)  # what people say of the release
    data: str
    seed: int
    prediction_rule: int = 1  # from logits to a class, see `robustness.evaluation.rule`
    confidence: float = 0.95  # of claims, and of limits about a population
    models: dict[str, DeclaredModel]
    model_hashes: dict[str, str]  # of each model that was measured
    seen: dict[str, Seen] = field(default_factory=dict)  # likewise
    noises: dict[str, DeclaredNoise]
    generators: dict[str, Marks] = field(default_factory=dict)  # of each generator that was judged
    measurements: dict[str, tuple[RuleMeasured, ...]]  # by test: what the project's own rules measured
    figures: dict[str, dict[str, float | int | str]] = field(default_factory=dict)  # and recorded, by name
    published: dict[str, dict[str, float]] = field(default_factory=dict)  # accuracy in a study, by model and noise
    hypotheses: dict[str, Hypothesis] = field(default_factory=dict)  # by what a claim that bears on it says
    timings: tuple[Timing, ...] = ()
    tests: dict[str, PromiseTest] = field(default_factory=dict)  # by the name of a record
    run: RunDetails
    images: Images | None  # None: they did not load
    confusions: tuple[Confusions, ...] = ()
    per_class: tuple[ClassCounts, ...] = ()
    turned: tuple[Turned, ...] = ()
    misclassified: tuple[Misclassified, ...] = ()
    gallery: tuple[NoisyImages, ...]


@dataclass(frozen=True, kw_only=True)
class Results(Content):
    """All of a run."""

    records: tuple[Record, ...] = ()  # by kind, in the order of the thresholds file

    def of(self, record: type[R]) -> tuple[R, ...]:
        """The records of one class."""
        return tuple(one for one in self.records if isinstance(one, record))

    @property
    def limits(self) -> tuple[LimitRecord, ...]:
        return self.of(LimitRecord)

    @property
    def stopping(self) -> tuple[Record, ...]:
        """What stops the release."""
        return tuple(record for record in self.records if record.stops)


def records_in(notes: tuple[Note, ...]) -> Iterator[Record]:
    """Those of all notes that are records of promises."""
    classes = tuple(kind.record for kind in KINDS)
    yield from (note for note in notes if isinstance(note, classes))


def kind_of(test: str) -> str | None:
    """The kind of promise that a test measures; None of a rule of the project's own."""
    match = PROMISE_TEST.search(test)
    return match[1] if match and match[1] in {kind.name for kind in KINDS} else None
