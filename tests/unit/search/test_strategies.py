"""Strategies for tests of one's own: what they draw, and that they shrink to little noise."""

from __future__ import annotations

import importlib
import math
import sys
import textwrap
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from banded_classifier import image_set
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from hypothesis.vendor.pretty import pretty

from robustness.errors import RobustnessError
from robustness.noise import KINDS, Clean, Gaussian, Offset, Periodic, Resolution, make_noise
from robustness.search import strategies
from robustness.search.critical import LEVELS

SAFE = (Gaussian(10), Periodic(0.04), Offset(-20), Resolution(3))
STEADILY = settings(max_examples=2000, derandomize=True, deadline=None, phases=set(Phase) - {Phase.explain})
GROWING = [
    make_noise(kind, {spec.magnitude: 30 if spec.ranges[spec.magnitude][1] >= 30 else spec.typical})
    for kind, spec in KINDS.items()
    if spec.magnitude and spec.identity is not None
]


def share(noise):
    """Of its magnitude among `SAFE`, exactly, of the numbers as they are written."""
    highest = next(highest for highest in SAFE if highest.kind == noise.kind)
    none, level, whole = (Fraction(repr(magnitude)) for magnitude in (noise.identity, noise.level, highest.level))
    return (level - none) / (whole - none)


def least(strategy, condition=lambda _: True, tries=STEADILY.max_examples):
    return find(strategy, condition, settings=settings(STEADILY, max_examples=tries))


def test_the_example_in_the_documentation_runs():
    example: dict[str, Any] = {}
    exec(textwrap.dedent(strategies.__doc__.split(":\n\n", 1)[1].rsplit("\n\n", 1)[0]), example)
    example["test_noise_leaves_an_image_near_what_it_was"]()


@pytest.mark.parametrize("highest", GROWING, ids=str)
def test_magnitudes_shrink_to_the_smallest_level_that_fails(highest):
    ladder = highest.ladder(LEVELS)
    assert least(strategies.magnitudes(highest)) == ladder[0]
    assert least(strategies.magnitudes(highest), lambda noise: ladder.index(noise) >= 37) == ladder[37]
    assert least(strategies.magnitudes(highest), lambda noise: ladder.index(noise) >= LEVELS) == highest


def test_one_of_several_noises_shrinks_to_the_first_and_to_little_of_it():
    assert least(strategies.noises(SAFE)) == Gaussian(0.05)
    assert least(strategies.noises(SAFE), lambda noise: share(noise) > Fraction(36, 100)) == Gaussian(10 * 73 / LEVELS)
    wave = least(strategies.noises(SAFE), lambda noise: noise.kind == "periodic" and noise.level >= 0.01)
    assert wave == Periodic(0.01, frequency=0, orientation=0, phase=0)


def test_perturbations_shrink_to_one_noise_a_low_level_and_seed_0():
    first = least(strategies.perturbations(SAFE))
    assert (str(first), first.seed) == ("gaussian(sigma=0.1)", 0)
    strong = least(strategies.perturbations(SAFE), lambda mixed: sum(map(share, mixed.noises)) > 0.36 + 1e-6)
    assert (str(strong), strong.seed) == ("gaussian(sigma=3.7)", 0)
    two = least(strategies.perturbations(SAFE), lambda mixed: len(mixed.noises) == 2 and mixed.seed >= 12)
    assert (len(two.noises), two.seed) == (2, 12)
    assert sum(map(share, two.noises)) == Fraction(1, 100)


@given(mixed=strategies.perturbations(SAFE))
def test_a_mixture_never_leaves_the_simplex_of_the_declared_magnitudes(mixed):
    shares = [share(noise) for noise in mixed.noises]
    assert 1 <= len(mixed.noises) <= 3
    assert all(one > 0 for one in shares)
    assert sum(shares) <= 1
    level = math.ceil(sum(shares) * strategies.STEPS) / strategies.STEPS
    assert level - sum(shares) < 1e-5 * len(shares)  # of six digits each
    assert len({noise.kind for noise in mixed.noises}) == len(mixed.noises)


