"""The filter takes a wave out, whatever its frequency, orientation and phase, and leaves images without one alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.data import Fit, fit_images, load_image_set
from robustness.models.classifier import to_tensor
from robustness.models.wave_filter import STRENGTH, WaveFilter
from robustness.noise import Periodic, apply

FREQUENCIES = st.floats(0.12, 0.45)
ORIENTATIONS = st.floats(0, 180)
PHASES = st.floats(0, 360)


@pytest.fixture(scope="module")
def signs():
    """A few of the embedded images, of 40 pixels."""
    images = load_image_set("signs")
    return to_tensor(fit_images(images, Fit(40)))[:: len(images) // 24][:24]


def smooth(size, seed=0):
    """A scene without a wave: two broad gradients between a third and two thirds of the range."""
    down, across = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    generator = torch.Generator().manual_seed(seed)
    tilt = torch.rand(2, 3, 2, generator=generator) - 0.5
    return 0.5 + 0.15 * (tilt[..., :1, None] * down + tilt[..., 1:, None] * across)


def values(pixels):
    return pixels.float() / 255


@settings(max_examples=60, deadline=None)
@given(FREQUENCIES, ORIENTATIONS, PHASES, st.floats(0.25, 0.34), st.integers(24, 70))
def test_a_wave_that_clips_nothing_is_taken_out(frequency, orientation, phase, strength, size):
    place = torch.arange(size)
    turn = math.radians(orientation)
    wave = strength * torch.cos(
        2 * math.pi * frequency * (math.cos(turn) * place + math.sin(turn) * place[:, None]) + math.radians(phase)
    )
    scene = smooth(size)
    before, after = wave.abs().mean(), (WaveFilter(size)(scene + wave) - scene).abs().mean()
    assert after < 0.25 * before, "the amplitude is that of evenly spread values, of which some are clipped"


@settings(max_examples=30, deadline=None)
@given(FREQUENCIES, ORIENTATIONS, PHASES, st.sampled_from([0.25, 0.5]))
def test_much_of_a_wave_that_clips_is_taken_out_of_pictures(signs, frequency, orientation, phase, amplitude):
    noise = Periodic(amplitude=amplitude, frequency=frequency, orientation=orientation, phase=phase)
    noisy = values(apply(noise, signs, np.arange(len(signs)), 0))
    before, after = ((images - values(signs)).abs().mean() for images in (noisy, WaveFilter(40)(noisy)))
    assert after < 0.65 * before


@settings(max_examples=30, deadline=None)
@given(ORIENTATIONS, PHASES)
def test_what_a_wave_of_the_whole_range_leaves_is_used(signs, orientation, phase):
    """Not of any frequency: at a quarter of a cycle a pixel such a wave clips every value, and nothing is left."""
    noisy = values(apply(Periodic(amplitude=1, orientation=orientation, phase=phase), signs, np.arange(len(signs)), 0))
    before, after = ((images - values(signs)).abs().mean() for images in (noisy, WaveFilter(40)(noisy)))
    assert after < 0.3 * before


def test_images_without_a_wave_are_as_they_were(signs):
    found = WaveFilter(40)(values(signs))
    same = [torch.equal(one, other) for one, other in zip(found, values(signs), strict=True)]
    assert sum(same) >= 0.9 * len(signs), "but for a picture with strong stripes of its own"


def test_a_weak_wave_is_left_to_the_network():
    scene = smooth(40)
    weak = scene + 0.8 * STRENGTH * torch.cos(2 * math.pi * 0.2 * torch.arange(40))
    assert torch.equal(WaveFilter(40)(weak), weak)


def test_it_does_not_depend_on_the_batch(signs):
    noisy = values(apply(Periodic(amplitude=0.5), signs, np.arange(len(signs)), 0))
    net = WaveFilter(40)
    whole = net(noisy)
    assert torch.allclose(torch.cat([net(image[None]) for image in noisy]), whole, atol=1e-4)


def test_sixteen_bits_around_it_do_not_reach_it(signs):
    noisy = values(apply(Periodic(amplitude=0.5), signs, np.arange(len(signs)), 0))
    net = WaveFilter(40)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(net(noisy), net(noisy.clone()))
        inside = net(noisy)
    assert torch.equal(inside, net(noisy))


@pytest.mark.parametrize("size", [1, 2, 7, 28, 41, 96])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_any_size_and_a_plain_image_pass(size, level):
    images = torch.full((2, 3, size, size), level)
    assert torch.equal(WaveFilter(size)(images), images)
