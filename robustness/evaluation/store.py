"""Past results by the hash of their case: computed once, by whichever process comes first."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from robustness.atomic import replacing
from robustness.folders import cache_folder

T = TypeVar("T")


class Addressed(Protocol):
    """What a result is kept under: a hash of all it depends on, and the run that it ends with, if it is bound to one."""

    @property
    def key(self) -> str: ...
    @property
    def run(self) -> str | None: ...


class Store:
    """Results under a folder, one file per case. Results of cases bound to a run live apart and end with it."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder() / "results"

    def get_or_extend(self, case: Addressed, kind: type[T], extend: Callable[[T | None], T]) -> tuple[T, bool]:
        """The case's result, and whether it was stored already. Other processes that want it wait for the first.

        kind: the result's class, a dataclass of arrays.
        extend: given what is stored, if anything, returns it as it is if that is enough, or else more.
        """
        path = self._path(case)
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            stored = _read(path, kind)
            result = extend(stored)
            if result is not stored:
                _write(path, result)
            return result, result is stored

    def read(self, key: str, run: str, kind: type[T]) -> T | None:
        """What is kept under a key, whether it is bound to this run or to none; None where there is nothing."""
        name = f"{key}.safetensors"
        return _read(self.folder / key[:2] / name, kind) or _read(self._run_folder(run) / name, kind)

    def remember(self, key: str, run: str | None, make: Callable[[], list[str]]) -> list[str]:
        """The sentences kept under a key, made where there are none yet; those bound to a run end with it."""
        path = (self.folder / key[:2] if run is None else self._run_folder(run)) / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            kept = _read_sentences(path)
            if kept is None:
                kept = make()
                with replacing(path) as partial:
                    partial.write_text(json.dumps(kept), encoding="utf-8")
            return kept

    def end_run(self, run: str) -> None:
        """Forget the results that were bound to a run."""
        shutil.rmtree(self._run_folder(run), ignore_errors=True)

    def _path(self, case: Addressed) -> Path:
        folder = self.folder / case.key[:2] if case.run is None else self._run_folder(case.run)
        return folder / f"{case.key}.safetensors"

    def _run_folder(self, run: str) -> Path:
        return self.folder / "runs" / hashlib.sha256(run.encode()).hexdigest()


def _write(path: Path, result: Any) -> None:
    arrays: dict[str, npt.NDArray[Any]] = {name: getattr(result, name) for name in _names(type(result))}
    with replacing(path) as partial:
        save_file(arrays, partial, metadata={"sha256": _digest(arrays)})


def _read(path: Path, kind: type[T]) -> T | None:
    """The stored result; None where there is none, or where the file is not what was written."""
    if not path.exists():
        return None
    try:
        with safe_open(path, "np") as stored:
            arrays = {name: stored.get_tensor(name) for name in _names(kind)}
            intact = (stored.metadata() or {}).get("sha256") == _digest(arrays)
    except (OSError, SafetensorError):
        return None
    return kind(**arrays) if intact else None


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]


def _read_sentences(path: Path) -> list[str] | None:
    """None where there are none, or where the file is not what was written."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, list) and all(isinstance(sentence, str) for sentence in kept) else None


def _digest(arrays: dict[str, npt.NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