@pytest.mark.parametrize("highest", SAFE, ids=str)
def test_a_noise_alone_reaches_its_declared_magnitude(highest):
    corner = least(strategies.perturbations([highest]), lambda mixed: share(mixed.noises[0]) == 1)
    assert corner.noises[0].level == highest.level


def test_three_noises_reach_the_face_of_the_simplex():
    face = least(strategies.perturbations(SAFE), lambda mixed: len(mixed.noises) == 3 and sum(map(share, mixed.noises)) > 0.97)
    assert 0.97 < sum(map(share, face.noises)) < 0.99


def test_a_magnitude_of_more_than_six_digits_is_never_exceeded():
    noise = Gaussian(0.12345678)
    with pytest.raises(NoSuchExample):
        least(strategies.perturbations([noise]), lambda mixed: mixed.noises[0].level > noise.level, tries=300)
    assert least(strategies.perturbations([noise]), lambda mixed: mixed.noises[0].level > 0.1234).noises == (noise,)


@pytest.mark.parametrize("waves", [strategies.noises([Periodic(0.04)]), strategies.perturbations([Periodic(0.04)])])
def test_waves_have_any_frequency_orientation_and_phase_of_a_grid(waves):
    seen = set()

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(drawn=waves)
    def look(drawn):
        wave = drawn if isinstance(drawn, Periodic) else drawn.noises[0]
        assert wave.frequency in {k / 128 for k in range(65)}
        assert wave.orientation in range(0, 180, 5)
        assert wave.phase in range(0, 360, 15)
        seen.add((wave.frequency, wave.orientation, wave.phase))

    look()
    assert [len(set(values)) > 20 for values in zip(*seen, strict=True)] == [True, True, True]


@given(image=strategies.images(5, 7), seed=strategies.seeds(), place=strategies.places(image_set()))
def test_images_seeds_and_places_are_what_noise_and_sets_take(image, seed, place):
    assert (image.shape, image.dtype) == ((5, 7, 3), np.uint8)
    assert 0 <= seed < 2**64
    assert len(image_set()[place])


def test_images_seeds_and_places_shrink_to_black_zero_and_the_first():
    assert not least(strategies.images(3, 2)).any()
    assert least(strategies.images(3, 2), lambda image: image.max() >= 37).max() == 37
    assert least(strategies.seeds(), lambda seed: seed >= 2**40) == 2**40
    assert least(strategies.places(image_set()), lambda place: place >= 3) == 3


@pytest.mark.parametrize("strategy", [strategies.noises, strategies.perturbations])
@pytest.mark.parametrize("highest", [[], [Gaussian(5), Clean()]])
def test_noises_that_do_not_grow_from_nothing_are_refused(strategy, highest):
    with pytest.raises(RobustnessError, match="at least one noise|made of built-in noises with a magnitude"):
        least(strategy(highest))


def test_a_noise_without_a_magnitude_has_no_levels():
    with pytest.raises(RobustnessError, match="no magnitude that grows from nothing"):
        strategies.magnitudes(Clean())


def tried(strategy):
    drawn = []

    @settings(max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(value=strategy)
    def look(value):
        drawn.append(value)

    look()
    return drawn


def test_what_is_tried_does_not_hang_on_the_modules_around(tmp_path, monkeypatch):
    """Hypothesis draws numbers of 100 and more that it reads in them; a derandomised hunt tries the same wherever it runs."""
    before = tried(strategies.perturbations(SAFE)), tried(st.integers(0, 100_000))
    (tmp_path / "full_of_numbers.py").write_text(f"NUMBERS = {list(range(100, 900))}\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("full_of_numbers")
    try:
        after = tried(strategies.perturbations(SAFE)), tried(st.integers(0, 100_000))
    finally:
        del sys.modules["full_of_numbers"]
    assert after[0] == before[0]
    assert after[1] != before[1]  # or there would be nothing to see


def test_a_noise_reads_as_python_in_what_hypothesis_prints():
    assert pretty(Gaussian(3)) == "Gaussian(sigma=3.0)"
