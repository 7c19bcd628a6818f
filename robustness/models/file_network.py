"""A network that another runtime computes from a file: what it takes, how it is fed, and which of its outputs is read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, nearest
from robustness.files.recognise import stand_in
from robustness.models.outputs import KINDS

PIXELS = torch.uint8
"""What takes this gets the pixels as they are, 0..255, and has whatever else is done to them inside."""


@dataclass(frozen=True)
class Feed:
    """takes: the type of its input. channels_last: whether that is (N, H, W, channels). length: of its batches, where fixed."""

    takes: torch.dtype = torch.float32
    channels_last: bool = False
    length: int | None = None


@dataclass(frozen=True)
class Held:
    """A model out of the sight of fingerprints: its file's hash speaks for its parts, whose names are others each time."""

    model: Any


class FromFile(nn.Module):
    """A network with its code in a file, and no part of it in the module tree: the file's hash speaks for all of it.

    takes: the type of its input. There is no training mode to leave.
    """

    def __init__(self, takes: torch.dtype) -> None:
        super().__init__()
        self.takes = takes
        self.training = False

    def train(self, mode: bool = True) -> FromFile:
        return self


class FileNetwork(FromFile):
    """A runtime of its own as a module, which reads one output.

    Where batches have a fixed length it is fed piece by piece, the last one filled up with zeros. A subclass has `run`, and
    `__reduce__`, which takes the file along to another process.
    """

    def __init__(self, feed: Feed) -> None:
        super().__init__(feed.takes)
        self.feed = feed

    def run(self, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What the file's network answers, of shape (N, ...), to images in the type and order that it takes."""
        raise NotImplementedError

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        images = batch.permute(0, 2, 3, 1) if self.feed.channels_last else batch
        length = self.feed.length or len(images)
        missing = -len(images) % length
        fed = torch.cat([images, images.new_zeros(missing, *images.shape[1:])]) if missing else images
        answers = [torch.from_numpy(self.run(piece.cpu().contiguous().numpy())) for piece in torch.split(fed, length)]
        answer = torch.cat(answers).to(batch.device)
        return answer[: len(batch)] if missing else answer


def is_channels_last(file: Path, shape: Sequence[object], fit: Preparation) -> bool:
    """Whether a network takes (N, H, W, channels); refused where it takes neither that nor (N, channels, H, W) of this size.

    shape: the lengths that the file declares; what is no whole number stands for any length. What could be both is the latter.
    """
    channels, height, width = fit.values
    if len(shape) == 4:
        for lengths, last in (((channels, height, width), False), ((height, width, channels), True)):
            if all(length == wanted for length, wanted in zip(shape[1:], lengths, strict=True) if isinstance(length, int)):
                return last
    said = ", ".join(str(length) if isinstance(length, int) else "any" for length in shape)
    raise RobustnessError(
        f"{file}: takes input of shape ({said}), neither (N, {channels}, {height}, {width}) nor (N, {height}, {width}, "
        f"{channels}): declare the size and channels it takes, or export it again for these"
    )


def chosen_output(file: Path, names: Sequence[str], declared: str | None) -> int:
    """The place of the output that is read. names: of all outputs, in order. declared: `output` of the model, or None."""
    if declared in names:
        return names.index(declared)
    if declared is not None and declared not in KINDS:
        raise RobustnessError(f"{file}: has no output {declared!r}: {nearest(declared, names)}")
    if len(names) != 1:
        given = ", ".join(names) or "nothing"
        raise RobustnessError(f'{file}: gives {given}: say which are the logits, such as output = "{(*names, "logits")[0]}"')
    return 0


def readable(file: Path, suffix: str = "") -> Path:
    """The file, once something that could be one is there."""
    if not file.exists():
        raise RobustnessError(f"{file}: no such file{suffix}")
    if what := stand_in(file):
        raise RobustnessError(f"{file}: {what}")
    return file


def content_of(file: Path, suffix: str = "") -> bytes:
    """What is in a file; a `RobustnessError` where it cannot be read, or is plainly something else."""
    try:
        return readable(file, suffix).read_bytes()
    except OSError as error:
        raise RobustnessError(f"{file}: {error.strerror}") from error


def quantized(values: npt.NDArray[Any], scale: float, zero: int, dtype: Any) -> npt.NDArray[Any]:
    """Steps for numbers, rounded half away from zero as LiteRT's own QUANTIZE does."""
    steps = values.astype(np.float32) / np.float32(scale)
    steps = np.copysign(np.floor(np.abs(steps) + np.float32(0.5)), steps) + zero
    limits = np.iinfo(dtype)
    made: npt.NDArray[Any] = steps.clip(limits.min, limits.max).astype(dtype)
    return made


def hash_of(*parts: bytes) -> str:
    """SHA-256 of the contents of a network's files, one after another."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts) if len(parts) > 1 else parts[0]).hexdigest()
