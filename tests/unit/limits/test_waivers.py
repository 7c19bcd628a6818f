"""A limit may be waived until a day, for a reason; an expired waiver fails whatever was measured."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from limits_made import bench_of, images, limit, predicted

from robustness.declaration.scope import Scope
from robustness.limits.measure import measure_limit
from robustness.noise import Clean

IMAGES = images([1] * 10)


def outcome(right, waived_until=None, scope=None, warn=False):
    asked = limit("accuracy", "0.9", Clean(), waived_until=waived_until, reason="night images are new")
    measured = predicted([1] * right + [0] * (10 - right), IMAGES.labels)
    return measure_limit(asked, bench_of(IMAGES, [measured], scope or Scope(), warn))


def test_without_a_waiver_a_broken_limit_stops():
    assert (outcome(8).verdict, outcome(8).stops) == ("FAIL", True)
    assert (outcome(9).verdict, outcome(9).stops) == ("PASS", False)


@pytest.mark.parametrize("days", [0, 1, 400])
def test_up_to_the_end_of_its_day_a_waiver_lets_a_broken_limit_pass(days):
    until = date.today() + timedelta(days)
    waived = outcome(8, until)
    assert (waived.verdict, waived.stops) == ("FAIL", False)
    assert f"waived until {until}: night images are new" in waived.reason


@pytest.mark.parametrize("right", [8, 10])
def test_an_expired_waiver_fails_whatever_was_measured(right):
    expired = outcome(right, date.today() - timedelta(1))
    assert (expired.verdict, expired.stops) == ("FAIL", True)
    assert "the waiver expired on" in expired.reason
    assert "night images are new" in expired.explain()


def test_an_expired_waiver_does_not_turn_what_was_measured_round():
    expired = outcome(9, date.today() - timedelta(1), Scope("population", independent=True))
    assert (expired.verdict, expired.stops) == ("FAIL", True)
    assert "which does not decide on the limit 0.9; the waiver expired" in expired.reason


def test_what_is_undecided_stops_unless_it_only_warns():
    population = Scope("population", independent=True)
    assert (outcome(10, scope=population).verdict, outcome(10, scope=population).stops) == ("INCONCLUSIVE", True)
    assert outcome(10, scope=population, warn=True).stops is False
    assert outcome(0, scope=population, warn=True).stops is True
