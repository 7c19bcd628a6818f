"""A limit may be waived until a day, for a reason; an expired waiver fails whatever was measured."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from robustness.data import ImageSet
from robustness.declaration.scope import Scope
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.result import Result
from robustness.gate.thresholds import Thresholds
from robustness.limits.limit import Limit
from robustness.limits.measure import check
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Clean

TEST_SET = Scope()
IMAGES = ImageSet.from_images("set", [np.zeros((1, 1, 3), np.uint8)] * 10, [1] * 10, ["a", "b"])


def outcome(right, waived_until=None, claim=TEST_SET, warn=False):
    limit = Limit("net", Clean(), "accuracy", Decimal("0.9"), "t:1", waived_until=waived_until, reason="night images are new")
    models = {"net": ModelDeclaration("net", "fixture")}
    thresholds = Thresholds(Path("t.toml"), "", "set", 0, models, {}, None, claim, warn, (limit,))
    result = Result(np.array([1] * right + [0] * (10 - right), np.int16), np.zeros(10, np.float32))
    measurement = Measurement(Case("net", "set", Clean(), 0, "", "", ""), result, [(right, 10)], 10, 0.0, False)
    return check(limit, [measurement], IMAGES, thresholds, "test")


def test_without_a_waiver_a_broken_limit_stops():
    assert (outcome(8).verdict, outcome(8).stops) == ("FAIL", True)
    assert (outcome(9).verdict, outcome(9).stops) == ("PASS", False)


@pytest.mark.parametrize("days", [0, 1, 400])
def test_up_to_the_end_of_its_day_a_waiver_lets_a_broken_limit_pass(days):
    until = date.today() + timedelta(days)
    waived = outcome(8, until)
    assert (waived.verdict, waived.stops) == ("FAIL", False)
    assert f"waived until {until}: night images are new" in waived.reason()


@pytest.mark.parametrize("right", [8, 10])
def test_an_expired_waiver_fails_whatever_was_measured(right):
    expired = outcome(right, date.today() - timedelta(1))
    assert (expired.verdict, expired.stops) == ("FAIL", True)
    assert "the waiver expired on" in expired.reason()
    assert "night images are new" in expired.explain()


def test_what_is_undecided_stops_unless_it_only_warns():
    population = Scope("population", independent=True)
    assert (outcome(10, claim=population).verdict, outcome(10, claim=population).stops) == ("INCONCLUSIVE", True)
    assert outcome(10, claim=population, warn=True).stops is False
    assert outcome(0, claim=population, warn=True).stops is True
