"""Magnitude: nothing at the identity, and more of the same noise away from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_strategies import INDICES, NOISES, SEEDS, batches, images_of, parameter

from robustness.noise import (
    KINDS,
    Clean,
    Gaussian,
    GaussianWraparound,
    Impulse,
    Offset,
    Periodic,
    Resolution,
    SaltAndPepper,
    Shot,
    Speckle,
    apply,
    make_noise,
)

FEW = settings(max_examples=50, deadline=None)
UNCHANGED = [
    Clean(),
    *(
        make_noise(kind, {spec.magnitude: spec.identity})
        for kind, spec in KINDS.items()
        if spec.magnitude and spec.identity is not None
    ),
]
UNORDERED = {"gaussian-wraparound", "brightness", "saturate", "jpeg"}
"""Kinds that may make a brighter image darker in places: by overflow, by another colour, by waves."""


def grey(side=8, level=128, count=1):
    return np.full((count, side, side, 3), level, dtype=np.uint8)


def at_both(kind, images, magnitudes, seed, index=9):
    """The noise at the smaller and at the larger magnitude, in grey levels."""
    small, large = (apply(kind(magnitude), images, [index], seed).astype(int) for magnitude in sorted(magnitudes))
    return small, large


def pairs(kind):
    magnitudes = parameter(kind, KINDS[kind].magnitude)
    return st.tuples(magnitudes, magnitudes)


@pytest.mark.parametrize("noise", UNCHANGED, ids=str)
@given(batch=batches(), seed=SEEDS)
@FEW
def test_nothing_changes_at_the_identity(noise, batch, seed):
    images, index = batch
    assert np.array_equal(apply(noise, images, index, seed), images)


@pytest.mark.parametrize("kind", ["gaussian", "uniform", "speckle"])
@given(data=st.data(), seed=SEEDS, index=INDICES)
@FEW
def test_the_field_grows_with_the_magnitude(kind, data, seed, index):
    small, large = (noisy - 128 for noisy in at_both(KINDS[kind], grey(), data.draw(pairs(kind)), seed, index))
    assert np.all(((small >= 0) & (large >= small)) | ((small <= 0) & (large <= small)))


@given(amplitudes=pairs("periodic"), orientation=st.floats(-360, 360), phase=st.floats(-360, 360))
@FEW
def test_a_wave_grows_with_its_amplitude(amplitudes, orientation, phase):
    small, large = at_both(lambda a: Periodic(a, orientation=orientation, phase=phase), grey(), amplitudes, 0)
    assert np.all(((small >= 128) & (large >= small)) | ((small <= 128) & (large <= small)))


@given(levels=pairs("offset"), batch=batches(most=1))
@FEW
def test_a_higher_offset_is_brighter(levels, batch):
    low, high = at_both(Offset, batch[0], levels, 0)
    assert np.all(low <= high)


@pytest.mark.parametrize(("levels", "colour"), [(-255, 0), (255, 255)])
def test_the_largest_offsets_leave_one_colour(levels, colour):
    assert np.unique(apply(Offset(levels), np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1), [0], 0)) == [colour]


@pytest.mark.parametrize("kind", [SaltAndPepper, Impulse])
@given(amounts=st.tuples(st.floats(0, 1), st.floats(0, 1)), seed=SEEDS, index=INDICES)
@FEW
def test_hits_are_nested_in_the_amount(kind, amounts, seed, index):
    few, many = at_both(kind, grey(), amounts, seed, index)
    hit = few != 128
    assert np.array_equal(few[hit], many[hit])
    assert set(np.unique(many)) <= {0, 128, 255}


@pytest.mark.parametrize("kind", [SaltAndPepper, Impulse])
def test_an_amount_of_1_hits_everything(kind):
    assert set(np.unique(apply(kind(1), grey(40, count=4), range(4), 0))) == {0, 255}


@given(sigma=st.floats(0, 2550), batch=batches(), seed=SEEDS)
@FEW
def test_wraparound_differs_from_gaussian_only_where_that_is_clipped(sigma, batch, seed):
    images, index = batch
    clipped, wrapped = (apply(kind(sigma), images, index, seed) for kind in (Gaussian, GaussianWraparound))
    inside = (clipped > 0) & (clipped < 255)
    assert np.array_equal(clipped[inside], wrapped[inside])


def test_wraparound_brings_back_on_the_other_side_what_gaussian_clips():
    clipped, wrapped = (apply(kind(5), grey(40, level=255), [0], 0) for kind in (Gaussian, GaussianWraparound))
    assert wrapped[clipped == 255].min() == 0
    assert set(np.unique(wrapped[clipped == 255])) <= {255, *range(25)}


@given(noise=NOISES.filter(lambda noise: noise.kind not in UNORDERED), batch=batches(most=1), seed=SEEDS, data=st.data())
@FEW
def test_what_is_brighter_stays_brighter(noise, batch, seed, data):
    dark, index = batch
    bright = np.maximum(dark, data.draw(images_of(*dark.shape)))
    assert np.all(apply(noise, dark, index, seed) <= apply(noise, bright, index, seed))


@pytest.mark.parametrize("noise", [Speckle(10), Shot(255), Shot(4.25)], ids=str)
def test_black_stays_black_in_the_light_alone(noise):
    assert not apply(noise, grey(40, level=0), [0], 0).any()


@pytest.mark.parametrize("level", [0, 1, 100, 255])
@given(factor=parameter("resolution", "factor"), side=st.integers(1, 9))
@FEW
def test_one_colour_has_no_detail_to_lose(level, factor, side):
    assert np.unique(apply(Resolution(factor), grey(side, level=level), [0], 0)) == [level]


def test_the_largest_factor_leaves_the_mean():
    image = np.array([10, 20, 30, 41], dtype=np.uint8).reshape(1, 2, 2, 1)
    assert apply(Resolution(1000), image, [0], 0).ravel().tolist() == [25] * 4


@pytest.mark.parametrize(
    ("factor", "colours"), [(1, 40), (1.6, 25), (2, 20), (3, 13), (4, 10), (16, 3), (26, 2), (27, 1), (1000, 1)]
)
def test_a_side_is_reduced_to_its_length_over_the_factor(factor, colours):
    ramp = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, np.newaxis, np.newaxis] * 6, (1, 40, 3, 1))
    assert len(np.unique(apply(Resolution(factor), ramp, [0], 0))) == colours
