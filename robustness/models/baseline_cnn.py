"""The study's baseline network (its figure 8)."""

from __future__ import annotations

from torch import nn

from robustness.errors import RobustnessError

SMALLEST = 8
"""Pixels, of which three poolings leave one."""


class BaselineCNN(nn.Sequential):
    """Three times 3x3 convolution, ReLU and 2x2 max-pooling, then two dense layers.

    Input float32 of shape (N, 3, size, size) in 0..1; output logits of shape (N, classes). At 40 pixels and 43 classes
    it has 234,059 parameters. Weights start as in Keras, which the study used first: Glorot uniform, biases zero.
    """

    OUTPUT = "12"

    def __init__(self, classes: int, size: int = 40) -> None:
        if size < SMALLEST:
            raise RobustnessError(f"baseline-cnn takes images of {SMALLEST} pixels and more, not {size}")
        layers: list[nn.Module] = []
        channels = 3
        for width in (16, 32, 64):
            layers += [nn.Conv2d(channels, width, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2)]
            channels = width
        features = channels * (size // 8) ** 2
        layers += [nn.Flatten(), nn.Linear(features, 128), nn.ReLU(), nn.Linear(128, classes)]
        super().__init__(*layers)
        self.apply(_glorot)


def _glorot(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
