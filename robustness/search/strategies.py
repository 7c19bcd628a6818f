"""Hypothesis strategies over images, noises and mixtures of noises, for tests of one's own:

    from hypothesis import given, settings

    from robustness.noise import Gaussian, apply
    from robustness.search.strategies import images, magnitudes, seeds

    @settings(deadline=None)  # the first noise compiles its kernel
    @given(image=images(40, 40), noise=magnitudes(Gaussian(10)), seed=seeds())
    def test_noise_leaves_an_image_near_what_it_was(image, noise, seed):
        noisy = apply(noise, image[None], [0], seed)[0]
        assert abs(noisy.mean() - image.mean()) < 10

Everything is drawn as integers: Hypothesis shrinks an integer to a small one, but a float to a short one, and the least noise
that fails a test is what one wants to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, Context
from fractions import Fraction
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from robustness.data import ImageSet
from robustness.noise import Noise, Periodic
from robustness.search.critical import LEVELS
from robustness.search.perturbation import Perturbation

N = TypeVar("N", bound=Noise)

MOST = 3
"""Noises of a mixture."""
HEAVIEST = 10
"""Weight of a noise in a mixture; the lightest weighs 1."""
STEPS = 100
"""Levels and seeds of a mixture. Hypothesis mixes numbers of 100 and more that stand in the modules around into what it draws;
a derandomised hunt has to try the same wherever it runs, so that it draws none as large."""

FREQUENCIES = tuple(k / 128 for k in range(65))
ORIENTATIONS = tuple(float(degrees) for degrees in range(0, 180, 5))
PHASES = tuple(float(degrees) for degrees in range(0, 360, 15))

SIX_DIGITS = Context(prec=6, rounding=ROUND_DOWN)
"""Of a magnitude, towards none of it: what is declared is never exceeded."""


def seeds() -> st.SearchStrategy[int]:
    """Seeds of noise, 0 to 2^64 - 1; shrinks to 0."""
    return st.integers(0, 2**64 - 1)


def images(height: int, width: int) -> st.SearchStrategy[npt.NDArray[np.uint8]]:
    """Images, uint8 of shape (height, width, 3); shrinks to black."""
    return arrays(np.uint8, (height, width, 3), elements=st.integers(0, 255))


def places(image_set: ImageSet) -> st.SearchStrategy[int]:
    """Places of images in the set, 0 to its length - 1; shrinks to the first."""
    return st.integers(0, len(image_set) - 1)


def magnitudes(highest: N) -> st.SearchStrategy[N]:
    """The noise at one of the levels 0..`LEVELS` of its magnitude; shrinks to no noise."""
    return st.sampled_from(highest.ladder(LEVELS))


def noises(highest: Sequence[Noise]) -> st.SearchStrategy[Noise]:
    """One of the noises at one of the levels 1..`LEVELS` of its magnitude, a wave of any frequency, orientation and phase.

    Shrinks to the first, and to little of it.
    """
    shares = st.integers(1, LEVELS).map(lambda level: Fraction(level, LEVELS))
    return st.one_of([st.builds(_part, _waves(noise), shares) for noise in _checked(highest)])


@st.composite
def perturbations(draw: st.DrawFn, highest: Sequence[Noise]) -> Perturbation:
    """One to three of the noises, in any order, waves as in `noises`: together a part of what is declared.

    Each has its share of its magnitude, and the shares add up to one of the levels 1..`STEPS` of 1, or to what six digits of
    each magnitude leave of it. Shrinks to one noise, a low level and seed 0.
    """
    declared = _checked(highest)
    numbers = draw(st.lists(st.sampled_from(range(len(declared))), min_size=1, max_size=MOST, unique=True))
    level = draw(st.integers(0, STEPS - 1)) + 1
    weights = [draw(st.integers(1, HEAVIEST)) if len(numbers) > 1 else 1 for _ in numbers]
    shares = [Fraction(level * weight, STEPS * sum(weights)) for weight in weights]
    mixed = [_part(draw(_waves(declared[number])), share) for number, share in zip(numbers, shares, strict=True)]
    return Perturbation(tuple(mixed), draw(st.integers(0, STEPS - 1)))


def _waves(noise: Noise) -> st.SearchStrategy[Noise]:
    """The noise; a `Periodic` of that amplitude, whatever else it is."""
    if not isinstance(noise, Periodic):
        return st.just(noise)
    forms = {"frequency": FREQUENCIES, "orientation": ORIENTATIONS, "phase": PHASES}
    return st.builds(replace, st.just(noise), **{name: st.sampled_from(values) for name, values in forms.items()})


def _part(noise: Noise, share: Fraction) -> Noise:
    """The noise at a share, 0 to 1, of its magnitude."""
    if share == 1 or noise.level is None or noise.identity is None:
        return noise
    none, whole = Fraction(repr(noise.identity)), Fraction(repr(noise.level))  # as they are written
    magnitude = none + (whole - none) * share
    return noise.at(float(SIX_DIGITS.divide(magnitude.numerator, magnitude.denominator)))


def _checked(noises: Sequence[Noise]) -> tuple[Noise, ...]:
    """At least one, each with a magnitude that grows from nothing; otherwise a `RobustnessError`."""
    return Perturbation(tuple(noises), 0).noises
