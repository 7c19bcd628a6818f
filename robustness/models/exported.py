"""Programs of torch.export: a network with its code in one file, as it is shipped."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, described
from robustness.models.file_network import FromFile, content_of
from robustness.models.input_shape import check_input


class ExportedNetwork(FromFile):
    """A program as a module. It stays what it was when it was exported: there is no training mode to leave.

    The program is no part of the module tree, since it brings hooks of its own: its file's hash speaks for all of it. Sent to
    another process it takes the file's content along.
    """

    def __init__(self, program: nn.Module, content: bytes, takes: torch.dtype) -> None:
        super().__init__(takes)
        self._held, self._content = [program], content

    def forward(self, batch: torch.Tensor) -> Any:
        return self._held[0](batch)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._content, self.takes)

    def _apply(self, *arguments: Any, **options: Any) -> ExportedNetwork:
        self._held[0]._apply(*arguments, **options)  # type: ignore[no-untyped-call]  # as `to(device)` asks
        return self


def load_exported(file: Path, fit: Preparation, output: str | None = None) -> tuple[nn.Module, str]:
    """The program that `torch.export.save` wrote, and a name that stands for its code, made of the file's SHA-256.

    It takes float32 of shape (N, channels, height, width), N being a dynamic dimension, and gives logits. The file is code, as
    a factory is: load what you trust.
    """
    content = content_of(file)
    try:
        with _quietly():
            program = torch.export.load(io.BytesIO(content))
    except Exception as error:  # whatever a damaged archive, or one of another version, makes of itself
        raise RobustnessError(f"{file}: not a program that torch.export.save wrote ({described(error)})") from error
    values = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"}
    inputs = [values[name] for name in program.graph_signature.user_inputs if isinstance(name, str)]
    if len(inputs) != 1 or not isinstance(inputs[0], torch.Tensor):
        raise RobustnessError(f"{file}: takes {len(inputs)} inputs, not one batch of images; export a network that does")
    shape: tuple[object, ...] = tuple(inputs[0].shape)
    check_input(file, shape, fit)
    if isinstance(shape[0], int):
        raise RobustnessError(
            f"{file}: takes batches of {shape[0]} and no others; export it with a dynamic batch dimension, as "
            "`robustness export` does"
        )
    return ExportedNetwork(program.module(), content, inputs[0].dtype), f"exported {hashlib.sha256(content).hexdigest()}"


def _unpacked(content: bytes, takes: torch.dtype) -> ExportedNetwork:
    return ExportedNetwork(torch.export.load(io.BytesIO(content)).module(), content, takes)


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what torch logs of a file that it cannot read, tracebacks among it: the error says so."""
    former = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(former)
