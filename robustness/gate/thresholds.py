"""`thresholds.toml`, schema 1: what is gated, and every limit as a value with its place.

Reading is strict, and reports every problem at once: whatever a gate does not understand it must not ignore.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from robustness.errors import RobustnessError, nearest
from robustness.gate.claim import Claim
from robustness.gate.places import KeyPath, line_numbers
from robustness.models.declaration import BUILT_IN, REFERENCES, ModelDeclaration
from robustness.noise import KINDS, PRESETS, Noise, declare_noise, make_noises, parameter_names

FILE_NAME = "thresholds.toml"

RESERVED = {
    *("accuracy", "test_set", "robustness_gate", "robustness_thresholds", "robustness_threads"),
    *("request", "cache", "capsys", "caplog", "monkeypatch", "pytestconfig", "recwarn", "tmp_path", "tmp_path_factory"),
}
"""Fixtures that a model's own, of the same name, would take the place of."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Shares = Annotated[list[Share], BeforeValidator(lambda value: value if isinstance(value, list) else [value])]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
Channels = tuple[Finite, Finite, Finite]


Asks = Literal["accuracy", "max_drop", "relative", "worst_class", "monotone", "mean_error", "break_point"]
LEVEL_ASKS: tuple[Asks, ...] = ("accuracy", "max_drop", "relative", "worst_class")
"""What is asked of each level by itself; the other things are asked of all levels of a table together."""
CURVE_ASKS: tuple[Asks, ...] = ("monotone", "mean_error", "break_point")
STEPS = 10
"""Levels up to a break point at which accuracy is measured."""


@dataclass(frozen=True)
class Limit:
    """One promise about a model.

    noise: the noise it is made under; the last of `levels` where it is made about several.
    asks, required: "accuracy", at least this share of the images is named right. "max_drop", compared with the baseline it
    fell by no more. "relative", it is at least this share of clean accuracy. "worst_class", every class has at least this
    accuracy. "monotone", from no level to a stronger one does it rise by more. "mean_error", errors summed over levels, beside
    those of the model `reference`, averaged over kinds of noise, are at most this. "break_point", up to this magnitude it
    stays at or above the share `of_clean` of clean accuracy.
    seed: of the noise, where it is not the file's. classes: the only ones that count; all where empty.
    waived_until, reason: up to the end of that day the limit may be broken, and why.
    """

    model: str
    noise: Noise
    asks: Asks
    required: Decimal
    place: str
    seed: int | None = None
    classes: tuple[str, ...] = ()
    levels: tuple[Noise, ...] = ()
    reference: str | None = None
    of_clean: Decimal | None = None
    waived_until: date | None = None
    reason: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is about accuracy on all images, under the file's seed."""
        return self.asks == "accuracy" and self.seed is None and not self.classes

    @property
    def subject(self) -> str:
        """The noise, and what else tells this limit from others on the model."""
        noise = str(self.noise)
        if self.levels:
            families = {level.family for level in self.levels}
            noise = f"{self.levels[0]} to {noise}" if len(families) == 1 else f"{len(self.levels)} noises"
        classes = re.sub(r"[^a-z0-9]+", "_", ",".join(self.classes).lower())
        parts = [noise, "" if self.asks == "accuracy" else self.asks, classes, "" if self.seed is None else f"seed{self.seed}"]
        return "-".join(filter(None, parts))

    def __str__(self) -> str:
        return f"{self.model}-{self.subject}"


@dataclass(frozen=True)
class Thresholds:
    """A file's content. models: by name, in the file's order. limits: in the file's order.

    kinds: the kinds of noise by name, the built-in ones and those that the file declares. baseline: the former release that
    drops are measured from. claim: what the limits speak of. warn: whether an INCONCLUSIVE limit lets the release pass.
    """

    file: Path
    sha256: str
    data: str
    seed: int
    models: dict[str, ModelDeclaration]
    kinds: dict[str, type[Noise]]
    baseline: Path | None
    claim: Claim
    warn: bool
    limits: tuple[Limit, ...]

    @property
    def base(self) -> Path:
        """The folder that relative paths and modules in the file start from."""
        return self.file.parent


