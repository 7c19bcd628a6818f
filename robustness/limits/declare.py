"""The `[[limits]]` of a thresholds file: from tables to limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, ValidationError

from robustness.declaration.declared import Declared, check_changes_something, each_once, told_apart
from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.declaration.tables import Finite, PartOfClean, Share, Shares, Table, TopLevel, dotted_key_hint
from robustness.errors import RobustnessError, nearest, some
from robustness.gate.promise import Kind
from robustness.limits.limit import CURVE_ASKS, LEVEL_ASKS, Asks, Limit
from robustness.limits.record import LimitRecord
from robustness.models.declaration import ModelDeclaration
from robustness.noise import PRESETS, Noise, Periodic, make_noises, parameter_names
from robustness.statistics.verdict import Verdict

if TYPE_CHECKING:
    from robustness.gate.workbench import Workbench

STEPS = 10
"""Levels up to a break point at which accuracy is measured."""

MOST = 2
"""Of an amplitude whose energy waves of every frequency can have; there is little image left at half of it."""


class LimitsTable(Table):
    """Whatever other keys there are belong to the noise."""

    model_config = ConfigDict(extra="allow", strict=True)
    SHARES: ClassVar[bool] = True

    models: Annotated[list[str], Field(min_length=1)]
    noise: str
    accuracy: Annotated[Shares, Field(min_length=1)] | None = None
    max_drop: Annotated[Shares, Field(min_length=1)] | None = None
    relative: Annotated[Shares, Field(min_length=1)] | None = None
    worst_class: Annotated[Shares, Field(min_length=1)] | None = None
    worst_band: Annotated[Shares, Field(min_length=1)] | None = None
    max_flips: Annotated[Shares, Field(min_length=1)] | None = None
    max_differences: Annotated[Shares, Field(min_length=1)] | None = None
    same_as: str | None = None
    monotone: Share | None = None
    mean_error: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    reference: str | None = None
    break_point: Finite | None = None
    of_clean: PartOfClean | None = None
    classes: Annotated[list[str], Field(min_length=1)] = []
    waived_until: date | None = None
    reason: Annotated[str, Field(min_length=1)] | None = None
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**64)]], Field(min_length=1)] = []


class LimitReader:
    """Reads the tables of one file; what is wrong goes to `problems`. has_baseline: whether `[run]` names one."""

    def __init__(self, declared: Declared, problems: Problems, has_baseline: bool) -> None:
        self.declared, self.problems, self.has_baseline = declared, problems, has_baseline

    def limits(self, tables: object) -> Iterator[Limit]:
        """In the file's order."""

        def key(limit: Limit) -> Limit:  # not its text: sigma = 0 and -0.0 are one level
            return replace(limit, required=Decimal(0), place="")

        return each_once(told_apart(self._limits(tables)), "limited", self.problems, key)

    def _limits(self, tables: object) -> Iterator[tuple[KeyPath, Limit]]:
        for number, table in enumerate(tables if isinstance(tables, list) else []):
            path = ("limits", number)
            if not isinstance(table, dict):
                continue
            if "same_as" in table:
                table = {"max_differences": 0, **table}
            self.declared.check_models(table, path, self.problems)
            self.declared.check_keys(table, path, LimitsTable.model_fields, self.problems)
            try:
                limits = LimitsTable.model_validate(table)
            except ValidationError:
                continue
            self._check_asked(table, path)
            rows = list(self._rows(limits, table, path))
            promises = [
                Limit(
                    *("", noise, asks, required, self._place(line)),
                    classes=tuple(limits.classes) if asks == "accuracy" else (),
                    reference=limits.same_as if asks == "max_differences" else None,
                )
                for noises, asked, line in rows
                for noise in noises
                for asks, required in asked.items()
            ]
            levels = [noise for noises, _, _ in rows for noise in noises]
            promises += self._curves(limits, table, path, levels) if levels else []
            seeds: list[int | None] = [*limits.seeds] or [None]
            for promise, name, seed in product(promises, limits.models, seeds):
                yield path, replace(promise, model=name, seed=seed, waived_until=limits.waived_until, reason=limits.reason)

    def _check_asked(self, table: Mapping[str, Any], path: KeyPath) -> None:
        """That a limit asks for something, and that what it is held against is named."""
        kind = self.declared.kinds.get(str(table.get("noise")))
        if not any(asks in table for asks in (*LEVEL_ASKS, *CURVE_ASKS)):
            self.problems.add(path, f"asks for nothing: give it one of {', '.join((*LEVEL_ASKS, *CURVE_ASKS))}")
        if "max_drop" in table and not self.has_baseline:
            self.problems.add(
                (*path, "max_drop"), 'needs a baseline in [run], for example baseline = "baselines/v1.safetensors"'
            )
        if "max_drop" in table and kind is not None and not kind.bit_identical:
            self.problems.add((*path, "max_drop"), "a transform of your own may make other bytes, so no drop can be measured")
        for one, other in (("break_point", "of_clean"), ("mean_error", "reference"), ("waived_until", "reason")):
            for given, missing in ((one, other), (other, one)):
                if given in table and missing not in table:
                    self.problems.add((*path, given), f"goes with {missing}")
        if "max_differences" in table and "same_as" not in table:
            self.problems.add((*path, "max_differences"), "goes with same_as")
        for key in ("reference", "same_as"):
            if key in table and table[key] not in self.declared.models:
                self.problems.add(
                    (*path, key), f"unknown model {table[key]!r}: {nearest(str(table[key]), self.declared.models)}"
                )
        if "same_as" in table:
            self._check_same_as(table, path)
        if "classes" in table and "accuracy" not in table:
            self.problems.add((*path, "classes"), "goes with accuracy")
        if "break_point" in table and (kind is None or kind.magnitude is None or kind.identity is None):
            self.problems.add((*path, "break_point"), f"{table.get('noise')} has no magnitude that grows from nothing")
        if "max_flips" in table and (kind is None or kind.magnitude is None or kind.identity is None):
            self.problems.add((*path, "max_flips"), f"{table.get('noise')} is not one built-in noise that grows from nothing")
        if "worst_band" in table and kind is not Periodic:
            self.problems.add((*path, "worst_band"), 'speaks of waves: it goes with noise = "periodic"')
        if "worst_band" in table and any(not 0 < amplitude <= MOST for amplitude in _numbers(table.get("amplitude"))):
            self.problems.add((*path, "amplitude"), f"worst_band goes with an amplitude above 0 and up to {MOST}")
        for name in ("frequency", "orientation", "phase"):
            if "worst_band" in table and name in table:
                self.problems.add((*path, name), "worst_band goes through all of them: leave it out")

    def _check_same_as(self, table: Mapping[str, Any], path: KeyPath) -> None:
        """That another model is named, and nothing else is asked."""
        source, models = table["same_as"], self.declared.models
        for name in table["models"]:
            if name == source:
                self.problems.add((*path, "same_as"), f"{name} always says what {name} says: name the model it was made of")
            elif name in models and source in models and _is_copy(models[name], models[source]):
                self.problems.add((*path, "same_as"), f"{source} and {name} are declared alike: nothing would be compared")
        if others := [asks for asks in (*LEVEL_ASKS, *CURVE_ASKS) if asks in table and asks != "max_differences"]:
            self.problems.add(
                (*path, "same_as"),
                f"speaks of another model, {', '.join(others)} of this one alone: give each a table of its own",
            )

    def _rows(
        self, limits: LimitsTable, table: Mapping[str, Any], path: KeyPath
    ) -> Iterator[tuple[tuple[Noise, ...], dict[Asks, Decimal], int]]:
        """The noises of each level, what is asked of them, and the line: lists go side by side, single values hold for all."""
        parameters = dict(limits.model_extra or {})
        if not self.declared.is_usable(limits.noise) or set(parameters) - set(
            parameter_names(limits.noise, self.declared.kinds)
        ):
            return
        if limits.break_point is not None and (
            magnitude := self.declared.kinds[limits.noise].magnitude if limits.noise in self.declared.kinds else None
        ):
            if magnitude in parameters:
                self.problems.add((*path, magnitude), "is what break_point speaks of: leave it out")
            parameters[magnitude] = limits.break_point
        columns: dict[str, Any] = {**parameters, **{asks: table[asks] for asks in LEVEL_ASKS if asks in table}}
        lengths = {name: len(column) for name, column in columns.items() if isinstance(column, list)}
        levels = max(lengths.values(), default=1)
        for name, length in lengths.items():
            if not length:
                self.problems.add((*path, name), "empty: nothing would be measured")
        preset = limits.noise in PRESETS and "severity" not in lengths
        if listed := [asks for asks in LEVEL_ASKS if preset and lengths.get(asks, 1) > 1]:
            self.problems.add(
                (*path, listed[0]), f"{limits.noise} takes one {listed[0]} for all its noises, or one per severity"
            )
            return
        uneven = {name: length for name, length in lengths.items() if length not in (0, levels)}
        for name, length in uneven.items():
            self.problems.add((*path, name), f"has {length} of {levels} values: lists of one table go side by side")
        for level in range(0 if uneven or 0 in lengths.values() else levels):
            row = {name: column[level] if isinstance(column, list) else column for name, column in columns.items()}
            asked = {asks: Decimal(str(row.pop(asks))) for asks in LEVEL_ASKS if asks in row}
            where = next(((*path, name, level) for name in lengths), path)
            try:
                noises = make_noises(limits.noise, row, self.declared.kinds)
                for noise in noises if limits.noise in self.declared.growing else ():
                    if "max_flips" in asked:
                        check_changes_something(noise, "nothing could flip")
                    if limits.break_point is not None:
                        check_changes_something(noise, "nothing could break")
                yield noises, asked, self.problems.line(where)
            except RobustnessError as error:
                self.problems.add(where, f"{error}{dotted_key_hint(row)}")

    def _curves(self, limits: LimitsTable, table: Mapping[str, Any], path: KeyPath, levels: list[Noise]) -> Iterator[Limit]:
        """What is asked of all levels of a table together."""
        last = levels[-1]
        if limits.monotone is not None:
            if len({noise.family for noise in levels}) > 1 or len(levels) < 2 or last.identity is None:
                self.problems.add((*path, "monotone"), "speaks of two levels or more of one noise that grows from nothing")
                return
            away = sorted(levels, key=lambda noise: abs((noise.level or 0.0) - (noise.identity or 0.0)))
            yield self._curve("monotone", table, path, tuple(away))
        if limits.mean_error is not None:
            yield replace(self._curve("mean_error", table, path, tuple(levels)), reference=limits.reference)
        if (
            limits.break_point is not None
            and limits.of_clean is not None
            and last.level is not None
            and last.identity is not None
        ):
            curve = self._curve("break_point", table, path, tuple(last.ladder(STEPS)[1:]))
            yield replace(curve, of_clean=Decimal(str(table["of_clean"])))

    def _curve(self, asks: Asks, table: Mapping[str, Any], path: KeyPath, levels: tuple[Noise, ...]) -> Limit:
        return Limit("", levels[-1], asks, Decimal(str(table[asks])), self.problems.place((*path, asks)), levels=levels)

    def _place(self, line: int) -> str:
        return f"{self.problems.file.name}:{line}"


