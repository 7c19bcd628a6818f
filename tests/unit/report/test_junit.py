"""The gate's records as properties that people read in JUnit XML."""

from __future__ import annotations

from robustness.report.junit import junit_properties


def test_a_limit_tells_what_was_measured_and_how_to_measure_it_again():
    record = {
        "kind": "limit", "model": "net", "noise": "clean", "asks": "accuracy", "value": 0.5, "required": "0.85", "right": 10,
        "seen": 20, "waived_until": None, "reason": "why", "place": "thresholds.toml:1", "repeat": "again", "verdict": "FAIL",
        "stops": True, "details": {"large": []},
    }  # fmt: skip
    assert dict(junit_properties(record)) == {
        "verdict": "FAIL", "model": "net", "noise": "clean", "asks": "accuracy", "measured": "0.5", "limit": "0.85",
        "right": "10", "images": "20", "reason": "why", "place": "thresholds.toml:1", "repeat": "again",
    }  # fmt: skip


def test_a_hunt_passes_where_nothing_stops():
    record = {
        "kind": "hunt", "model": "net", "safe": ["gaussian(sigma=3)", "offset(levels=1)"], "budget": "0.05", "right": 9,
        "images": 10, "words": "nothing", "place": "thresholds.toml:1", "replay": None, "stops": False,
    }  # fmt: skip
    told = dict(junit_properties(record))
    assert (told["verdict"], told["noise"]) == ("PASS", "gaussian(sigma=3), offset(levels=1)")
    assert "repeat" not in told


def test_a_rule_tells_its_measurements_alone():
    assert junit_properties({"kind": "rule"}) == []
    measured = {"kind": "measurement", "case": "net / signs / clean", "right": 1234, "total": 2000}
    assert junit_properties(measured) == [("measured", "net / signs / clean: 1,234 of 2,000 right")]
