"""What a network is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Layer:
    """name: in the state dict. kind: its class. shape: of what it gives for one image. parameters: how many it has."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


def layers(outline: nn.Module, size: int) -> list[Layer]:
    """The layers of a network on the meta device, in the order in which an image of that size in pixels meets them.

    One that is met several times is listed once.
    """
    met: dict[str, Layer] = {}

    def note(name: str, module: nn.Module, output: Any) -> None:
        met.setdefault(name, Layer(name, type(module).__name__, tuple(output.shape[1:]), parameter_count(module)))

    leaves = [(name, part) for name, part in outline.named_modules() if not list(part.children())]
    hooks = [
        part.register_forward_hook(lambda module, _, output, name=name: note(name, module, output)) for name, part in leaves
    ]
    try:
        with torch.inference_mode():
            outline.eval()(torch.empty(1, 3, size, size, device="meta"))
    finally:
        for hook in hooks:
            hook.remove()
    return list(met.values())


def parameter_count(module: nn.Module) -> int:
    """How many numbers training sets."""
    return sum(parameter.numel() for parameter in module.parameters())
