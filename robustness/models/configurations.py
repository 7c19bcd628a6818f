"""Preparations that other libraries keep with a network: torchvision's weights, timm's and Hugging Face's configurations.

Each is read without running code of theirs on images, and refused by the name of a key that is not implemented here, so that
what is measured is what that library itself would feed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustness.data.preparation import Interpolation, Preparation, Shape
from robustness.errors import RobustnessError, nearest
from robustness.extras import import_extra
from robustness.files.folders import path_from
from robustness.models.declaration import PREPARE, ModelDeclaration

PILLOW: dict[int, Interpolation] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box"}
"""Interpolations by their numbers in Pillow, as `resample` has them."""


@dataclass(frozen=True)
class Preprocessing:
    """A preparation with the normalisation that comes with it. read_from: where it was found, or None where it was declared."""

    fit: Preparation
    mean: tuple[float, ...]
    std: tuple[float, ...]
    read_from: str | None = None

    def __str__(self) -> str:
        mean, std = (", ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))
        return f"{self.fit}, mean [{mean}], std [{std}]"


def read_preprocessing(declaration: ModelDeclaration, reference: str, base: Path) -> Preprocessing:
    """What `prepare = "reference"` stands for; a `RobustnessError` names a key that is not implemented."""
    library, _, target = reference.partition(":")
    if library not in LIBRARIES:
        raise RobustnessError(f"prepare = {reference!r} is unknown: {nearest(reference, [*LIBRARIES, 'done'])}")
    return LIBRARIES[library](declaration, target, base)


def _of_torchvision(declaration: ModelDeclaration, target: str, base: Path) -> Preprocessing:
    """`ImageClassification`, the preset of all of torchvision's classification weights, on pictures of Pillow's."""
    from torchvision import models
    from torchvision.transforms._presets import ImageClassification

    if not target:
        raise RobustnessError(
            'prepare = "torchvision" wants weights by name, such as "torchvision:ResNet50_Weights.IMAGENET1K_V2"'
        )
    try:
        weights: Any = models.get_weight(target)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        known = [str(weight) for name in models.list_models(module=models) for weight in models.get_model_weights(name)]
        raise RobustnessError(f"torchvision has no weights {target!r}: {nearest(target, known)}") from error
    transform = weights.transforms()
    if not isinstance(transform, ImageClassification):
        raise RobustnessError(f"{target}: {type(transform).__name__} is no preparation of a classifier's images")
    (resize, *more), (crop, *_) = transform.resize_size, transform.crop_size
    fit = Preparation(crop, crop, resize=(resize, more[0]) if more else resize, interpolation=transform.interpolation.value)
    return Preprocessing(fit, tuple(transform.mean), tuple(transform.std), f"torchvision:{target}")


def _of_timm(declaration: ModelDeclaration, target: str, base: Path) -> Preprocessing:
    """What timm's `create_transform` makes of a pretrained network's configuration for evaluation."""
    timm = import_extra("timm", "timm")
    name = target or declaration.load.removeprefix("timm:")
    if not target and not declaration.load.startswith("timm:"):
        raise RobustnessError('prepare = "timm" goes with load = "timm:NAME"; for others name the network, "timm:NAME"')
    found = timm.get_pretrained_cfg(name)
    if found is None:
        raise RobustnessError(f"timm has no configuration for {name!r}: {nearest(name, timm.list_models(pretrained=True))}")
    config = timm.data.resolve_data_config(pretrained_cfg=found.to_dict(), use_test_size=False)
    return of_timm_config(config, f"timm:{name}")


def of_timm_config(config: Mapping[str, Any], read_from: str) -> Preprocessing:
    """config: of timm's `resolve_data_config`."""
    known = {"input_size", "interpolation", "mean", "std", "crop_pct", "crop_mode", "test_crop_pct", "test_input_size"}
    _only(config, known, read_from)
    channels, height, width = config["input_size"]
    interpolation, mode, share = config["interpolation"], config.get("crop_mode") or "center", config["crop_pct"]
    if interpolation not in PILLOW.values():
        raise RobustnessError(f"{read_from}: interpolation {interpolation!r} is not implemented")
    resize: int | Shape
    if mode == "squash":
        resize = (math.floor(height / share), math.floor(width / share))
    elif mode == "center" and height == width:
        resize = math.floor(height / share)
    else:
        raise RobustnessError(f"{read_from}: crop_mode {mode!r} of {height} x {width} pixels is not implemented")
    fit = Preparation(height, width, channels, resize, interpolation)
    return Preprocessing(fit, tuple(config["mean"]), tuple(config["std"]), read_from)


def _of_transformers(declaration: ModelDeclaration, target: str, base: Path) -> Preprocessing:
    """The image processor that `save_pretrained` wrote beside a network."""
    folder = target or declaration.load.removeprefix("transformers:")
    if not target and not declaration.load.startswith("transformers:"):
        raise RobustnessError('prepare = "transformers" wants the folder that save_pretrained wrote: "transformers:FOLDER"')
    file = path_from(base, folder) / "preprocessor_config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RobustnessError(f"{file}: no such file; save_pretrained of the image processor writes it") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RobustnessError(f"{file}: not JSON ({error})") from error
    if not isinstance(config, dict):
        raise RobustnessError(f"{file}: not an object with the keys of an image processor")
    return of_transformers_config(config, str(file))


