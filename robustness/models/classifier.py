"""One face for every classifier: uint8 images in, logits out."""

from __future__ import annotations

import copy
import hashlib
import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, described
from robustness.models.class_map import ClassMap
from robustness.models.file_network import PIXELS, FromFile
from robustness.models.fingerprint import fingerprint
from robustness.models.outputs import Output
from robustness.models.preprocessing import PLAIN, Channels
from robustness.models.state import hash_state

Precision = Literal["float32", "bfloat16"]


SIZES = {"cpu": 64, "cuda": 256}
"""Images in a batch; for CUDA not measured yet. On CPUs larger ones leave the caches, and their memory comes afresh each time:
`pytest tests/benchmarks/test_forward_speed.py -n 0 --benchmark-only`."""


INPUT_TYPES = {torch.float16, torch.bfloat16, torch.float32, torch.float64}


def best_device() -> torch.device:
    """The current CUDA device where there is one, else the CPU."""
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


@dataclass
class Room:
    """How many images fit into memory at once; None as long as it has not run out."""

    images: int | None = None


@dataclass(frozen=True, eq=False)
class Classifier:
    """A network with the preprocessing that belongs to it.

    module: takes images of shape (N, channels, height, width) in the type of its weights. A module whose weights lie elsewhere
    than `device` and `layout` say is copied, and stays where it is; what its owner changes in it later does not reach the copy.
    fit: the preparation of its images; noise is added after it, on the pixels the network sees.
    mean, std: per channel; the module sees `(pixel / 255 - mean) / std`.
    architecture: a name that stands for the module's code, or None for code of the user's own, which cannot be hashed.
    class_names: the classes the network was trained on, where known.
    precision: of convolutions and products; "bfloat16" runs the module under `torch.autocast`.
    layout: of images in memory, and of weights where it is not contiguous. Channels last is faster, but code that reshapes with
    `view` does not take it.
    device: where it runs, with its number, such as "cuda:0".
    room: shared with copies that `dataclasses.replace` makes: where one runs out of memory, all send fewer images.
    output: what of its answer is the logits.
    file_hash: SHA-256 of the file that it was loaded from, where there is one.
    fingerprint: of the module as it was loaded, where there is an architecture; see `robustness.models.fingerprint`.
    class_map: where the network has more classes than the images.
    given: the module as it was handed over: `module` itself, or what it is a copy of.
    """

    name: str
    module: nn.Module
    fit: Preparation
    mean: Channels = PLAIN[0]
    std: Channels = PLAIN[1]
    architecture: str | None = None
    class_names: tuple[str, ...] | None = None
    precision: Precision = "float32"
    layout: torch.memory_format = torch.contiguous_format
    device: torch.device = field(default_factory=best_device)
    room: Room = field(default_factory=Room)
    output: Output = field(default_factory=Output)
    file_hash: str | None = None
    fingerprint: str | None = None
    class_map: ClassMap | None = None
    given: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "given", self.module)
        if (self.mean, self.std) == PLAIN:
            object.__setattr__(self, "mean", (0.0,) * self.fit.channels)
            object.__setattr__(self, "std", (1.0,) * self.fit.channels)
        if not len(self.mean) == len(self.std) == self.fit.channels:
            raise RobustnessError(
                f"{self.name}: mean and std have {len(self.mean)} and {len(self.std)} values, and its images "
                f"{self.fit.channels} channels: give one of each per channel"
            )
        if not all(map(self._is_in_place, [*self.module.parameters(), *self.module.buffers()])):
            object.__setattr__(self, "module", place(copied(self), self.device, self.layout))
        if self.architecture is not None and self.fingerprint is None:
            object.__setattr__(self, "fingerprint", fingerprint(self.module, hash_state(self.module.state_dict())))

    def __repr__(self) -> str:
        return f"<Classifier {self.name}, {self.fit}>"

    @property
    def batch_size(self) -> int:
        """How many images go through the network at once: fixed, since float32 logits move by about 1e-5 with it."""
        return self.room.images or SIZES.get(self.device.type, SIZES["cuda"])

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, in the network's own type, of shape (N, classes), for uint8 images of shape (N, channels, height, width).

        What the network gives is read as `output` says; a `NoLogitsError` says what is wrong with it.
        """
        autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16")
        with evaluation_mode(self.module), torch.inference_mode(), autocast:
            return self.output.logits(self.module(self.normalised(images)), self.name, len(images))

    def normalised(self, images: torch.Tensor) -> torch.Tensor:
        """What the module sees, on its device: in the type it takes, for uint8 images of shape (N, channels, height, width)."""
        takes = input_type(self.module)
        batch = images.to(self.device).contiguous(memory_format=self.layout)
        if takes is PIXELS:
            return batch
        batch = batch.to(torch.float64 if takes is torch.float64 else torch.float32).div_(255)  # a copy, of another type
        if any(self.mean) or any(value != 1 for value in self.std):
            batch.sub_(self._channels(self.mean, batch.dtype)).div_(self._channels(self.std, batch.dtype))
        return batch.to(takes)

    def content_hash(self, weights: str | None = None) -> str:
        """SHA-256 over weights, architecture and preprocessing. Without an architecture it speaks of the weights alone.

        weights: `hash_state` of the state dict, where it is known.
        """
        digest = hashlib.sha256(json.dumps(self._recipe()).encode())
        digest.update((weights or hash_state(self.module.state_dict())).encode())
        return digest.hexdigest()

    def file_key(self) -> str | None:
        """SHA-256 over the file's hash, preprocessing and versions, which no module is needed for; None without a file."""
        if self.file_hash is None:
            return None
        return hashlib.sha256(json.dumps([*self._recipe(), self.file_hash, platform.python_version()]).encode()).hexdigest()

    def _recipe(self) -> list[object]:
        mapped = [] if self.class_map is None else [[self.class_map.logits, self.class_map.open]]
        output = [] if self.output == Output() else [self.output.declared, self.output.threshold]
        return [self.architecture, str(self.fit), self.mean, self.std, *mapped, *output]

    def _channels(self, values: Channels, dtype: torch.dtype) -> torch.Tensor:
        return torch.tensor(values, dtype=dtype, device=self.device).view(1, -1, 1, 1)

    def _is_in_place(self, tensor: torch.Tensor) -> bool:
        contiguous = self.layout is torch.contiguous_format or tensor.dim() != 4
        return tensor.device == self.device and (contiguous or tensor.is_contiguous(memory_format=self.layout))


