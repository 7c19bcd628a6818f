"""The two tables every draw and every wave is read from."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from robustness.errors import RobustnessError
from robustness.noise import tables
from robustness.noise.tables import ONE, SIZE, cosines, normal_quantiles

REAL = {
    normal_quantiles: [NormalDist().inv_cdf((u + 0.5) / SIZE) for u in range(SIZE)],
    cosines: [math.cos(2 * math.pi * k / SIZE) for k in range(SIZE)],
}
BOTH = pytest.mark.parametrize("table", REAL, ids=lambda table: table.__name__)


@BOTH
def test_no_value_lies_near_a_tie(table):
    """So no library's rounding of the last bit, 10^-15 here, can move an entry."""
    scaled = ONE * np.array(REAL[table])
    assert np.abs(scaled - np.floor(scaled) - 0.5).min() / ONE > 1e-11


@BOTH
def test_values_are_rounded_to_20_binary_digits(table):
    assert np.abs(table() / ONE - REAL[table]).max() <= 2**-21
    assert table().dtype == np.int32
    assert len(table()) == 2**16


def test_quantiles_lie_where_the_error_function_says():
    """Half a digit to either side the normal distribution has passed (u + 1/2) / 2^16: no quantile function is trusted."""
    for u in range(SIZE // 2):  # `erfc` is accurate in the left tail
        below, above = (math.erfc(-(int(normal_quantiles()[u]) + half) / ONE / math.sqrt(2)) / 2 for half in (-0.5, 0.5))
        assert below < (u + 0.5) / SIZE < above


def test_quantiles_are_odd_and_rising():
    quantiles = normal_quantiles()
    assert np.array_equal(quantiles, -quantiles[::-1])
    assert np.all(np.diff(quantiles) > 0)


def test_cosines_turn_by_the_addition_theorem():
    """One step turns (cos, sin) by 2^-16 of a turn: no entry is far from where its neighbour sends it."""
    turn = complex(math.cos(2 * math.pi / SIZE), math.sin(2 * math.pi / SIZE))
    points = cosines() + 1j * np.roll(cosines(), SIZE // 4)
    assert np.abs(np.roll(points, -1) - points * turn).max() <= 2 * math.sqrt(0.5)
    assert points[0] == ONE


@BOTH
def test_another_table_is_refused(table, monkeypatch):
    """One entry off by its last digit."""

    def elsewhere(*args, **kwargs):
        values = np.rint(*args, **kwargs)
        values[12_345] += 1
        return values

    numpy = type("Elsewhere", (), {"__getattr__": lambda _, name: getattr(np, name)})()
    monkeypatch.setattr(tables, "np", numpy)
    assert np.array_equal(table.__wrapped__(), table())
    monkeypatch.setattr(numpy, "rint", elsewhere, raising=False)
    with pytest.raises(RobustnessError, match="noise made here would differ"):
        table.__wrapped__()


@BOTH
def test_tables_cannot_be_written_to(table):
    with pytest.raises(ValueError, match="read-only"):
        table()[0] = 0
