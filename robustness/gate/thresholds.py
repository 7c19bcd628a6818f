"""`thresholds.toml`, schema 1: what is gated, and every limit as a value with its place.

Reading is strict, and reports every problem at once: whatever a gate does not understand it must not ignore.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from robustness.claims.declare import DeclaredClaim, read_claims
from robustness.declaration.declared import Declared
from robustness.declaration.places import line_numbers
from robustness.declaration.problems import Problems
from robustness.declaration.scope import Scope
from robustness.declaration.tables import SCHEMA, FileTable, LimitsTable, ModelTable, NoiseTable, in_words
from robustness.errors import RobustnessError, nearest
from robustness.files.schemas import unreadable
from robustness.generators.declare import GeneratorDeclaration, GeneratorLimit, read_generator_limits, read_generators
from robustness.hunts.declare import Hunt, read_hunts
from robustness.limits.declare import LimitReader
from robustness.limits.limit import Limit
from robustness.models.declaration import BUILT_IN, REFERENCES, ModelDeclaration
from robustness.noise import KINDS, PRESETS, Noise, declare_noise

FILE_NAME = "thresholds.toml"

RESERVED = {
    *("accuracy", "test_set", "robustness_gate", "robustness_thresholds", "robustness_threads"),
    *("request", "cache", "capsys", "caplog", "monkeypatch", "pytestconfig", "recwarn", "tmp_path", "tmp_path_factory"),
}
"""Fixtures that a model's own, of the same name, would take the place of."""


@dataclass(frozen=True)
class Thresholds:
    """A file's content, all of it in the file's order. models, generators: by name.

    kinds: the kinds of noise by name, the built-in ones and those that the file declares. baseline: the former release that
    drops are measured from. claim: what the limits speak of. warn: whether an INCONCLUSIVE limit lets the release pass.
    time_limit: seconds that each limit, hunt, claim or generator limit may take.
    """

    file: Path
    sha256: str
    data: str
    seed: int
    models: dict[str, ModelDeclaration]
    kinds: dict[str, type[Noise]]
    baseline: Path | None
    claim: Scope
    warn: bool
    limits: tuple[Limit, ...]
    hunts: tuple[Hunt, ...] = ()
    claims: tuple[DeclaredClaim, ...] = ()
    generators: dict[str, GeneratorDeclaration] = field(default_factory=dict)
    generator_limits: tuple[GeneratorLimit, ...] = ()
    time_limit: float | None = None

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
    thresholds = _Reader(file, problems, hashlib.sha256(content_bytes).hexdigest()).read(content)
    if thresholds is None:
        raise problems.error()
    return thresholds


