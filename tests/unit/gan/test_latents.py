"""Latent vectors: the words of the noise engine's generator, the same for any batch."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from robustness.errors import RobustnessError
from robustness.gan.latents import LATENT, STREAM, draw_latents
from robustness.noise import KINDS
from robustness.noise.philox import philox4x32
from robustness.noise.tables import normal_quantiles

SEEDS = st.integers(0, 2**64 - 1)
PLACES = st.integers(0, 2**63 - 1)


@given(SEEDS, PLACES, st.integers(0, LATENT - 1))
@settings(max_examples=30, deadline=None)
def test_an_element_is_its_half_word_looked_up(seed, place, element):
    words = philox4x32((element // 8, STREAM, place & 0xFFFFFFFF, place >> 32), (seed & 0xFFFFFFFF, seed >> 32))
    word = words[element % 8 // 2]
    half = int(word) >> 16 if element % 2 else int(word) & 0xFFFF
    drawn = draw_latents(seed, [place])[0, element]
    assert float(drawn) == int(normal_quantiles()[half]) / 2**20  # exactly, so any machine arrives at it


@given(SEEDS, st.lists(PLACES, min_size=1, max_size=9), st.data())
@settings(max_examples=30, deadline=None)
def test_a_vector_depends_on_seed_and_place_alone(seed, places, data):
    together = draw_latents(seed, places)
    order = data.draw(st.permutations(range(len(places))))
    np.testing.assert_array_equal(draw_latents(seed, [places[number] for number in order]), together[order])
    alone = data.draw(st.integers(0, len(places) - 1))
    np.testing.assert_array_equal(draw_latents(seed, [places[alone]])[0], together[alone])


def test_the_vectors_are_these():
    drawn = draw_latents(2026, [0, 1, 2**32, 2**63 - 1])
    assert drawn.shape == (4, LATENT)
    assert drawn.dtype == np.float32
    assert hashlib.sha256(drawn.astype("<f4").tobytes()).hexdigest() == GOLDEN


GOLDEN = "72ed3f4ed924e27d6eceaa2683a38c56354eafefd4cb60d61ad3feeab73b27ff"


def test_seeds_places_and_elements_are_drawn_apart_and_standard_normal():
    drawn = draw_latents(1, np.arange(2000))
    assert len(np.unique(drawn, axis=0)) == 2000
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
    assert np.abs(np.corrcoef(drawn.T) - np.eye(LATENT)).max() < 0.12
    assert abs(np.corrcoef(drawn[:, 0], draw_latents(2, np.arange(2000))[:, 0])[0, 1]) < 0.1


def test_no_noise_meets_these_words():
    assert STREAM not in {spec.stream for spec in KINDS.values()}


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(RobustnessError, match="a seed lies between"):
        draw_latents(seed, [0])
