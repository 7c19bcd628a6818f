"""From a measurement to a verdict, for each kind of claim."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from robustness.data import ImageSet
from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.result import Result
from robustness.limits.judge import judge, stopping_rule
from robustness.limits.limit import Limit
from robustness.noise import Clean
from robustness.statistics.verdict import Verdict

POPULATION = Scope("population", independent=True)


def images(count, tracks=None, dependent=None):
    pixels = [np.zeros((1, 1, 3), np.uint8)] * count
    made = ImageSet.from_images("set", pixels, [1] * count, ["a", "b"], tracks)
    object.__setattr__(made, "dependent", dependent)
    return made


def measured(hits, looks=None):
    """hits: whether each image is named right. looks: by default one, at all of them."""
    result = Result(np.array(hits, dtype=np.int16), np.zeros(len(hits), np.float32))
    case = Case("net", "set", Clean(), 0, "", "", "")
    return Measurement(case, result, looks or [(int(np.sum(hits)), len(hits))], len(hits), 0.0, False)


def verdict(right, total, accuracy, claim=POPULATION, **image_set):
    return judge(measured([True] * right + [False] * (total - right)), images(total, **image_set), Decimal(accuracy), claim)


def test_a_claim_about_the_test_set_counts():
    assert verdict(29, 100, "0.29", Scope()).verdict is Verdict.PASS
    assert verdict(28, 100, "0.29", Scope()).verdict is Verdict.FAIL


def test_a_claim_about_the_population_wants_proof_either_way():
    assert verdict(950, 1000, "0.9").verdict is Verdict.PASS
    assert verdict(850, 1000, "0.9").verdict is Verdict.FAIL
    undecided = verdict(905, 1000, "0.9")
    assert undecided.verdict is Verdict.INCONCLUSIVE
    assert undecided.low < 0.9 < undecided.high
    assert undecided.to_decide > 1000


def test_all_right_is_no_proof_where_images_are_few():
    assert verdict(20, 20, "0.9").verdict is Verdict.INCONCLUSIVE  # 0.9 ** 20 = 0.12
    assert verdict(30, 30, "0.9").verdict is Verdict.PASS  # 0.9 ** 30 = 0.04


def test_a_design_effect_takes_proof_away():
    assert verdict(950, 1000, "0.93").verdict is Verdict.PASS
    weaker = verdict(950, 1000, "0.93", Scope("population", design_effect=10.0))
    assert weaker.verdict is Verdict.INCONCLUSIVE
    assert weaker.to_decide > 1000


def test_images_of_one_track_count_as_one():
    hits = np.repeat(np.arange(100) % 20 != 0, 30)  # 95 of 100 signs, photographed 30 times
    tracks = np.repeat(np.arange(100), 30)
    alone = judge(measured(hits), images(3000), Decimal("0.93"), POPULATION)
    tracked = judge(measured(hits), images(3000, tracks), Decimal("0.93"), Scope("population"))
    assert (alone.verdict, tracked.verdict) == (Verdict.PASS, Verdict.INCONCLUSIVE)
    assert tracked.low < alone.low
    assert tracked.to_decide > 3000


def test_twenty_images_of_one_track_prove_nothing():
    assert verdict(20, 20, "0.5", Scope("population"), tracks=[7] * 20).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("claim", "dependent", "message"),
    [
        (Scope("population"), None, "is not known; give a design_effect in .run., or say independent = true"),
        (Scope("population"), "they are frames", "they are frames; give a design_effect in .run.$"),
        (POPULATION, "they are frames", "they are frames"),
    ],
)
def test_no_claim_is_made_where_dependence_is_unknown(claim, dependent, message):
    with pytest.raises(RobustnessError, match=message):
        verdict(9, 10, "0.5", claim, dependent=dependent)


def test_stopping_early_needs_no_more_than_certainty():
    limit, early = Limit("net", Clean(), "accuracy", Decimal("0.5"), "t:1"), Scope(early=True)
    rule = stopping_rule(early, limit, images(1000))
    assert rule.decide(500, 500) is True
    assert rule.decide(0, 501) is False
    assert rule.decide(2, 3) is None
    seen = measured([True] * 256 + [False] * 744, looks=[(256, 256)])
    assert judge(seen, images(1000), Decimal("0.5"), early).verdict is Verdict.PASS


def test_a_count_of_all_images_overrules_an_early_look():
    early = Scope(early=True)
    looks = [(256, 256), (499, 1000)]  # the first look alone would pass
    assert judge(measured([True] * 499 + [False] * 501, looks), images(1000), Decimal("0.5"), early).verdict is Verdict.FAIL


def test_a_part_of_the_images_that_decides_nothing_is_no_verdict():
    seen = measured([True] * 1000, looks=[(130, 256)])
    for claim in (Scope(), Scope(early=True), Scope("population", design_effect=2.0)):
        with pytest.raises(RobustnessError, match="256 of 1000 images"):
            judge(seen, images(1000), Decimal("0.5"), claim)


def test_a_sequential_test_of_the_population_ends_undecided_at_the_limit():
    early = Scope("population", independent=True, early=True)
    looks = [(int(0.9 * seen), seen) for seen in range(100, 1001, 100)]
    judgement = judge(measured([True] * 900 + [False] * 100, looks), images(1000), Decimal("0.9"), early)
    assert (judgement.verdict, judgement.low, judgement.high) == (Verdict.INCONCLUSIVE, None, None)


@pytest.mark.parametrize("claim", [Scope(), Scope("population", early=True, design_effect=3.0), Scope(early=False)])
def test_drops_and_clusters_are_measured_in_full(claim):
    drop = Limit("net", Clean(), "max_drop", Decimal("0.01"), "t:1")
    assert stopping_rule(Scope(early=True), drop, images(10)) is None
    assert stopping_rule(claim, Limit("net", Clean(), "accuracy", Decimal("0.5"), "t:1"), images(10)) is None
