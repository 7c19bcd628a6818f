"""What a limit can ask of a model: the base of all that is asked.

An ask is one file here with a subclass of `Ask`, and one line in `robustness.limits.asks`. It says which keys of `[[limits]]`
are its own, which cases it needs measured, and whether they keep a limit; all else has a default. A file of limits is read
without torch, so an ask imports what needs it where it measures.
"""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from robustness.data.preparation import Shape
from robustness.declaration.declared import Declared
from robustness.declaration.tables import Shares
from robustness.errors import RobustnessError
from robustness.limits.limit import Limit
from robustness.limits.record import DifferencesFound, DropFound, FlipsFound, LimitRecord, WaveMap
from robustness.noise import Noise
from robustness.statistics.verdict import Verdict

if TYPE_CHECKING:
    from robustness.data import ImageSet
    from robustness.evaluation.evaluate import Enough, Measurement
    from robustness.evaluation.jobs import AnyJob
    from robustness.evaluation.result import Result, Scores
    from robustness.gate.workbench import Workbench
    from robustness.search.critical import Search


@dataclass(frozen=True)
class Written:
    """A table of `[[limits]]` as it is written."""

    table: Mapping[str, Any]
    asked: Mapping[str, Any]  # by ask: a value, or a list with one for each level
    declared: Declared

    @property
    def kind(self) -> type[Noise] | None:
        """The kind of noise; None for a preset."""
        return self.declared.kinds.get(self.table["noise"])

    @property
    def grows(self) -> bool:
        """Whether its noise is built in, and grows from nothing."""
        return self.table["noise"] in self.declared.growing


@dataclass(frozen=True)
class Measured:
    """A limit, and the measurements of its cases."""

    limit: Limit
    cases: Sequence[Measurement]
    bench: Workbench
    whole: Sequence[Measurement] = ()  # the same of all images, where `cases` are of some

    @property
    def rights(self) -> list[int]:
        """Images correctly classified in each."""
        return [case.right for case in self.cases]

    @property
    def part(self) -> tuple[Result, ImageSet]:
        """The result of the first case and its images; of the limit's group alone, where it has one."""
        result, images = self.cases[0].result, self.bench.images
        if not result.is_complete:
            raise RobustnessError(f"{self.cases[0].case}: {self.cases[0].seen} of {self.cases[0].total} images were evaluated")
        if self.limit.group is None:
            return result, images
        places = np.flatnonzero(images.is_of_group(self.limit.group))
        return result.take(places), images.take(places, f"{images.name}, group {self.limit.group}")

    @property
    def scored(self) -> tuple[Scores, ImageSet]:
        """The same with ranks and probabilities; an error where they were not measured."""
        from robustness.evaluation.result import Scores

        result, images = self.part
        if not isinstance(result, Scores):
            raise RobustnessError(f"{self.cases[0].case}: ranks and probabilities were not measured")
        return result, images


@dataclass(frozen=True)
class Found:
    """What the measurements of a limit say."""

    value: float  # what was measured, in the units of the limit
    kept: bool | None  # None: the measurements do not decide
    words: str  # both, in a sentence
    details: FlipsFound | WaveMap | DifferencesFound | None = None
    change: DropFound | None = None
    exact: Fraction | None = None  # the value, where it can be taken together with those of other seeds
    low: float | None = None  # bounds of the population's value
    high: float | None = None
    to_decide: int | None = None  # images in all that would decide
    search: Search | None = None  # that was needed beside the cases

    @property
    def verdict(self) -> Verdict:
        return {True: Verdict.PASS, False: Verdict.FAIL, None: Verdict.INCONCLUSIVE}[self.kept]


