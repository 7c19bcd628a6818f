"""A small convolutional conditional GAN: a generator worth having, that two CPU cores train overnight.

Most of the arithmetic is done at 7 and 14 pixels, where a channel costs least: the generator doubles the size with transposed
convolutions of width 4 (each pixel gets the same number of taps, so no checkerboard), and the discriminator first folds
2 by 2 pixels into channels.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from robustness.gan.condition import Condition, ConditionVector
from robustness.gan.latents import LATENT

SEED_SIDE = 7
WIDTHS = (128, 64, 32)
"""The generator's channels at 7, 14 and 28 pixels."""
JUDGED = (64, 128, 256)
"""The discriminator's channels at 14, 7 and 4 pixels; one of the last sees the whole image."""


class ConvolutionalGenerator(nn.Module):
    """From 7 by 7 to 28 by 28 pixels; each normalisation is scaled and shifted by what the condition and the latents say.

    latents: float32 of shape (N, 100), standard normal; labels and levels: see `ConditionVector`.
    Gives images, float32 of shape (N, 3, 28, 28) in -1..1.
    """

    def __init__(self, condition: Condition) -> None:
        super().__init__()
        low, middle, high = WIDTHS
        self.condition = ConditionVector(condition)
        asked = LATENT + self.condition.width
        self.start = nn.Linear(asked, low * SEED_SIDE**2)
        self.first = ModulatedNorm(low, asked)
        self.to_14 = nn.ConvTranspose2d(low, middle, 4, stride=2, padding=1)
        self.second = ModulatedNorm(middle, asked)
        self.at_14 = nn.Conv2d(middle, middle, 3, padding=1)
        self.third = ModulatedNorm(middle, asked)
        self.to_28 = nn.ConvTranspose2d(middle, high, 4, stride=2, padding=1)
        self.last = ModulatedNorm(high, asked)
        self.colours = nn.Conv2d(high, 3, 3, padding=1)
        self.to(memory_format=torch.channels_last)  # convolutions are fastest so

    def forward(self, latents: torch.Tensor, labels: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        asked = torch.cat([latents, self.condition(labels, levels)], dim=1)
        features = self.start(asked).view(-1, WIDTHS[0], SEED_SIDE, SEED_SIDE)
        features = self.to_14(self.first(features.contiguous(memory_format=torch.channels_last), asked))
        features = features + self.at_14(self.second(features, asked))
        features = self.to_28(self.third(features, asked))
        return torch.tanh(self.colours(self.last(features, asked)))


class ModulatedNorm(nn.Module):
    """Batch normalisation whose scale and shift are linear in what is asked for, then ReLU.

    T. Chen, M. Lucic, N. Houlsby, S. Gelly, "On self modulation for generative adversarial networks", ICLR 2019.
    """

    def __init__(self, channels: int, asked: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.modulate = nn.Linear(asked, 2 * channels)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, features: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        scale, shift = self.modulate(asked)[:, :, None, None].chunk(2, dim=1)
        if self.training:
            return torch.addcmul(shift, self.norm(features), 1 + scale).relu_()
        mean, variance = self.norm.running_mean, self.norm.running_var
        assert mean is not None
        assert variance is not None
        scale = (1 + scale) * (variance + self.norm.eps).rsqrt()[:, None, None]  # normalised in the same pass over memory
        return torch.addcmul(shift - mean[:, None, None] * scale, features, scale).relu_()


class ConvolutionalDiscriminator(nn.Module):
    """A projection discriminator with spectral normalisation.

    T. Miyato, M. Koyama, "cGANs with projection discriminator", ICLR 2018: the score is a linear function of the image's
    features plus their inner product with a vector for the class; here also with one for each level of noise.
    T. Miyato et al., "Spectral normalization for generative adversarial networks", ICLR 2018: no layer can stretch its
    input, so the score is a smooth function of the image.

    images: float32 of shape (N, 3, 28, 28) in -1..1. Gives a score without bounds, shape (N,).
    """

    def __init__(self, condition: Condition) -> None:
        super().__init__()
        fine, middle, coarse = JUDGED
        self.body = nn.Sequential(
            nn.PixelUnshuffle(2),
            *_layer(nn.Conv2d(12, fine, 3, padding=1)),
            *_layer(nn.Conv2d(fine, middle, 4, stride=2, padding=1)),
            *_layer(nn.Conv2d(middle, middle, 3, padding=1)),
            *_layer(nn.Conv2d(middle, coarse, 3, stride=2, padding=1)),
        )
        self.score = spectral_norm(nn.Linear(coarse, 1))
        classes, kinds = len(condition.class_names), len(condition.highest)
        self.classes = spectral_norm(nn.Embedding(classes, coarse)) if classes else None
        self.kinds = spectral_norm(nn.Linear(kinds, coarse, bias=False)) if kinds else None
        self.to(memory_format=torch.channels_last)

    def forward(self, images: torch.Tensor, labels: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        features = self.body(images.contiguous(memory_format=torch.channels_last)).sum(dim=(2, 3))
        score: torch.Tensor = self.score(features).squeeze(1)
        if self.classes is not None:
            score = score + (self.classes(labels) * features).sum(dim=1)
        if self.kinds is not None:
            score = score + (self.kinds(levels) * features).sum(dim=1)
        return score


def _layer(convolution: nn.Conv2d) -> tuple[nn.Module, nn.Module]:
    return spectral_norm(convolution), nn.LeakyReLU(0.2)
