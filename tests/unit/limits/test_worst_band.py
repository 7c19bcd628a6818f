"""A limit on the worst of all waves: the map that it shows, and the verdict."""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits_made import judged, limit, measurement

from robustness.limits.asks import ASKS
from robustness.limits.asks.worst_band import map_waves
from robustness.noise import Clean, Periodic
from robustness.search.waves import FREQUENCIES, ORIENTATIONS, DisruptionMap, waves

WAVES = len(FREQUENCIES) * len(ORIENTATIONS)
TOTAL = 64
COUNTS = st.lists(st.integers(0, TOTAL), min_size=WAVES, max_size=WAVES)


def measured(counts, total=TOTAL):
    return [measurement(count, total, wave) for wave, count in zip(waves(0.1, (8, 8)), counts, strict=True)]


def worst_band(counts, required, clean=TOTAL, total=TOTAL):
    own = [measurement(0, total, Periodic(0.1)), measurement(clean, total)]
    return judged(limit("worst_band", required, Periodic(0.1)), [*own, *measured(counts, total)])


@settings(deadline=None)
@given(COUNTS, st.integers(1, TOTAL), st.decimals(0, 1, places=3))
def test_the_limit_is_kept_exactly_when_every_wave_keeps_it(counts, clean, required):
    found = worst_band(counts, required, clean)
    assert found.kept == all(Fraction(count, TOTAL) >= Fraction(required) for count in counts)
    assert found.value == min(counts) / TOTAL
    said = DisruptionMap.of([count / TOTAL for count in counts], clean / TOTAL).in_words()
    assert found.words == f"{said}, the limit asks for {required} under every wave"


@pytest.mark.parametrize(("right", "required"), [(29, "0.29"), (57, "0.57"), (58, "0.58"), (7, "0.07"), (100, "1"), (0, "0")])
def test_a_limit_is_met_by_its_count_exactly(right, required):
    counts = [100] * WAVES
    for worst, kept in ((right, True), (right - 1, False)):
        if worst >= 0:
            counts[17] = worst
            assert worst_band(counts, required, 100, 100).kept is kept


@settings(deadline=None)
@given(COUNTS, st.integers(1, TOTAL))
def test_what_a_report_can_show_is_plain_and_whole(counts, clean):
    found = map_waves(measurement(clean, TOTAL), measured(counts))
    read = json.loads(json.dumps(asdict(found), allow_nan=False))
    assert read["frequencies"] == list(FREQUENCIES)
    assert read["orientations"] == list(ORIENTATIONS)
    assert [accuracy for row in read["accuracies"] for accuracy in row] == [count / TOTAL for count in counts]
    assert read["clean"] == clean / TOTAL
    mapped = DisruptionMap.of([count / TOTAL for count in counts], clean / TOTAL)
    assert read["band"] == (None if mapped.band is None else list(mapped.band))
    assert read["words"] == mapped.in_words()


def test_its_own_wave_no_noise_and_every_wave_at_the_size_of_the_network_are_measured():
    asked, ask = limit("worst_band", "0.3", Periodic(0.1)), ASKS["worst_band"]
    every = ask.cases(asked, (40, 40))
    assert every == [("net", Periodic(0.1)), ("net", Clean()), *(("net", wave) for wave in waves(0.1, (40, 40)))]
    assert ask.cases(asked, (16, 16))[2:] == [("net", wave) for wave in waves(0.1, (16, 16))]
    assert ask.cases(asked, (16, 16)) != every


def test_of_what_is_measured_for_it_only_the_waves_are_held_against_the_limit():
    found = worst_band([30] * len(ORIENTATIONS) + [TOTAL] * (WAVES - len(ORIENTATIONS)), "0.3", clean=62)
    assert (found.value, found.kept, found.details.clean) == (30 / TOTAL, True, 62 / TOTAL)
    assert found.details.band == (FREQUENCIES[0], FREQUENCIES[0])
