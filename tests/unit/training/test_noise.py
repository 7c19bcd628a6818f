"""What hardening trains on, and what it must never see."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from robustness.noise import PRESETS, Gaussian, Periodic, SaltAndPepper
from robustness.training import noise
from robustness.training.noise import add_drawn_noise, draw_noise


@given(st.integers(0, 2**32))
def test_drawn_noise_keeps_within_what_it_says(seed):
    drawn = draw_noise(np.random.default_rng(seed))
    match drawn:
        case Gaussian():
            assert 0 <= drawn.sigma <= 60
        case SaltAndPepper():
            assert 0.0005 <= drawn.amount <= 0.05
        case Periodic():
            assert 0 <= drawn.amplitude <= 1.1
            assert 1 / 64 <= drawn.frequency <= 1 / 2
            assert 0 <= drawn.orientation <= 180
            assert 0 <= drawn.phase <= 240
        case _:
            pytest.fail(f"{drawn} is kept for testing")


def test_the_study_s_noises_lie_within_what_is_drawn():
    for cell in PRESETS["paper"]:
        match cell:
            case Gaussian():
                assert noise.SIGMA[0] <= cell.sigma <= noise.SIGMA[1]
            case Periodic():
                assert noise.AMPLITUDE[0] <= cell.amplitude <= noise.AMPLITUDE[1]
                assert noise.FREQUENCY[0] <= cell.frequency <= noise.FREQUENCY[1]
            case SaltAndPepper():
                assert noise.AMOUNT[0] <= cell.amount <= noise.AMOUNT[1]


def test_phases_held_out_are_the_rest_of_the_circle():
    assert noise.TRAINED_PHASES[1] == noise.HELD_OUT_PHASES[0]
    assert noise.HELD_OUT_PHASES[1] - noise.TRAINED_PHASES[0] == 360


def test_every_kind_is_drawn():
    generator = np.random.default_rng(0)
    kinds = [draw_noise(generator).kind for _ in range(1000)]
    shares = {kind: kinds.count(kind) / 1000 for kind in set(kinds)}
    assert shares == pytest.approx({"gaussian": 0.35, "periodic": 0.5, "salt-and-pepper": 0.15}, abs=0.05)


def test_one_group_in_four_stays_clean_and_the_images_given_are_kept():
    images = torch.full((8 * 400, 3, 8, 8), 100, dtype=torch.uint8)
    noisy = add_drawn_noise(images, np.random.default_rng(0))
    groups = (noisy == 100).reshape(400, -1).all(1).float().mean()
    assert groups == pytest.approx(0.25, abs=0.07)
    assert (images == 100).all()


def test_the_same_generator_draws_the_same_noise_and_images_of_a_group_differ():
    images = torch.full((64, 3, 8, 8), 100, dtype=torch.uint8)
    first, again, other = (add_drawn_noise(images, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_batch_that_does_not_fill_its_last_group():
    images = torch.zeros((11, 3, 8, 8), dtype=torch.uint8)
    assert add_drawn_noise(images, np.random.default_rng(0)).shape == images.shape