def read_thresholds(file: Path) -> Thresholds:
    """The content of the file; a `RobustnessError` lists every problem with its line."""
    try:
        content_bytes = file.read_bytes()
        text = content_bytes.decode()
        content = tomllib.loads(text)
        lines = line_numbers(text)
    except FileNotFoundError:
        raise RobustnessError(f"{file}: no such file; `robustness init` writes one to start from") from None
    except RecursionError:
        raise RobustnessError(f"{file}: nested too deeply to be read") from None
    except (OSError, ValueError) as error:  # not text, not TOML, or a number of thousands of digits
        raise RobustnessError(f"{file}: {error}") from error
    reader = _Reader(file, lines, hashlib.sha256(content_bytes).hexdigest())
    thresholds = reader.read(content)
    if thresholds is None:
        problems = "\n".join(f"  {file.name}:{line}: {message}" for line, message in sorted(reader.problems))
        count = len(reader.problems)
        raise RobustnessError(f"{file.name} cannot be used: {count} problem{'s' * (count > 1)}\n{problems}")
    return thresholds


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Run(_Table):
    data: str
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    baseline: str | None = None
    claim: Literal["test-set", "population"] = "test-set"
    confidence: Annotated[float, Field(ge=0.5, lt=1, allow_inf_nan=False)] = 0.95
    independent: bool = False
    design_effect: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    mode: Literal["full", "early"] = "full"
    inconclusive: Literal["fail", "warn"] = "fail"


class _Model(_Table):
    load: str
    weights: str | None = None
    size: Annotated[int, Field(ge=1, le=4096)] | None = None
    fit: Literal["crop-or-pad", "resize"] | None = None
    mean: Annotated[Channels, Field(strict=False)] = (0.0, 0.0, 0.0)
    std: Annotated[Channels, Field(strict=False)] = (1.0, 1.0, 1.0)


class _Noise(_Table):
    """Whatever other keys there are go to the transform."""

    model_config = ConfigDict(extra="allow", strict=True)

    load: str
    magnitude: str


class _Limits(_Table):
    """Whatever other keys there are belong to the noise."""

    model_config = ConfigDict(extra="allow", strict=True)

    models: Annotated[list[str], Field(min_length=1)]
    noise: str
    accuracy: Annotated[Shares, Field(min_length=1)] | None = None
    max_drop: Annotated[Shares, Field(min_length=1)] | None = None
    relative: Annotated[Shares, Field(min_length=1)] | None = None
    worst_class: Annotated[Shares, Field(min_length=1)] | None = None
    monotone: Share | None = None
    mean_error: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    reference: str | None = None
    break_point: Finite | None = None
    of_clean: Share | None = None
    classes: Annotated[list[str], Field(min_length=1)] = []
    waived_until: date | None = None
    reason: Annotated[str, Field(min_length=1)] | None = None
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**64)]], Field(min_length=1)] = []


class _File(_Table):
    schema_: Annotated[int, Field(ge=1, le=1)] = Field(alias="schema")
    run: _Run
    models: Annotated[dict[Name, _Model], Field(min_length=1)]
    noises: dict[Name, _Noise] = {}
    limits: Annotated[list[_Limits], Field(min_length=1)]


TABLES: dict[str, type[_Table]] = {"run": _Run, "models": _Model, "noises": _Noise, "limits": _Limits}


