"""Networks of torchvision by name, with weights of the user's own."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from robustness.errors import RobustnessError, described, nearest
from robustness.models.checkpoint import State

AUXILIARY = ("AuxLogits.", "aux1.", "aux2.")
"""Heads of InceptionV3 and GoogLeNet that only training uses; they are not built, and their weights not read."""


def build_torchvision(name: str, state: State, size: int) -> tuple[nn.Module, str]:
    """The network with these weights, for as many classes as they tell apart, and a name that stands for its code.

    name: of a classification network, as `torchvision.models.list_models` lists it. size: of its square input, in pixels; one
    that the network cannot take is refused.
    """
    import torchvision

    kept = {key: tensor for key, tensor in state.items() if not key.startswith(AUXILIARY)}
    with torch.device("meta"):  # shapes, and no memory
        two, three = _build(name, 2), _build(name, 3)
        _check_size(two, name, size)
    differing = [key for key, tensor in two.state_dict().items() if tensor.shape != three.state_dict()[key].shape]
    head = next((key for key in differing if two.state_dict()[key].ndim == 1), None)
    if head is None or head not in kept:
        raise RobustnessError(f"torchvision:{name}: no {head} among the weights, so they are of another network")
    module = _build(name, len(kept[head]))
    module.load_state_dict(kept)
    return module, f"torchvision:{name} torchvision {torchvision.__version__}"


def _build(name: str, classes: int) -> nn.Module:
    from torchvision import models

    valid = models.list_models(module=models)
    if name not in valid:
        raise RobustnessError(f"torchvision has no classification network {name!r}: {nearest(name, valid)}")
    options: dict[str, Any] = {"aux_logits": False, "init_weights": False} if name in ("inception_v3", "googlenet") else {}
    module: nn.Module = models.get_model(name, weights=None, num_classes=classes, **options)
    return module


def _check_size(module: nn.Module, name: str, size: int) -> None:
    try:
        module.eval()(torch.empty(2, 3, size, size, device="meta"))
    except Exception as error:  # each network has its own way to say that it ran out of pixels
        raise RobustnessError(f"torchvision:{name} does not take images of {size} pixels ({described(error)})") from error
