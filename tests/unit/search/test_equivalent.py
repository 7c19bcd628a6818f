"""Brent's method against curves whose crossing is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.search.equivalent import equivalent_magnitude

HIGHEST = st.floats(1e-3, 1e4)


def above(accuracy, target, tolerance=0.0):
    return 0.0 if abs(accuracy - target) <= tolerance else accuracy - target


@given(highest=HIGHEST, share=st.floats(0, 1), steepness=st.floats(0.1, 50), tolerance=st.sampled_from([0.0, 0.005]))
def test_finds_the_crossing_to_one_part_in_1024_of_the_range_or_to_the_tolerance(highest, share, steepness, tolerance):
    crossing = share * highest

    def accuracy_at(magnitude):
        return 0.5 - steepness * (magnitude - crossing) / highest

    found = equivalent_magnitude(lambda magnitude: above(accuracy_at(magnitude), 0.5, tolerance), highest)
    within = highest * (1e-9 + tolerance / steepness)
    assert abs(found - crossing) <= within + highest / 1024


@given(highest=HIGHEST, levels=st.lists(st.floats(0, 1), min_size=2, max_size=30), target=st.floats(0, 1))
def test_accuracy_jumps_over_the_target_right_there(highest, levels, target):
    falling = sorted(levels, reverse=True)

    def accuracy_at(magnitude):
        return falling[min(max(int(magnitude / highest * len(falling)), 0), len(falling) - 1)]

    found = equivalent_magnitude(lambda magnitude: above(accuracy_at(magnitude), target), highest)
    if found is None:
        assert accuracy_at(highest) > target
    elif found == 0:
        assert accuracy_at(0) <= target
    else:
        near = highest / 1024
        assert accuracy_at(found - near) >= target >= accuracy_at(found + near)


def test_0_where_the_accuracy_without_noise_is_there_already():
    assert equivalent_magnitude(lambda magnitude: -1, 100) == 0
    assert equivalent_magnitude(lambda magnitude: 0, 100) == 0


def test_none_where_the_highest_magnitude_does_not_bring_it_down():
    assert equivalent_magnitude(lambda magnitude: 1, 100) is None
    assert equivalent_magnitude(lambda magnitude: int(magnitude < 100), 100) == 100


@given(steepness=st.floats(1, 30), known=st.lists(st.floats(1, 254), max_size=4))
def test_a_smooth_curve_takes_few_measurements_and_none_twice(steepness, known):
    asked = []

    def sigmoid(magnitude):
        asked.append(magnitude)
        return above(1 / (1 + np.exp((magnitude - 70) / steepness)), 0.6, 0.005)

    found = equivalent_magnitude(sigmoid, 255, known)
    assert found is not None
    assert len(set(asked)) == len(asked) <= 12 + len(known)
    assert all(0 <= magnitude <= 255 for magnitude in asked)


def test_what_is_known_brackets_the_curve():
    asked = []

    def line(magnitude):
        asked.append(magnitude)
        return above(1 - magnitude / 100, 0.5)

    assert equivalent_magnitude(line, 1000, [60, 40]) == 50
    assert asked == [0, 40, 60, 50]
    assert equivalent_magnitude(line, 1000, [50]) == 50


def test_a_curve_that_jumps_takes_few_too():
    asked = []

    def falls_at_70(magnitude):
        asked.append(magnitude)
        return 1 if magnitude < 70 else -1

    assert equivalent_magnitude(falls_at_70, 100) == pytest.approx(70, abs=100 / 1024)
    assert len(asked) <= 15
