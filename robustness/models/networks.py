"""The built-in networks by name."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from robustness.models.baseline_cnn import BaselineCNN
from robustness.models.residual import MediumResNet, SmallResNet
from robustness.models.torch_files import State
from robustness.models.zoom_resnet import ZoomResNet


class Network(Protocol):
    """A network's class. OUTPUT: the name of its last layer, whose bias in a state dict tells the number of classes."""

    OUTPUT: str

    def __call__(self, classes: int, size: int) -> nn.Module: ...


NETWORKS: dict[str, Network] = {
    "baseline-cnn": BaselineCNN,
    "small-resnet": SmallResNet,
    "medium-resnet": MediumResNet,
    "zoom-resnet": ZoomResNet,
}
DEFAULT_SIZE = 40


def classes_in(network: str, state: State) -> int | None:
    """How many classes a state dict of that network tells apart; None where it is of another network."""
    bias = state.get(f"{NETWORKS[network].OUTPUT}.bias")
    return None if bias is None or bias.ndim != 1 or not len(bias) else len(bias)