class Ask(ABC):
    name: ClassVar[str]  # its key in a table, and its name in results.json
    field: ClassVar[Any] = (Annotated[Shares, Field(min_length=1)] | None, None)  # of that key, for `pydantic.create_model`
    more: ClassVar[Mapping[str, Any]] = {}  # the other keys that are its own, likewise
    needs: ClassVar[str] = ""  # the one of them that it does not go without
    reference: ClassVar[str] = ""  # the one of them that names the model it is held against
    together: ClassVar[bool] = False  # whether it is asked of all levels of a table together, and not of each by itself
    idle: ClassVar[str] = ""  # what could not happen under noise that changes nothing, where that is a problem
    has_intervals: ClassVar[bool] = False  # whether it shows some of the population, whatever the scope
    of_population: ClassVar[bool] = False  # whether it speaks of the population in that scope; else it counts the images
    is_counted: ClassVar[bool] = False  # whether it is accuracy itself, which goes without saying in a limit's id
    is_share: ClassVar[bool] = False  # whether its bar ends at 1
    at_most: ClassVar[bool] = False  # whether a limit is the most that may be measured, and not the least
    takes: ClassVar[Sequence[str]] = ()  # the keys of several asks that it understands: "class", "group", "over_seeds"
    kept_by_dead: ClassVar[bool] = False  # whether a network that says one class of every image may keep it
    is_copy: ClassVar[bool] = False  # whether its model answers as the reference does, and is alive where that is
    scored: ClassVar[bool] = False  # whether it is measured by ranks or probabilities
    no_interval: ClassVar[str] = ""  # why nothing is claimed of the population, where a file that claims it may not ask this
    is_trained_for: ClassVar[bool] = False  # whether more accuracy under its noises is a way to keep it

    def asked(self, table: Mapping[str, Any]) -> Any:
        """What a table asks for: a value, or a list with one for each level; None where it does not ask this."""
        return table.get(self.name)

    def problems(self, written: Written) -> Iterator[tuple[str, str]]:
        """Keys of a table that asks this, and what is wrong with each."""
        yield from ()

    def parameters(self, written: Written) -> Mapping[str, Any]:
        """What it gives the table's noise."""
        return {}

    def levels(self, noises: Sequence[Noise]) -> Sequence[Noise]:
        """Those that a limit is about, from those of its table; where it is asked of them together."""
        return noises

    def label(self, limit: Limit) -> str:
        """What stands for it in a limit's id."""
        return "" if self.is_counted else self.name

    def shows_life(self, limit: Limit) -> bool:
        """Whether a network that says one class of every image is likely to break it, so that it needs no other beside it."""
        return not self.kept_by_dead and len(limit.classes) != 1 and limit.group is None

    def fields(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those of `Limit` that come from its other keys."""
        return {"reference": table[self.reference]} if self.reference else {}

    def cases(self, limit: Limit, shape: Shape) -> list[tuple[str, Noise]]:
        """The models and noises to measure, the limit's own first. shape: height and width of the network's input."""
        return [(limit.model, noise) for noise in limit.levels or (limit.noise,)]

    def measure(self, limit: Limit, bench: Workbench, enough: Enough | None = None) -> Measured:
        """Measure its cases. enough: see `robustness.evaluation.evaluate.measure`."""
        models = {name: bench.classifier(name) for name in limit.models}
        cases = self.cases(limit, models[limit.model].fit.shape)
        return Measured(limit, [bench.measure(models[name], noise, limit.seed, enough) for name, noise in cases], bench)

    def jobs(self, limit: Limit, bench: Workbench) -> list[AnyJob]:
        """What measuring it takes, at most."""
        from robustness.evaluation.jobs import evaluation_job

        cases = self.cases(limit, bench.load(limit.model).fit.shape)
        seeds = limit.seeds or [bench.thresholds.seed if limit.seed is None else limit.seed]
        return [
            evaluation_job(bench.load(name), bench.images, noise, seed, bench.run, bench.kind_of_result(name, noise))
            for seed in seeds
            for name, noise in cases
        ]

    @abstractmethod
    def judge(self, measured: Measured) -> Found: ...

    def again(self, limit: Limit, found: Found) -> tuple[str, str]:
        """The command that measures it again: the parts before and after the thresholds file."""
        return f"evaluate {limit.model}", f"--limit {shlex.quote(str(limit))}"

    def settle(self, records: Mapping[str, LimitRecord]) -> Mapping[str, LimitRecord]:
        """All of a run's records of it by id, once what only the whole run can tell is taken in."""
        return records
