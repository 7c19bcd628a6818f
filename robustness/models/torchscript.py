"""TorchScript programs: a network with its code in one file, as `torch.jit.save` writes it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, described
from robustness.models.file_network import FromFile, Held, content_of


class ScriptNetwork(FromFile):
    """A TorchScript program as a module. Sent to another process it takes the file's content along."""

    def __init__(self, program: Any, content: bytes) -> None:
        types = {parameter.dtype for parameter in program.parameters() if parameter.is_floating_point()}
        super().__init__(types.pop() if len(types) == 1 else torch.float32)
        self._held, self._content = Held(program), content

    def forward(self, batch: torch.Tensor) -> object:
        return self._held.model(batch)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._content,)

    def _apply(self, *arguments: Any, **options: Any) -> ScriptNetwork:
        self._held.model._apply(*arguments, **options)  # as `to(device)` asks
        return self


def load_torchscript(file: Path, fit: Preparation, output: str | None = None) -> tuple[nn.Module, str]:
    """The program that `torch.jit.save` wrote, in evaluation mode, and a name that stands for it: the file's SHA-256.

    It takes images of shape (N, channels, height, width) in the type of its weights. It is a program: load what you trust.
    """
    content = content_of(file)
    try:
        program = _read(content)
    except Exception as error:  # whatever a damaged archive makes of itself
        raise RobustnessError(f"{file}: not a program that torch.jit.save wrote ({described(error)})") from error
    return ScriptNetwork(program, content), f"torchscript {hashlib.sha256(content).hexdigest()}"


def _unpacked(content: bytes) -> ScriptNetwork:
    return ScriptNetwork(_read(content), content)


def _read(content: bytes) -> Any:
    return torch.jit.load(io.BytesIO(content), map_location="cpu").eval()  # type: ignore[no-untyped-call]
