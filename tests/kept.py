"""What a folder holds, whatever its files are called: a pattern of its own could look for what nobody writes."""

from __future__ import annotations

from pathlib import Path


def kept(folder: Path) -> list[Path]:
    """The files in it, at any depth, but for locks, which tell nothing."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
