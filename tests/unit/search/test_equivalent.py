"""Bisection against curves whose crossing is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from robustness.search.equivalent import equivalent_magnitude

HIGHEST = st.floats(1e-3, 1e4)


def side(accuracy, target, tolerance=0.0):
    return 0 if abs(accuracy - target) <= tolerance else 1 if accuracy > target else -1


@given(highest=HIGHEST, share=st.floats(0, 1), steepness=st.floats(0.1, 50), tolerance=st.sampled_from([0.0, 0.005]))
def test_finds_the_crossing_to_one_part_in_1024_of_the_range_or_to_the_tolerance(highest, share, steepness, tolerance):
    crossing = share * highest

    def accuracy_at(magnitude):
        return 0.5 - steepness * (magnitude - crossing) / highest

    found = equivalent_magnitude(lambda magnitude: side(accuracy_at(magnitude), 0.5, tolerance), highest)
    within = highest * (1e-9 + tolerance / steepness)
    assert crossing - within <= found <= crossing + within + highest / 1024


@given(highest=HIGHEST, levels=st.lists(st.floats(0, 1), min_size=2, max_size=30), target=st.floats(0, 1))
def test_accuracy_there_is_at_or_below_the_target_and_just_before_it_is_above(highest, levels, target):
    falling = sorted(levels, reverse=True)

    def accuracy_at(magnitude):
        return falling[min(int(magnitude / highest * len(falling)), len(falling) - 1)]

    found = equivalent_magnitude(lambda magnitude: side(accuracy_at(magnitude), target), highest)
    if found is None:
        assert accuracy_at(highest) > target
    elif accuracy_at(found) < target and found > 0:
        assert accuracy_at(found - highest / 1024) >= target
    else:
        assert accuracy_at(found) == target or (found == 0 and accuracy_at(0) < target)


def test_0_where_the_accuracy_without_noise_is_there_already():
    assert equivalent_magnitude(lambda magnitude: -1, 100) == 0
    assert equivalent_magnitude(lambda magnitude: 0, 100) == 0


def test_none_where_the_highest_magnitude_does_not_bring_it_down():
    assert equivalent_magnitude(lambda magnitude: 1, 100) is None
    assert equivalent_magnitude(lambda magnitude: int(magnitude < 100), 100) == 100


def test_a_dozen_measurements_are_enough():
    asked = []

    def falls_at_70(magnitude):
        asked.append(magnitude)
        return 1 if magnitude < 70 else -1

    equivalent_magnitude(falls_at_70, 100)
    assert len(asked) == 12
    assert all(0 <= magnitude <= 100 for magnitude in asked)
