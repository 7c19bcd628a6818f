"""What a limit speaks of: with a claim about the population, the accuracies do; whatever is only counted says so."""

from __future__ import annotations

from decimal import Decimal

import pytest
from builders import bench, classifier, measurement, plain_images

from robustness.declaration.scope import Scope
from robustness.limits.limit import Limit
from robustness.limits.measure import measure_limit
from robustness.noise import Clean

POPULATION = Scope("population", independent=True)


def outcome(asks, scope):
    """Of a limit on ten images, all correctly classified."""
    workbench = bench(plain_images([0] * 10, classes=["dark"]), classifier(), scope=scope)
    vars(workbench).update(measure=lambda classifier, noise, *_: measurement(noise, right=10))
    return measure_limit(Limit("net", Clean(), asks, Decimal("0.5"), "t:1"), workbench)


@pytest.mark.parametrize("asks", ["relative", "worst_class"])
def test_what_is_only_counted_says_so_where_others_speak_of_the_population(asks):
    plain, beside = outcome(asks, Scope()), outcome(asks, POPULATION)
    assert beside.words == f"on this test set, {plain.words}"
    assert "on this test set" not in plain.words
    assert (beside.claim, beside.confidence, beside.verdict) == ("test-set", None, "PASS")


def test_an_accuracy_speaks_of_the_population():
    said = outcome("accuracy", POPULATION)
    assert (said.claim, said.confidence, said.words) == ("population", 0.95, None)
