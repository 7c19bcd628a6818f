"""Files that grow beyond memory: one long row of bytes, written piece by piece and read as a memory map; small arrays behind.

Each is a safetensors file, which other programs read too. What is small is checked when it is opened; whoever reads the long
row checks the pieces that he reads, so that nothing has to be read whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

LONG = "bytes"
"""The name of the long row."""
HEADER = 4096
"""Bytes that the header is padded to, since what it says is known last."""
TYPES = {"uint8": "U8", "uint64": "U64", "int32": "I32", "int64": "I64"}


@dataclass(frozen=True, eq=False)
class Grown:
    """What such a file holds. long: uint8 of shape (bytes,), mapped. arrays: in memory. about: short texts."""

    long: npt.NDArray[np.uint8]
    arrays: dict[str, npt.NDArray[Any]]
    about: dict[str, str]


class Growing:
    """The file being written; `finish` makes it one that `open_grown` reads."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.length = file, 0
        file.write(bytes(HEADER))

    def append(self, piece: npt.NDArray[np.uint8]) -> None:
        self.file.write(np.ascontiguousarray(piece).data)
        self.length += piece.nbytes

    def finish(self, arrays: Mapping[str, npt.NDArray[Any]], about: Mapping[str, str]) -> None:
        end = self.length
        header: dict[str, Any] = {"__metadata__": {**about, "sha256": _digest(arrays, about)}}
        header[LONG] = {"dtype": "U8", "shape": [end], "data_offsets": [0, end]}
        for name, array in arrays.items():
            self.file.write(np.ascontiguousarray(array).data)
            header[name] = {
                "dtype": TYPES[str(array.dtype)],
                "shape": list(array.shape),
                "data_offsets": [end, end + array.nbytes],
            }
            end += array.nbytes
        text = json.dumps(header).encode().ljust(HEADER - 8)
        assert len(text) == HEADER - 8, "a header of short texts"
        self.file.seek(0)
        self.file.write((HEADER - 8).to_bytes(8, "little") + text)


def open_grown(path: Path) -> Grown | None:
    """The file's content; None where there is no file, or where it is not what was finished."""
    try:
        with safe_open(path, "np") as stored:  # checks that lengths fit the file
            about = dict(stored.metadata() or {})
            arrays = {name: stored.get_tensor(name) for name in stored.keys() if name != LONG}  # noqa: SIM118
            (length,) = stored.get_slice(LONG).get_shape()
        digest = about.pop("sha256")
        long = np.memmap(path, np.uint8, "r", HEADER, (length,)) if length else np.empty(0, np.uint8)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):  # a damaged file may say anything
        return None
    return Grown(long, arrays, about) if digest == _digest(arrays, about) else None


def _digest(arrays: Mapping[str, npt.NDArray[Any]], about: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(sorted(about.items())).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
