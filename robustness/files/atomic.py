"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robustness.errors import RobustnessError

PARTIAL = ".partial"
"""How the name of a file or folder ends that is being written, or whose writing was killed."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the place of `path` at the end, or is removed where writing failed."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}{PARTIAL}")
    try:
        partial.touch()
        begun = partial.stat()
        yield partial
        if partial.stat().st_ino != begun.st_ino:  # safetensors puts another file there, which its owner alone may read
            partial.chmod(begun.st_mode)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """A folder to write to, within one that is empty or not there yet; what it holds moves up at the end.

    Where writing failed it is removed. One that was killed leaves it, and `robustness.data.folder` reads no such folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RobustnessError(f"{folder}: not an empty folder, and nothing is overwritten; name another")
    partial = folder / f"{uuid.uuid4().hex}{PARTIAL}"
    try:
        partial.mkdir(parents=True)
        yield partial
        for path in sorted(partial.iterdir()):
            os.replace(path, folder / path.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
