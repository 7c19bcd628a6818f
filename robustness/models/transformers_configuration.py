"""The preparation that Hugging Face's image processors keep beside a network, in preprocessor_config.json.

It is read without code of theirs. Versions and families differ in what a missing key means: where that is unclear, the key is
refused by its name, so that what is measured is what the library itself would feed.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robustness.data.preparation import LARGEST, Interpolation, Preparation, Shape
from robustness.errors import RobustnessError, in_one_line
from robustness.files.folders import path_from
from robustness.models.declaration import ModelDeclaration
from robustness.models.preprocessing import Preprocessing


def of_transformers(declaration: ModelDeclaration, target: str, base: Path) -> Preprocessing:
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
CROPPING = ("CLIP", "DeiT", "Bit", "MobileNetV1", "MobileNetV2")
"""Of these, those that crop where `do_center_crop` is missing."""
SHORTER = ("CLIP", "ConvNext", "Bit")
"""Those whose `size`, where it is a number, is the shorter side's."""
UNCLEAR = ("MobileNetV1", "MobileNetV2", "Siglip")
"""Those whose `size`, where it is a number, is read in two ways."""
DEFAULT_RESAMPLE = dict.fromkeys(("ViT", "MobileNetV1", "MobileNetV2", "Segformer"), 2) | dict.fromkeys(
    ("CLIP", "DeiT", "Bit", "Beit", "Siglip"), 3
)
"""Where `resample` is missing. Versions of the library disagree on ConvNext's."""
RESAMPLE: dict[int, Interpolation] = {2: "bilinear", 3: "bicubic"}
"""By Pillow's numbers: those implemented as the library computes them on tensors."""
CROP_SHARE = 224 / 256
"""ConvNext's `crop_pct` where there is none: `save_pretrained` may write null."""


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
    steps = STEPS if family == "ConvNext" else STEPS - {"crop_pct"}
    unknown = sorted(set_keys - IGNORED - steps) + sorted(set_keys & {"do_pad", "rescale_offset", "include_top"})
    if unknown:
        raise _not_implemented(config, unknown[0], read_from)
    if not _flag(config, "do_rescale", True, read_from):
        raise _not_implemented(config, "do_rescale", read_from)
    scale = config.get("rescale_factor", 1 / 255)
    if not _is_number(scale, 0, 1) or not math.isclose(scale, 1 / 255, rel_tol=1e-6):
        raise _not_implemented(config, "rescale_factor", read_from, ", 1/255 alone")
    resize, crop = _sizes(config, family, read_from)
    number = config.get("resample", DEFAULT_RESAMPLE.get(family))
    if type(number) is not int or number not in RESAMPLE:
        raise _not_implemented(config, "resample", read_from, ", 2 (bilinear) and 3 (bicubic) alone")
    if resize is not None and crop is None and isinstance(resize, int):
        raise RobustnessError(
            f"{read_from}: resizes the shorter side and crops nothing, so images have many shapes: add crop_size"
        )
    shape = crop or resize
    if not isinstance(shape, tuple):
        raise RobustnessError(f"{read_from}: neither size nor crop_size says what the network sees")
    fit = Preparation(*shape, resize=resize, interpolation=RESAMPLE[number], antialias="torchvision", centre="floor")
    if not _flag(config, "do_normalize", True, read_from):
        return Preprocessing(fit, (0.0,) * 3, (1.0,) * 3, read_from)
    if config.get("image_mean") is None or config.get("image_std") is None:
        raise RobustnessError(f"{read_from}: do_normalize without image_mean and image_std")
    mean = _per_channel(config, "image_mean", 0, read_from)
    return Preprocessing(fit, mean, _per_channel(config, "image_std", 1e-3, read_from), read_from)


def _sizes(config: Mapping[str, Any], family: str, read_from: str) -> tuple[int | Shape | None, Shape | None]:
    """What images are resized to and cropped to."""
    crop = _crop(config, family, read_from)
    if not _flag(config, "do_resize", True, read_from):
        return None, crop
    size = config.get("size")
    if isinstance(size, dict) and set(size) == {"shortest_edge"} and _is_length(size["shortest_edge"]):
        shorter = size["shortest_edge"]
    elif _is_length(size) and family in SHORTER and not config.get("default_to_square"):
        shorter = size
    elif family == "ConvNext":
        raise _not_implemented(config, "size", read_from, ' of ConvNext, {"shortest_edge": N} alone')
    elif _is_length(size) and (family in (*SHORTER, *UNCLEAR) or config.get("default_to_square") not in (None, True)):
        raise _not_implemented(config, "size", read_from, f": whether {size} is the shorter side's or both, it does not say")
    else:
        return _both(config, "size", read_from), crop
    if family != "ConvNext":
        return shorter, crop
    if shorter >= 384:
        return (shorter, shorter), None
    share = config.get("crop_pct")
    share = CROP_SHARE if share is None else share
    if not _is_number(share, shorter / LARGEST, 1):
        raise _not_implemented(config, "crop_pct", read_from)
    return int(shorter / share), (shorter, shorter)


def _crop(config: Mapping[str, Any], family: str, read_from: str) -> Shape | None:
    declared = config.get("do_center_crop")
    if declared is None and family not in CROPPING:  # save_pretrained may write null
        if config.get("crop_size") is not None:
            raise RobustnessError(
                f"{read_from}: crop_size without do_center_crop, which for {family} says whether images are cropped: add it"
            )
        return None
    if not _flag(config, "do_center_crop", True, read_from):
        return None
    if family in ("ConvNext", "Segformer"):  # ConvNext crops by crop_pct, and Segformer never
        raise _not_implemented(config, "do_center_crop", read_from, f" for {family}")
    if config.get("crop_size") is None:
        raise RobustnessError(f"{read_from}: crops, and no crop_size says to what: add crop_size, or do_center_crop = false")
    return _both(config, "crop_size", read_from)


def _both(config: Mapping[str, Any], key: str, read_from: str) -> Shape:
    size = config.get(key)
    lengths: list[Any] = [size] * 2
    if isinstance(size, dict) and set(size) == {"height", "width"}:
        lengths = [size["height"], size["width"]]
    if not all(map(_is_length, lengths)):
        raise _not_implemented(config, key, read_from, f", lengths of 1 to {LARGEST} alone")
    return lengths[0], lengths[1]


def _per_channel(config: Mapping[str, Any], key: str, least: float, read_from: str) -> tuple[float, ...]:
    """Of levels in 0..1."""
    values = config[key] if isinstance(config[key], list | tuple) else [config[key]] * 3
    if len(values) != 3 or not all(_is_number(value, least, 1) for value in values):
        raise _not_implemented(config, key, read_from, f", 3 numbers of {least:g} to 1 alone")
    return tuple(map(float, values))


def _flag(config: Mapping[str, Any], key: str, default: bool, read_from: str) -> bool:
    value = config.get(key, default)
    if not isinstance(value, bool):
        raise _not_implemented(config, key, read_from, ", true and false alone")
    return value


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _is_length(value: Any) -> bool:
    return type(value) is int and 1 <= value <= LARGEST


def _not_implemented(config: Mapping[str, Any], key: str, read_from: str, why: str = "") -> RobustnessError:
    said = f"{in_one_line(key)} = {reprlib.repr(config[key])} is not implemented" if key in config else f"{key} is missing"
    return RobustnessError(f"{read_from}: {said}{why}; declare prepare = {{ ... }}")
