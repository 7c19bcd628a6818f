"""ONNX files, run by ONNX Runtime: a network as it is shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError
from robustness.extras import import_extra
from robustness.models.file_network import PIXELS, Feed, FileNetwork, chosen_output, is_channels_last, readable

TYPES = {
    "tensor(float)": torch.float32,
    "tensor(float16)": torch.float16,
    "tensor(double)": torch.float64,
    "tensor(uint8)": PIXELS,
}
"""Of inputs."""
NUMBERS = {*TYPES, *(f"tensor({kind})" for kind in ("int8", "int16", "int32", "int64"))}
"""Types of outputs."""
FATAL = 4
"""ONNX Runtime's log then leaves to the error what the error says."""


class OnnxNetwork(FileNetwork):
    """A session as a module. Sent to another process it takes the file along, weights beside it too."""

    def __init__(self, session: Any, file: Path, feed: Feed, output: str) -> None:
        super().__init__(feed)
        self._session, self._file, self._output = session, file, output
        self._input = session.get_inputs()[0].name

    def run(self, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
        (answer,) = self._session.run([self._output], {self._input: images})
        found: npt.NDArray[Any] = answer
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        model = import_extra("onnx", "onnx").load(self._file)  # with the weights beside it
        return _unpacked, (model.SerializeToString(), self._file, self.feed, self._output)


def load_onnx(file: Path, fit: Preparation, output: str | None = None) -> tuple[nn.Module, str]:
    """The network in an ONNX file, and a name that stands for it: the file's SHA-256, and what runs it.

    It takes float32, float16, double, or uint8 pixels as they are, channels first or last, in batches of any length or a fixed
    one; what it takes otherwise is refused. It runs on the threads that torch has now, and on CUDA where torch and ONNX Runtime
    both do. output: which of several is read.
    """
    onnx, runtime = import_extra("onnx", "onnx"), import_extra("onnxruntime", "onnx")
    if not file.is_file():
        raise RobustnessError(f"{file}: no such file; `robustness export MODEL --to onnx` writes one")
    readable(file)
    try:
        session = _session(runtime, file)
        digest = _hash(file, onnx.load(file, load_external_data=False), onnx.TensorProto)
    except Exception as error:  # each of their many errors is a class of its own
        raise RobustnessError(f"{file}: not an ONNX file that ONNX Runtime takes ({_first_line(error)})") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1:
        raise RobustnessError(f"{file}: takes {_names(inputs)}, not one batch of images; export a network that does")
    takes = inputs[0]
    if takes.type not in TYPES:
        raise RobustnessError(
            f"{file}: {takes.name} is {takes.type}, and it is fed {', '.join(TYPES)}; put a cast into the network and export "
            "it again"
        )
    if unread := [f"{one.name} is {one.type}" for one in outputs if one.type not in NUMBERS]:
        raise RobustnessError(f"{file}: {', '.join(unread)}, which are no logits; export a network that gives numbers")
    place = chosen_output(file, [one.name for one in outputs], output)
    length = takes.shape[0] if takes.shape and isinstance(takes.shape[0], int) else None
    feed = Feed(TYPES[takes.type], is_channels_last(file, takes.shape, fit), length)
    which = f" output {outputs[place].name}" if len(outputs) > 1 else ""
    runs = f"onnxruntime {runtime.__version__} {session.get_providers()[0]}"
    return OnnxNetwork(session, file, feed, outputs[place].name), f"onnx {digest} {runs}{which}"


def _session(runtime: Any, model: Path | bytes) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = FATAL
    return runtime.InferenceSession(model, options, providers=_providers(runtime))


def _unpacked(model: bytes, file: Path, feed: Feed, output: str) -> OnnxNetwork:
    return OnnxNetwork(_session(import_extra("onnxruntime", "onnx"), model), file, feed, output)


def _providers(runtime: Any) -> list[Any]:
    cuda = torch.cuda.is_available() and "CUDAExecutionProvider" in runtime.get_available_providers()
    exact = [("CUDAExecutionProvider", {"use_tf32": "0"})]  # float32 as the CPU computes it
    return [*(exact if cuda else []), "CPUExecutionProvider"]


def _hash(file: Path, model: Any, tensor_type: type) -> str:
    """SHA-256 of the file, and of the files beside it that hold weights of its."""
    locations = {
        entry.value for tensor in _tensors(model, tensor_type) for entry in tensor.external_data if entry.key == "location"
    }
    digest = hashlib.sha256(file.read_bytes())
    for location in sorted(locations):
        with (file.parent / location).open("rb") as weights:
            digest.update(hashlib.file_digest(weights, "sha256").digest())
    return digest.hexdigest()


def _tensors(message: Any, tensor_type: type) -> Iterator[Any]:
    """Every tensor in a protobuf message, however deep: weights, constants, those of branches and loops."""
    if isinstance(message, tensor_type):
        yield message
    elif hasattr(message, "ListFields"):
        for _, value in message.ListFields():
            for part in value if hasattr(value, "__len__") and not isinstance(value, str | bytes) else [value]:
                yield from _tensors(part, tensor_type)


def _names(values: Sequence[Any]) -> str:
    return ", ".join(value.name for value in values) or "nothing"


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]
