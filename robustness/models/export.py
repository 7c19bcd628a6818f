"""A network written as a file that is shipped and gated as it is: ONNX, or a program of torch.export."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, described
from robustness.extras import import_extra
from robustness.files.atomic import replacing
from robustness.models.advice import advice
from robustness.models.classifier import Classifier, copied, input_type
from robustness.models.exported import load_exported
from robustness.models.file_network import FileNetwork
from robustness.models.onnx_network import OnnxNetwork, load_onnx

CLOSE = 1e-4
"""How far logits may move by the export, as a share of the largest, or of 1 where that is smaller."""
IMAGES = 36
ANY_BATCH = ({0: torch.export.Dim("batch", min=1)},)


@dataclass(frozen=True)
class Format:
    """suffix: of its files. encode: a program as bytes. load: as `exported:FILE` or `onnx:FILE` does."""

    suffix: str
    encode: Callable[[torch.export.ExportedProgram], bytes]
    load: Callable[[Path, Preparation], tuple[nn.Module, str]]


def export_network(classifier: Classifier, form: str, file: Path) -> float:
    """Write the network of a classifier, and return how far the logits of random images moved by it, at most.

    form: one of the `FORMATS`. The file takes what the network takes, float32 of shape (N, channels, height, width) with mean
    and std applied, for any N from 1. It is read back before it takes its place: where it gives other logits (see `CLOSE`), or
    the network cannot be exported, a `RobustnessError` says so and nothing is written.
    """
    module = copied(classifier).eval().cpu()
    module = module.to(memory_format=torch.contiguous_format)  # what torch.export.save writes without a copy
    wanted = FORMATS[form]
    generator = torch.Generator().manual_seed(0)
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (classifier.mean, classifier.std))
    images = ((torch.rand(IMAGES, *classifier.fit.values, generator=generator) - mean) / std).to(input_type(module))
    before = _logits(classifier.name, module, images)
    content = _encoded(classifier.name, module, images[:2].clone(), wanted)  # an archive keeps its examples
    try:
        with replacing(file) as partial:
            partial.write_bytes(content)
            after = _logits(f"{classifier.name} as {form}", wanted.load(partial, classifier.fit)[0], images)
            moved = float((after - before).abs().max() / before.abs().max().clamp(min=1))
            if not moved <= CLOSE:
                raise RobustnessError(
                    f"{classifier.name}: as {form} its logits for {IMAGES} random images move by up to {moved:.2g} of the "
                    f"largest, more than {CLOSE:g}; nothing was written. Does its forward take random numbers, or ask for "
                    "what it sees?"
                )
    except OSError as error:
        raise RobustnessError(f"{file}: {error.strerror}") from error
    return moved


def _encoded(name: str, module: nn.Module, images: torch.Tensor, wanted: Format) -> bytes:
    if isinstance(module, OnnxNetwork):
        raise RobustnessError(f"{name} is an ONNX file, which torch cannot read; export the network it was made of")
    if isinstance(module, FileNetwork):
        raise RobustnessError(f"{name} is a file of another runtime; export the network that it was made of")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about torch's own insides
            return wanted.encode(torch.export.export(module, (images,), dynamic_shapes=ANY_BATCH))
    except RobustnessError:
        raise
    except Exception as error:  # the user's code, or an operator that the format does not know
        said = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise RobustnessError(
            f"{name} cannot be exported ({said}): torch.export has to follow its forward for a batch of any length"
        ) from error


def _logits(name: str, module: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Of all images at once, and of the first by itself."""
    try:
        with torch.inference_mode():
            parts = [module(images), module(images[:1])]
    except Exception as error:  # the user's code may raise anything
        takes = str(images.dtype).removeprefix("torch.")
        raise RobustnessError(
            f"{name} raised {described(error)} on {takes} images of shape {(*images.shape,)}; "
            f"{advice(error, images.shape[1:], 'is that what it takes?')}"
        ) from error
    if not all(isinstance(part, torch.Tensor) and part.ndim == 2 for part in parts):
        raise RobustnessError(f"{name} gave {type(parts[0]).__name__}, not logits of shape (N, classes)")
    return torch.cat(parts).cpu().float()


def _to_onnx(program: torch.export.ExportedProgram) -> bytes:
    import_extra("onnxscript", "onnx")
    names: dict[str, Any] = {"input_names": ["images"], "output_names": ["logits"], "dynamic_shapes": ANY_BATCH}
    written = torch.onnx.export(program, dynamo=True, verbose=False, **names)
    assert written is not None
    content: bytes = written.model_proto.SerializeToString()
    return content


def _to_archive(program: torch.export.ExportedProgram) -> bytes:
    content = io.BytesIO()
    torch.export.save(program, content)
    return content.getvalue()


FORMATS = {"onnx": Format(".onnx", _to_onnx, load_onnx), "exported": Format(".pt2", _to_archive, load_exported)}
