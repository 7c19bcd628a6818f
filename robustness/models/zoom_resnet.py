"""A residual network that takes a wave out of the image and looks at its centre at several zooms, with one set of weights."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from robustness.models.residual import MediumResNet
from robustness.models.wave_filter import WaveFilter


class ZoomResNet(MediumResNet):
    """medium-resnet behind a wave filter, over views of 40 pixels: one of the whole image and three of its centre.

    Weights of either are the other's. In training a batch is seen at one zoom, drawn; in evaluation at each, and the logits are
    their mean. So what is small in an image is learnt larger too, at the price of one view a step, and an image larger than a
    view has its noise averaged by the resampling. Input float32 of shape (N, 3, size, size) in 0..1; output logits of shape
    (N, classes).
    """

    VIEW = 40
    """Pixels a side that the weights see."""
    ZOOMS = (1.0, 1.25, 1.5, 1.9)
    TRAINED = 3
    """So many of them are drawn in training; the last helps in evaluation alone."""

    def __init__(self, classes: int, size: int = 40) -> None:
        super().__init__(classes, size)
        self.filter: nn.Module = WaveFilter(size)
        self.views = nn.ModuleList(View(size, zoom, self.VIEW) for zoom in self.ZOOMS)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        images = self.filter(images)
        if self.training:
            return super().forward(self.views[int(torch.randint(self.TRAINED, ()))](images))
        return torch.stack([super(ZoomResNet, self).forward(view(images)) for view in self.views]).mean(0)


class View(nn.Module):
    """The centre of square images, `zoom` times nearer, as `pixels` a side: bilinear, antialiased where it shrinks.

    A product with a fixed matrix on either side, which every exporter knows. Input of shape (N, C, size, size), output
    (N, C, pixels, pixels).
    """

    resample: torch.Tensor

    def __init__(self, size: int, zoom: float, pixels: int) -> None:
        super().__init__()
        before = min(round((size - size / zoom) / 2), (size - 1) // 2)
        kept = size - 2 * before
        identity = torch.eye(kept)[None, None]
        matrix = functional.interpolate(identity, (pixels, kept), mode="bilinear", align_corners=False, antialias=True)[0, 0]
        self.register_buffer("resample", functional.pad(matrix, (before, before)), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.resample @ images @ self.resample.T
