"""The `[[limits]]` of a thresholds file: from tables to limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, create_model

from robustness.declaration.declared import Declared, check_changes_something, check_is_noise, each_once, named_apart
from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.declaration.tables import Table, TopLevel, dotted_key_hint, tables_of
from robustness.errors import RobustnessError, nearest, some
from robustness.gate.promise import Kind
from robustness.limits.asks import ASKS
from robustness.limits.asks.ask import Ask, Written
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


OF_SEVERAL: dict[str, Any] = {
    "class": (str | None, None),
    "group": (str | None, None),
    "over_seeds": (Literal["mean"] | Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None, None),
}
"""Keys that several asks understand, see `Ask.takes`."""
KEYS: dict[str, Any] = {
    **{key: field for ask in ASKS.values() for key, field in {ask.name: ask.field, **ask.more}.items()},
    **OF_SEVERAL,
}
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
        together = "over_seeds" in table
        seeds: list[int | None] = [None] if together else [*limits.seeds] or [None]
        for promise, name, seed in product(promises, limits.models, seeds):
            promise = replace(promise, model=name, seed=seed, waived_until=limits.waived_until, reason=limits.reason)
            promise = replace(promise, group=table.get("group"))
            if together:
                promise = replace(promise, seeds=tuple(limits.seeds), over_seeds=str(table["over_seeds"]))
            yield path, promise


def _check(written: Written, path: KeyPath, problems: Problems) -> set[str]:
    """The asks of a table that no limit can be made of, once it is said what is wrong."""
    table, models, unsound = written.table, written.declared.models, set()
    if not written.asked:
        problems.add(path, f"asks for nothing: give it one of {', '.join(ASKS)}")
    for key in OF_SEVERAL if not written.asked else ():
        if key in table:
            problems.add((*path, key), "goes with something that is asked")
    for key, other in (("waived_until", "reason"), ("reason", "waived_until")):
        if key in table and other not in table:
            problems.add((*path, key), f"goes with {other}")
    for name, ask in ASKS.items():
        if name in written.asked:
            found = [*ask.problems(written), *_of_several(ask, written)]
            found += [(name, f"goes with {ask.needs}")] if ask.needs and ask.needs not in table else []
            if ask.no_interval and written.declared.run.get("claim") == "population":
                found.append(
                    (name, f"claims nothing about a population: {ask.no_interval}; ask it in a file without that claim")
                )
        else:
            found = [(key, f"goes with {name}") for key in ask.more if key in table]
        if ask.reference and ask.reference in table and (model := table[ask.reference]) not in models:
            found.append((ask.reference, f"unknown model {model!r}: {nearest(model, models)}"))
        for key, message in found:
            problems.add((*path, key), message)
            unsound.add(name)
    return unsound


def _of_several(ask: Ask, written: Written) -> Iterator[tuple[str, str]]:
    """What is wrong with the keys that several asks understand, where this one is asked."""
    table = written.table
    for key in OF_SEVERAL:
        if key in table and key not in ask.takes:
            yield key, f"says nothing to {ask.name}: give that a table of its own"
    if "classes" in table and not ask.is_counted:
        yield "classes", f"narrows accuracy alone, and {ask.name} would count all images: give that a table of its own"
    if "over_seeds" in table:
        over, seeds = table["over_seeds"], table.get("seeds", [])
        if len(set(seeds)) < 2 or len(set(seeds)) < len(seeds):
            yield "over_seeds", "goes with two or more different seeds"
        if written.declared.run.get("claim") == "population":
            yield "over_seeds", "counts the images at hand under these seeds, and claims nothing about a population"
        if over != "mean" and (over < 0.5 if ask.at_most else over > 0.5):
            end = "0.5 or more" if ask.at_most else "0.5 or less"
            yield "over_seeds", f'would let most seeds break {ask.name}: a quantile of {end}, or "mean"'


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


def _check_alive(limits: Sequence[Limit], problems: Problems) -> None:
    """What a network keeps that says one class of every image stands beside a limit that such a network breaks."""
    alive = {limit.model for limit in limits if limit.ask.shows_life(limit)}
    for limit in limits:
        vouching = limit.models if limit.ask.is_copy else (limit.model,)
        if not limit.ask.shows_life(limit) and not alive.intersection(vouching):
            problems.add(
                limit.key,
                f"may be kept by a network that says one class of every image: give {limit.model} a limit on the accuracy of "
                'all images beside it, such as noise = "clean", accuracy = 0.9',
            )


class Limits(Kind[Limit, LimitRecord]):
    name = "limit"
    promise = Limit
    record = LimitRecord
    kept = "hold"
    tables: ClassVar = {"limits": TopLevel(LimitsTable, required=True)}

    def declare(self, content: Mapping[str, Any], declared: Declared, problems: Problems) -> Sequence[Limit]:
        def key(limit: Limit) -> Limit:  # not its text: sigma = 0 and -0.0 are one level
            return replace(limit, required=Decimal(0), place="", key=())

        limits = [*each_once(named_apart(_limits(content, declared, problems)), "limited", problems, key)]
        if not problems.found:  # else what would be missing may only be misspelt
            _check_alive(limits, problems)
        return limits

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
