"""OpenVINO models: a network as it is shipped to Intel's runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, in_one_line
from robustness.extras import import_extra
from robustness.models.file_network import PIXELS, Feed, FileNetwork, chosen_output, content_of, hash_of, is_channels_last

TYPES = {"f32": torch.float32, "f16": torch.float16, "f64": torch.float64, "u8": PIXELS}
"""Of inputs."""


class OpenVinoNetwork(FileNetwork):
    """A compiled model as a module. Sent to another process it takes its two files along."""

    def __init__(self, compiled: Any, contents: tuple[bytes, bytes], feed: Feed, output: int) -> None:
        super().__init__(feed)
        self._compiled, self._contents, self._output = compiled, contents, output

    def run(self, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
        answer: npt.NDArray[Any] = self._compiled([images])[self._output].copy()
        return answer

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self._contents, self.feed, self._output)


def load_openvino(file: Path, fit: Preparation, output: str | None = None) -> tuple[nn.Module, str]:
    """The network in a model.xml with its model.bin, and a name that stands for it: their SHA-256, and what runs it.

    It computes on the CPU in the types that the file says (`EXECUTION_MODE_HINT: ACCURACY`), on the threads that torch has now.
    output: which of several is read.
    """
    openvino = import_extra("openvino", "openvino")
    if file.suffix != ".xml":
        raise RobustnessError(f"{file}: name the .xml of the model; its .bin lies beside it")
    contents = content_of(file), content_of(file.with_suffix(".bin"), ", which holds the weights")
    try:
        model = openvino.Core().read_model(contents[0], contents[1])
        inputs, outputs = model.inputs, [_name(one, place) for place, one in enumerate(model.outputs)]
    except Exception as error:  # each of their many errors is a class of its own
        raise RobustnessError(f"{file}: not a model that OpenVINO reads ({in_one_line(error)})") from error
    if len(inputs) != 1:
        raise RobustnessError(f"{file}: takes {len(inputs)} inputs, not one batch of images; export a network that does")
    kind = inputs[0].get_element_type().get_type_name()
    if kind not in TYPES:
        raise RobustnessError(f"{file}: its input is {kind}, and it is fed {', '.join(TYPES)}; put a cast into the network")
    shape = [length.get_length() if length.is_static else None for length in inputs[0].get_partial_shape()]
    place = chosen_output(file, outputs, output)
    feed = Feed(TYPES[kind], is_channels_last(file, shape, fit), shape[0])
    network = _unpacked(contents, feed, place)
    which = f" output {outputs[place]}" if len(outputs) > 1 else ""
    return network, f"openvino {hash_of(*contents)} openvino {openvino.__version__}{which}"


def _name(output: Any, place: int) -> str:
    return str(min(output.get_names(), default=place))


def _unpacked(contents: tuple[bytes, bytes], feed: Feed, output: int) -> OpenVinoNetwork:
    core = import_extra("openvino", "openvino").Core()
    settings = {"EXECUTION_MODE_HINT": "ACCURACY", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    compiled = core.compile_model(core.read_model(contents[0], contents[1]), "CPU", settings)
    return OpenVinoNetwork(compiled, contents, feed, output)
