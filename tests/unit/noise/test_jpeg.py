"""JPEG against Pillow, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_noise import by_pillow

from robustness.errors import RobustnessError
from robustness.noise import apply, parse_noise, reference
from robustness.noise.kinds.jpeg import Jpeg

KERNELS = pytest.mark.parametrize("function", [reference.apply, apply], ids=["reference", "kernel"])
STYLES = {  # what JPEG finds easy, and what it cannot keep
    "bytes": lambda rng, shape: rng.integers(0, 256, shape, dtype=np.uint8),
    "two colours": lambda rng, shape: rng.choice(np.array([0, 255], np.uint8), shape),
    "slopes": lambda rng, shape: (
        np.add.outer(np.arange(shape[0]) * 3, np.arange(shape[1]) * 2)[..., np.newaxis] + rng.integers(0, 40, shape)
    ).astype(np.uint8),
    "squares": lambda rng, shape: np.kron(
        rng.integers(0, 256, (shape[0] // 8 + 1, shape[1] // 8 + 1, shape[2]), dtype=np.uint8), np.ones((8, 8, 1), np.uint8)
    )[: shape[0], : shape[1]],
}


def image(seed, largest=64):
    """A picture of a size, style and number of channels that the seed decides, and a quality."""
    rng = np.random.default_rng(seed)
    shape = (*(int(side) for side in rng.integers(1, largest, 2)), int(rng.choice([1, 3, 3])))
    return STYLES[str(rng.choice(list(STYLES)))](rng, shape), int(rng.integers(1, 101))


def differing(function, seeds, largest=64):
    """How many bytes are not Pillow's."""
    found = 0
    for seed in seeds:
        picture, quality = image(seed, largest)
        noisy = function(Jpeg(quality), picture[np.newaxis], np.array([seed]), 0)[0]
        found += int((noisy != by_pillow(picture, quality)).sum())
    return found


@KERNELS
def test_bytes_are_pillows(function):
    assert differing(function, range(500)) == 0


@pytest.mark.slow
def test_bytes_of_many_images_are_pillows():
    assert differing(apply, range(10_000, 22_000)) == 0


@KERNELS
def test_bytes_of_large_images_are_pillows(function):
    assert differing(function, range(500, 512), largest=500) == 0


@KERNELS
@pytest.mark.parametrize("quality", range(1, 101))
def test_every_quality_is_pillows(function, quality):
    picture = STYLES["bytes"](np.random.default_rng(quality), (19, 35, 3))
    noisy = function(Jpeg(quality), picture[np.newaxis], np.array([0]), 0)[0]
    assert np.array_equal(noisy, by_pillow(picture, quality))


@KERNELS
@given(height=st.integers(1, 18), width=st.integers(1, 18), seed=st.integers(0, 1000))
@settings(max_examples=100, deadline=None)
def test_sizes_around_a_block_are_pillows(function, height, width, seed):
    picture = STYLES["bytes"](np.random.default_rng(seed), (height, width, 3))
    noisy = function(Jpeg(60), picture[np.newaxis], np.array([0]), 0)[0]
    assert np.array_equal(noisy, by_pillow(picture, 60))


def test_the_comparison_sees_another_quality():
    picture, quality = image(3)
    assert not np.array_equal(by_pillow(picture, quality), by_pillow(picture, quality // 2 + 1))


def test_a_better_quality_is_nearer():
    pictures = np.stack([STYLES["slopes"](np.random.default_rng(seed), (32, 32, 3)) for seed in range(20)]).astype(int)
    away = [np.abs(apply(Jpeg(q), pictures.astype(np.uint8), range(20), 0) - pictures).mean() for q in (5, 15, 40, 75, 95)]
    assert away == sorted(away, reverse=True)


@pytest.mark.parametrize("quality", [0.5, 50.5, 99.9])
def test_a_quality_is_whole(quality):
    with pytest.raises(RobustnessError, match=f"jpeg: quality .* not {quality}"):
        parse_noise(f"jpeg(quality={quality})")
