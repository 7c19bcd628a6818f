"""A larger magnitude takes images further away, for every kind that says so."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from noise_strategies import GROWING

from robustness.noise import KINDS, apply, make_noise


def scenes(count=24, side=40):
    """Slopes and boxes of many sizes, in colour: something for every kind to act on."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:side, :side]
    slopes = (
        rng.uniform(-2, 2, (count, 1, 1, 3)) * y[..., np.newaxis] + rng.uniform(-2, 2, (count, 1, 1, 3)) * x[..., np.newaxis]
    )
    images = 100 + slopes
    for image in images:
        for _ in range(12):
            (top, left), (height, width) = rng.integers(0, side, 2), rng.integers(3, side // 2, 2)
            image[top : top + height, left : left + width] += rng.integers(-80, 80, 3)
    return np.clip(images, 0, 255).astype(np.uint8)


def distance(noise):
    clean = scenes()
    return np.abs(apply(noise, clean, range(len(clean)), 3).astype(int) - clean).mean()


def at(kind, level):
    return make_noise(kind, {str(KINDS[kind].magnitude): level})


@pytest.mark.parametrize("kind", GROWING)
def test_the_mean_distance_grows(kind):
    spec, none = KINDS[kind], float(KINDS[kind].identity or 0)
    above = sorted(level for level in {*spec.gallery, spec.typical} if level > none)
    away = [distance(at(kind, level)) for level in (none, *above)]
    assert away[0] == 0
    assert all(near < far for near, far in pairwise(away)), dict(zip(above, away[1:], strict=True))
    assert len(above) >= 2


@pytest.mark.parametrize("kind", GROWING)
def test_it_never_shrinks_by_much_between(kind):
    """Whole pixels and parts of the image come and go in steps: no step takes back a tenth."""
    none = float(KINDS[kind].identity or 0)
    strongest = max(KINDS[kind].gallery, key=lambda level: abs(level - none))
    away = [distance(noise) for noise in at(kind, strongest).ladder(12)]
    assert all(far >= 0.9 * near for near, far in pairwise(away))
    assert away[-1] > 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_gallery_shows_something(kind):
    spec = KINDS[kind]
    assert bool(spec.gallery) == bool(spec.magnitude)
    for level in spec.gallery:
        assert distance(at(kind, level)) > 0.1
