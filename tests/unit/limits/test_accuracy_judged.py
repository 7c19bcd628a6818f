"""From a measurement to a verdict, for each kind of claim."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from limits_made import bench_of, images, limit, measurement, predicted

from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.limits.asks import ASKS
from robustness.limits.asks.accuracy import judge_accuracy, stopping_rule
from robustness.limits.measure import measure_limit
from robustness.noise import Periodic
from robustness.statistics.verdict import Verdict

POPULATION = Scope("population", independent=True)


def judge(hits, accuracy, scope, looks=None, tracks=None, dependent=None):
    """hits: whether each image is correctly classified. looks: by default one, at all of them."""
    made = images([1] * len(hits), "ab", tracks)
    object.__setattr__(made, "dependent", dependent)
    return judge_accuracy(predicted(hits, made.labels, looks=looks), made, Decimal(accuracy), scope)


def verdict(right, total, accuracy, claim=POPULATION, **image_set):
    return judge([True] * right + [False] * (total - right), accuracy, claim, **image_set)


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
    alone = judge(hits, "0.93", POPULATION)
    tracked = judge(hits, "0.93", Scope("population"), tracks=tracks)
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
    early, made = Scope(early=True), images([1] * 1000)
    rule = stopping_rule(early, Decimal("0.5"), made)
    assert rule is not None
    assert rule.decide(500, 500) is True
    assert rule.decide(0, 501) is False
    assert rule.decide(2, 3) is None
    found = judge([True] * 256 + [False] * 744, "0.5", early, looks=[(256, 256)])
    assert found.verdict is Verdict.PASS
    assert found.words == "accuracy 1.0000: 256 of 256 right (stopped early, of 1,000), the limit 0.5 asks for 500 of 1,000"


def test_a_count_of_all_images_overrules_an_early_look():
    looks = [(256, 256), (499, 1000)]  # the first look alone would pass
    assert judge([True] * 499 + [False] * 501, "0.5", Scope(early=True), looks).verdict is Verdict.FAIL


def test_a_part_of_the_images_that_decides_nothing_is_no_verdict():
    for scope in (Scope(), Scope(early=True), Scope("population", design_effect=2.0)):
        with pytest.raises(RobustnessError, match="256 of 1000 images"):
            judge([True] * 1000, "0.5", scope, looks=[(130, 256)])


def test_a_sequential_test_of_the_population_ends_undecided_at_the_limit():
    early = Scope("population", independent=True, early=True)
    looks = [(int(0.9 * seen), seen) for seen in range(100, 1001, 100)]
    found = judge([True] * 900 + [False] * 100, "0.9", early, looks)
    assert (found.verdict, found.low, found.high) == (Verdict.INCONCLUSIVE, None, None)
    assert found.words.endswith("; tested after each batch at 95 % confidence, which does not decide on the limit 0.9")


@pytest.mark.parametrize("scope", [Scope(), Scope("population", early=True, design_effect=3.0), Scope(early=False)])
def test_clusters_and_full_runs_are_measured_in_full(scope):
    assert stopping_rule(scope, Decimal("0.5"), images([1] * 10)) is None


@pytest.mark.parametrize("asks", ASKS)
def test_only_an_accuracy_of_all_classes_stops_early(asks):
    noise = Periodic(0.1)
    asked = limit(asks, noise=noise, levels=(noise,), reference="old")
    bench = bench_of(images([0] * 10), [measurement(10, 10, noise)] * 60, Scope(early=True))
    ASKS[asks].measure(asked, bench)
    assert [enough is not None for *_, enough in bench.asked] == [asks == "accuracy"] * len(bench.asked)
    of_class = bench_of(bench.images, bench.given, Scope(early=True))
    ASKS[asks].measure(replace(asked, classes=("a",)), of_class)
    assert asks != "accuracy" or of_class.asked[0][-1] is None


def test_of_some_classes_only_theirs_count():
    made = images([0, 0, 1, 1, 2])
    bench = bench_of(made, [predicted([0, 1, 1, 1, 0], made.labels)])
    record = measure_limit(limit("accuracy", "0.75", classes=("a", "b")), bench)
    assert (record.right, record.seen, record.total, record.needed, record.verdict) == (3, 4, 4, 3, "PASS")
    assert record.words is None
    assert record.reason == "accuracy 0.7500: 3 of 4 right, the limit 0.75 asks for 3"


def test_the_population_is_spoken_of_in_words():
    kept = judge([True] * 950 + [False] * 50, "0.9", POPULATION)
    assert kept.words == (
        f"accuracy 0.9500: 950 of 1,000 right; the population's lies above {kept.low:.4f}, and below {kept.high:.4f}, each at "
        "95 % confidence, so it keeps the limit 0.9"
    )
    open_ = judge([True] * 905 + [False] * 95, "0.9", POPULATION)
    assert open_.words.endswith(f"which does not decide on the limit 0.9; about {open_.to_decide:,} images would")
    assert "so it is below the limit 0.9" in judge([True] * 850 + [False] * 150, "0.9", POPULATION).words
