"""Where the images of a set are: in one block of bytes, in memory or mapped, or in files, which are read when asked for."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from robustness.data.picture import Picture
from robustness.data.preparation import Preparation
from robustness.data.reading import read_picture, read_shape
from robustness.errors import RobustnessError


class Pictures(Protocol):
    """N images as they are stored."""

    @property
    def key(self) -> str:
        """What is made of them is kept under this: another one, where any of them is another."""
        ...

    def __len__(self) -> int: ...
    def __getitem__(self, place: int) -> Picture: ...

    def name_of(self, place: int) -> str:
        """What a user knows an image by."""
        ...

    def shape_of(self, place: int) -> tuple[int, int]:
        """Height and width as they are stored, without decoding."""
        ...


@dataclass(frozen=True, eq=False)
class Block:
    """Images one after the other in one block.

    pixels: uint8 of shape (bytes,), each image in (y, x, channel) order; in memory, or mapped from a file.
    shapes: int32 of shape (N, 2), height and width of each.
    channels: of all of them.
    prepared: what they were brought to a network's size by already; from floats they come rounded, by whoever prepared them.
    name: of the set, for messages.
    """

    pixels: npt.NDArray[np.uint8]
    shapes: npt.NDArray[np.int32]
    channels: int = 3
    prepared: Preparation | None = None
    from_floats: bool = False
    name: str = "the set"

    def __post_init__(self) -> None:
        for name in ("pixels", "shapes"):
            view = getattr(self, name).view()
            view.flags.writeable = False  # hashes are computed once
            object.__setattr__(self, name, view)

    def __len__(self) -> int:
        return len(self.shapes)

    def __getitem__(self, place: int) -> Picture:
        height, width = self.shape_of(place)
        start = int(self._starts[place])
        return Picture(self.pixels[start : start + self.channels * height * width].reshape(height, width, self.channels))

    def name_of(self, place: int) -> str:
        return f"image {place} of {self.name}"

    def shape_of(self, place: int) -> tuple[int, int]:
        height, width = self.shapes[place]
        return int(height), int(width)

    @cached_property
    def key(self) -> str:
        digest = hashlib.sha256(f"block {self.channels} {self.from_floats}".encode())
        for part in (self.shapes, self.pixels):
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        sizes = self.channels * self.shapes.astype(np.int64).prod(axis=1)
        return np.concatenate([[0], np.cumsum(sizes)])


Stamp = tuple[int, int, int, int]
"""What changes when a file is written or replaced: its number, size, and times of change in nanoseconds."""


@dataclass(frozen=True, eq=False)
class Files:
    """Image files, as they were when they were listed. key: over their names and stamps."""

    files: Sequence[Path]
    stamps: Sequence[Stamp]
    key: str

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> Picture:
        file = self.files[place]
        picture = read_picture(file)
        if stamp_of(file) != self.stamps[place]:
            raise RobustnessError(f"{file}: changed while this run measured; run again once it is written")
        return picture

    def name_of(self, place: int) -> str:
        return str(self.files[place])

    def shape_of(self, place: int) -> tuple[int, int]:
        return read_shape(self.files[place])


def stamp_of(file: Path) -> Stamp:
    """A `RobustnessError` where there is no such file, or where it is a pipe or a device, which have no end."""
    try:
        status = os.stat(file)
    except (OSError, ValueError) as error:  # a table may name a file with a NUL in it
        said = getattr(error, "strerror", None) or error
        raise RobustnessError(f"{file}: {said}; restore the file or fetch the data again") from error
    if not stat.S_ISREG(status.st_mode):
        raise RobustnessError(f"{file}: not a file; restore it or fetch the data again")
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
