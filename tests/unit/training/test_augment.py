"""Images varied for hardening: small changes of the right kind, and none to one in four."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robustness.data import Fit, ImageSet, fit_images
from robustness.training import augment
from robustness.training.augment import canvas, vary

SIZE = 40
FIT = Fit(SIZE)


def photographs(count=64, side=60):
    """Smooth images, so that a resampled one differs little from a shifted one: as the canvas holds them."""
    x, y = np.meshgrid(np.linspace(0, 6, side), np.linspace(0, 6, side))
    phases = np.random.default_rng(0).uniform(0, 6, (count, 1, 1, 3))
    images = (128 + 90 * np.sin(x[..., None] + phases) * np.cos(y[..., None] - 2 * phases)).astype(np.uint8)
    image_set = ImageSet.from_images("waves", images, [0] * count, ["wave"])
    return tuple(torch.from_numpy(fit_images(image_set, fit).copy()).permute(0, 3, 1, 2) for fit in (canvas(FIT), FIT))


def test_unchanged_images_are_the_ones_that_the_network_is_tested_on(monkeypatch):
    monkeypatch.setattr(augment, "CHANGED_SHARE", 0.0)
    room, plain = photographs()
    assert torch.equal(vary(room, SIZE), plain)


def test_one_image_in_four_is_unchanged():
    torch.manual_seed(1)
    room, plain = (torch.cat([images] * 8) for images in photographs())
    unchanged = (vary(room, SIZE) == plain).flatten(1).all(1).float().mean()
    assert unchanged == pytest.approx(1 - augment.CHANGED_SHARE, abs=0.06)  # 3 standard deviations of 512


@pytest.mark.parametrize("kept", ["SCALE", "TURN", "SHIFT", "LIGHT", "SHADE"])
def test_each_change_changes_and_no_change_is_large(monkeypatch, kept):
    for name, nothing in {"SCALE": 1.0, "TURN": 0.0, "SHIFT": 0.0, "LIGHT": 1.0, "SHADE": 0.0}.items():
        if name != kept:
            monkeypatch.setattr(augment, name, nothing)
    monkeypatch.setattr(augment, "CHANGED_SHARE", 1.0)
    torch.manual_seed(2)
    room, plain = photographs()
    varied = vary(room, SIZE)
    assert varied.dtype == torch.uint8
    assert varied.shape == plain.shape
    difference = (varied.float() - plain.float()).abs().flatten(1).mean(1)
    assert (difference > 0.2).float().mean() > 0.9
    assert difference.max() < 60


def test_a_resized_image_has_no_more_to_show_than_the_network_sees():
    assert canvas(Fit(SIZE, "resize")) == Fit(SIZE, "resize")
    assert canvas(FIT) == Fit(52, "crop-or-pad")


def test_what_is_scaled_down_is_real_at_its_edges(monkeypatch):
    monkeypatch.setattr(augment, "SHIFT", 0.0)
    monkeypatch.setattr(augment, "TURN", 0.0)
    torch.manual_seed(3)
    white = torch.full((64, 3, 52, 52), 255, dtype=torch.uint8)
    monkeypatch.setattr(augment, "LIGHT", 1.0)
    monkeypatch.setattr(augment, "SHADE", 0.0)
    assert (vary(white, SIZE) == 255).all()
