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


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]], made_by: str | None = None) -> None:
    """As safetensors, with the SHA-256 of their names, types, shapes and bytes.

    made_by: what they come from, see `read_arrays`.
    """
    metadata = {"names": json.dumps(list(arrays)), "sha256": _digest(arrays, made_by)}
    if made_by is not None:
        metadata["made_by"] = made_by
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path, metadata=metadata)


def read_arrays(path: Path, made_by: str | None = None) -> Arrays | None:
    """The arrays, by name; None where there is no file, or where it is not what was written.

    made_by: None too where they come from something else; left out, they may come from anything.
    """
    try:
        with safe_open(path, "np") as stored:
            about = stored.metadata() or {}
            names = json.loads(about["names"]) if "names" in about else ORDERS[frozenset(stored.keys())]
            arrays = {name: stored.get_tensor(name) for name in names}
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, AttributeError):  # a damaged file may say anything
        return None
    if made_by not in (None, about.get("made_by")):
        return None
    return arrays if about.get("sha256") == _digest(arrays, about.get("made_by")) else None


def _digest(arrays: Mapping[str, npt.NDArray[Any]], made_by: str | None) -> str:
    digest = hashlib.sha256((made_by or "").encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
