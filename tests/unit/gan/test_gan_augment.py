"""Differentiable augmentation: what it does to an image, and that gradients come through."""

from __future__ import annotations

import torch

from robustness.gan import augment as module
from robustness.gan.augment import augment


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def test_images_keep_their_shape_and_change_by_the_draws_alone():
    images = torch.rand(16, 3, 28, 28) * 2 - 1
    once, again, other = (augment(images, draws(seed)) for seed in (1, 1, 2))
    assert once.shape == images.shape
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_the_gradient_reaches_every_pixel_that_is_still_seen():
    images = torch.rand(4, 3, 12, 12, requires_grad=True)
    module._shift(images, draws()).sum().backward()
    assert images.grad is not None
    reached = images.grad.abs().sum(dim=(1, 2, 3))
    assert torch.isfinite(images.grad).all()
    assert (reached > 0).all()
    augment(images, draws()).square().sum().backward()
    assert torch.isfinite(images.grad).all()


def test_a_shift_moves_whole_pixels_and_fills_up_with_black():
    images = torch.rand(50, 3, 16, 24)
    moved = module._shift(images, draws(3))
    reach = [round(module.SHIFT * side) for side in (16, 24)]
    offsets = set()
    for image, shifted in zip(images, moved, strict=True):
        padded = torch.nn.functional.pad(image, (reach[1],) * 2 + (reach[0],) * 2, value=-1)
        found = [
            (down, across)
            for down in range(2 * reach[0] + 1)
            for across in range(2 * reach[1] + 1)
            if torch.allclose(padded[:, down : down + 16, across : across + 24], shifted, atol=1e-6)
        ]
        assert len(found) == 1
        offsets.add(found[0])
    assert len(offsets) > 15


def test_a_cut_is_one_grey_square_of_at_most_half_the_side():
    cut = module._cut(torch.ones(200, 3, 28, 28), draws(4))
    grey = cut[:, 0] == 0
    assert torch.equal(cut[:, 0], cut[:, 2])
    for mask in grey:
        rows, columns = mask.any(dim=1).nonzero().ravel(), mask.any(dim=0).nonzero().ravel()
        for places in (rows, columns):
            assert 7 <= len(places) <= 14
            assert places.tolist() == list(range(places[0], places[0] + len(places)))
        assert mask.sum() == len(rows) * len(columns)


def test_colours_keep_their_hue():
    images = torch.tensor([0.8, 0.1, -0.5]).view(1, 3, 1, 1).expand(100, 3, 4, 4)
    changed = module._colour(images, draws(5))[:, :, 0, 0]
    assert (changed[:, 0] >= changed[:, 1]).all()
    assert (changed[:, 1] >= changed[:, 2]).all()
    strong = changed[changed[:, 0] - changed[:, 2] > 0.05]
    share = (strong[:, 1] - strong[:, 2]) / (strong[:, 0] - strong[:, 2])
    assert torch.allclose(share, torch.tensor(0.6 / 1.3), atol=1e-3)
