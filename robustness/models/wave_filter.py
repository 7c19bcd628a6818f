"""Takes the strongest plane wave out of an image: a notch filter that knows where pixels were clipped."""

from __future__ import annotations

import math

import torch
from torch import nn

LOOKED_AT = 40
"""Pixels a side of the centre in which a wave is looked for; its frequency is then refined over the whole image."""
LOWEST = 0.1
"""Cycles per pixel: what varies more slowly is what the image shows."""
STRENGTH = 0.2
"""The amplitude, of the full range, from which a wave is none of the image's own. Of 720 training images of GTSRB one in a
hundred has a stronger one of its own where it is cropped or padded to 40 pixels, and none where it is resized to 64."""
MOST = 2.0
"""The largest amplitude that is told from others."""
REACH = 9
"""Pixels a side over which the values of clipped pixels are filled in."""


class WaveFilter(nn.Module):
    """The wave `A cos(2 pi f x + phase)` that all channels share is estimated and subtracted, where it is strong enough.

    Its frequency is where the spectrum of the mean over channels, under a Hann window, is largest. Its amplitude follows from
    that peak, or where the wave clips many values from their share, both for an image whose values are evenly spread. What
    clipping has lost is filled in from around, within what the clipped value allows.

    Input and output float32 of shape (N, C, size, size) in 0..1. It learns nothing. All of it is products, sums and one
    largest element, so exporters know it.
    """

    place: torch.Tensor
    window: torch.Tensor
    middle: torch.Tensor
    cosines: torch.Tensor
    sines: torch.Tensor
    grid: torch.Tensor
    searched: torch.Tensor
    spread: torch.Tensor
    peaks: torch.Tensor
    kept: torch.Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.seen = min(size, LOOKED_AT)
        self.step = 1 / (2 * self.seen)
        place = torch.arange(size) - (size - 1) / 2
        grid = torch.arange(-self.seen, self.seen + 1) * self.step
        turns = 2 * math.pi * grid[:, None] * (torch.arange(self.seen) - (self.seen - 1) / 2)
        frequency = (grid[self.seen :, None].square() + grid.square()).sqrt()
        near = (place[:, None] - place).abs()
        turned = torch.cos(torch.arange(180) * math.pi / 180)
        waves = torch.linspace(0, MOST, 101)[:, None, None] * turned
        values = waves + ((torch.arange(20) + 0.5) / 20)[:, None]
        buffers = {
            "place": place,
            "window": _hann(size),
            "middle": _hann(self.seen),
            "cosines": turns.cos(),
            "sines": turns.sin(),
            "grid": grid,
            "searched": (frequency >= LOWEST).float(),
            "spread": (0.5 + 0.5 * torch.cos(2 * math.pi * near / (REACH + 1))) * (near <= REACH // 2),
            "peaks": 2 * (values.clamp(0, 1) * turned).mean((1, 2)),
            "kept": ((values > 0) & (values < 1)).float().mean((1, 2)),
        }
        for name, buffer in buffers.items():
            self.register_buffer(name, buffer, persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if images.device.type == "meta" or not torch.is_autocast_enabled(images.device.type):
            return self._filtered(images)
        with torch.autocast(images.device.type, enabled=False):  # sixteen bits are too few for a frequency
            return self._filtered(images)

    def _filtered(self, images: torch.Tensor) -> torch.Tensor:
        down, across, peak, phase = self._strongest(images.mean(1))
        clipped_low, clipped_high = images <= 0.5 / 255, images >= 254.5 / 255
        whole = 1 - (clipped_low | clipped_high).float().mean((1, 2, 3))
        turns = down[:, None, None] * self.place[:, None] + across[:, None, None] * self.place
        wave = (self._amplitude(peak, whole)[:, None, None] * torch.cos(2 * math.pi * turns + phase[:, None, None]))[:, None]
        lost = ((clipped_high & (wave > 0.02)) | (clipped_low & (wave < -0.02))).float()
        plain = (images - wave).clamp(0, 1)
        around = self.spread @ ((1 - lost) * plain) @ self.spread + 1e-3 * plain
        filled = around / (self.spread @ (1 - lost) @ self.spread + 1e-3)
        filled = torch.where(clipped_high, torch.maximum(filled, 1 - wave), torch.minimum(filled, -wave)).clamp(0, 1)
        share = ((peak - 0.9 * STRENGTH) / (0.2 * STRENGTH)).clamp(0, 1)[:, None, None, None]
        return images + share * (torch.lerp(plain, filled, lost) - images)

    def _strongest(self, grey: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Frequencies down and across in cycles per pixel, amplitude and phase: each of shape (N,)."""
        before = (grey.shape[-1] - self.seen) // 2
        part = grey[:, before : before + self.seen, before : before + self.seen]
        half = slice(self.seen, None)  # the other half of the plane says the same
        real, imaginary = _spectrum(
            _windowed(part, self.middle), self.cosines[half], self.sines[half], self.cosines.T, self.sines.T
        )
        best = (_power(real, imaginary) * self.searched).flatten(1).argmax(1)
        columns = len(self.grid)
        down, across = self.grid[self.seen + best // columns], self.grid[best % columns]
        full = _windowed(grey, self.window)
        for apart in (self.step / 2, self.step / 8):  # the mean of frequencies around it, weighted by how strong each is
            around = torch.arange(-2, 3, device=grey.device) * apart
            power = _power(*self._at(full, down[:, None] + around, across[:, None] + around))
            sharpness = 3 / (2 * apart * grey.shape[-1] / 1.2) ** 2
            weights = torch.softmax(sharpness * (power / power.amax((1, 2), keepdim=True).clamp_min(1e-12)).flatten(1), 1)
            weights = weights.view_as(power)
            down = down + (weights.sum(2) * around).sum(1)
            across = across + (weights.sum(1) * around).sum(1)
        real, imaginary = (part[:, 0, 0] for part in self._at(full, down[:, None], across[:, None]))
        peak = 2 * _power(real, imaginary).sqrt() / self.window.sum()
        return down, across, peak, torch.atan2(imaginary, real)

    def _at(self, grey: torch.Tensor, down: torch.Tensor, across: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The spectrum where these frequencies, of shape (N, K), cross: two of shape (N, K, K)."""
        rows, columns = (2 * math.pi * some[:, :, None] * self.place for some in (down, across))
        return _spectrum(grey, rows.cos(), rows.sin(), columns.cos().mT, columns.sin().mT)

    def _amplitude(self, peak: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
        """whole: the share of values that are not clipped."""
        by_peak, by_share = _inverse(self.peaks, peak), _inverse(-self.kept, -whole)
        return torch.lerp(by_peak, by_share, ((by_peak - 0.4) / 0.2).clamp(0, 1))


def _hann(size: int) -> torch.Tensor:
    rows = torch.hann_window(size + 2, periodic=False)[1:-1]
    return rows[:, None] * rows


def _windowed(grey: torch.Tensor, window: torch.Tensor) -> torch.Tensor:
    return (grey - (grey * window).sum((1, 2), keepdim=True) / window.sum()) * window


def _spectrum(
    grey: torch.Tensor, row_cosines: torch.Tensor, row_sines: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    even, odd = row_cosines @ grey, row_sines @ grey
    return even @ cosines - odd @ sines, -(even @ sines + odd @ cosines)


def _power(real: torch.Tensor, imaginary: torch.Tensor) -> torch.Tensor:
    return real.square() + imaginary.square()


def _inverse(table: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Where a rising function of 0 to `MOST`, known at equal steps, takes these values: of shape (N,), linear between."""
    passed = (values[:, None] - table[:-1]) / (table[1:] - table[:-1]).clamp_min(1e-6)
    return passed.clamp(0, 1).sum(1) * MOST / (len(table) - 1)
