"""The store of the first versions, to run beside today's: `robustness/evaluation/store.py` of commit 06bc1b0, with `replacing`
of `robustness/files/atomic.py` put in. It stands for packages that are installed already, so nobody is to mend it.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import fields

import numpy as np
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file


class Store:
    def __init__(self, folder):
        self.folder = folder

    def get_or_extend(self, case, kind, extend):
        path = self._path(case)
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            stored = _read(path, kind)
            result = extend(stored)
            if result is not stored:
                _write(path, result)
            return result, result is stored

    def remember(self, key, run, make):
        path = (self.folder / key[:2] if run is None else self._run_folder(run)) / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            kept = _read_sentences(path)
            if kept is None:
                kept = make()
                with replacing(path) as partial:
                    partial.write_text(json.dumps(kept), encoding="utf-8")
            return kept

    def _path(self, case):
        folder = self.folder / case.key[:2] if case.run is None else self._run_folder(case.run)
        return folder / f"{case.key}.safetensors"

    def _run_folder(self, run):
        return self.folder / "runs" / hashlib.sha256(run.encode()).hexdigest()


def _write(path, result):
    arrays = {name: getattr(result, name) for name in _names(type(result))}
    with replacing(path) as partial:
        save_file(arrays, partial, metadata={"sha256": _digest(arrays)})


def _read(path, kind):
    if not path.exists():
        return None
    try:
        with safe_open(path, "np") as stored:
            arrays = {name: stored.get_tensor(name) for name in _names(kind)}
            intact = (stored.metadata() or {}).get("sha256") == _digest(arrays)
    except (OSError, SafetensorError):
        return None
    return kind(**arrays) if intact else None


def _names(kind):
    return [field.name for field in fields(kind)]


def _read_sentences(path):
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, list) and all(isinstance(sentence, str) for sentence in kept) else None


def _digest(arrays):
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@contextmanager
def replacing(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
