"""What a thresholds file has declared by the time its promises are read, and what is checked of promises of every kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field as DataclassField
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, TypeVar

from robustness.declaration.keys import unknown_key
from robustness.declaration.names import short_hash
from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.declaration.tables import ModelTable
from robustness.errors import RobustnessError, nearest
from robustness.models.declaration import ModelDeclaration
from robustness.noise import PRESETS, Noise, parameter_names
from robustness.noise.arithmetic import arithmetic
from robustness.noise.benchmarks import refuse_what_is_missing

SIDE = 1024
"""Of an image of a million pixels."""


class Promised(Protocol):
    """A promise of a thresholds file, a dataclass. `str()` is its name."""

    __dataclass_fields__: ClassVar[dict[str, DataclassField[Any]]]

    @property
    def place(self) -> str: ...


class Apart(Promised, Protocol):
    """One whose name ends with `apart`."""

    @property
    def apart(self) -> str: ...
    @property
    def details(self) -> Mapping[str, str]:
        """What may tell it from another of its name."""

    @property
    def identity(self) -> list[object]:
        """All that makes it another promise, fit for JSON."""


P = TypeVar("P", bound=Promised)
A = TypeVar("A", bound=Apart)


def named_apart(promises: Iterable[tuple[KeyPath, A]]) -> Iterator[tuple[KeyPath, A]]:
    """The promises, each after its path; those of one name with the details in which they differ at its end.

    Names may be alike all the same: of the classes "no entry" and "no-entry", or of the model "a" under the noise "b-c" and
    of the model "a-b" under "c". A hash tells these apart.
    """
    promises = list(promises)
    by_name = _grouped(promise for _, promise in promises)
    detailed = [(path, replace(promise, apart=_differences(promise, by_name[str(promise)]))) for path, promise in promises]
    by_name = _grouped(promise for _, promise in detailed)
    for path, promise in detailed:
        if any(other.identity != promise.identity for other in by_name[str(promise)]):
            promise = replace(promise, apart=f"{promise.apart}-{short_hash(promise.identity)}")
        yield path, promise


def _grouped(promises: Iterable[A]) -> dict[str, list[A]]:
    """By name."""
    found: dict[str, list[A]] = {}
    for promise in promises:
        found.setdefault(str(promise), []).append(promise)
    return found


def _differences(promise: A, others: Sequence[A]) -> str:
    """The details in which it differs from others of its name."""
    details = [other.details for other in others]
    return "".join(
        f"-{key}={value}"
        for key, value in promise.details.items()
        if value and any(other.get(key) != value for other in details)
    )


def each_once(
    promises: Iterable[tuple[KeyPath, P]], done: str, problems: Problems, key: Callable[[P], object] = str
) -> Iterator[P]:
    """The promises, each after its path. Two of one key or of one name are a problem: it is `done`, such as "hunted", twice."""
    first: dict[object, str] = {}
    for path, promise in promises:
        same = [key(promise), str(promise)]
        if known := [first[one] for one in same if one in first]:
            problems.add(path, f"{promise} is {done} twice, first at {known[0]}", int(promise.place.rpartition(":")[2]))
        for one in same:
            first.setdefault(one, promise.place)
        yield promise


def check_changes_something(noise: Noise, otherwise: str) -> None:
    """A `RobustnessError` where a built-in noise changes, on average, less than one pixel of a million, whatever the image."""
    form = arithmetic(noise, SIDE, SIDE)
    if form is None or not form.changes:
        raise RobustnessError(f"{noise} changes not one pixel in a million: {otherwise}")


def check_is_noise(noise: Noise) -> None:
    """A `RobustnessError` where a built-in noise away from its identity leaves every image as it is, or next to every."""
    if not noise.bit_identical or noise.level is None or noise.level == noise.identity:
        return
    form = arithmetic(noise, SIDE, SIDE)
    if form is None or not form.changes:
        levels = noise.unit.startswith("grey levels") and abs(noise.level) <= 1
        meant = f"; {noise.level:g} of the full range is {noise.magnitude} = {255 * noise.level:g}" if levels else ""
        raise RobustnessError(
            f"{noise} changes not one pixel in a million: {noise.magnitude} counts {noise.unit}{meant}. What is to be measured "
            'without noise is noise = "clean"'
        )


@dataclass(frozen=True)
class Declared:
    """models: by name. kinds: of noise, by name. unusable: noises whose declaration is a problem already."""

    run: Mapping[str, Any]  # the table of that name, as it is written
    models: Mapping[str, ModelDeclaration]
    kinds: Mapping[str, type[Noise]]
    unusable: Collection[str]

    @property
    def growing(self) -> dict[str, type[Noise]]:
        """The kinds whose magnitude grows from nothing."""
        return {name: kind for name, kind in self.kinds.items() if kind.magnitude and kind.identity is not None}

    def is_usable(self, kind: str) -> bool:
        return kind not in self.unusable and (kind in self.kinds or kind in PRESETS)

    def check_models(self, table: Mapping[str, Any], path: KeyPath, problems: Problems, key: str = "models") -> None:
        """That each model a table names is declared."""
        models = table.get(key)
        for place, name in enumerate(models if isinstance(models, list) else []):
            if isinstance(name, str) and name not in self.models:
                problems.add((*path, key, place), f"unknown model {name!r}: {nearest(name, self.models)}")

    def check_keys(self, table: Mapping[str, Any], path: KeyPath, keys: Collection[str], problems: Problems) -> bool:
        """Whether a table's noise, if it names one, is known, and every key one of `keys` or a parameter of that noise."""
        kind = table.get("noise")
        if not isinstance(kind, str) or kind in self.unusable:
            return kind is None
        if not self.is_usable(kind):
            try:
                refuse_what_is_missing(kind)
            except RobustnessError as error:
                problems.add((*path, "noise"), str(error))
                return False
            problems.add((*path, "noise"), f"unknown noise {kind!r}: {nearest(kind, [*self.kinds, *PRESETS])}")
            return False
        valid = [*keys, *parameter_names(kind, self.kinds)]
        unknown = [name for name in table if name not in valid]
        for name in unknown:
            problems.add((*path, name), unknown_key(name, valid, {"[models.NAME]": ModelTable.model_fields}))
        return not unknown
