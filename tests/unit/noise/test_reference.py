"""The reference noise: against a slow implementation of its contract, by its properties, and by frozen bytes."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from noise_strategies import NOISES, SEEDS, batches, noises_of
from slow_noise import slow_apply, wave_level

from robustness.errors import RobustnessError
from robustness.noise import PRESETS, Clean, Gaussian, GaussianWraparound, Periodic, SaltAndPepper, apply

Z = 4.9  # a normal variable lies further out than this once in a million
SMALL = settings(max_examples=150, deadline=None)
STRONG = [Gaussian(60), GaussianWraparound(60), SaltAndPepper(0.5), Periodic(0.3)]
RANDOM = [Gaussian(60), GaussianWraparound(60), SaltAndPepper(0.5)]


def grey(count, side=40, level=128):
    return np.full((count, side, side, 3), level, dtype=np.uint8)


# Against the contract


@pytest.mark.parametrize("kind", ["clean", "gaussian", "gaussian-wraparound", "salt-and-pepper"])
@given(data=st.data(), batch=batches(), seed=SEEDS)
@SMALL
def test_agrees_with_the_slow_implementation(kind, data, batch, seed):
    noise = data.draw(noises_of(kind))
    images, index = batch
    slow = [slow_apply(noise, image.tolist(), int(place), seed) for image, place in zip(images, index, strict=True)]
    assert np.array_equal(apply(noise, images, index, seed), np.array(slow, dtype=np.uint8))


@given(noise=noises_of("periodic"), batch=batches(), seed=SEEDS)
@SMALL
def test_waves_agree_with_the_slow_implementation(noise, batch, seed):
    images, index = batch
    levels = [wave_level(noise, y, x) for y in range(images.shape[1]) for x in range(images.shape[2])]
    assume(all(abs(level % 1 - 0.5) > 1e-6 for level in levels))  # rounding a tie hangs on the last bit of sin
    slow = [slow_apply(noise, image.tolist(), int(place), seed) for image, place in zip(images, index, strict=True)]
    assert np.array_equal(apply(noise, images, index, seed), np.array(slow, dtype=np.uint8))


# The bytes depend on noise, seed, index and position, and on nothing else


@given(noise=NOISES, batch=batches(most=6), seed=SEEDS, data=st.data())
@SMALL
def test_order_and_company_do_not_matter(noise, batch, seed, data):
    images, index = batch
    together = apply(noise, images, index, seed)
    places = data.draw(st.lists(st.integers(0, len(images) - 1), min_size=1, max_size=8))
    assert np.array_equal(apply(noise, images[places], index[places], seed), together[places])


@pytest.mark.parametrize("noise", STRONG, ids=str)
def test_split_into_batches_does_not_matter(noise):
    images = np.random.default_rng(0).integers(0, 256, (70, 6, 5, 3), dtype=np.uint8)
    index = np.arange(70)
    together = apply(noise, images, index, 3)
    for size in (1, 31, 32, 33):
        parts = [apply(noise, images[start : start + size], index[start : start + size], 3) for start in range(0, 70, size)]
        assert np.array_equal(np.concatenate(parts), together)


@given(noise=NOISES, batch=batches(), seed=SEEDS)
@SMALL
def test_memory_layout_does_not_matter(noise, batch, seed):
    images, index = batch
    wanted = apply(noise, images, index, seed)
    other_layouts = (
        np.asfortranarray(images),
        np.flip(np.flip(images, 2).copy(), 2),
        np.repeat(images, 2, axis=1)[:, ::2],
        np.ascontiguousarray(images.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1),
    )
    for layout in other_layouts:
        noisy = apply(noise, layout, index, seed)
        assert np.array_equal(noisy, wanted)
        assert noisy.flags.c_contiguous


@given(noise=NOISES, batch=batches(), seed=SEEDS)
@SMALL
def test_input_is_neither_changed_nor_shared(noise, batch, seed):
    images, index = batch
    images = images.copy()
    before = images.copy()
    noisy = apply(noise, images, index, seed)
    noisy[:] = 77
    assert np.array_equal(images, before)


@pytest.mark.parametrize("noise", RANDOM, ids=str)
def test_seed_and_index_choose_the_field(noise):
    images = grey(1, side=12)
    fields = {
        apply(noise, images, [index], seed).tobytes()
        for index in (0, 1, 2**32 - 1, 2**32, 2**62)
        for seed in (0, 1, 2**32, 2**64 - 1)
    }
    assert len(fields) == 20


def test_a_wave_is_the_same_on_every_image():
    noisy = apply(Periodic(0.3), grey(2), [0, 2**40], 5)
    assert np.array_equal(noisy[0], noisy[1])
    assert np.array_equal(noisy, apply(Periodic(0.3), grey(2), [7, 8], 6))


# Magnitude


@pytest.mark.parametrize("noise", [noise.at(0) for noise in STRONG] + [Clean()], ids=str)
@given(batch=batches(), seed=SEEDS)
@SMALL
def test_nothing_changes_at_magnitude_0(noise, batch, seed):
    images, index = batch
    assert np.array_equal(apply(noise, images, index, seed), images)


@given(amounts=st.tuples(st.floats(0, 1), st.floats(0, 1)), seed=SEEDS)
@SMALL
def test_salt_and_pepper_hits_are_nested_in_amount(amounts, seed):
    few, many = (apply(SaltAndPepper(amount), grey(1, side=16), [3], seed) for amount in sorted(amounts))
    hit = few != 128
    assert np.array_equal(few[hit], many[hit])


@given(amount=st.floats(0, 1), seed=SEEDS)
@SMALL
def test_salt_and_pepper_takes_all_channels_of_a_pixel(amount, seed):
    noisy = apply(SaltAndPepper(amount), grey(1, side=8), [0], seed)
    assert np.all(noisy == noisy[..., :1])
    assert set(np.unique(noisy)) <= {0, 128, 255}


def test_salt_and_pepper_of_1_leaves_no_pixel():
    assert set(np.unique(apply(SaltAndPepper(1), grey(4), range(4), 0))) == {0, 255}


@given(sigmas=st.tuples(st.floats(0, 2550), st.floats(0, 2550)), seed=SEEDS)
@SMALL
def test_gaussian_field_grows_with_sigma(sigmas, seed):
    low, high = (apply(Gaussian(sigma), grey(1, side=8), [9], seed).astype(int) - 128 for sigma in sorted(sigmas))
    assert np.all(((low >= 0) & (high >= low)) | ((low <= 0) & (high <= low)))


@given(sigma=st.floats(0, 2550), batch=batches(), seed=SEEDS)
@SMALL
def test_wraparound_differs_from_gaussian_only_where_that_is_clipped(sigma, batch, seed):
    images, index = batch
    clipped, wrapped = (apply(kind(sigma), images, index, seed) for kind in (Gaussian, GaussianWraparound))
    inside = (clipped > 0) & (clipped < 255)
    assert np.array_equal(clipped[inside], wrapped[inside])


def test_wraparound_brings_back_on_the_other_side_what_gaussian_clips():
    images = grey(4, level=255)
    clipped, wrapped = (apply(kind(5), images, range(4), 0) for kind in (Gaussian, GaussianWraparound))
    assert wrapped[clipped == 255].min() == 0
    assert set(np.unique(wrapped[clipped == 255])) <= {255, *range(25)}


# Distribution; every bound would be broken by a right implementation in one of a million seeds


def test_gaussian_noise_has_its_mean_and_standard_deviation():
    noise = apply(Gaussian(20), grey(64), range(64), 1).astype(float) - 128
    error = 20 / math.sqrt(noise.size)
    assert abs(noise.mean() - 1 / 128) < Z * error  # rounding half up of 64ths lifts by half a 64th
    assert abs(noise.std() - math.sqrt(20**2 + 1 / 12)) < Z * error / math.sqrt(2)


def test_gaussian_noise_is_independent_between_elements():
    noise = (apply(Gaussian(20), grey(64), range(64), 2).astype(float) - 128) / 20
    neighbours = [
        (noise[:, :, :, 0], noise[:, :, :, 1]),
        (noise[:, :, 1:], noise[:, :, :-1]),
        (noise[:, 1:], noise[:, :-1]),
        (noise[1:], noise[:-1]),
    ]
    for one, other in neighbours:
        assert abs((one * other).mean()) < Z / math.sqrt(one.size)


@pytest.mark.parametrize("amount", [0.004, 0.1, 0.7])
def test_salt_and_pepper_hits_its_share_half_of_it_salt(amount):
    noisy = apply(SaltAndPepper(amount), grey(64), range(64), 3)[..., 0]
    hit, salt = int((noisy != 128).sum()), int((noisy == 255).sum())
    assert abs(hit - amount * noisy.size) < Z * math.sqrt(amount * (1 - amount) * noisy.size)
    assert abs(salt - hit / 2) < Z * math.sqrt(hit / 4)


# Refusals


@pytest.mark.parametrize(
    ("images", "index", "seed", "message"),
    [
        (np.zeros((1, 2, 2, 3)), [0], 0, "wants uint8 images"),
        (np.zeros((2, 2, 3), np.uint8), [0, 1], 0, "wants uint8 images"),
        (grey(2), [0], 0, "one index of 0 to 2\\^63 - 1 per image, 2"),
        (grey(2), 0, 0, "one index of 0 to"),
        (grey(2), [[0, 1]], 0, "one index of 0 to"),
        (grey(2), [0.0, 1.0], 0, "one index of 0 to"),
        (grey(2), [True, False], 0, "one index of 0 to"),
        (grey(2), [0, -1], 0, "one index of 0 to"),
        (grey(1), [0], -1, "a seed lies between"),
        (grey(1), [0], 2**64, "a seed lies between"),
    ],
)
@pytest.mark.parametrize("noise", [Clean(), *STRONG], ids=str)
def test_what_noise_cannot_be_put_on_is_refused(noise, images, index, seed, message):
    with pytest.raises(RobustnessError, match=message):
        apply(noise, images, index, seed)


@pytest.mark.parametrize("noise", [Clean(), *STRONG], ids=str)
def test_no_images_give_no_images(noise):
    assert apply(noise, grey(0), np.arange(0), 0).shape == (0, 40, 40, 3)


# Frozen bytes: a changed hash means changed noise, and then `contract` of that kind must rise

GOLDEN = {
    "gaussian(sigma=5)": "5d710ad49e11e914457e4eee6277bb2d0687498dfedfb9ae5b1acfe21e355ac9",
    "gaussian(sigma=25)": "98de78d3bd84c155af19adf29a32484614fb9f744bc86b752a5984ed37051c4d",
    "gaussian(sigma=50)": "0962b451deca455f64fc7c7872eeb223547de71994704b1a5222fa608aa86d31",
    "periodic(amplitude=0.25)": "bbb55c73d54ac32ffde764761659ea22986f631d7997375dc60be0098ed3cdcc",
    "periodic(amplitude=0.5)": "037cc592e0100f868b268942f35001f2d75f59b525ce71097e1079767a69fab9",
    "periodic(amplitude=1)": "2f968ba297e9dff86dd667a3e132ec02c477b6dcfce26e0e29282e0120f78423",
    "salt-and-pepper(amount=0.001)": "a96a637e6548400eece9729198c8acaf83bd1255e2be8ebde7527c86a9e80ce8",
    "salt-and-pepper(amount=0.002)": "e79fd6e63a2c55786fa0bd6058a006feaef43079286667527b6c923880d6ad4e",
    "salt-and-pepper(amount=0.004)": "ca6a4eeb6daf714021e26cafa3eb1f152cd278e3fcefc9c682a9510fb60544ae",
    "gaussian-wraparound(sigma=25)": "8085f63d9e0655b657cd0faef617951a47a27704b0486fcfe6679f249be72bc8",
}


def test_every_noise_of_the_preset_is_frozen():
    assert list(GOLDEN) == [str(noise) for noise in PRESETS["paper"]] + ["gaussian-wraparound(sigma=25)"]


@pytest.mark.parametrize("noise", [*PRESETS["paper"], GaussianWraparound(25)], ids=str)
def test_bytes_are_frozen(noise):
    images = (np.arange(5 * 40 * 40 * 3) * 7 // 5 % 256).astype(np.uint8).reshape(5, 40, 40, 3)
    noisy = apply(noise, images, [0, 1, 7, 12_629, 2**40], seed=2021)
    assert hashlib.sha256(noisy.tobytes()).hexdigest() == GOLDEN[str(noise)]
