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


def greys(light=7, count=5):
    return ImageSet.from_images("grey", [np.full((28, 28, 3), light, np.uint8)] * count, [0] * count, ["one"])


def test_an_image_of_one_grey_is_near_to_nothing_with_a_pattern():
    alone = find_copies(patterns(1), patterns(2), patterns(3))
    both = ImageSet.from_images("both", [*greys(), *patterns(3)], [0] * 25, ["one"])
    among = find_copies(patterns(1), patterns(2), both)
    assert (among.nearest, among.copy_distance) == pytest.approx((alone.nearest, alone.copy_distance))
    assert among.copy_distance > 1.2
    assert find_copies(greys(), patterns(2), patterns(3)).copied == 0
    assert find_copies(greys(light=201), patterns(2), both).copied == 1
