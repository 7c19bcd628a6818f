"""How a model is named: in `thresholds.toml` and on the command line. Nothing here needs torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from robustness.data.preparation import Antialias, FitKind, Interpolation, Shape
    from robustness.models.classifier import Precision

SHIPPED = Path(__file__).parent.parent / "weights"
BUILT_IN = {
    "baseline-cnn": "the study's network: three convolutions, two dense layers (234,059 parameters at 40 px)",
    "small-resnet": "three residual stages with batch normalisation (80,475 parameters)",
    "medium-resnet": "four residual stages, wider ones (895,435 parameters)",
}
FORMS = {
    "torchvision:NAME": "a classification network of torchvision's, with your weights",
    "timm:NAME": "a network of timm's, with your weights (extra timm)",
    "onnx:FILE": "an ONNX file, run by ONNX Runtime (extra onnx)",
    "exported:FILE": "a program that torch.export.save wrote; it is code, so load what you trust",
    "python:package.module:factory": "a callable of yours that returns an nn.Module",
    "fixture": "a pytest fixture of the model's name that returns one",
}
REFERENCES = (*BUILT_IN, *FORMS)
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
    weights: a shipped set's name, a safetensors file, or a state dict that `torch.save` wrote (.pt, .pth).
    size, fit: the input in pixels, square or height and width, and how images come to it. channels: of the input. prepare: more
    steps, or where a library keeps them, or "done". mean, std: per channel, of values in 0..1.
    classes: the logit of each class, where the network has more of them than the images, or a JSON file that says so. outside:
    whether a prediction of one of the others is wrong, or cannot be.
    precision: of convolutions and products.
    """

    name: str
    load: str
    weights: str | None = None
    size: int | Shape | None = None
    fit: FitKind = "crop-or-pad"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    precision: Precision = "float32"
    channels: int = 3
    prepare: Steps | str | None = None
    classes: Mapping[str, int] | str | None = None
    outside: Literal["wrong", "ignored"] | None = None

    @property
    def fixture(self) -> str:
        """The name of the pytest fixture that gives the model."""
        return self.name.replace("-", "_")


def shipped_weights(network: str) -> dict[str, Path]:
    """The weights that come with the package for a built-in network, by the name of the data they were trained on."""
    return {file.stem.removeprefix(f"{network}-"): file for file in sorted(SHIPPED.glob(f"{network}-*.safetensors"))}
