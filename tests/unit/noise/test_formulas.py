"""Integer arithmetic against what it stands for: waves in real numbers, and Pillow's own reduction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_strategies import noises_of
from PIL import Image

from robustness.noise import Periodic, Resolution, apply
from robustness.noise.arithmetic import arithmetic
from robustness.noise.forms.field import Field


def real_wave(noise, height, width):
    """`255 a (sin t + cos t)` with `t = 2 pi f (x cos o + y sin o) + p`, unrounded."""
    y, x = np.mgrid[:height, :width]
    o, p = math.radians(noise.orientation), math.radians(noise.phase)
    t = 2 * math.pi * noise.frequency * (x * math.cos(o) + y * math.sin(o)) + p
    return 255 * noise.amplitude * (np.sin(t) + np.cos(t))


def whole_wave(noise, height, width):
    """What the noise adds to each pixel, in whole levels."""
    work = arithmetic(noise, height, width)
    assert isinstance(work, Field)
    return work.levels


def bound(noise, height, width):
    """How far, in grey levels, the wave of integers may lie from the real one.

    Rounding moves the orientation by up to 2^-17 turns, which moves a pixel at distance r by `2 pi 2^-17 f r` turns; the
    cosine of the orientation by 2^-21 and the steps and phase by 2^-33 turns; the looked-up turn by 2^-17. A turn of phase is
    worth `2 pi` times the peak, `255 a sqrt(2)`. Sine and cosine lie 2^-21 off each, `255 a` 2^-17, the whole level a half.
    """
    y, x = np.mgrid[:height, :width]
    aligned = noise.orientation / 360 * 2**16 % 1 == 0
    turns = 0 if aligned else 2 * math.pi * 2**-17 * noise.frequency * np.hypot(x, y)
    turns = turns + (x + y) * (noise.frequency * 2**-21 + 2**-33) + 2**-33 + 2**-17
    peak = 255 * noise.amplitude * math.sqrt(2)
    return peak * 2 * math.pi * turns + 255 * noise.amplitude * 2**-20 + 2**-17 * math.sqrt(2) + 0.5 + 1e-6


@given(noise=noises_of("periodic"), height=st.integers(1, 40), width=st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_waves_follow_the_real_formula(noise, height, width):
    wave = whole_wave(noise, height, width)
    assert np.all(np.abs(wave - real_wave(noise, height, width)) <= bound(noise, height, width))


@pytest.mark.parametrize("amplitude", [0.25, 0.5, 1])
def test_the_studys_waves_are_off_by_a_fiftieth_of_a_level_and_the_rounding(amplitude):
    noise = Periodic(amplitude)
    assert np.abs(whole_wave(noise, 40, 40) - real_wave(noise, 40, 40)).max() <= 0.5 + 0.02 * amplitude


@given(noise=noises_of("periodic", amplitude=st.floats(0, 0.3)), level=st.integers(0, 255))
@settings(max_examples=50, deadline=None)
def test_a_wave_is_added_and_clipped(noise, level):
    image = np.full((1, 9, 7, 3), level, dtype=np.uint8)
    wanted = np.clip(level + real_wave(noise, 9, 7), 0, 255)[..., np.newaxis]
    assert np.all(np.abs(apply(noise, image, [0], 0)[0] - wanted) <= bound(noise, 9, 7)[..., np.newaxis])


@pytest.mark.parametrize("factor", [2, 3, 4, 6])
@given(rows=st.integers(1, 8), columns=st.integers(1, 8), seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_whole_factors_do_what_pillow_does(factor, rows, columns, seed):
    """Pillow rounds between its two passes, so a mean may come out one level away."""
    shape = (rows * factor, columns * factor, 3)
    image = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    reduced = Image.fromarray(image).resize((columns, rows), Image.Resampling.BOX)
    enlarged = np.asarray(reduced.resize(shape[1::-1], Image.Resampling.NEAREST)).astype(int)
    assert np.abs(apply(Resolution(factor), image[np.newaxis], [0], 0)[0] - enlarged).max() <= 1


@pytest.mark.parametrize("factor", [1.3, 1.6, 3, 7])
def test_broken_factors_enlarge_as_pillow_does(factor):
    """A ramp keeps its order under reduction, which shows what output pixel takes what mean. No centre lies on a border."""
    side, cells = 40, math.floor(40 / factor + 0.5)
    ramp = np.broadcast_to((np.arange(side, dtype=np.uint8) * 6)[:, np.newaxis, np.newaxis], (side, side, 3))
    noisy = apply(Resolution(factor), ramp[np.newaxis], [0], 0)[0, :, 0, 0]
    numbers = Image.fromarray(np.arange(cells, dtype=np.uint8)[:, np.newaxis]).resize((1, side), Image.Resampling.NEAREST)
    assert np.unique(noisy, return_inverse=True)[1].tolist() == np.asarray(numbers)[:, 0].tolist()
