"""The gate's notes as properties that people read in JUnit XML."""

from __future__ import annotations

from builders import flips_found, hunt_record, limit_record

from robustness.gate.notes import GateTest, ModelUsed, RuleMeasured
from robustness.report.ci.junit import junit_properties


def test_a_limit_tells_what_was_measured_and_how_to_measure_it_again():
    record = limit_record(
        "clean",
        value=0.5,
        required="0.85",
        right=10,
        seen=20,
        reason="why",
        place="thresholds.toml:1",
        repeat="again",
        verdict="FAIL",
        details=flips_found(),
    )
    assert dict(junit_properties(record)) == {
        "verdict": "FAIL", "model": "net", "noise": "clean", "asks": "accuracy", "measured": "0.5", "limit": "0.85",
        "right": "10", "images": "20", "reason": "why", "place": "thresholds.toml:1", "repeat": "again",
    }  # fmt: skip


def test_a_hunt_passes_where_nothing_stops():
    told = dict(junit_properties(hunt_record(safe=("gaussian(sigma=3)", "offset(levels=1)"))))
    assert (told["verdict"], told["noise"]) == ("PASS", "gaussian(sigma=3), offset(levels=1)")
    assert "repeat" not in told


def test_a_rule_tells_its_measurements_alone():
    assert junit_properties(GateTest()) == junit_properties(ModelUsed(model="net", hash="ab", identity="cd")) == []
    measured = RuleMeasured(case="net / signs / clean", key="ab", right=1234, total=2000)
    assert junit_properties(measured) == [("measured", "net / signs / clean: 1,234 of 2,000 right")]
