"""The `[generators.NAME]` and `[[generator_limits]]` of a thresholds file: what is asked of the marks of generated images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, ValidationError

from robustness.data.load import SPLIT
from robustness.declaration.declared import Declared, each_once
from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.declaration.tables import Finite, NotNegative, Share, Table, TopLevel, tables_of
from robustness.errors import nearest
from robustness.gate.promise import Kind
from robustness.generators.record import GeneratorJudged, GeneratorRecord
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Noise

if TYPE_CHECKING:
    from robustness.gate.workbench import Workbench


class GeneratorTable(Table):
    load: str
    judge: str
    training: str | None = None


class GeneratorLimitsTable(Table):
    generators: Annotated[list[str], Field(min_length=1)]
    fidelity: NotNegative | None = None
    worst_class: NotNegative | None = None
    precision: Share | None = None
    recall: Share | None = None
    max_frechet: Finite | None = None
    max_nearest: NotNegative | None = None
    max_copied: Share | None = None
    max_collapsed: Annotated[int, Field(ge=0)] | None = None
    max_divergence: Finite | None = None


MARKS = tuple(name for name in GeneratorLimitsTable.model_fields if name != "generators")
"""What may be asked: at most so much where the name begins with max_, else at least."""
JUDGED_AT = (28, "crop-or-pad")
"""Size and fit of a judge: a generator gives 28 pixels."""


@dataclass(frozen=True)
class GeneratorDeclaration:
    """A generator of images."""

    name: str
    load: str  # a checkpoint that `robustness gan train` wrote
    judge: str  # the model that classifies its samples
    training: str | None = None  # the images it was trained on, where `[run] data` has no training split of its own


@dataclass(frozen=True)
class GeneratorLimit:
    """What is asked of one mark of one generator."""

    noises: ClassVar[tuple[Noise, ...]] = ()
    about: ClassVar[tuple[str, ...]] = ()
    declaration: GeneratorDeclaration
    asks: str  # of `MARKS`
    required: Decimal  # at least this much, or at most
    place: str

    @property
    def generator(self) -> str:
        return self.declaration.name

    @property
    def is_ceiling(self) -> bool:
        return self.asks.startswith("max_")

    def __str__(self) -> str:
        return f"{self.generator}-{self.asks}"


def _generators(
    tables: object, models: Mapping[str, ModelDeclaration], data: object, problems: Problems
) -> Iterator[tuple[str, GeneratorDeclaration]]:
    """By name; one that is not well formed is given too, so that limits on it are not reported as unknown.

    data: the images of `[run]`.
    """
    for name, table in (tables if isinstance(tables, dict) else {}).items():
        path = ("generators", name)
        try:
            generator = GeneratorTable.model_validate(table)
        except ValidationError:
            yield name, GeneratorDeclaration(name, "", "")
            continue
        judge = models.get(generator.judge)
        if judge is None:
            problems.add((*path, "judge"), f"unknown model {generator.judge!r}: {nearest(generator.judge, models)}")
        elif judge.load and (judge.size, judge.fit or JUDGED_AT[1]) != JUDGED_AT:  # without `load` it is a problem already
            problems.add(
                (*path, "judge"),
                f'a generator gives 28 pixels: declare {judge.name} with size = 28 and fit = "crop-or-pad", and weights for it',
            )
        if data in SPLIT and generator.training is not None:
            problems.add((*path, "training"), f"{data} has a training split of its own, which is taken; leave this out")
        elif isinstance(data, str) and data not in SPLIT and generator.training is None:
            problems.add(
                path, f"training: missing; {data} has no training split, so name the images that the generator was trained on"
            )
        yield name, GeneratorDeclaration(name, generator.load, generator.judge, generator.training)


def _limits(
    content: Mapping[str, Any], generators: Mapping[str, GeneratorDeclaration], problems: Problems
) -> Iterator[tuple[KeyPath, GeneratorLimit]]:
    for path, table, limits in tables_of(content, "generator_limits", GeneratorLimitsTable):
        named = table.get("generators")
        for position, name in enumerate(named if isinstance(named, list) else []):
            if isinstance(name, str) and name not in generators:
                problems.add((*path, "generators", position), f"unknown generator {name!r}: {nearest(name, generators)}")
        if limits is None:
            continue
        asked = [name for name in MARKS if name in table]
        if not asked:
            problems.add(path, f"asks for nothing; give at least one of {', '.join(MARKS)}")
        for name in filter(generators.__contains__, limits.generators):
            for asks in asked:
                where = (*path, asks)
                yield where, GeneratorLimit(generators[name], asks, Decimal(str(table[asks])), problems.place(where))


class Generators(Kind[GeneratorLimit, GeneratorRecord]):
    name = "generator_limit"
    promise = GeneratorLimit
    record = GeneratorRecord
    notes = (GeneratorJudged,)
    suite = "test_generators.py"
    tables: ClassVar = {
        "generators": TopLevel(GeneratorTable, by_name=True),
        "generator_limits": TopLevel(GeneratorLimitsTable),
    }

    def declare(self, content: Mapping[str, Any], declared: Declared, problems: Problems) -> Iterator[GeneratorLimit]:
        generators = dict(_generators(content.get("generators"), declared.models, declared.run.get("data"), problems))
        return each_once(_limits(content, generators, problems), "limited", problems)

    def measure(self, promise: GeneratorLimit, bench: Workbench) -> GeneratorRecord:
        from robustness.generators.measure import measure_generator

        return measure_generator(promise, bench)
