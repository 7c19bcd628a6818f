"""Past results by the hash of their case: computed once, by whichever process comes first."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from robustness.files.arrays import read_arrays, write_arrays
from robustness.files.cache import keeping, locked, mark_used
from robustness.files.folders import cache_folder

T = TypeVar("T")


class Addressed(Protocol):
    """What a result is kept under: a hash of all it depends on, and the run that it ends with, if it is bound to one.

    fingerprint: of the module that computes it, which a stored result has to come from; None where nothing tells.
    """

    @property
    def key(self) -> str: ...
    @property
    def run(self) -> str | None: ...
    @property
    def fingerprint(self) -> str | None: ...


@dataclass(frozen=True, eq=False)
class Sentences:
    """Texts as the store keeps them: a JSON list in UTF-8, as bytes."""

    utf8: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, sentences: list[str]) -> Sentences:
        return cls(np.frombuffer(json.dumps(sentences).encode(), np.uint8))

    def plain(self) -> list[str]:
        return list(json.loads(self.utf8.tobytes()))


class Store:
    """Results under a folder, one file per case. Results of cases bound to a run live apart and end with it.

    This is format 1, whose files lie in the folder itself; a later one is to lie in a folder of its own, `v2`. So versions of
    the package share a folder, and none misreads, replaces or removes what it does not know.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder() / "results"

    def get_or_extend(self, case: Addressed, kind: type[T], extend: Callable[[T | None], T]) -> tuple[T, bool]:
        """The case's result, and whether it was stored already. Other processes that want it wait for the first.

        kind: the result's class, a dataclass of arrays.
        extend: given what is stored, if anything, returns it as it is if that is enough, or else more.
        """
        path = self._path(case.key, case.run)
        with locked(path):
            stored = _read(path, kind, case.fingerprint)
            result = extend(stored)
            if result is not stored:
                _write(path, result, case.fingerprint)
            return result, result is stored

    def read(self, key: str, run: str, kind: type[T], fingerprint: str | None = None) -> T | None:
        """What is kept under a key, whether it is bound to this run or to none; None where there is nothing."""
        return _read(self._path(key, None), kind, fingerprint) or _read(self._path(key, run), kind, fingerprint)

    def remember(self, key: str, run: str | None, make: Callable[[], list[str]], fingerprint: str | None = None) -> list[str]:
        """The sentences kept under a key, made where there are none yet; those bound to a run end with it.

        fingerprint: of the module that they come from.
        """
        path = self._path(key, run)
        with locked(path):
            stored = _read(path, Sentences, fingerprint)
            if stored is not None:
                return stored.plain()
            former = _read_list(path.with_suffix(".json")) if fingerprint is None else None
            sentences = make() if former is None else former
            _write(path, Sentences.of(sentences), fingerprint)
            return sentences

    def end_run(self, run: str) -> None:
        """Forget the results that were bound to a run."""
        shutil.rmtree(self._run_folder(run), ignore_errors=True)

    def _path(self, key: str, run: str | None) -> Path:
        folder = self.folder / key[:2] if run is None else self._run_folder(run)
        return folder / f"{key}.safetensors"

    def _run_folder(self, run: str) -> Path:
        return self.folder / "runs" / hashlib.sha256(run.encode()).hexdigest()


def _write(path: Path, result: Any, fingerprint: str | None) -> None:
    with keeping(path) as partial:
        write_arrays(partial, {name: getattr(result, name) for name in _names(type(result))}, fingerprint)


def _read(path: Path, kind: type[T], fingerprint: str | None = None) -> T | None:
    """The stored result; None where there is none, where the file is not what was written, or another module computed it."""
    arrays = read_arrays(path, fingerprint)
    names = _names(kind)
    if arrays is None or list(arrays)[: len(names)] != names:  # a result that says more begins with what another says
        return None
    mark_used(path)
    return kind(**{name: arrays[name] for name in names})


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]


def _read_list(path: Path) -> list[str] | None:
    """Sentences as the first versions kept them, in JSON; None where there are none, or where that is something else."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, list) and all(isinstance(sentence, str) for sentence in kept) else None