def input_type(module: nn.Module) -> torch.dtype:
    """The type of numbers that a module takes: that of its weights, where all of them are of one, and else float32.

    Of a file, what it says; uint8 are pixels as they are, which nothing is done to.
    """
    if isinstance(module, FromFile):
        return module.takes
    types = {parameter.dtype for parameter in module.parameters() if parameter.is_floating_point()}
    return types.pop() if len(types) == 1 and types <= INPUT_TYPES else torch.float32


def copied(classifier: Classifier) -> nn.Module:
    """A copy of its module, to be moved and converted: the module itself belongs to whoever made it."""
    try:
        return copy.deepcopy(classifier.module)
    except Exception as error:  # the user's module may raise anything
        raise RobustnessError(
            f"{classifier.name}: its weights have to be elsewhere, and its module cannot be copied ({described(error)}); give "
            f"it a __deepcopy__, or bring it to {classifier.device} in {classifier.layout} before it becomes a classifier"
        ) from error


def place(module: nn.Module, device: torch.device, layout: torch.memory_format) -> nn.Module:
    """The module itself in evaluation mode, on that device and in that layout: for one that nobody else holds."""
    module.eval().to(device)
    return module if layout is torch.contiguous_format else module.to(memory_format=layout)


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards each part has the mode that its owner left it in.

    Restored are the flags alone: a module's own `train` may do more, such as take weights apart that `eval` has merged, and
    that with each batch.
    """
    training = [part for part in module.modules() if getattr(part, "training", False)]  # frozen TorchScript has no mode
    if training:
        module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def to_tensor(images: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Images of shape (N, H, W, channels), as image sets hold them, as a tensor (N, channels, H, W) in channels-last memory."""
    return torch.from_numpy(images if images.flags.writeable else images.copy()).permute(0, 3, 1, 2)
