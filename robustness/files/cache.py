"""Files of the cache folder: made by one process while others wait, whole or not at all, and marked when they are used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock
from safetensors import SafetensorError

from robustness.errors import RobustnessError
from robustness.files.atomic import replacing
from robustness.files.housekeeping import tidy


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Whoever else wants this file waits, in any process and any version of the package: all lock the same name.

    A folder that cannot be written to is an error here already, before hours of computing that could not be kept.
    """
    tidy()
    with _in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def keeping(path: Path) -> Iterator[Path]:
    """As `replacing`; where there is no room, or no leave to write, the error says what to do."""
    with _in_words(path), replacing(path) as partial:
        yield partial


def mark_used(path: Path) -> None:
    """Its time of change becomes that of its last use, by which `robustness.files.housekeeping` goes."""
    with suppress(OSError):  # somebody else's file can be read all the same
        os.utime(path)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, NotImplementedError, SafetensorError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error).removeprefix("Error while serializing: ")
        raise RobustnessError(
            f"{path.parent}: cannot be written to ({reason}). What is stored stays. `robustness store prune --to SIZE` makes "
            "room, and ROBUSTNESS_CACHE names another folder"
        ) from error
