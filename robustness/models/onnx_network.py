"""ONNX files, run by ONNX Runtime: a network as it is shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError
from robustness.extras import import_extra
from robustness.models.input_shape import check_input

FLOAT = "tensor(float)"
FATAL = 4
"""ONNX Runtime's log then leaves to the error what the error says."""


class OnnxNetwork(nn.Module):
    """A session as a module. Its weights are no part of the module: the file's hash speaks for all of it.

    A file with a batch of fixed length is fed piece by piece, the last one filled up with zeros. Sent to another process it
    takes the file along, weights beside it too.
    """

    def __init__(self, session: Any, file: Path) -> None:
        super().__init__()
        self._session, self._file = session, file
        self._input = session.get_inputs()[0].name
        length = session.get_inputs()[0].shape[0]
        self._length = length if isinstance(length, int) else None

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        length = self._length or len(batch)
        missing = -len(batch) % length
        fed = torch.cat([batch, batch.new_zeros(missing, *batch.shape[1:])]) if missing else batch
        logits = torch.cat([self._run(piece) for piece in torch.split(fed, length)]).to(batch.device)
        return logits[: len(batch)] if missing else logits

    def __reduce__(self) -> tuple[Any, ...]:
        model = import_extra("onnx", "onnx").load(self._file)  # with the weights beside it
        return _unpacked, (model.SerializeToString(), self._file)

    def _run(self, batch: torch.Tensor) -> torch.Tensor:
        (logits,) = self._session.run(None, {self._input: batch.cpu().contiguous().numpy()})
        return torch.from_numpy(logits)


def load_onnx(file: Path, fit: Preparation) -> tuple[nn.Module, str]:
    """The network in an ONNX file, and a name that stands for it: the file's SHA-256, and what runs it.

    It takes float32 of shape (N, channels, height, width), N being any number or a fixed one, and gives float32 logits; a file
    that says otherwise is refused. It runs on the threads that torch has now, and on CUDA where torch and ONNX Runtime both do.
    """
    onnx, runtime = import_extra("onnx", "onnx"), import_extra("onnxruntime", "onnx")
    if not file.is_file():
        raise RobustnessError(f"{file}: no such file; `robustness export MODEL --to onnx` writes one")
    try:
        session = _session(runtime, file)
        digest = _hash(file, onnx.load(file, load_external_data=False), onnx.TensorProto)
    except Exception as error:  # each of their many errors is a class of its own
        raise RobustnessError(f"{file}: not an ONNX file that ONNX Runtime takes ({_first_line(error)})") from error
    _check(file, session.get_inputs(), session.get_outputs(), fit)
    return OnnxNetwork(session, file), f"onnx {digest} onnxruntime {runtime.__version__} {session.get_providers()[0]}"


def _session(runtime: Any, model: Path | bytes) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = FATAL
    return runtime.InferenceSession(model, options, providers=_providers(runtime))


def _unpacked(model: bytes, file: Path) -> OnnxNetwork:
    return OnnxNetwork(_session(import_extra("onnxruntime", "onnx"), model), file)


def _providers(runtime: Any) -> list[Any]:
    cuda = torch.cuda.is_available() and "CUDAExecutionProvider" in runtime.get_available_providers()
    exact = [("CUDAExecutionProvider", {"use_tf32": "0"})]  # float32 as the CPU computes it
    return [*(exact if cuda else []), "CPUExecutionProvider"]


def _check(file: Path, inputs: Sequence[Any], outputs: Sequence[Any], fit: Preparation) -> None:
    """That one batch of images goes in and one of logits comes out, as far as the file says."""
    if len(inputs) != 1 or len(outputs) != 1:
        raise RobustnessError(
            f"{file}: takes {_names(inputs)} and gives {_names(outputs)}, not one batch of images and its logits; export a "
            "network that does"
        )
    takes, gives = inputs[0], outputs[0]
    if takes.type != FLOAT or gives.type != FLOAT:
        raise RobustnessError(
            f"{file}: {takes.name} is {takes.type} and {gives.name} is {gives.type}, where this package feeds and reads "
            f"{FLOAT}; put the casts into the network and export it again"
        )
    check_input(file, takes.shape, fit)


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
