"""What a kind of promise is: something that a thresholds file declares, and that can be broken.

A kind is a folder with what it declares and how it is measured, and one line in `robustness.kinds`. It says what its tables in
the file look like, reads them into promises (frozen values), and measures a promise with a workbench. What comes back is a
record, a dataclass in values that are fit for JSON: all that terminal, Markdown, annotations, JUnit XML and the comparison of
runs need is in the protocol `Record`, so they loop over records and know no kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from robustness.declaration.declared import Declared
from robustness.declaration.problems import Problems
from robustness.declaration.tables import TopLevel
from robustness.errors import some
from robustness.gate.notes import Note
from robustness.noise import Noise
from robustness.statistics.verdict import Verdict

if TYPE_CHECKING:
    from robustness.gate.thresholds import Thresholds
    from robustness.gate.workbench import Workbench


class Promise(Protocol):
    """One declared thing that can be broken, as a frozen value. `str()` is its id, unique within its kind."""

    @property
    def place(self) -> str:
        """File and line, such as `thresholds.toml:18`."""

    @property
    def noises(self) -> Sequence[Noise]:
        """What it puts on images."""

    @property
    def about(self) -> tuple[str, ...]:
        """The models that are stopped where it is broken or not measured; none: it stops the release as a whole."""


@dataclass(frozen=True)
class Row:
    """A record as a line of the table of measured values beside what is asked of them."""

    model: str
    subject: str
    bit_identical: bool  # whether the noise is the same on every machine
    images: tuple[int, int] | None  # correctly classified, of how many; None where their share is not what was measured
    value: float
    required: str
    full: float | None  # where the scale of the value ends, 1 for shares; None: at twice what is required
    note: str  # beside the verdict


class Record(Protocol):
    """What became of one promise."""

    kind: ClassVar[str]
    PROPERTIES: ClassVar[Mapping[str, str]]
    """For JUnit XML: the name of each property, and of the record's attribute that it holds."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str:
        """The id, with the kind where that is no limit."""

    @property
    def place(self) -> str: ...
    @property
    def about(self) -> tuple[str, ...]:
        """As of its promise."""

    @property
    def title(self) -> str:
        """Of what stops the release, in a few words."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def stops(self) -> bool:
        """Whether it stops the release."""

    @property
    def reason(self) -> str:
        """What was measured beside what is asked, in a sentence."""

    @property
    def again(self) -> str | None:
        """The command that measures it again."""

    @property
    def value(self) -> float | None:
        """What was measured, where it is a number that runs can be compared by."""

    @property
    def measured(self) -> str: ...
    @property
    def asked(self) -> str:
        """What was asked for, and with which word: `limit 0.9`."""

    @property
    def row(self) -> Row | None: ...
    @property
    def group(self) -> str:
        """What its time is added up under."""

    @property
    def stored(self) -> bool | None:
        """Whether all predictions were measured before; None where that is unknown."""

    @property
    def throughput(self) -> tuple[int, float] | None:
        """Images, and the seconds they took through noise and network; None where that is unknown."""

    def explain(self) -> str:
        """The message of its test, where it stops the release."""


class KeptOrBroken:
    """What records share that know no third verdict and are no row of the table. The field named as their kind is their id."""

    kind: ClassVar[str]
    row: ClassVar[None] = None
    stored: ClassVar[None] = None
    throughput: ClassVar[None] = None
    place: str
    stops: bool
    words: str

    @property
    def about(self) -> tuple[str, ...]:
        return ()

    @property
    def id(self) -> str:
        return str(getattr(self, self.kind))

    @property
    def name(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.id}"

    @property
    def verdict(self) -> Verdict:
        return Verdict.FAIL if self.stops else Verdict.PASS

    @property
    def reason(self) -> str:
        return self.words

    @property
    def group(self) -> str:
        return self.kind

    def explain(self) -> str:
        """The failure message."""
        return f"{self.place} {self.id}\n  {self.reason}"


P = TypeVar("P", bound=Promise)
R = TypeVar("R", bound=Record)


class Kind(ABC, Generic[P, R]):
    """A kind of promise. name: of its tests, `test_NAME[ID]`, and of its records. `{name}s` is its key in results.json."""

    name: ClassVar[str]
    tables: ClassVar[Mapping[str, TopLevel]]  # the keys at the top level of a thresholds file that are its own
    promise: type[P]
    record: type[R]
    notes: ClassVar[tuple[type[Note], ...]] = ()  # what else its tests report
    kept: ClassVar[str] = "kept"  # what is said of several that are kept: "found nothing"
    broken: ClassVar[str] = "broken"

    @property
    def suite(self) -> str:
        """The file name in the ids of its tests."""
        return f"test_{self.name}s.py"

    @property
    def noun(self) -> str:
        return self.name.replace("_", " ")

    @abstractmethod
    def declare(self, content: Mapping[str, Any], declared: Declared, problems: Problems) -> Iterable[P]:
        """The promises in a file's content, in its order; what is wrong goes to `problems`."""

    @abstractmethod
    def measure(self, promise: P, bench: Workbench) -> R:
        """What becomes of a promise; a `RobustnessError` where it cannot be measured."""

    def reserved(self) -> Iterable[str]:
        """Keys of its tables that no noise of the file's own may use as its magnitude."""
        return ()

    def has_intervals(self, content: Mapping[str, Any]) -> bool:
        """Whether something in a file speaks of the population whatever `[run]` says."""
        return False

    def start(self, thresholds: Thresholds) -> object:
        """What is looked at once, before the run's first test, for all of its workers: plain values, fit for JSON."""
        return None

    def settle(self, records: Mapping[str, R]) -> Mapping[str, R]:
        """The records of a whole run by id, once what only the whole run can show is taken in."""
        return records

    def all_kept(self, records: Sequence[R]) -> str:
        """What is said of them where all are kept."""
        return f"{self.count(records)} {self.kept}"

    def not_kept(self, records: Sequence[R], named: bool) -> Iterator[str]:
        """What stops the release, counted. named: with the first few names."""
        if stopping := [record.id for record in records if record.stops]:
            which = f" ({some(stopping)})" if named else ""
            yield f"{len(stopping)} of {self.count(records)} {self.broken}{which}"

    def count(self, things: Sequence[object]) -> str:
        return f"{len(things)} {self.noun}{'s' * (len(things) != 1)}"


AnyKind = Kind[Any, Any]