IGNORED = {
    *("image_processor_type", "feature_extractor_type", "processor_class", "_processor_class", "auto_map", "return_tensors"),
    *("data_format", "device", "input_data_format", "disable_grouping", "image_seq_length", "_valid_processor_keys"),
    *("do_convert_rgb", "default_to_square", "image_processor_class", "num_labels", "id2label", "label2id", "backend"),
}
"""Keys that do not change what a network sees of an RGB image. Code behind `auto_map` is never run."""
STEPS = {
    *("do_resize", "size", "resample", "do_center_crop", "crop_size", "do_rescale", "rescale_factor", "do_normalize"),
    *("image_mean", "image_std", "crop_pct", "do_pad", "pad_size", "rescale_offset", "include_top"),
}
FAMILIES = ("ViT", "DeiT", "Beit", "CLIP", "ConvNext", "Bit", "Siglip", "MobileNetV1", "MobileNetV2", "Segformer")
"""Of image processors whose steps are those of their keys alone: resize, crop, rescale, normalise. On tensors, as the library
runs them by default."""
DEFAULT_RESAMPLE = {"CLIP": 3, "ConvNext": 2, "Beit": 3, "Bit": 3, "Siglip": 3, "DeiT": 3}


def of_transformers_config(config: Mapping[str, Any], read_from: str) -> Preprocessing:
    """config: the object in a preprocessor_config.json."""
    kind = str(config.get("image_processor_type") or config.get("feature_extractor_type") or "")
    family = kind.removesuffix("Fast").removesuffix("Pil").removesuffix("ImageProcessor").removesuffix("FeatureExtractor")
    if family not in FAMILIES:
        raise RobustnessError(
            f"{read_from}: image_processor_type {kind!r} is not implemented; those of {', '.join(FAMILIES)} are: declare "
            "prepare = { ... } with its steps"
        )
    set_keys = {key for key, value in config.items() if value is not None and value is not False}
    unknown = sorted(set_keys - IGNORED - STEPS) + sorted(set_keys & {"do_pad", "rescale_offset", "include_top"})
    if unknown:
        raise RobustnessError(
            f"{read_from}: {unknown[0]} = {config[unknown[0]]!r} is not implemented; declare prepare = {{ ... }}"
        )
    if config.get("do_rescale", True) is not True or not math.isclose(
        config.get("rescale_factor", 1 / 255), 1 / 255, rel_tol=1e-6
    ):
        raise RobustnessError(f"{read_from}: rescale_factor {config.get('rescale_factor')} is not implemented, 1/255 alone")
    resize, crop = _sizes(config, family, read_from)
    number = config.get("resample", DEFAULT_RESAMPLE.get(family, 2))
    if number not in PILLOW or PILLOW[number] not in ("nearest", "bilinear", "bicubic"):
        raise RobustnessError(f"{read_from}: resample = {number!r} is not implemented")
    if resize is not None and crop is None and isinstance(resize, int):
        raise RobustnessError(
            f"{read_from}: resizes the shorter side and crops nothing, so images have many shapes: add crop_size"
        )
    shape = crop or resize
    if not isinstance(shape, tuple):
        raise RobustnessError(f"{read_from}: neither size nor crop_size says what the network sees")
    fit = Preparation(*shape, resize=resize, interpolation=PILLOW[number], antialias="torchvision")
    mean, std = (config.get(key) for key in ("image_mean", "image_std"))
    if config.get("do_normalize", True) is not True:
        mean, std = (0.0,) * 3, (1.0,) * 3
    if mean is None or std is None:
        raise RobustnessError(f"{read_from}: do_normalize without image_mean and image_std")
    return Preprocessing(fit, _per_channel(mean), _per_channel(std), read_from)


def _sizes(config: Mapping[str, Any], family: str, read_from: str) -> tuple[int | Shape | None, Shape | None]:
    """What images are resized to and cropped to."""
    size, crop = config.get("size"), config.get("crop_size")
    cropped = None if config.get("do_center_crop", crop is not None and family not in ("ViT", "ConvNext")) is not True else crop
    if cropped is not None:
        cropped = _both(cropped, read_from, "crop_size")
    if config.get("do_resize", True) is not True:
        return None, cropped
    if isinstance(size, dict) and "shortest_edge" in size and set(size) == {"shortest_edge"}:
        shorter = int(size["shortest_edge"])
    elif isinstance(size, int) and family in ("CLIP", "ConvNext", "Bit"):
        shorter = size
    else:
        return _both(size, read_from, "size"), cropped
    if family == "ConvNext":
        if shorter >= 384:
            return (shorter, shorter), None
        return int(shorter / config.get("crop_pct", 224 / 256)), (shorter, shorter)
    return shorter, cropped


def _both(size: Any, read_from: str, key: str) -> Shape:
    if isinstance(size, int):
        return size, size
    if isinstance(size, dict) and set(size) == {"height", "width"}:
        return int(size["height"]), int(size["width"])
    raise RobustnessError(f"{read_from}: {key} = {size!r} is not implemented")


def _per_channel(values: Any) -> tuple[float, ...]:
    return tuple(map(float, values)) if isinstance(values, list | tuple) else (float(values),) * 3


def _only(config: Mapping[str, Any], known: set[str], read_from: str) -> None:
    if unknown := sorted(set(config) - known):
        raise RobustnessError(
            f"{read_from}: {unknown[0]} = {config[unknown[0]]!r} is not implemented; declare prepare = {{ ... }}"
        )


Reader = Callable[[ModelDeclaration, str, Path], Preprocessing]
LIBRARIES: dict[str, Reader] = dict(zip(PREPARE, (_of_torchvision, _of_timm, _of_transformers), strict=True))
"""By the name that `prepare` begins with."""
