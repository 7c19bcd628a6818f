"""Where files live between runs."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

APP = "pytest-robustness"


def cache_folder() -> Path:
    """Decoded image sets and past results; safe to delete. `ROBUSTNESS_CACHE` moves it."""
    return Path(os.environ.get("ROBUSTNESS_CACHE") or user_cache_path(APP))


def data_folder(root: str | Path | None = None) -> Path:
    """Downloaded image sets: the given root, else `ROBUSTNESS_DATA`, else the system's data folder for this user."""
    return Path(root or os.environ.get("ROBUSTNESS_DATA") or user_data_path(APP)).expanduser()
