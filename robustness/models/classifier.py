"""One face for every classifier: uint8 images in, logits out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from robustness.data.fit import Fit
from robustness.models.checkpoint import State

Channels = tuple[float, float, float]
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, eq=False)
class Classifier:
    """A network with the preprocessing that belongs to it.

    module: takes float32 of shape (N, 3, size, size), gives logits of shape (N, classes).
    fit: how images come to the network's size; noise is added after it, on the pixels the network sees.
    mean, std: per channel; the module sees `(pixel / 255 - mean) / std`.
    architecture: a name that stands for the module's code, or None for code of the user's own, which cannot be hashed.
    class_names: the classes the network was trained on, where known.
    precision: of convolutions and products; "bfloat16" runs the module under `torch.autocast`.
    layout: of weights and images in memory. Channels last is faster, but code that reshapes with `view` does not take it.
    """

    name: str
    module: nn.Module
    fit: Fit
    mean: Channels = (0.0, 0.0, 0.0)
    std: Channels = (1.0, 1.0, 1.0)
    architecture: str | None = None
    class_names: tuple[str, ...] | None = None
    precision: Precision = "float32"
    layout: torch.memory_format = torch.contiguous_format

    def __post_init__(self) -> None:
        self.module.eval().to(self.device)
        if self.layout is not torch.contiguous_format:
            self.module.to(memory_format=self.layout)

    def __repr__(self) -> str:
        return f"<Classifier {self.name}, {self.fit}>"

    @property
    def device(self) -> torch.device:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, in the network's own type, of shape (N, classes), for uint8 images of shape (N, 3, size, size)."""
        bfloat16 = self.precision == "bfloat16"
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=bfloat16):
            output: torch.Tensor = self.module(self.normalised(images))
            return output

    def normalised(self, images: torch.Tensor) -> torch.Tensor:
        """What the module sees, on its device: float32 of shape (N, 3, size, size), for uint8 images of that shape."""
        batch = images.to(self.device).contiguous(memory_format=self.layout) / 255
        if any(self.mean) or self.std != (1.0, 1.0, 1.0):
            batch = (batch - self._channels(self.mean)) / self._channels(self.std)
        return batch

    def content_hash(self) -> str:
        """SHA-256 over weights, architecture and preprocessing. Without an architecture it speaks of the weights alone."""
        recipe = [self.architecture, str(self.fit), self.mean, self.std]
        digest = hashlib.sha256(json.dumps(recipe).encode())
        digest.update(hash_state(self.module.state_dict()).encode())
        return digest.hexdigest()

    def _channels(self, values: Channels) -> torch.Tensor:
        return torch.tensor(values, device=self.device).view(1, 3, 1, 1)


def to_tensor(images: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Images of shape (N, H, W, 3), as image sets hold them, as a tensor of shape (N, 3, H, W) in channels-last memory."""
    return torch.from_numpy(images if images.flags.writeable else images.copy()).permute(0, 3, 1, 2)


def hash_state(state: State) -> str:
    """SHA-256 over names, types, shapes and bytes of a state dict, in the order of the names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
