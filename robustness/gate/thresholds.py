"""`thresholds.toml`, schema 1: what is gated, and every promise as a value with its place.

Reading is strict, and reports every problem at once: whatever a gate does not understand it must not ignore.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from robustness.declaration.about import About
from robustness.declaration.declared import Declared
from robustness.declaration.models import read_models
from robustness.declaration.noises import read_noises
from robustness.declaration.places import line_numbers
from robustness.declaration.problems import Problems
from robustness.declaration.scope import Scope
from robustness.declaration.tables import FILE, SCHEMA, ReportTable, RunTable, file_table, in_words
from robustness.errors import RobustnessError
from robustness.files.schemas import unreadable
from robustness.gate.promise import AnyKind, Promise
from robustness.models.declaration import ModelDeclaration
from robustness.noise import KINDS as NOISES
from robustness.noise import Noise

FILE_NAME = "thresholds.toml"

P = TypeVar("P", bound=Promise)


@dataclass(frozen=True)
class Thresholds:
    """A file's content, all of it in the file's order."""

    file: Path
    sha256: str
    data: str
    seed: int
    models: dict[str, ModelDeclaration]
    noises: dict[str, type[Noise]]  # the kinds of noise by name, built-in ones and those that the file declares
    baseline: Path | None = None  # the former release that drops are measured from
    scope: Scope = field(default_factory=Scope)
    warn: bool = False  # whether an INCONCLUSIVE limit lets the release pass
    time_limit: float | None = None  # seconds that measuring each promise may take
    about: About = field(default_factory=About)
    text: str = ""  # the file as it was read
    promise_kinds: Sequence[AnyKind] = ()
    promises: tuple[Promise, ...] = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Names that rules of users know from before: noises as `kinds`, scope as `claim`, promises by kind as `limits`."""
            former = {"kinds": "noises", "claim": "scope"}
            if name in former:
                return getattr(self, former[name])
            for kind in vars(self).get("promise_kinds", ()):
                if name == f"{kind.name}s":
                    return self.of(kind.promise)
            raise AttributeError(f"{type(self).__name__} has no {name}")

    @property
    def base(self) -> Path:
        """The folder that relative paths and modules in the file start from."""
        return self.file.parent

    def of(self, promise: type[P]) -> tuple[P, ...]:
        """The promises of one class."""
        return tuple(one for one in self.promises if isinstance(one, promise))

    def kind_of(self, promise: Promise) -> AnyKind:
        return next(kind for kind in self.promise_kinds if isinstance(promise, kind.promise))


def read(file: Path, kinds: Sequence[AnyKind]) -> Thresholds:
    """The content of the file, with these kinds of promises; a `RobustnessError` lists every problem with its line."""
    try:
        content_bytes = file.read_bytes()
        text = content_bytes.decode()
        content = tomllib.loads(text)
        str(content)  # in hexadecimal, digits of any number are read; those of more than can be printed are an error here too
        lines = line_numbers(text)
    except FileNotFoundError:
        raise RobustnessError(f"{file}: no such file; `robustness init` writes one to start from") from None
    except RecursionError:
        raise RobustnessError(f"{file}: nested too deeply to be read") from None
    except (OSError, ValueError) as error:  # not text, not TOML, or a number of thousands of digits
        raise RobustnessError(f"{file}: {error}") from error
    problems = Problems(file, lines)
    schema = content.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:  # what else the file says may mean something else there
        problems.add(("schema",), unreadable("thresholds", schema, SCHEMA))
        raise problems.error()
    thresholds = _read(file, text, hashlib.sha256(content_bytes).hexdigest(), content, kinds, problems)
    if thresholds is None:
        raise problems.error()
    return thresholds


def _read(
    file: Path, text: str, sha256: str, content: dict[str, Any], kinds: Sequence[AnyKind], problems: Problems
) -> Thresholds | None:
    """What the content declares; None where there are problems."""
    run = _validated(content, kinds, problems)
    run_table = content["run"] if isinstance(content.get("run"), dict) else {}
    _check_run(run_table, any(kind.has_intervals(content) for kind in kinds), problems)
    models = dict(read_models(content.get("models"), problems))
    reserved = {key for kind in kinds for key in kind.reserved()}
    own, unusable = read_noises(content.get("noises"), reserved, file.parent, problems)
    declared = Declared(run_table, models, {**NOISES, **own}, unusable)
    promises = tuple(promise for kind in kinds for promise in kind.declare(content, declared, problems))
    if run is None or problems.found:
        return None
    return Thresholds(
        file=file,
        sha256=sha256,
        data=run.data,
        seed=run.seed,
        models=models,
        noises={**NOISES, **own},
        baseline=None if run.baseline is None else file.parent / run.baseline,
        scope=Scope(run.claim, run.confidence, run.independent, run.design_effect, run.mode == "early"),
        warn=run.inconclusive == "warn",
        time_limit=run.time_limit,
        about=_about(content),
        text=text,
        promise_kinds=kinds,
        promises=promises,
    )


def _about(content: dict[str, Any]) -> About:
    table = ReportTable.model_validate(content.get("report", {}))
    return About(**table.model_dump() | {"limitations": tuple(table.limitations), "reviewers": tuple(table.reviewers)})


def _validated(content: dict[str, Any], kinds: Sequence[AnyKind], problems: Problems) -> RunTable | None:
    """`[run]`, where the whole file has the keys and types that it may have."""
    top = {**FILE, **{name: key for kind in kinds for name, key in kind.tables.items()}}
    try:
        file_table(top).model_validate(content)
        return RunTable.model_validate(content["run"])
    except ValidationError as error:
        for problem in error.errors():
            problems.add(*in_words(problem, top))
        return None


def _check_run(run: dict[str, Any], has_intervals: bool, problems: Problems) -> None:
    """What only a claim about the population has a use for. has_intervals: whether there is one whatever `[run]` claims."""
    for name in ("independent", "design_effect"):
        if name in run and run.get("claim", "test-set") == "test-set" and not has_intervals:
            problems.add(
                ("run", name),
                'has no meaning for the test set itself; it goes with claim = "population", [[claims]] or max_flips',
            )
    if run.get("independent") is True and "design_effect" in run:
        problems.add(("run", "design_effect"), "images that are independent have none")
