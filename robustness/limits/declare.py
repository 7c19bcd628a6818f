"""The `[[limits]]` of a thresholds file: from tables to limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, create_model

from robustness.declaration.declared import Declared, check_changes_something, check_is_noise, each_once, named_apart
from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.declaration.tables import Table, TopLevel, dotted_key_hint, tables_of
from robustness.errors import RobustnessError, nearest, some
from robustness.gate.promise import Kind
from robustness.limits.asks import ASKS
from robustness.limits.asks.ask import Written
from robustness.limits.limit import Limit
from robustness.limits.record import LimitRecord
from robustness.noise import PRESETS, Noise, make_noises, parameter_names
from robustness.statistics.verdict import Verdict

if TYPE_CHECKING:
    from robustness.gate.workbench import Workbench


class CommonTable(Table):
    """The keys of a table whatever it asks. Those that are no ask's either belong to the noise."""

    model_config = ConfigDict(extra="allow", strict=True)
    SHARES: ClassVar[bool] = True

    models: Annotated[list[str], Field(min_length=1)]
    noise: str
    waived_until: date | None = None
    reason: Annotated[str, Field(min_length=1)] | None = None
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**64)]], Field(min_length=1)] = Field(default=[])


KEYS: dict[str, Any] = {key: field for ask in ASKS.values() for key, field in {ask.name: ask.field, **ask.more}.items()}
LimitsTable = create_model("LimitsTable", __base__=CommonTable, **KEYS)


def _limits(content: Mapping[str, Any], declared: Declared, problems: Problems) -> Iterator[tuple[KeyPath, Limit]]:
    for path, table, limits in tables_of(content, "limits", LimitsTable):
        declared.check_models(table, path, problems)
        is_known = declared.check_keys(table, path, LimitsTable.model_fields, problems)
        if limits is None:
            continue
        asked = {name: value for name, ask in ASKS.items() if (value := ask.asked(table)) is not None}
        written = Written(table, asked, declared)
        unsound = _check(written, path, problems)
        promises = list(_promises(written, unsound, path, problems)) if is_known else []
        seeds: list[int | None] = [*limits.seeds] or [None]
        for promise, name, seed in product(promises, limits.models, seeds):
            yield path, replace(promise, model=name, seed=seed, waived_until=limits.waived_until, reason=limits.reason)


def _check(written: Written, path: KeyPath, problems: Problems) -> set[str]:
    """The asks of a table that no limit can be made of, once it is said what is wrong."""
    table, models, unsound = written.table, written.declared.models, set()
    if not written.asked:
        problems.add(path, f"asks for nothing: give it one of {', '.join(ASKS)}")
    for key, other in (("waived_until", "reason"), ("reason", "waived_until")):
        if key in table and other not in table:
            problems.add((*path, key), f"goes with {other}")
    for name, ask in ASKS.items():
        if name in written.asked:
            found = [*ask.problems(written)]
            found += [(name, f"goes with {ask.needs}")] if ask.needs and ask.needs not in table else []
        else:
            found = [(key, f"goes with {name}") for key in ask.more if key in table]
        if ask.reference and ask.reference in table and (model := table[ask.reference]) not in models:
            found.append((ask.reference, f"unknown model {model!r}: {nearest(model, models)}"))
        for key, message in found:
            problems.add((*path, key), message)
            unsound.add(name)
    return unsound


def _promises(written: Written, unsound: set[str], path: KeyPath, problems: Problems) -> Iterator[Limit]:
    """The limits of a table, of no model yet: those of each level, then those of all its levels together."""
    table, all_noises = written.table, list[Noise]()
    for level, (noises, required, line) in enumerate(_levels(written, path, problems)):
        all_noises += noises
        place = f"{problems.file.name}:{line}"
        for noise, name in product(noises, [name for name in required if name not in unsound]):
            key = (*path, name, level) if isinstance(table.get(name), list) else (*path, name)
            yield Limit("", noise, name, required[name], place, key, **ASKS[name].fields(table))
    for name, value in written.asked.items() if all_noises else ():
        ask, key = ASKS[name], (*path, name)
        if ask.together and name not in unsound:
            try:
                levels = tuple(ask.levels(all_noises))
            except RobustnessError as error:
                problems.add(key, str(error))
                continue
            place, fields = problems.place(key), ask.fields(table)
            yield Limit("", levels[-1], name, Decimal(str(value)), place, key, levels=levels, **fields)


