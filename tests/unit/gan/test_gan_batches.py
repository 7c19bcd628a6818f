"""A GAN's epoch: every image once, clean or under a noise it is told of."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robustness.data import Fit, fit_images
from robustness.errors import RobustnessError
from robustness.gan.batches import Batches
from robustness.gan.condition import Condition
from robustness.noise import Gaussian, SaltAndPepper

NOISY = Condition((), (Gaussian(10), Gaussian(40), SaltAndPepper(0.1)))


def epoch(image_set, condition=NOISY, batch_size=30, seed=0, number=0):
    return Batches(image_set, condition, batch_size, np.random.SeedSequence([seed, number]))


def together(batches):
    return [torch.cat(parts) for parts in zip(*batches, strict=True)]


def test_clean_images_come_once_each_cropped_or_padded_and_scaled(colours):
    batches = epoch(colours, Condition(colours.class_names))
    images, labels, levels = together(batches)
    expected = fit_images(colours, Fit(28))[batches.places.ravel()].transpose(0, 3, 1, 2) / 127.5 - 1
    np.testing.assert_allclose(images.numpy(), expected, atol=1e-6)
    assert images.dtype == torch.float32
    assert sorted(batches.places.ravel()) == list(range(90))
    np.testing.assert_array_equal(labels, colours.labels[batches.places.ravel()])
    assert levels.shape == (90, 0)
    assert len(batches) == len(list(batches)) == 3


def test_what_is_left_over_from_whole_batches_waits(colours):
    batches = epoch(colours, batch_size=40)
    assert batches.places.shape == (2, 40)
    assert len({*epoch(colours, batch_size=40, number=1).places.ravel(), *batches.places.ravel()}) > 80


def test_the_order_and_the_noise_are_the_epochs_own(colours):
    first, again, later, other = (together(epoch(colours, number=n, seed=s)) for n, s in ((0, 0), (0, 0), (1, 0), (0, 1)))
    for one, two in zip(first, again, strict=True):
        assert torch.equal(one, two)
    for changed in (later, other):
        assert not torch.equal(first[0], changed[0])
        assert not torch.equal(first[2], changed[2])


def test_the_level_told_is_that_of_the_noise_put_on(colours):
    clean = fit_images(colours, Fit(28))
    seen = []
    for number in range(6):
        batches = epoch(colours, number=number)
        images, _, levels = together(batches)
        pixels = ((images + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        for image, original, level in zip(pixels, clean[batches.places.ravel()], levels.tolist(), strict=True):
            seen.append(tuple(level))
            inner = np.abs(image.astype(int) - original)[10:18, 10:18]  # no padding there
            match level:
                case [0, 0]:
                    np.testing.assert_array_equal(image, original)
                case [share, 0]:
                    assert share in (0.25, 1)
                    assert (inner.mean() > 12) == (share == 1)
                case [0, share]:
                    assert share == 1
                    assert 0 < (inner.max(axis=2) > 0).mean() < 0.4
    counts = [seen.count(level) for level in ((0, 0), (0.25, 0), (1, 0), (0, 1))]
    assert sum(counts) == len(seen) == 540
    assert min(counts) > 100  # of 135 each


def test_balanced_classes_come_equally_often_and_all_their_images(colours):
    rare = colours.take(np.flatnonzero((colours.labels != 0) | (np.arange(90) < 12)))  # few of the first class
    few = int((rare.labels == 0).sum())
    batches = Batches(rare, Condition(rare.class_names), 3, np.random.SeedSequence([0, 0]), balanced=True)
    counts = np.bincount(rare.labels[batches.places.ravel()])
    assert few < counts[0]
    assert counts.max() - counts.min() <= 3  # those left over from whole batches
    assert set(np.flatnonzero(rare.labels == 0)) <= set(batches.places.ravel())
    again = Batches(rare, Condition(rare.class_names), 3, np.random.SeedSequence([0, 0]), balanced=True)
    np.testing.assert_array_equal(batches.places, again.places)


def test_fewer_images_than_a_batch_are_refused(colours):
    with pytest.raises(RobustnessError, match="colours has 90 images, fewer than a batch of 91"):
        epoch(colours, batch_size=91)
