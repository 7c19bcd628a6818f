"""Keras files (.keras), computed by Keras on torch."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, in_one_line
from robustness.extras import import_extra
from robustness.models.file_network import Feed, FromFile, Held, content_of, hash_of, is_channels_last


class KerasNetwork(FromFile):
    """A model of Keras as a module. Sent to another process it takes the file along."""

    def __init__(self, model: Any, content: bytes, feed: Feed) -> None:
        super().__init__(feed.takes)
        self.feed, self._held, self._content = feed, Held(model), content

    def forward(self, batch: torch.Tensor) -> Any:
        images = batch.permute(0, 2, 3, 1).contiguous() if self.feed.channels_last else batch
        answer = self._held.model(images, training=False)
        named = len(self._held.model.outputs) > 1 and isinstance(answer, list | tuple)
        return dict(zip(self._held.model.output_names, answer, strict=True)) if named else answer

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._content, self.feed)

    def _apply(self, *arguments: Any, **options: Any) -> KerasNetwork:
        self._held.model._apply(*arguments, **options)  # as `to(device)` asks
        return self


def load_keras(file: Path, fit: Preparation, output: str | None = None) -> tuple[nn.Module, str]:
    """The network in a .keras file, and a name that stands for it: the file's SHA-256, and Keras' version.

    In safe mode: a file that has code in it, such as a Lambda layer, is refused, and so are classes of anybody's own.
    """
    content = content_of(file)
    if file.suffix != ".keras":
        raise RobustnessError(f"{file}: not a .keras file; of others no safe reading is known: model.save('model.keras')")
    keras = _keras()
    try:
        model = keras.saving.load_model(file, compile=False, safe_mode=True)
        shape = model.input_shape
    except Exception as error:  # each of their errors is a class of its own
        raise RobustnessError(f"{file}: not a network that Keras reads in safe mode ({in_one_line(error)})") from error
    if not isinstance(shape, tuple) or (shape and isinstance(shape[0], tuple)):
        raise RobustnessError(f"{file}: takes several inputs, not one batch of images; save a network that does")
    return KerasNetwork(model, content, _feed(model, file, fit)), f"keras {hash_of(content)} keras {keras.__version__}"


def _feed(model: Any, file: Path, fit: Preparation) -> Feed:
    shape = model.input_shape
    if shape[0] is not None:
        raise RobustnessError(f"{file}: takes batches of {shape[0]} and no others; save it with a batch of any length")
    return Feed(getattr(torch, str(model.inputs[0].dtype), torch.float32), is_channels_last(file, shape, fit))


def _keras() -> Any:
    """Keras on torch; where it was imported on something else before, the error says so."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "torch"
    keras = import_extra("keras", "keras")
    if keras.backend.backend() != "torch":
        raise RobustnessError(f"Keras runs on {keras.backend.backend()} here: set KERAS_BACKEND=torch before it is imported")
    return keras


def _unpacked(content: bytes, feed: Feed) -> KerasNetwork:
    keras = _keras()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        file.write_bytes(content)
        return KerasNetwork(keras.saving.load_model(file, compile=False, safe_mode=True), content, feed)