class _Reader:
    """One reading of one file: it collects problems instead of stopping at the first."""

    def __init__(self, file: Path, lines: dict[KeyPath, int], sha256: str) -> None:
        self.file, self.sha256 = file, sha256
        self.lines = lines
        self.problems: set[tuple[int, str]] = set()
        self.kinds: dict[str, type[Noise]] = dict(KINDS)
        self.unusable: set[str] = set()

    def read(self, content: dict[str, Any]) -> Thresholds | None:
        parsed = self._validate(content)
        self._check_run(content["run"] if isinstance(content.get("run"), dict) else {})
        declarations = dict(self._declarations(content))
        self.kinds |= self._noises(content)
        limits = tuple(self._limits(content, declarations))
        if parsed is None or self.problems:
            return None
        run = parsed.run
        claim = Claim(run.claim, run.confidence, run.independent, run.design_effect, run.mode == "early")
        return Thresholds(
            file=self.file,
            sha256=self.sha256,
            data=run.data,
            seed=run.seed,
            models=declarations,
            kinds=self.kinds,
            baseline=None if run.baseline is None else self.file.parent / run.baseline,
            claim=claim,
            warn=run.inconclusive == "warn",
            limits=limits,
        )

    def _check_run(self, run: dict[str, Any]) -> None:
        """What only a claim about the population has a use for."""
        for name in ("independent", "design_effect"):
            if name in run and run.get("claim", "test-set") == "test-set":
                self._problem(("run", name), 'has no meaning for the test set itself; it goes with claim = "population"')
        if run.get("independent") is True and "design_effect" in run:
            self._problem(("run", "design_effect"), "images that are independent have none")

    def _validate(self, content: dict[str, Any]) -> _File | None:
        try:
            return _File.model_validate(content)
        except ValidationError as error:
            for problem in error.errors():
                self._problem(*_plain(problem))
            return None

    def _declarations(self, content: dict[str, Any]) -> Iterator[tuple[str, ModelDeclaration]]:
        """The models that are well formed, so that limits on the others are not reported as unknown too."""
        models = content.get("models")
        fixtures: dict[str, str] = {}
        for name, table in (models if isinstance(models, dict) else {}).items():
            try:
                model = _Model.model_validate(table)
            except ValidationError:
                yield name, ModelDeclaration(name, "")
                continue
            self._check_model(name, model)
            declaration = ModelDeclaration(name=name, **model.model_dump(exclude_none=True))
            if declaration.fixture in RESERVED:
                self._problem(
                    ("models", name), f"pytest has a fixture {declaration.fixture!r} already: name the model otherwise"
                )
            if other := fixtures.get(declaration.fixture):
                self._problem(("models", name), f"the fixture {declaration.fixture} already stands for {other!r}")
            fixtures[declaration.fixture] = name
            yield name, declaration

    def _noises(self, content: dict[str, Any]) -> Iterator[tuple[str, type[Noise]]]:
        """The noises that are well formed; the others are remembered, so that limits on them are not reported too."""
        tables = content.get("noises")
        for name, table in (tables if isinstance(tables, dict) else {}).items():
            try:
                if name in KINDS or name in PRESETS:
                    raise RobustnessError("is a noise already: name yours otherwise")
                noise = _Noise.model_validate(table)
                if noise.magnitude in _Limits.model_fields:
                    raise RobustnessError(f"{noise.magnitude!r} is a key of every limit, so no magnitude can be called so")
                yield name, declare_noise(name, noise.load, noise.magnitude, noise.model_extra or {}, self.file.parent)
            except ValidationError:
                self.unusable.add(name)
            except RobustnessError as error:
                self.unusable.add(name)
                self._problem(("noises", name), str(error))

    def _check_model(self, name: str, model: _Model) -> None:
        path = ("models", name, "load")
        if model.load in BUILT_IN:
            if model.weights is None:
                self._problem(path, f'{model.load} needs weights, for example weights = "signs"')
        elif model.load == "fixture" or model.load.startswith("python:"):
            if model.size is None:
                self._problem(path, "a model of your own needs the size of its input, for example size = 40")
            if model.fit is None:
                self._problem(path, 'say how images come to that size: fit = "resize", or "crop-or-pad", which never resizes')
        else:
            self._problem(path, f"unknown model {model.load!r}: {nearest(model.load, REFERENCES)}")
        if 0.0 in model.std:
            self._problem(("models", name, "std"), "is divided by, so it cannot be 0")

    def _limits(self, content: dict[str, Any], declarations: Mapping[str, ModelDeclaration]) -> Iterator[Limit]:
        tables = content.get("limits")
        first: dict[Limit, str] = {}
        for number, table in enumerate(tables if isinstance(tables, list) else []):
            path = ("limits", number)
            if not isinstance(table, dict):
                continue
            self._check_names(table, path, declarations)
            try:
                limits = _Limits.model_validate(table)
            except ValidationError:
                continue
            self._check_asked(table, path, content)
            rows = list(self._rows(limits, table, path))
            promises = [
                Limit("", noise, asks, required, self._place(line), classes=tuple(limits.classes) if asks == "accuracy" else ())
                for noises, asked, line in rows
                for noise in noises
                for asks, required in asked.items()
            ]
            levels = [noise for noises, _, _ in rows for noise in noises]
            promises += self._curves(limits, table, path, levels) if levels else []
            seeds: list[int | None] = [*limits.seeds] or [None]
            for promise, name, seed in product(promises, limits.models, seeds):
                limit = replace(promise, model=name, seed=seed, waived_until=limits.waived_until, reason=limits.reason)
                key = replace(limit, required=Decimal(0), place="")  # not its text: sigma = 0 and -0.0 are one level
                if key in first:
                    line = int(limit.place.rpartition(":")[2])
                    self._problem(path, f"{limit} is limited twice, first at {first[key]}", line)
                first.setdefault(key, limit.place)
                yield limit

    def _check_asked(self, table: Mapping[str, Any], path: KeyPath, content: Mapping[str, Any]) -> None:
        """That a limit asks for something, and that what it is held against is named."""
        run, kind = content.get("run"), self.kinds.get(str(table.get("noise")))
        models = content.get("models")
        if not any(asks in table for asks in (*LEVEL_ASKS, *CURVE_ASKS)):
            self._problem(path, f"asks for nothing: give it one of {', '.join((*LEVEL_ASKS, *CURVE_ASKS))}")
        if "max_drop" in table and isinstance(run, dict) and "baseline" not in run:
            self._problem((*path, "max_drop"), 'needs a baseline in [run], for example baseline = "baselines/v1.safetensors"')
        if "max_drop" in table and kind is not None and not kind.bit_identical:
            self._problem((*path, "max_drop"), "a transform of your own may make other bytes, so no drop can be measured")
        for one, other in (("break_point", "of_clean"), ("mean_error", "reference"), ("waived_until", "reason")):
            for given, missing in ((one, other), (other, one)):
                if given in table and missing not in table:
                    self._problem((*path, given), f"goes with {missing}")
        if "reference" in table and isinstance(models, dict) and table["reference"] not in models:
            self._problem(
                (*path, "reference"), f"unknown model {table['reference']!r}: {nearest(str(table['reference']), models)}"
            )
        if "classes" in table and "accuracy" not in table:
            self._problem((*path, "classes"), "goes with accuracy")
        if "break_point" in table and (kind is None or kind.magnitude is None or kind.identity is None):
            self._problem((*path, "break_point"), f"{table.get('noise')} has no magnitude that grows from nothing")

    def _rows(
        self, limits: _Limits, table: Mapping[str, Any], path: KeyPath
    ) -> Iterator[tuple[tuple[Noise, ...], dict[Asks, Decimal], int]]:
        """The noises of each level, what is asked of them, and the line: lists go side by side, single values hold for all."""
        parameters = dict(limits.model_extra or {})
        if not self._is_usable(limits.noise) or set(parameters) - set(parameter_names(limits.noise, self.kinds)):
            return
        if limits.break_point is not None and (
            magnitude := self.kinds[limits.noise].magnitude if limits.noise in self.kinds else None
        ):
            if magnitude in parameters:
                self._problem((*path, magnitude), "is what break_point speaks of: leave it out")
            parameters[magnitude] = limits.break_point
        columns: dict[str, Any] = {**parameters, **{asks: table[asks] for asks in LEVEL_ASKS if asks in table}}
        lengths = {name: len(column) for name, column in columns.items() if isinstance(column, list)}
        levels = max(lengths.values(), default=1)
        for name, length in lengths.items():
            if not length:
                self._problem((*path, name), "empty: nothing would be measured")
        preset = limits.noise in PRESETS and "severity" not in lengths
        if listed := [asks for asks in LEVEL_ASKS if preset and lengths.get(asks, 1) > 1]:
            self._problem((*path, listed[0]), f"{limits.noise} takes one {listed[0]} for all its noises, or one per severity")
            return
        uneven = {name: length for name, length in lengths.items() if length not in (0, levels)}
        for name, length in uneven.items():
            self._problem((*path, name), f"has {length} of {levels} values: lists of one table go side by side")
        for level in range(0 if uneven or 0 in lengths.values() else levels):
            row = {name: column[level] if isinstance(column, list) else column for name, column in columns.items()}
            asked = {asks: Decimal(str(row.pop(asks))) for asks in LEVEL_ASKS if asks in row}
            where = next(((*path, name, level) for name in lengths), path)
            try:
                yield make_noises(limits.noise, row, self.kinds), asked, self._line(where)
            except RobustnessError as error:
                self._problem(where, f"{error}{_dotted_key_hint(row)}")

    def _curves(self, limits: _Limits, table: Mapping[str, Any], path: KeyPath, levels: list[Noise]) -> Iterator[Limit]:
        """What is asked of all levels of a table together."""
        last = levels[-1]
        if limits.monotone is not None:
            if len({noise.family for noise in levels}) > 1 or len(levels) < 2 or last.identity is None:
                self._problem((*path, "monotone"), "speaks of two levels or more of one noise that grows from nothing")
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
            grid = [last.identity + (last.level - last.identity) * step / STEPS for step in range(1, STEPS)]
            curve = self._curve("break_point", table, path, (*(last.at(float(f"{level:.6g}")) for level in grid), last))
            yield replace(curve, of_clean=Decimal(str(table["of_clean"])))

    def _curve(self, asks: Asks, table: Mapping[str, Any], path: KeyPath, levels: tuple[Noise, ...]) -> Limit:
        return Limit("", levels[-1], asks, Decimal(str(table[asks])), self._place(self._line((*path, asks))), levels=levels)

    def _place(self, line: int) -> str:
        return f"{self.file.name}:{line}"

    def _check_names(self, table: Mapping[str, Any], path: KeyPath, declarations: Mapping[str, ModelDeclaration]) -> None:
        """Models, noise and its parameters by name, before their values, and each reported once."""
        models, kind = table.get("models"), table.get("noise")
        for place, name in enumerate(models if isinstance(models, list) else []):
            if isinstance(name, str) and name not in declarations:
                self._problem((*path, "models", place), f"unknown model {name!r}: {nearest(name, declarations)}")
        if not isinstance(kind, str) or kind in self.unusable:
            return
        if not self._is_usable(kind):
            self._problem((*path, "noise"), f"unknown noise {kind!r}: {nearest(kind, [*self.kinds, *PRESETS])}")
            return
        valid = [*_Limits.model_fields, *parameter_names(kind, self.kinds)]
        for name in table:
            if name not in valid:
                self._problem((*path, name), f"unknown key: {nearest(name, valid)}")

    def _is_usable(self, kind: str) -> bool:
        return kind not in self.unusable and (kind in self.kinds or kind in PRESETS)

    def _problem(self, path: KeyPath, message: str, line: int | None = None) -> None:
        self.problems.add((line or self._line(path), f"{_spell(path)}: {message}"))

    def _line(self, path: KeyPath) -> int:
        """The line of the key, or of the nearest table around it that is written down."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def _plain(problem: Any) -> tuple[KeyPath, str]:
    """A pydantic error as a path and a sentence."""
    path = tuple(problem["loc"])
    if path[-1:] == ("[key]",):
        return path[:-1], "a name has letters, digits, - and _, and does not begin with a digit or -"
    match problem["type"]:
        case "extra_forbidden":
            table = _File if len(path) == 1 else TABLES[str(path[0])]
            valid = [field.alias or name for name, field in table.model_fields.items()]
            return path, f"unknown key: {nearest(str(path[-1]), valid)}"
        case "missing":
            return path, "missing"
        case "less_than_equal" | "greater_than_equal" | "finite_number" if path[0] == "limits":
            return path, f"{problem['input']} lies outside 0..1"
        case "less_than_equal" | "greater_than_equal" if path == ("schema",):
            return path, f"this version reads schema 1, not {problem['input']}"
        case "literal_error":
            return path, f"{problem['input']!r} is not {problem['ctx']['expected']}"
        case "too_short":
            return path, "empty: nothing would be measured"
    hint = _dotted_key_hint({"": problem["input"]})
    return path, f"{problem['msg'][0].lower()}{problem['msg'][1:]}, not {problem['input']!r}{hint}"


def _dotted_key_hint(row: Mapping[str, Any]) -> str:
    """TOML reads the key `0.001` as `0` dot `001`: a table nobody meant."""
    for value in row.values():
        if isinstance(value, dict) and any(str(key).isdigit() for key in value):
            return "; TOML reads a bare key like 0.001 as 0 dot 001: write levels as a list, for example amount = [0.001]"
    return ""


def _spell(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' * bool(text)}{part}"
    return text