def _is_copy(one: ModelDeclaration, other: ModelDeclaration) -> bool:
    """Whether two names stand for one declared model; fixtures go by their names."""
    return one.load not in ("", "fixture") and replace(one, name=other.name) == other


def _numbers(value: object) -> list[float]:
    """The numbers in a value that may be one or a list."""
    return [number for number in (value if isinstance(value, list) else [value]) if isinstance(number, int | float)]


class Limits(Kind[Limit, LimitRecord]):
    name = "limit"
    promise = Limit
    record = LimitRecord
    suite = "test_limits.py"
    kept = "hold"
    broken = "broken"
    tables: ClassVar = {"limits": TopLevel(LimitsTable, required=True)}

    def declare(self, content: Mapping[str, Any], declared: Declared, problems: Problems) -> Iterator[Limit]:
        return LimitReader(declared, problems, "baseline" in declared.run).limits(content.get("limits"))

    def reserved(self) -> Iterable[str]:
        return LimitsTable.model_fields

    def has_intervals(self, content: Mapping[str, Any]) -> bool:
        """Flips that a limit allows are shown with a band for the population."""
        limits = content.get("limits")
        return any(isinstance(table, dict) and "max_flips" in table for table in (limits if isinstance(limits, list) else []))

    def measure(self, promise: Limit, bench: Workbench) -> LimitRecord:
        from robustness.limits.measure import measure_limit

        return measure_limit(promise, bench)

    def settle(self, records: Mapping[str, LimitRecord]) -> Mapping[str, LimitRecord]:
        from robustness.limits.alarms import with_alarms

        return with_alarms(records)

    def not_kept(self, records: Sequence[LimitRecord], named: bool) -> Iterator[str]:
        for verdict, words in ((Verdict.FAIL, "measured limits broken"), (Verdict.INCONCLUSIVE, "undecided")):
            if stopping := [record.under for record in records if record.stops and record.verdict is verdict]:
                which = f" ({some(list(dict.fromkeys(stopping)))})" if named else ""
                yield f"{len(stopping)} of {len(records)} {words}{which}"
