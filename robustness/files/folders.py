"""Where files live between runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

from robustness.errors import RobustnessError

APP = "pytest-robustness"


def cache_folder() -> Path:
    """Decoded image sets and past results; safe to delete. `ROBUSTNESS_CACHE` moves it."""
    return Path(os.environ.get("ROBUSTNESS_CACHE") or user_cache_path(APP))


def run_folder(run: str) -> Path:
    """What ends with the run of that name."""
    return cache_folder() / "results" / "runs" / hashlib.sha256(run.encode()).hexdigest()


def data_folder(root: str | Path | None = None) -> Path:
    """Downloaded image sets: the given root, else `ROBUSTNESS_DATA`, else the system's data folder for this user."""
    return path_from(Path(), str(root or os.environ.get("ROBUSTNESS_DATA") or user_data_path(APP)))


def path_from(base: Path, reference: str) -> Path:
    """The path that a file or an argument names: from `base` where it is relative, `~` being the user's home."""
    if "\0" in reference:
        raise RobustnessError(f"{reference!r} is no path: there is a NUL in it")
    try:
        return base / Path(reference).expanduser()
    except RuntimeError as error:  # ~name, of nobody on this machine
        raise RobustnessError(f"{reference!r} is no path: {error}") from error
