"""Noises of matched distortion: measured against formulas by hand, and matched to within what a viewer could tell."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from robustness.data import Fit, ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.order import evaluation_order
from robustness.noise import (
    Clean,
    Gaussian,
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
from robustness.search.matched import matched_magnitude, psnr, sample, ssim

COUNT = 32
INDEX = np.arange(COUNT) * 5 + 3
IMAGES = arrays.arrays(np.uint8, (2, 3, 4, 5))


def photographs():
    """Smooth images from dark to light, which noise distorts as it would photographs: uint8 of shape (32, 3, 32, 32)."""
    x, y = np.meshgrid(np.linspace(0, 6, 32), np.linspace(0, 6, 32))
    phases = np.random.default_rng(0).uniform(0, 6, (COUNT, 3, 1, 1))
    waves = np.sin(x + phases) * np.cos(y - 2 * phases)
    return torch.from_numpy((128 + 70 * waves).astype(np.uint8))


def step(count, levels):
    """Grey images of 100 and the same with so many levels added to their first `count` values."""
    clean = torch.full((1, 3, 16, 16), 100, dtype=torch.uint8)
    noisy = clean.clone()
    noisy.view(-1)[:count] += levels
    return clean, noisy


# What is measured.


def test_psnr_by_hand():
    assert psnr(*step(768, 1)) == pytest.approx(48.1308, abs=1e-4)  # 20 log10(255)
    assert psnr(*step(768, 51)) == pytest.approx(20 * math.log10(5))
    assert psnr(*step(192, 2)) == pytest.approx(48.1308, abs=1e-4)  # a quarter of the values, twice as far
    assert psnr(*step(0, 0)) == math.inf


@settings(deadline=None)
@given(IMAGES, IMAGES)
def test_psnr_is_one_number_for_all_values_of_all_images(clean, noisy):
    errors = [(int(a) - int(b)) ** 2 for a, b in zip(clean.ravel(), noisy.ravel(), strict=True)]
    expected = 10 * math.log10(255**2 * len(errors) / sum(errors)) if any(errors) else math.inf
    assert psnr(torch.from_numpy(clean), torch.from_numpy(noisy)) == pytest.approx(expected, rel=1e-12)
    assert psnr(torch.from_numpy(noisy), torch.from_numpy(clean)) == pytest.approx(expected, rel=1e-12)


def test_ssim_by_hand():
    """Of even images only the means differ: (2 a b + c) / (a^2 + b^2 + c), where c = (0.01 * 255)^2."""
    c = 2.55**2
    assert ssim(*step(768, 50)) == pytest.approx((2 * 100 * 150 + c) / (100**2 + 150**2 + c), abs=1e-3)
    assert ssim(photographs(), photographs()) == pytest.approx(1, abs=1e-6)


def test_ssim_is_the_mean_over_images():
    clean = photographs()
    noisy = apply(Gaussian(sigma=25), clean, INDEX, 0)
    each = [ssim(clean[[place]], noisy[[place]]) for place in range(COUNT)]
    assert ssim(clean, noisy) == pytest.approx(np.mean(each), abs=1e-5)
    assert max(each) - min(each) > 1e-3


def test_ssim_tells_structure_from_light():
    clean = photographs()
    lighter, noisier = apply(Offset(levels=25), clean, INDEX, 0), apply(Gaussian(sigma=25), clean, INDEX, 0)
    assert psnr(clean, lighter) == pytest.approx(psnr(clean, noisier), abs=0.5)
    assert ssim(clean, lighter) > ssim(clean, noisier) + 0.3


# What is matched.


@pytest.mark.parametrize("target", [15.0, 32.5])
@pytest.mark.parametrize(
    "highest",
    [
        Gaussian(sigma=200),
        Uniform(half_width=300),
        Speckle(sigma=3),
        Shot(gain=255),
        SaltAndPepper(amount=1),
        Impulse(amount=0.7),
        Periodic(amplitude=1, orientation=30),
    ],
)
def test_matched_noises_have_the_psnr_asked_for(highest, target):
    clean = photographs()
    matched = matched_magnitude(highest, clean, INDEX, 7, "psnr", target)
    reached = psnr(clean, apply(matched, clean, INDEX, 7))
    print(f"{matched}: {reached:.4f} dB")
    assert target - 0.05 < reached <= target
    assert (type(matched), matched.family) == (type(highest), highest.family)
    assert float(f"{matched.level:.6g}") == matched.level


@pytest.mark.parametrize("highest", [Gaussian(sigma=200), SaltAndPepper(amount=1), Periodic(amplitude=2)])
def test_matched_noises_have_the_ssim_asked_for(highest):
    clean = photographs()
    matched = matched_magnitude(highest, clean, INDEX, 7, "ssim", 0.6)
    reached = ssim(clean, apply(matched, clean, INDEX, 7))
    print(f"{matched}: {reached:.5f}")
    assert 0.6 - 0.002 < reached <= 0.6


@pytest.mark.parametrize(
    ("highest", "target", "least"),
    [
        (Offset(levels=-100), 20, -25.5),
        (Offset(levels=100), 20, 25.5),
        (Resolution(factor=1.9), 37, None),
    ],
)
def test_a_noise_in_steps_is_matched_at_the_step_that_goes_far_enough(highest, target, least):
    clean = photographs()
    matched = matched_magnitude(highest, clean, INDEX, 0, "psnr", target)
    before = matched.at(matched.level - (highest.level - highest.identity) / 20_000)
    assert psnr(clean, apply(matched, clean, INDEX, 0)) <= target < psnr(clean, apply(before, clean, INDEX, 0))
    if least is not None:  # 255 / 10 levels in every value are 20 dB
        assert matched.level == pytest.approx(least, abs=0.01)


def test_a_noise_that_steps_past_the_target_is_refused():
    """32 pixels can be halved, but not brought to anything in between that differs from it by less than a decibel."""
    clean = photographs()
    with pytest.raises(RobustnessError, match=r"resolution moves in steps: its psnr falls past .* give another target"):
        matched_magnitude(Resolution(factor=16), clean, INDEX, 0, "psnr", 25)


@settings(max_examples=15, deadline=None)
@given(st.floats(12, 45), st.floats(12, 45))
def test_a_stronger_distortion_takes_a_higher_magnitude(first, second):
    clean = photographs()[:4]
    strong, weak = (matched_magnitude(Gaussian(sigma=200), clean, INDEX[:4], 0, "psnr", dB) for dB in sorted((first, second)))
    assert isinstance(strong, Gaussian)
    assert isinstance(weak, Gaussian)
    assert strong.sigma >= weak.sigma


def test_more_halvings_than_a_thousandth_of_the_range():
    clean = photographs()
    sigmas = [matched_magnitude(Gaussian(sigma=high), clean, INDEX, 0, "psnr", 35).level for high in (50, 2550)]
    assert sigmas[0] == pytest.approx(sigmas[1], abs=2550 / 2**19)
    assert sigmas[0] == pytest.approx(255 / 10**1.75, rel=0.02)  # nothing is clipped at 35 dB


def test_a_magnitude_too_low_to_distort_as_much_is_refused():
    clean = photographs()
    with pytest.raises(
        RobustnessError, match=r"gaussian\(sigma=10\) brings the psnr down to 28.\d+, not to 20: .* higher magnitude"
    ):
        matched_magnitude(Gaussian(sigma=10), clean, INDEX, 0, "psnr", 20)
    with pytest.raises(RobustnessError, match="brings the ssim down to"):
        matched_magnitude(Gaussian(sigma=1), clean, INDEX, 0, "ssim", 0.5)


@pytest.mark.parametrize(("measure", "target"), [("psnr", math.inf), ("psnr", math.nan), ("ssim", 1.01)])
def test_a_target_that_is_no_distortion_is_refused(measure, target):
    with pytest.raises(RobustnessError, match="is no distortion"):
        matched_magnitude(Gaussian(sigma=10), photographs(), INDEX, 0, measure, target)


def test_a_noise_without_magnitude_is_refused():
    with pytest.raises(RobustnessError, match="none to match"):
        matched_magnitude(Clean(), photographs(), INDEX, 0, "psnr", 20)


# What it is measured on.


def test_the_sample_is_the_first_images_in_the_order_of_evaluation():
    values = np.arange(600) % 251
    drawn = [np.full((4, 4, 3), value, np.uint8) for value in values]
    image_set = ImageSet.from_images("set", drawn, [0] * 600, ["a"])
    images, index = sample(image_set, Fit(8))
    assert index.tolist() == evaluation_order(image_set.index)[:256].tolist()
    assert (tuple(images.shape), images.dtype) == ((256, 3, 8, 8), torch.uint8)
    assert images[:, 0, 4, 4].tolist() == values[index].tolist()
    part = image_set.take(np.arange(100, 500))
    images, index = sample(part, Fit(8))
    assert index.tolist() == part.index[evaluation_order(part.index)[:256]].tolist()
    assert images[:, 2, 3, 3].tolist() == values[index].tolist()
