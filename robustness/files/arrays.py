"""Arrays in a file that can tell whether it still is what was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

Arrays = dict[str, npt.NDArray[Any]]

ORDERS = {frozenset(names): names for names in (("predictions", "margins"), ("clean", "critical", "after", "tries"))}
"""The order in which arrays were hashed before files named it; files written so are still read."""


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """As safetensors, with the SHA-256 of their names, types, shapes and bytes."""
    metadata = {"names": json.dumps(list(arrays)), "sha256": _digest(arrays)}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path, metadata=metadata)


def read_arrays(path: Path) -> Arrays | None:
    """The arrays, by name; None where there is no file, or where it is not what was written."""
    try:
        with safe_open(path, "np") as stored:
            about = stored.metadata() or {}
            names = json.loads(about["names"]) if "names" in about else ORDERS[frozenset(stored.keys())]
            arrays = {name: stored.get_tensor(name) for name in names}
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, AttributeError):  # a damaged file may say anything
        return None
    return arrays if about.get("sha256") == _digest(arrays) else None


def _digest(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
