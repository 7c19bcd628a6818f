"""Which samples are as good as copied: whatever their light, and not because they are dark."""

from __future__ import annotations

import numpy as np
import pytest

from robustness.data import ImageSet
from robustness.gan.copies import find_copies


def patterns(seed, light=1.0, count=20):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 28, 28, 3)) * light
    return ImageSet.from_images("patterns", pixels.astype(np.uint8), [0] * count, ["one"])


def test_dark_images_are_not_alike_for_being_dark():
    found = find_copies(patterns(1, light=0.05), patterns(2), patterns(3, light=0.05))
    assert found.copied < 0.2
    assert found.nearest == pytest.approx(1, abs=0.05)


def test_a_training_image_in_other_light_is_a_copy():
    found = find_copies(patterns(1, light=0.5), patterns(2), patterns(1))
    assert found.copied == 1
    assert found.nearest < 0.05
    samples, images = found.pairs.astype(float)
    assert np.abs(samples * 2 - images).max() <= 2


def test_images_of_one_grey_have_a_distance_too():
    grey = ImageSet.from_images("grey", [np.full((28, 28, 3), 7, np.uint8)] * 5, [0] * 5, ["one"])
    found = find_copies(grey, patterns(2), patterns(3))
    assert 0 < found.nearest < 1  # 1 from whatever has a pattern, where two patterns are at about the root of 2
    assert found.copy_distance > 1
