"""Preparations that other libraries keep with a network: torchvision's weights, timm's configurations, Hugging Face's files.

What is not implemented here is refused by the name of its key, so that what is measured is what that library itself would feed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from robustness.data.preparation import INTERPOLATIONS, Preparation, Shape
from robustness.errors import RobustnessError, nearest
from robustness.extras import import_extra
from robustness.models.declaration import PREPARE, ModelDeclaration
from robustness.models.preprocessing import Preprocessing
from robustness.models.transformers_configuration import of_transformers


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
    if unknown := sorted(set(config) - known):
        raise RobustnessError(
            f"{read_from}: {unknown[0]} = {config[unknown[0]]!r} is not implemented; declare prepare = {{ ... }}"
        )
    channels, height, width = config["input_size"]
    interpolation, mode, share = config["interpolation"], config.get("crop_mode") or "center", config["crop_pct"]
    if interpolation not in INTERPOLATIONS:
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


Reader = Callable[[ModelDeclaration, str, Path], Preprocessing]
LIBRARIES: dict[str, Reader] = dict(zip(PREPARE, (_of_torchvision, _of_timm, of_transformers), strict=True))
"""By the name that `prepare` begins with."""
