"""What lies in the cache folder, and how it is kept small: what was not used for longest goes first, and is computed again.

A file's time of change is that of its last use. Nothing but what this version of the package could make again is ever removed:
not downloads, not examples that Hypothesis keeps, not the folders of a later format.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from robustness.errors import RobustnessError
from robustness.files.folders import cache_folder

LIMIT = "20GB"
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}

KINDS = {
    "results": ("results/[0-9a-f][0-9a-f]/*.safetensors", "results/[0-9a-f][0-9a-f]/*.json"),
    "runs": ("results/runs/*/*.safetensors", "results/runs/*/*.json"),
    "images": ("images/*.safetensors",),
    "features": ("features/*.safetensors",),
}
"""What may be computed again. `runs`: results that end with the run they belong to."""
PARTIAL = ("results/[0-9a-f][0-9a-f]/*.partial", "results/runs/*/*.partial", "images/*.partial", "features/*.partial")
ENDINGS = (".safetensors", ".json")
LOCKS = ("results/[0-9a-f][0-9a-f]/*.lock", "results/runs/*/*.lock", "images/*.lock")
"""Each beside a file of one of the `ENDINGS`."""

KILLED_WRITE = 3600
"""Seconds: a file is written in far less, so a partial one this old was left by a process that was killed."""
KILLED_RUN = 7 * 24 * 3600
"""Seconds: no run leaves its results alone for so long."""

STARTED = time.time()
AT_WORK = 3600
"""Seconds: what was used since then may be another process's that is at work with it now."""

_tidied: set[Path] = set()


@dataclass(frozen=True)
class Kept:
    """A file. kind: of `KINDS`. size: in bytes. used: seconds since the epoch."""

    path: Path
    kind: str
    size: int
    used: float


@dataclass(frozen=True)
class LeftOver:
    """What nobody will use. runs: folders of runs that were killed. partial: files of writes that were. locks: of no file."""

    runs: tuple[Path, ...]
    partial: tuple[Path, ...]
    locks: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.runs) + len(self.partial) + len(self.locks)


@dataclass(frozen=True)
class Pruned:
    """left_over: what of it was removed. removed: what was not used for longest. kept: what is there still."""

    left_over: int
    removed: tuple[Kept, ...]
    kept: tuple[Kept, ...]


def size_of(text: str, name: str) -> int:
    """Bytes of a size such as 20GB, 500MB or 1.5 TB; units are powers of 1000. name: of what it was given to.

    >>> size_of("1.5 GB", "--to")
    1500000000
    """
    parts = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", text, re.IGNORECASE | re.ASCII)
    if parts is None:
        raise RobustnessError(f"{name} is a size such as 20GB or 500MB, not {text!r}")
    return int(Decimal(parts[1]) * UNITS[parts[2].upper()])


def size_limit() -> int:
    """How many bytes the cache folder may hold: `ROBUSTNESS_CACHE_SIZE`, or else `LIMIT`."""
    return size_of(os.environ.get("ROBUSTNESS_CACHE_SIZE") or LIMIT, "ROBUSTNESS_CACHE_SIZE")


def inventory(folder: Path) -> list[Kept]:
    """All files that may be computed again, the one that was not used for longest first."""
    kept = [
        Kept(path, kind, stat.st_size, stat.st_mtime)
        for kind, patterns in KINDS.items()
        for path, stat in _files(folder, patterns)
    ]
    return sorted(kept, key=lambda file: file.used)


def left_over(folder: Path, now: float) -> LeftOver:
    """What killed processes left. now: seconds since the epoch."""
    runs = tuple(run for run in sorted(folder.glob("results/runs/*")) if run.is_dir() and _last_use(run) < now - KILLED_RUN)
    partial = tuple(path for path, stat in _files(folder, PARTIAL) if stat.st_mtime < now - KILLED_WRITE)
    locks = tuple(path for path, _ in _files(folder, LOCKS) if not any(path.with_suffix(end).exists() for end in ENDINGS))
    return LeftOver(runs, partial, locks)


def prune(folder: Path, limit: int, spare: float = float("inf"), timeout: float = -1) -> Pruned:
    """Remove what killed processes left, then what was not used for longest until no more than `limit` bytes are kept.

    What another process holds the lock of stays. spare: so does what was used then, in seconds since the epoch, or later.
    timeout: how long to wait for another process that prunes, in seconds; without end where it is negative.
    """
    with FileLock(folder / "pruning.lock", timeout=timeout):
        useless = left_over(folder, time.time())
        gone = sum(map(_remove_run, useless.runs)) + sum(map(_remove, useless.partial)) + sum(map(_remove_lock, useless.locks))
        files = inventory(folder)
        excess = sum(file.size for file in files) - limit
        removed, kept = [], []
        for file in tqdm(files, "prune", unit="file", leave=False, delay=0.5, disable=None):
            if excess > 0 and file.used < spare and _remove_unused(file):
                removed.append(file)
                excess -= file.size
            else:
                kept.append(file)
        return Pruned(gone, tuple(removed), tuple(kept))


def tidy() -> None:
    """Prune the cache folder to its limit, once in each process; nothing that a process at work has used is removed."""
    folder, limit = cache_folder(), size_limit()
    if folder in _tidied:
        return
    _tidied.add(folder)
    with suppress(OSError, Timeout):  # a courtesy, which one process at a time is enough for
        if folder.is_dir():
            prune(folder, limit, spare=min(STARTED, time.time() - AT_WORK), timeout=0)


def _files(folder: Path, patterns: Iterable[str]) -> Iterator[tuple[Path, os.stat_result]]:
    for pattern in patterns:
        for path in folder.glob(pattern):
            with suppress(FileNotFoundError):  # removed by another process meanwhile
                yield path, path.stat()


def _last_use(run: Path) -> float:
    times = [stat.st_mtime for _, stat in _files(run.parent, [run.name, f"{run.name}/*"])]
    return max(times, default=float("inf"))  # where it was removed by another process meanwhile


def _remove_unused(file: Kept) -> bool:
    """Whether it was removed: not where its lock is held, nor where it was used after all."""
    lock = file.path.with_suffix(".lock")
    with suppress(Timeout, FileNotFoundError), ExitStack() as holding:
        if lock.exists():  # or else nobody holds it
            holding.enter_context(FileLock(lock, timeout=0))
        if file.path.stat().st_mtime > file.used:
            return False
        file.path.unlink()
        lock.unlink(missing_ok=True)
        return True
    return False


def _remove_run(run: Path) -> bool:
    shutil.rmtree(run)
    return True


def _remove(path: Path) -> bool:
    path.unlink(missing_ok=True)
    return True


def _remove_lock(path: Path) -> bool:
    """A process that waited for the lock finds its file gone, and locks another; at worst a case is computed twice."""
    with suppress(Timeout, FileNotFoundError), FileLock(path, timeout=0):
        path.unlink()
        return True
    return False
