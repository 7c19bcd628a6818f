"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the place of `path` at the end, or is removed where writing failed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        partial.touch()
        begun = partial.stat()
        yield partial
        if partial.stat().st_ino != begun.st_ino:  # safetensors puts another file there, which its owner alone may read
            partial.chmod(begun.st_mode)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