def _levels(written: Written, path: KeyPath, problems: Problems) -> Iterator[tuple[tuple[Noise, ...], dict[str, Decimal], int]]:
    """The noises of each level, what is asked of them by themselves, and the line: lists go side by side."""
    kind, kinds = written.table["noise"], written.declared.kinds
    by_level = {name: value for name, value in written.asked.items() if not ASKS[name].together}
    columns = {name: written.table[name] for name in written.table if name in parameter_names(kind, kinds)}
    for name in written.asked:
        columns |= ASKS[name].parameters(written)
    columns |= by_level
    lengths = {name: len(column) for name, column in columns.items() if isinstance(column, list)}
    for name, length in lengths.items():
        if not length:
            problems.add((*path, name), "empty: nothing would be measured")
    preset = kind in PRESETS and "severity" not in lengths
    if listed := [name for name in by_level if preset and lengths.get(name, 1) > 1]:
        problems.add((*path, listed[0]), f"{kind} takes one {listed[0]} for all its noises, or one per severity")
        return
    count = max(lengths.values(), default=1)
    uneven = {name: length for name, length in lengths.items() if length not in (0, count)}
    for name, length in uneven.items():
        problems.add((*path, name), f"has {length} of {count} values: lists of one table go side by side")
    for level in range(0 if uneven or 0 in lengths.values() else count):
        row = {name: column[level] if isinstance(column, list) else column for name, column in columns.items()}
        required = {name: Decimal(str(row.pop(name))) for name in by_level}
        where = next(((*path, name, level) for name in lengths), path)
        try:
            noises = make_noises(kind, row, kinds)
            for noise, name in product(noises if written.grows else (), written.asked):
                if ASKS[name].idle:
                    check_changes_something(noise, ASKS[name].idle)
            for noise in noises:
                check_is_noise(noise)
            yield noises, required, problems.line(where)
        except RobustnessError as error:
            problems.add(where, f"{error}{dotted_key_hint(row)}")


class Limits(Kind[Limit, LimitRecord]):
    name = "limit"
    promise = Limit
    record = LimitRecord
    kept = "hold"
    tables: ClassVar = {"limits": TopLevel(LimitsTable, required=True)}

    def declare(self, content: Mapping[str, Any], declared: Declared, problems: Problems) -> Iterator[Limit]:
        def key(limit: Limit) -> Limit:  # not its text: sigma = 0 and -0.0 are one level
            return replace(limit, required=Decimal(0), place="", key=())

        return each_once(named_apart(_limits(content, declared, problems)), "limited", problems, key)

    def reserved(self) -> Iterable[str]:
        return LimitsTable.model_fields

    def has_intervals(self, content: Mapping[str, Any]) -> bool:
        tables = content.get("limits")
        tables = [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
        return any(ask.has_intervals and ask.name in table for ask, table in product(ASKS.values(), tables))

    def measure(self, promise: Limit, bench: Workbench) -> LimitRecord:
        from robustness.limits.measure import measure_limit

        return measure_limit(promise, bench)

    def settle(self, records: Mapping[str, LimitRecord]) -> Mapping[str, LimitRecord]:
        settled = dict(records)
        for name, ask in ASKS.items():
            settled |= ask.settle({id: record for id, record in records.items() if record.asks == name})
        return settled

    def all_kept(self, records: Sequence[LimitRecord]) -> str:
        return f"all {len(records)} limits hold" if len(records) > 1 else "the one limit holds"

    def not_kept(self, records: Sequence[LimitRecord], named: bool) -> Iterator[str]:
        for verdict, words in ((Verdict.FAIL, "measured limits broken"), (Verdict.INCONCLUSIVE, "undecided")):
            if stopping := [record.under for record in records if record.stops and record.verdict is verdict]:
                which = f" ({some(list(dict.fromkeys(stopping)))})" if named else ""
                yield f"{len(stopping)} of {len(records)} {words}{which}"
