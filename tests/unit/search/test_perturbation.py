"""Several noises on the same images: what they do, what they are called, and less of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.noise import KINDS, Clean, Gaussian, Offset, Periodic, Resolution, apply, declare_noise, parse_noise
from robustness.search.perturbation import Perturbation, parse_perturbation

GROWING = [spec for spec in KINDS.values() if spec.magnitude and spec.identity is not None]
SEEDS = st.integers(0, 2**64 - 1)


def any_noise(spec):
    return st.builds(spec, **{name: st.floats(*spec.ranges[name]) for name in spec.parameters()})


PERTURBATIONS = st.builds(
    Perturbation, st.lists(st.one_of([any_noise(spec) for spec in GROWING]), min_size=1, max_size=4).map(tuple), SEEDS
)


def images(count=3, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def test_noises_are_put_on_one_after_another_with_one_seed():
    batch, index = images(), [4, 0, 2**40]
    mixed = Perturbation((Gaussian(20), Resolution(2), Offset(-30)), 7).apply(batch, index)
    by_hand = apply(Offset(-30), apply(Resolution(2), apply(Gaussian(20), batch, index, 7), index, 7), index, 7)
    assert torch.equal(mixed, by_hand)
    assert not torch.equal(mixed, Perturbation((Resolution(2), Gaussian(20), Offset(-30)), 7).apply(batch, index))
    assert not torch.equal(mixed, Perturbation((Gaussian(20), Resolution(2), Offset(-30)), 8).apply(batch, index))


def test_the_images_themselves_stay_as_they_are():
    batch = images()
    Perturbation((Gaussian(20), Offset(9)), 7).apply(batch, [0, 1, 2])
    assert torch.equal(batch, images())


def test_the_text_form_joins_those_of_the_noises():
    assert (
        str(Perturbation((Gaussian(3), Periodic(0.02, 0.1)), 5))
        == "gaussian(sigma=3) + periodic(amplitude=0.02, frequency=0.1)"
    )


@given(perturbation=PERTURBATIONS)
def test_the_text_form_parses_back(perturbation):
    assert parse_perturbation(str(perturbation), perturbation.seed) == perturbation


@given(perturbation=PERTURBATIONS, levels=st.integers(1, 300), data=st.data())
def test_less_of_it_is_the_same_kinds_at_a_level_of_their_magnitudes_and_parses_back(perturbation, levels, data):
    level = data.draw(st.integers(0, levels))
    less = perturbation.at(level, levels)
    assert less.seed == perturbation.seed
    assert [noise.family for noise in less.noises] == [noise.family for noise in perturbation.noises]
    for noise, whole in zip(less.noises, perturbation.noises, strict=True):
        wanted = whole.identity + (whole.level - whole.identity) * level / levels
        assert noise.level == pytest.approx(wanted, rel=1e-5, abs=1e-200)
    assert parse_perturbation(str(less), less.seed) == less


@given(perturbation=PERTURBATIONS, levels=st.integers(1, 300))
def test_the_highest_level_is_the_perturbation_itself_and_the_lowest_does_nothing(perturbation, levels):
    assert perturbation.at(levels, levels) == perturbation
    assert torch.equal(perturbation.at(0, levels).apply(images(1), [3]), images(1))


def test_magnitudes_of_a_level_have_six_digits():
    assert (
        str(Perturbation((Gaussian(10), Resolution(2)), 0).at(1, 3)) == "gaussian(sigma=3.33333) + resolution(factor=1.33333)"
    )


BLUR: Any = declare_noise("blur", "torchvision:GaussianBlur", "sigma", {}, Path())


@pytest.mark.parametrize("noise", [Clean(), BLUR(1.0)])
def test_noises_that_do_not_grow_from_nothing_are_refused(noise):
    with pytest.raises(RobustnessError, match="made of built-in noises with a magnitude"):
        Perturbation((Gaussian(5), noise), 0)


def test_noises_that_make_other_bytes_elsewhere_are_refused(monkeypatch):
    monkeypatch.setattr(Offset, "bit_identical", False)
    with pytest.raises(RobustnessError, match=r"offset\(levels=5\): a perturbation is made of built-in noises"):
        Perturbation((Offset(5),), 0)


def test_no_noise_at_all_is_refused():
    with pytest.raises(RobustnessError, match="at least one noise"):
        Perturbation((), 0)


@pytest.mark.parametrize("seed", [-1, 2**64, True, 0.5, "3"])
def test_only_seeds_that_noise_takes_are_taken(seed):
    with pytest.raises(RobustnessError, match="a seed lies between 0 and"):
        Perturbation((Gaussian(5),), seed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot read the noise ''"),
        ("gaussian", "gaussian needs sigma"),
        ("gaussian(sigma=5) +", "cannot read the noise"),
        ("gaussian(sigma=5) + mist(x=1)", "unknown noise 'mist'"),
        ("gaussian(sigma=5)+offset", "cannot read the noise"),
    ],
)
def test_a_text_that_is_no_perturbation_is_refused(text, said):
    with pytest.raises(RobustnessError, match=said):
        parse_perturbation(text, 0)


def test_one_noise_reads_like_a_perturbation_of_one():
    assert parse_perturbation("gaussian(sigma=5)", 3) == Perturbation((parse_noise("gaussian(sigma=5)"),), 3)
