"""The bytes depend on noise, seed, index and position, and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_strategies import NOISES, POINTWISE, SEEDS, batches

from robustness.noise import (
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
    Uniform,
    apply,
)

SMALL = settings(max_examples=100, deadline=None)
RANDOM = [
    *(Gaussian(60), GaussianWraparound(60), Uniform(60), Speckle(0.35)),
    *(Shot(4.25), SaltAndPepper(0.5), Impulse(0.5)),
]
FIXED = [Clean(), Periodic(0.3), Offset(20), Resolution(3)]


def grey(count, side=12, level=128):
    return np.full((count, side, side, 3), level, dtype=np.uint8)


@given(noise=NOISES, batch=batches(most=6), seed=SEEDS, data=st.data())
@SMALL
def test_order_and_company_do_not_matter(noise, batch, seed, data):
    images, index = batch
    together = apply(noise, images, index, seed)
    places = data.draw(st.lists(st.integers(0, len(images) - 1), min_size=1, max_size=8))
    assert np.array_equal(apply(noise, images[places], index[places], seed), together[places])


@given(noise=NOISES, batch=batches(), seed=SEEDS)
@SMALL
def test_the_input_is_neither_changed_nor_shared(noise, batch, seed):
    images, index = batch
    before = images.copy()
    noisy = apply(noise, images, index, seed)
    noisy[:] = 77
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    apply(noise, tensor, index, seed).fill_(77)
    assert np.array_equal(images, before)


@pytest.mark.parametrize("noise", RANDOM, ids=str)
def test_seed_and_index_choose_the_field(noise):
    indices = (0, 1, 2**32 - 1, 2**32, 2**62)
    seeds = (0, 1, 2**32, 2**64 - 1)
    fields = {apply(noise, grey(1), [index], seed).tobytes() for index in indices for seed in seeds}
    assert len(fields) == 20


@pytest.mark.parametrize("noise", FIXED, ids=str)
def test_noise_without_chance_is_the_same_on_every_image(noise):
    images = np.random.default_rng(0).integers(0, 256, (1, 12, 12, 3), dtype=np.uint8).repeat(2, axis=0)
    noisy = apply(noise, images, [0, 2**40], 5)
    assert np.array_equal(noisy[0], noisy[1])
    assert np.array_equal(noisy, apply(noise, images, [7, 8], 6))


@given(noise=NOISES.filter(lambda noise: noise.kind in POINTWISE), batch=batches(), seed=SEEDS, data=st.data())
@SMALL
def test_a_value_depends_on_no_other_value(noise, batch, seed, data):
    images, index = batch
    place = tuple(data.draw(st.integers(0, side - 1)) for side in images.shape)
    other = np.bitwise_xor(images, 0xA5)
    other[place] = images[place]
    assert apply(noise, images, index, seed)[place] == apply(noise, other, index, seed)[place]


@pytest.mark.parametrize("noise", [SaltAndPepper(0.5), Periodic(0.3), Offset(20)], ids=str)
def test_some_noise_is_the_same_in_all_channels(noise):
    noisy = apply(noise, grey(3), range(3), 1)
    assert np.array_equal(noisy, noisy[..., :1].repeat(3, axis=-1))


@pytest.mark.parametrize("noise", [noise for noise in RANDOM if noise.kind != "salt-and-pepper"], ids=str)
def test_most_noise_is_another_in_each_channel(noise):
    noisy = apply(noise, grey(1), [0], 1)
    assert all((noisy[..., one] != noisy[..., other]).any() for one, other in [(0, 1), (1, 2), (0, 2)])