class _Reader:
    """One reading of one file: it collects problems instead of stopping at the first."""

    def __init__(self, file: Path, problems: Problems, sha256: str) -> None:
        self.file, self.problems, self.sha256 = file, problems, sha256
        self.unusable: set[str] = set()

    def read(self, content: dict[str, Any]) -> Thresholds | None:
        parsed = self._validate(content)
        run_table = content["run"] if isinstance(content.get("run"), dict) else {}
        self._check_run(run_table, _asks_for_intervals(content))
        declarations = dict(self._declarations(content))
        kinds = {**KINDS, **dict(self._noises(content))}
        declared = Declared(declarations, kinds, self.unusable)
        limits = tuple(LimitReader(declared, self.problems, "baseline" in run_table).limits(content.get("limits")))
        hunts = tuple(read_hunts(content.get("hunts"), declared, self.problems))
        claims = tuple(read_claims(content.get("claims"), declared, self.problems))
        generators = dict(read_generators(content.get("generators"), declarations, run_table.get("data"), self.problems))
        generator_limits = tuple(read_generator_limits(content.get("generator_limits"), generators, self.problems))
        if parsed is None or self.problems.found:
            return None
        run = parsed.run
        claim = Scope(run.claim, run.confidence, run.independent, run.design_effect, run.mode == "early")
        return Thresholds(
            file=self.file,
            sha256=self.sha256,
            data=run.data,
            seed=run.seed,
            models=declarations,
            kinds=kinds,
            baseline=None if run.baseline is None else self.file.parent / run.baseline,
            claim=claim,
            warn=run.inconclusive == "warn",
            time_limit=run.time_limit,
            limits=limits,
            hunts=hunts,
            claims=claims,
            generators=generators,
            generator_limits=generator_limits,
        )

    def _check_run(self, run: dict[str, Any], has_intervals: bool) -> None:
        """What only a claim about the population has a use for. has_intervals: whether there is one whatever `[run]` claims."""
        for name in ("independent", "design_effect"):
            if name in run and run.get("claim", "test-set") == "test-set" and not has_intervals:
                self.problems.add(
                    ("run", name),
                    'has no meaning for the test set itself; it goes with claim = "population", [[claims]] or max_flips',
                )
        if run.get("independent") is True and "design_effect" in run:
            self.problems.add(("run", "design_effect"), "images that are independent have none")

    def _validate(self, content: dict[str, Any]) -> FileTable | None:
        try:
            return FileTable.model_validate(content)
        except ValidationError as error:
            for problem in error.errors():
                self.problems.add(*in_words(problem))
            return None

    def _declarations(self, content: dict[str, Any]) -> Iterator[tuple[str, ModelDeclaration]]:
        """The models that are well formed, so that limits on the others are not reported as unknown too."""
        models = content.get("models")
        fixtures: dict[str, str] = {}
        for name, table in (models if isinstance(models, dict) else {}).items():
            try:
                model = ModelTable.model_validate(table)
            except ValidationError:
                yield name, ModelDeclaration(name, "")
                continue
            self._check_model(name, model)
            declaration = ModelDeclaration(name=name, **model.model_dump(exclude_none=True))
            if declaration.fixture in RESERVED:
                self.problems.add(
                    ("models", name), f"pytest has a fixture {declaration.fixture!r} already: name the model otherwise"
                )
            if other := fixtures.get(declaration.fixture):
                self.problems.add(("models", name), f"the fixture {declaration.fixture} already stands for {other!r}")
            fixtures[declaration.fixture] = name
            yield name, declaration

    def _noises(self, content: dict[str, Any]) -> Iterator[tuple[str, type[Noise]]]:
        """The noises that are well formed; the others are remembered, so that limits on them are not reported too."""
        tables = content.get("noises")
        for name, table in (tables if isinstance(tables, dict) else {}).items():
            try:
                if name in KINDS or name in PRESETS:
                    raise RobustnessError("is a noise already: name yours otherwise")
                noise = NoiseTable.model_validate(table)
                if noise.magnitude in LimitsTable.model_fields:
                    raise RobustnessError(f"{noise.magnitude!r} is a key of every limit, so no magnitude can be called so")
                yield name, declare_noise(name, noise.load, noise.magnitude, noise.model_extra or {}, self.file.parent)
            except ValidationError:
                self.unusable.add(name)
            except RobustnessError as error:
                self.unusable.add(name)
                self.problems.add(("noises", name), str(error))

    def _check_model(self, name: str, model: ModelTable) -> None:
        path = ("models", name, "load")
        if model.load in BUILT_IN:
            if model.weights is None:
                self.problems.add(path, f'{model.load} needs weights, for example weights = "signs"')
        elif model.load == "fixture" or model.load.startswith(("python:", "torchvision:", "timm:", "exported:", "onnx:")):
            if model.load.startswith(("torchvision:", "timm:")) and model.weights is None:
                self.problems.add(path, "needs weights: a safetensors file, or a state dict that torch.save wrote (.pt, .pth)")
            if model.load.startswith(("exported:", "onnx:")) and model.weights is not None:
                self.problems.add((*path[:-1], "weights"), "the file has its weights inside; name no others")
            if model.size is None:
                self.problems.add(path, "a model of your own needs the size of its input, for example size = 40")
            if model.fit is None:
                self.problems.add(
                    path, 'say how images come to that size: fit = "resize", or "crop-or-pad", which never resizes'
                )
        else:
            self.problems.add(path, f"unknown model {model.load!r}: {nearest(model.load, REFERENCES)}")
        if min(model.std) <= 0:
            self.problems.add(("models", name, "std"), "is divided by, and lies above 0")


def _asks_for_intervals(content: Mapping[str, Any]) -> bool:
    """`[[claims]]` always speak of the population, and the flips that a limit allows are shown with a band for it."""
    limits = content.get("limits")
    return "claims" in content or any(
        isinstance(table, dict) and "max_flips" in table for table in (limits if isinstance(limits, list) else [])
    )
