"""The usual other ways to feed a network, which sentinels try where one does not do well as it is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from robustness.data import Preparation
from robustness.models.classifier import Classifier
from robustness.models.preprocessing import Channels

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLIP = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
SCALES: tuple[tuple[Channels, Channels, str], ...] = (
    ((0.0,), (1.0,), ", so pixels of 0..1"),
    ((0.0,), (1 / 255,), ", so pixels of 0..255"),
    ((0.0,), (255.0,), ", so pixels divided by 255 twice"),
    ((0.5,), (0.5,), ""),
    ((0.1307,), (0.3081,), ", which are MNIST's"),
    (*IMAGENET, ", which are ImageNet's"),
    (*CLIP, ", which are CLIP's"),
)
"""Mean and standard deviation, of each channel or of all."""
SHARE = 0.875
"""Of the shorter side of an image, which is what is kept of it where 256 pixels are cropped to 224."""
WAYS = len(SCALES) + 5
"""How many other ways there are, at most."""


@dataclass(frozen=True)
class OtherWay:
    """A classifier fed otherwise, and how, in words. flipped: with red and blue swapped. may_refuse: no error is a surprise."""

    classifier: Classifier
    words: str
    flipped: bool = False
    may_refuse: bool = False


def other_ways(classifier: Classifier) -> Iterator[OtherWay]:
    channels = classifier.fit.channels
    for mean, std, words in SCALES:
        if len(mean) in (1, channels):
            mean, std = (values * channels if len(values) == 1 else values for values in (mean, std))
            if not np.allclose([*mean, *std], [*classifier.mean, *classifier.std], rtol=0.01, atol=1e-3 * min(std)):
                fed = replace(classifier, mean=mean, std=std)
                yield OtherWay(fed, f"mean = {numbers(mean)}, std = {numbers(std)}{words}")
    if channels == 3:
        # Mean and standard deviation travel with their channels, so that this is the same as a flip where forward begins.
        swapped = replace(classifier, mean=classifier.mean[::-1], std=classifier.std[::-1])
        yield OtherWay(swapped, "BGR, so with images.flip(1) at the beginning of its forward", flipped=True)
    yield channels_last(classifier)
    for fit, words in _other_fits(classifier.fit):
        yield OtherWay(replace(classifier, fit=fit), words)


def _other_fits(fit: Preparation) -> Iterator[tuple[Preparation, str]]:
    if fit.exact:
        return
    resize = round(min(fit.shape) / SHARE)
    crop = fit.height if fit.height == fit.width else f"[{fit.height}, {fit.width}]"
    for other, words in (
        (replace(fit, resize=fit.shape), 'fit = "resize"'),
        (replace(fit, resize=None, centre="floor"), 'fit = "crop-or-pad"'),
        (replace(fit, resize=resize, centre="round"), f"prepare = {{ resize = {resize}, crop = {crop} }}"),
    ):
        if other.resize != fit.resize:
            yield other, words


def channels_last(classifier: Classifier) -> OtherWay:
    fed = replace(classifier, module=_ChannelsLast(classifier.module), architecture=None)
    words = "channels last, so with images.permute(0, 2, 3, 1) at the beginning of its forward"
    return OtherWay(fed, words, may_refuse=True)


def numbers(values: Sequence[float]) -> str:
    """As TOML writes it: one number where all are the same.

    >>> numbers((0.5, 0.5, 0.5)), numbers((0.1, 0.2, 0.3))
    ('0.5', '[0.1, 0.2, 0.3]')
    """
    plain = [f"{value:.6g}" for value in values]
    return plain[0] if len(set(plain)) == 1 else f"[{', '.join(plain)}]"


class _ChannelsLast(nn.Module):
    """A network that gets images of shape (N, H, W, channels)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: torch.Tensor) -> object:
        return self.network(batch.permute(0, 2, 3, 1).contiguous())
