"""Waves of equal energy, and what is read from the map of accuracies under them."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.noise import Periodic, apply
from robustness.search.waves import FREQUENCIES, ORIENTATIONS, DisruptionMap, waves

ROWS, COLUMNS = len(FREQUENCIES), len(ORIENTATIONS)
WAVES = ROWS * COLUMNS
GREY = 128
TOTAL = 64
COUNTS = st.lists(st.integers(0, TOTAL), min_size=WAVES, max_size=WAVES)


def added(wave, size):
    """What the wave adds to the pixels of a mid-grey image, in grey levels: float64 of shape (size, size)."""
    noisy = apply(wave, np.full((1, size, size, 3), GREY, np.uint8), [5], 3)[0]
    assert (noisy[:, :, :1] == noisy).all()
    assert 0 < noisy.min() <= noisy.max() < 255  # not clipped
    return noisy[:, :, 0] - float(GREY)


def mapped(counts, clean=TOTAL):
    return DisruptionMap.of([count / TOTAL for count in counts], clean / TOTAL)


def rows(*means):
    """Counts of the same accuracy at every orientation of a frequency; full where nothing is said."""
    return [count for mean in [*means, *[TOTAL] * (ROWS - len(means))] for count in [mean] * COLUMNS]


# The waves.


@settings(deadline=None, max_examples=25)
@given(size=st.integers(1, 96), amplitude=st.floats(0.002, 0.2))
def test_every_wave_has_the_same_energy(size, amplitude):
    """The root mean square, before clipping; pixels are whole grey levels, which may move it by half of one, and the sum of
    squares that the amplitude was found by is of whole levels too."""
    for wave in waves(amplitude, (size, size)):
        assert math.sqrt(np.square(added(wave, size)).mean()) == pytest.approx(255 * amplitude, abs=0.6), wave


@pytest.mark.parametrize("size", [8, 17, 32, 40, 64, 224])
@pytest.mark.parametrize("amplitude", [0.1, 0.25])
def test_sizes_that_networks_have_are_met_closely(size, amplitude):
    energies = [np.square(added(wave, size)).mean() for wave in waves(amplitude, (size, size))]
    assert np.sqrt(energies) == pytest.approx(255 * amplitude, abs=0.35)
    assert np.mean(np.sqrt(energies)) == pytest.approx(255 * amplitude, abs=0.15)


def test_without_an_amplitude_of_their_own_they_would_not():
    plain = [Periodic(0.1, wave.frequency, wave.orientation) for wave in waves(0.1, (16, 16))]
    energies = [np.square(added(wave, 16)).mean() for wave in plain]
    assert max(energies) > 1.15 * min(energies)


def test_they_come_frequency_by_frequency_and_differ_in_nothing_else():
    made = waves(0.1, (40, 40))
    assert [(wave.frequency, wave.orientation) for wave in made] == list(product(FREQUENCIES, ORIENTATIONS))
    assert {wave.phase for wave in made} == {0}
    assert len(set(made)) == WAVES == 54
    assert all(float(f"{wave.amplitude:.6g}") == wave.amplitude for wave in made)  # text forms parse back


def test_frequencies_are_half_octaves_from_32_pixels_to_2():
    assert (FREQUENCIES[0], FREQUENCIES[-1]) == (1 / 32, 1 / 2)
    assert [high / low for low, high in pairwise(FREQUENCIES)] == pytest.approx([math.sqrt(2)] * (ROWS - 1), rel=1e-3)
    assert [high - low for low, high in pairwise(ORIENTATIONS)] == [30] * (COLUMNS - 1)
    assert ORIENTATIONS[0] == 0


def test_at_0_degrees_columns_differ_and_at_90_rows():
    upright, lying = (next(wave for wave in waves(0.1, (40, 40)) if wave.orientation == orientation) for orientation in (0, 90))
    assert (added(upright, 40) == added(upright, 40)[:1]).all()
    assert (added(lying, 40) == added(lying, 40)[:, :1]).all()
    assert (added(upright, 40) == added(lying, 40).T).all()
    assert np.ptp(added(upright, 40)) > 60


# The map.


@given(COUNTS, st.integers(0, TOTAL))
def test_the_worst_is_the_least_accuracy_with_its_frequency_and_orientation(counts, clean):
    here = mapped(counts, clean)
    frequency, orientation, accuracy = here.worst
    assert accuracy == min(counts) / TOTAL
    assert counts[FREQUENCIES.index(frequency) * COLUMNS + ORIENTATIONS.index(orientation)] == min(counts)
    said = here.in_words()
    assert said.endswith(f"worst at {frequency:g} cycles per pixel and {orientation:g} degrees, {accuracy:.4f}")


def test_accuracies_stand_in_the_order_of_the_waves():
    for place in (0, 1, COLUMNS, 20, WAVES - 1):
        counts = [TOTAL] * WAVES
        counts[place] = 3
        wave = waves(0.1, (8, 8))[place]
        assert mapped(counts).worst == (wave.frequency, wave.orientation, 3 / TOTAL)
        assert mapped(counts).accuracies[FREQUENCIES.index(wave.frequency), ORIENTATIONS.index(wave.orientation)] == 3 / TOTAL


@given(
    means=st.lists(st.integers(0, TOTAL), min_size=ROWS, max_size=ROWS).map(lambda means: rows(*means)) | COUNTS,
    clean=st.integers(0, TOTAL),
)
def test_the_band_is_all_around_the_worst_mean_that_lies_below_half(means, clean):
    band = mapped(means, clean).band
    by_frequency = [Fraction(sum(means[row * COLUMNS : (row + 1) * COLUMNS]), COLUMNS * TOTAL) for row in range(ROWS)]
    below = [mean < Fraction(clean, 2 * TOTAL) for mean in by_frequency]
    if band is None:
        assert not any(below)
        return
    low, high = map(FREQUENCIES.index, band)
    assert all(below[low : high + 1])
    assert min(by_frequency) in by_frequency[low : high + 1]
    assert low == 0 or not below[low - 1]
    assert high == ROWS - 1 or not below[high + 1]


def test_half_of_the_accuracy_is_not_below_half():
    half = TOTAL // 2
    assert mapped(rows(half, half, half)).band is None
    assert mapped(rows(half, half - 1, half)).band == (FREQUENCIES[1], FREQUENCIES[1])
    assert mapped(rows(*[0] * ROWS), clean=0).band is None


def test_of_two_bands_the_one_with_the_worst_mean_is_named():
    assert mapped(rows(5, 9, TOTAL, 3, 20, 9, TOTAL)).band == (FREQUENCIES[3], FREQUENCIES[5])


def test_the_words_say_which_waves_and_how_long_they_are():
    one, several, none = (mapped(counts).in_words() for counts in (rows(0), rows(40, 20, 10, 0, 40), rows(40)))
    assert one == (
        "waves at 0.03125 cycles per pixel (32 pixels long) take half of the accuracy; "
        "worst at 0.03125 cycles per pixel and 0 degrees, 0.0000"
    )
    assert several.startswith("waves from 0.04419 to 0.08839 cycles per pixel (11.3 to 22.6 pixels long) take half")
    assert several.endswith("; worst at 0.08839 cycles per pixel and 0 degrees, 0.0000")
    assert none == ("no band of waves takes half of the accuracy; worst at 0.03125 cycles per pixel and 0 degrees, 0.6250")
