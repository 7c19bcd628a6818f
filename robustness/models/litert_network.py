"""LiteRT files (.tflite): a network as it is shipped to phones and microcontrollers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, in_one_line
from robustness.extras import import_extra
from robustness.models.file_network import (
    PIXELS,
    Feed,
    FileNetwork,
    chosen_output,
    content_of,
    hash_of,
    is_channels_last,
    quantized,
)


class LiteRtNetwork(FileNetwork):
    """An interpreter as a module. Sent to another process it takes the file along.

    What it takes in eight bits is fed in the steps that the file says, and what it gives in those is read back as numbers.
    """

    def __init__(self, interpreter: Any, content: bytes, feed: Feed, output: int) -> None:
        super().__init__(feed)
        self._interpreter, self._content, self._output = interpreter, content, output

    def run(self, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
        interpreter, takes = self._interpreter, self._interpreter.get_input_details()[0]
        if tuple(takes["shape"]) != images.shape:
            interpreter.resize_tensor_input(takes["index"], images.shape)
            interpreter.allocate_tensors()
        scale, zero = takes["quantization"]
        interpreter.set_tensor(takes["index"], quantized(images, scale, zero, takes["dtype"]) if scale else images)
        interpreter.invoke()
        gives = interpreter.get_output_details()[self._output]
        answer: npt.NDArray[Any] = interpreter.get_tensor(gives["index"])
        scale, zero = gives["quantization"]
        return (answer.astype(np.float32) - zero) * np.float32(scale) if scale else answer

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._content, self.feed, self._output)


def load_litert(file: Path, fit: Preparation, output: str | None = None) -> tuple[nn.Module, str]:
    """The network in a .tflite file, and a name that stands for it: the file's SHA-256, and what runs it.

    It takes float32, uint8 pixels as they are, or eight bits with a scale, which are made of the normalised images, in batches
    of any length or a fixed one. It runs on the threads that torch has now. output: which of several is read.
    """
    runtime = import_extra("ai_edge_litert.interpreter", "litert")
    content = content_of(file)
    try:
        interpreter = _interpreter(runtime, content)
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    except Exception as error:  # each of their errors is a class of its own
        raise RobustnessError(f"{file}: not a file that LiteRT reads ({in_one_line(error)})") from error
    if len(inputs) != 1:
        raise RobustnessError(f"{file}: takes {len(inputs)} inputs, not one batch of images; convert a network that does")
    kind, has_scale = np.dtype(inputs[0]["dtype"]), bool(inputs[0]["quantization"][0])
    if kind != np.float32 and not (has_scale and kind in (np.int8, np.uint8)) and kind != np.uint8:
        raise RobustnessError(f"{file}: its input is {kind}, and it is fed float32, uint8, or int8 with a scale")
    shape = [int(length) if length > 0 else None for length in inputs[0]["shape_signature"]]
    place = chosen_output(file, [str(one["name"]) for one in outputs], output)
    takes = PIXELS if kind == np.uint8 and not has_scale else torch.float32
    feed = Feed(takes, is_channels_last(file, shape, fit), shape[0])
    which = f" output {outputs[place]['name']}" if len(outputs) > 1 else ""
    version = import_extra("ai_edge_litert", "litert").__version__
    return LiteRtNetwork(interpreter, content, feed, place), f"litert {hash_of(content)} ai-edge-litert {version}{which}"


def _interpreter(runtime: Any, content: bytes) -> Any:
    interpreter = runtime.Interpreter(model_content=content, num_threads=torch.get_num_threads())
    interpreter.allocate_tensors()
    return interpreter


def _unpacked(content: bytes, feed: Feed, output: int) -> LiteRtNetwork:
    runtime = import_extra("ai_edge_litert.interpreter", "litert")
    return LiteRtNetwork(_interpreter(runtime, content), content, feed, output)
