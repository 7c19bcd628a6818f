"""What a limit speaks of: with a claim about the population, the accuracies do; whatever is only counted says so."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from robustness.data import Fit, ImageSet
from robustness.declaration.scope import Scope
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.result import Result
from robustness.gate.thresholds import Thresholds
from robustness.limits.limit import Limit
from robustness.limits.measure import measure_limit
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Clean

IMAGES = ImageSet.from_images("set", [np.zeros((1, 1, 3), np.uint8)] * 10, [1, 0] * 5, ["a", "b"])
POPULATION = Scope("population", independent=True)


class Bench:
    """On which every image is correctly classified."""

    images, test = IMAGES, "test"

    def __init__(self, scope):
        self.thresholds = Thresholds(Path("t.toml"), "", "set", 0, {"net": ModelDeclaration("net", "fixture")}, {}, scope=scope)

    def classifier(self, name):
        return SimpleNamespace(name=name, fit=Fit(8))

    def measure(self, classifier, noise, seed, enough):
        result = Result(IMAGES.labels.astype(np.int16), np.zeros(10, np.float32))
        return Measurement(Case("net", "set", noise, 0, "", "", ""), result, [(10, 10)], 10, 0.0, False)


def outcome(asks, scope):
    return measure_limit(Limit("net", Clean(), asks, Decimal("0.5"), "t:1"), Bench(scope))


@pytest.mark.parametrize("asks", ["relative", "worst_class"])
def test_what_is_only_counted_says_so_where_others_speak_of_the_population(asks):
    plain, beside = outcome(asks, Scope()), outcome(asks, POPULATION)
    assert beside.words == f"on this test set, {plain.words}"
    assert "on this test set" not in plain.words
    assert (beside.claim, beside.confidence, beside.verdict) == ("test-set", None, "PASS")


def test_an_accuracy_speaks_of_the_population():
    said = outcome("accuracy", POPULATION)
    assert (said.claim, said.confidence, said.words) == ("population", 0.95, None)
