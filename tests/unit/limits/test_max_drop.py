"""A drop from the baseline: counted image by image, and an alarm only among all drops of a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from limits_made import bench_of, images, limit, predicted

from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.evaluation.baseline import measured_case, save_baseline
from robustness.limits.asks import ASKS
from robustness.limits.declare import Limits
from robustness.limits.measure import measure_limit
from robustness.noise import Gaussian
from robustness.statistics.paired import Change, excess_p_value

IMAGES = images([1] * 100, "ab")


@pytest.fixture
def drop(tmp_path):
    """The record of a limit on a drop, from so many images newly wrong and newly right of 100."""

    def make(broken, mended, required="0.01", **more):
        before = predicted([0] * mended + [1] * (100 - mended), IMAGES.labels, noise=Gaussian(20))
        now = predicted([1] * (100 - broken) + [0] * broken, IMAGES.labels, noise=Gaussian(20))
        case, frozen = before.case, measured_case(before.case, before.result)
        save_baseline(tmp_path / "v1.safetensors", case.data, case.data_hash, case.seed, [frozen])
        bench = bench_of(IMAGES, [now], Scope(confidence=0.99), baseline=tmp_path / "v1.safetensors")
        return measure_limit(limit("max_drop", required, **more), bench)

    return make


def test_what_changed_is_counted_and_said(drop):
    record = drop(5, 2)
    change = record.change
    assert (change.baseline, change.right_before, change.broken, change.mended, change.allowed) == (
        "v1.safetensors",
        98,
        5,
        2,
        1,
    )
    assert (change.broken_images, change.mended_images) == (tuple(range(95, 100)), (0, 1))
    assert (record.value, record.verdict, record.stops) == (pytest.approx(0.03), "INCONCLUSIVE", True)
    assert (record.words, record.claim, record.confidence, record.low) == (None, "test-set", 0.99, None)
    assert record.reason == (
        "lost 3 of 100 images since v1.safetensors (5 newly wrong, 2 newly right), the limit of 0.01 allows 1; "
        f"could be chance (p = {change.p_value:.2g})"
    )


@pytest.mark.parametrize(
    ("broken", "mended", "lost"), [(1, 0, "lost 1"), (2, 2, "lost none"), (0, 0, "lost none"), (1, 4, "gained 3")]
)
def test_a_drop_that_is_allowed_is_said_in_images(drop, broken, mended, lost):
    record = drop(broken, mended)
    assert record.verdict == "PASS"
    assert record.reason == (
        f"{lost} of 100 images since v1.safetensors ({broken} newly wrong, {mended} newly right), the limit of 0.01 allows 1"
    )


@pytest.mark.parametrize(("broken", "verdict"), [(0, "PASS"), (28, "PASS"), (29, "PASS"), (30, "INCONCLUSIVE")])
def test_29_of_100_are_a_drop_of_029(drop, broken, verdict):
    assert drop(broken, 0, "0.29").verdict == verdict


def test_a_drop_of_everything_is_allowed_where_the_limit_says_so(drop):
    assert (drop(100, 0, "1").verdict, drop(100, 0, "1").change.p_value) == ("PASS", 1.0)


def settled(**records):
    return Limits().settle(records)


def test_a_drop_that_is_an_alarm_fails_and_others_stay(drop):
    found = settled(large=drop(60, 0), small=drop(2, 0), none=drop(0, 0))
    assert [(record.verdict, record.stops) for record in found.values()] == [
        ("FAIL", True),
        ("INCONCLUSIVE", True),
        ("PASS", False),
    ]
    assert "could be chance" not in found["large"].reason
    assert "the limit of 0.01 allows 1; chance does not explain that (p = " in found["large"].reason
    assert "could be chance (p = " in found["small"].reason
    assert found["none"].reason.endswith("allows 1")


def test_what_alone_is_an_alarm_is_none_among_many(drop):
    one = drop(9, 0)
    assert 0.001 < one.change.p_value < 0.01
    assert settled(one=one)["one"].verdict == "FAIL"
    assert one.reason.endswith(f"; judged together with the run's other drops (p = {one.change.p_value:.2g})")
    among_many = settled(**{f"d{n}": one for n in range(20)}).values()
    assert {record.verdict for record in among_many} == {"INCONCLUSIVE"}
    assert {record.reason.rpartition("; ")[2] for record in among_many} == {f"could be chance (p = {one.change.p_value:.2g})"}


def test_a_waived_alarm_fails_and_does_not_stop(drop):
    waived = replace(drop(60, 0), waived_until="2099-01-01", stops=False)
    expired = replace(waived, verdict="FAIL", stops=True)
    found = settled(waived=waived, expired=expired)
    assert [(record.verdict, record.stops) for record in found.values()] == [("FAIL", False), ("FAIL", True)]


def test_records_without_drops_stay_as_they_are():
    record = measure_limit(limit("accuracy"), bench_of(IMAGES, [predicted(np.ones(100), IMAGES.labels)]))
    assert settled(one=record) == {"one": record}
    assert ASKS["max_drop"].settle({}) == {}


def test_without_a_baseline_there_is_no_drop():
    with pytest.raises(RobustnessError, match="t.toml: no baseline to measure a drop from"):
        measure_limit(limit("max_drop"), bench_of(IMAGES, [predicted(np.ones(100), IMAGES.labels)]))


def test_the_p_value_is_that_of_a_larger_drop_than_allowed(drop):
    assert drop(9, 0).change.p_value == excess_p_value(Change(9, 0, 100), 0.01)
