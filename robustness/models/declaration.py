"""How a model is named: in `thresholds.toml` and on the command line. Nothing here needs torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from robustness.errors import RobustnessError, nearest

if TYPE_CHECKING:
    from robustness.data.preparation import Antialias, FitKind, Interpolation, Shape
    from robustness.models.classifier import Precision

SHIPPED = Path(__file__).parent.parent / "weights"
BUILT_IN = {
    "baseline-cnn": "the study's network: three convolutions, two dense layers (234,059 parameters at 40 px)",
    "small-resnet": "three residual stages with batch normalisation (80,475 parameters)",
    "medium-resnet": "four residual stages, wider ones (895,435 parameters)",
    "zoom-resnet": "medium-resnet behind a wave filter and three zooms of the centre (895,435 parameters)",
}
FORMS = {
    "torchvision:NAME": "a classification network of torchvision's, with your weights",
    "timm:NAME": "a network of timm's, with your weights (extra timm)",
    "onnx:FILE": "an ONNX file, run by ONNX Runtime (extra onnx)",
    "exported:FILE": "a program that torch.export.save wrote; it is code, so load what you trust",
    "torchscript:FILE": "a program that torch.jit.save wrote; load what you trust",
    "transformers:FOLDER": "what save_pretrained of Hugging Face's wrote, with its preparation (extra transformers)",
    "openvino:FILE": "a model.xml with its model.bin, run by OpenVINO (extra openvino)",
    "litert:FILE": "a .tflite file, run by LiteRT (extra litert)",
    "keras:FILE": "a .keras file, read in safe mode and run on torch (extra keras)",
    "python:package.module:factory": "a callable of yours that returns an nn.Module",
    "fixture": "a pytest fixture of the model's name that returns one",
}
REFERENCES = (*BUILT_IN, *FORMS)
IN_FILES = ("exported:", "onnx:", "torchscript:", "transformers:", "openvino:", "litert:", "keras:")
"""How references begin that have their weights in what they name."""
SUFFIXES = {
    ".onnx": "onnx",
    ".pt2": "exported",
    ".torchscript": "torchscript",
    ".xml": "openvino",
    ".tflite": "litert",
    ".keras": "keras",
}
PREPARE = ("torchvision", "timm", "transformers")
"""Libraries that keep the preparation of their networks' images."""


@dataclass(frozen=True)
class Steps:
    """A preparation as it is written, `prepare = { ... }`; see `robustness.data.preparation.Preparation`."""

    resize: int | Shape | None = None
    crop: int | Shape | None = None
    interpolation: Interpolation = "bilinear"
    antialias: Antialias = "pillow"
    orientation: Literal["exif", "stored"] = "exif"
    background: tuple[int, ...] | Literal["ignored"] | None = None
    range: tuple[float, float] | Literal["upper-byte"] | None = None


@dataclass(frozen=True)
class ModelDeclaration:
    """A classifier by reference, with the preprocessing that belongs to it.

    load: a built-in network's name, or a reference of one of the `FORMS`.
    weights: a shipped set's name, a safetensors file, or a file that `torch.save` wrote. weights_key: which of the state dicts
    in such a file.
    size, fit: the input in pixels, square or height and width, and how images come to it; of a built-in network None is
    as its weights were trained. channels: of the input. prepare: more steps, or where a library keeps them, or "done". mean,
    std: per channel, of values in 0..1.
    classes: the logit of each class, where the network has more of them than the images, or a JSON file that says so. outside:
    whether a prediction of one of the others is wrong, or cannot be.
    precision: of convolutions and products. output, threshold: what of its answer is the logits, see `models.outputs.Output`.
    """

    name: str
    load: str
    weights: str | None = None
    size: int | Shape | None = None
    fit: FitKind | None = None
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    precision: Precision = "float32"
    channels: int = 3
    prepare: Steps | str | None = None
    classes: Mapping[str, int] | str | None = None
    outside: Literal["wrong", "ignored"] | None = None
    output: str | None = None
    threshold: float | None = None
    weights_key: str | None = None

    @property
    def fixture(self) -> str:
        """The name of the pytest fixture that gives the model."""
        return self.name.replace("-", "_")


def with_weights(declaration: ModelDeclaration, file: Path) -> ModelDeclaration:
    """The same network with the weights of another file: in place of those declared, or of the file that holds both."""
    if declaration.load == "fixture":
        raise RobustnessError(
            f"{declaration.name} lives in a pytest fixture, which makes its weights: no file takes their place"
        )
    for scheme in IN_FILES:
        if declaration.load.startswith(scheme):
            return replace(declaration, load=f"{scheme}{file}")
    return replace(declaration, weights=str(file))


def meant_by(load: str) -> str:
    """What an unknown `load` may have meant: a file's name wants to be told how it is loaded."""
    suffix = Path(load).suffix.lower()
    if suffix in SUFFIXES:
        return f"did you mean {SUFFIXES[suffix] + ':' + load!r}?"
    if suffix in (".pt", ".pth", ".ckpt", ".bin", ".safetensors"):
        return f"a file of weights goes into weights = {load!r}, beside a load that says which network it is of"
    return nearest(load, REFERENCES)


def shipped_weights(network: str) -> dict[str, Path]:
    """The weights that come with the package for a built-in network, by the name of the data they were trained on."""
    return {file.stem.removeprefix(f"{network}-"): file for file in sorted(SHIPPED.glob(f"{network}-*.safetensors"))}
