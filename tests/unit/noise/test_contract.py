"""The reference against the contract written a second time, byte for byte."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_strategies import INDICES, POINTWISE, SEEDS, batches, noises_of
from slow_noise import (
    STREAMS,
    Words,
    clipped,
    fixed,
    half_up,
    noisy_level,
    normal_levels,
    poisson,
    slow_apply,
    uniform_levels,
    wave_levels,
)

import robustness.noise
from robustness.noise import KINDS, Gaussian, Impulse, SaltAndPepper, Shot, Speckle, Uniform, make_noise, reference
from robustness.noise.arithmetic import arithmetic

HALF_WORDS = range(0, 2**16, 5)  # both ends among them


def worked_out(noise, height, width):
    """Of whatever class that is for the noise's kind."""
    return arithmetic(noise, height, width)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), batch=batches(most=2), seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_the_reference_agrees_with_the_slow_implementation(kind, data, batch, seed):
    noise = data.draw(noises_of(kind))
    images, index = batch
    slow = [slow_apply(noise, image.tolist(), int(place), seed) for image, place in zip(images, index, strict=True)]
    assert np.array_equal(reference.apply(noise, images, index, seed), np.array(slow, dtype=np.uint8))


@pytest.mark.parametrize("kind", sorted(POINTWISE & set(STREAMS)))
def test_they_agree_far_into_a_large_image(kind):
    spec, width, seed, index = KINDS[kind], 5000, 2**40 + 2, 2**41 + 1
    assert spec.magnitude is not None
    noise = make_noise(kind, {spec.magnitude: spec.ranges[spec.magnitude][1] / 4})
    noisy = reference.apply(noise, np.full((1, 3, width, 3), 128, dtype=np.uint8), np.array([index]), seed)
    for x in range(width - 5, width):
        pixel = 2 * width + x
        for c in range(3):
            level = noisy_level(noise, 128, (2, x), pixel, 3 * pixel + c, Words(kind, index, seed))
            assert noisy[0, 2, x, c] == level


# Tables as a whole: a random image meets only some of their entries


@pytest.mark.parametrize("sigma", [25.3, 1024])  # the latter with many ties
def test_half_words_add_their_parts_of_a_normal(sigma):
    assert worked_out(Gaussian(sigma), 1, 1).table[HALF_WORDS].tolist() == [normal_levels(sigma, u) for u in HALF_WORDS]


@pytest.mark.parametrize("half_width", [40.7, 128])  # the latter one level too wide for int8
def test_half_words_add_their_parts_of_a_range(half_width):
    table = worked_out(Uniform(half_width), 1, 1).table
    assert table[HALF_WORDS].tolist() == [uniform_levels(half_width, u) for u in HALF_WORDS]


@pytest.mark.parametrize("level", [0, 7, 200])
def test_half_words_scale_with_the_light(level):
    levels = [clipped(level + normal_levels(level * fixed(0.35), u)) for u in HALF_WORDS]
    counts = worked_out(Speckle(0.35), 1, 1).counts[level]
    assert np.searchsorted(counts, HALF_WORDS, side="right").tolist() == levels


@pytest.mark.parametrize(("gain", "step"), [(85, 1), (4.25, 5), (0.51, 17), (0.02, 85)])
def test_photons_come_with_their_exact_probabilities(gain, step):
    """To the last half word, although the contract computes them in floating point."""
    counts = worked_out(Shot(gain), 1, 1).counts
    for x in range(0, 256, step):
        lowest, cumulative = poisson(x / fixed(gain))
        shown = [clipped(half_up(fixed(gain) * photons)) for photons in range(lowest, lowest + len(cumulative))]
        last = [bisect_right(shown, y) - 1 for y in range(256)]
        half_words = [half_up(Fraction(2**16 * cumulative[place], cumulative[-1])) if place >= 0 else 0 for place in last]
        assert counts[x].tolist() == half_words


@given(noise=noises_of("periodic", amplitude=st.floats(5, 10)), height=st.integers(1, 900), width=st.integers(1, 900))
@settings(max_examples=40, deadline=None)
def test_waves_agree_as_far_as_an_image_may_reach(noise, height, width):
    levels = worked_out(noise, height, width).levels
    assert levels.shape == (height, width)
    places = [(y, x) for y in range(height - 1, -1, -89) for x in range(width - 1, -1, -97)]
    assert [levels[place] for place in places] == [wave_levels(noise, *place) for place in places]


@pytest.mark.parametrize("kind", [SaltAndPepper, Impulse])
@given(amount=st.floats(0, 1) | st.integers(0, 2**32).map(lambda halves: halves / 2**32))
def test_the_limit_of_hits_is_exact(kind, amount):
    assert worked_out(kind(amount), 1, 1).limit == round(Fraction(amount) * 2**31)


@pytest.mark.parametrize("apply", [reference.apply, robustness.noise.apply], ids=["reference", "kernel"])
@pytest.mark.parametrize("kind", [SaltAndPepper, Impulse])
@given(index=INDICES, seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_a_word_at_the_limit_does_not_hit(kind, apply, index, seed):
    image, word = np.full((1, 1, 1, 1), 77, dtype=np.uint8), Words(kind.kind, index, seed).word(0)
    assert apply(kind(word // 2 / 2**31), image, np.array([index]), seed) == 77
    assert apply(kind((word // 2 + 1) / 2**31), image, np.array([index]), seed) == (255 if word % 2 else 0)


@pytest.mark.parametrize("noise", [Speckle(0.35), Shot(4.25), Shot(0)], ids=str)
def test_the_guide_starts_at_the_first_level_of_its_half_words(noise):
    work = worked_out(noise, 1, 1)
    for x in range(256):
        assert work.first[x].tolist() == [int(np.argmax(work.counts[x] > 256 * h)) for h in range(256)]
