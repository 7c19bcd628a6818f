"""Networks of torchvision by name."""

from __future__ import annotations

from typing import Any

from torch import nn

from robustness.models.library import Library

AUXILIARY = ("AuxLogits.", "aux1.", "aux2.")
"""Heads of InceptionV3 and GoogLeNet that only training uses; they are not built, and their weights not read."""


def torchvision_library() -> Library:
    """Its classification networks, as `torchvision.models.list_models` lists them."""
    import torchvision
    from torchvision import models

    return Library("torchvision", torchvision.__version__, models.list_models(module=models), _build, AUXILIARY)


def _build(name: str, classes: int) -> nn.Module:
    from torchvision import models

    options: dict[str, Any] = {"aux_logits": False, "init_weights": False} if name in ("inception_v3", "googlenet") else {}
    module: nn.Module = models.get_model(name, weights=None, num_classes=classes, **options)
    return module
