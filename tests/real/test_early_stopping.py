"""Stopping early on the real images: the verdicts of the full gate, for a fraction of the forward passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EARLY = Path(__file__).parents[2] / "examples" / "gtsrb" / "early.toml"


def test_early_verdicts_are_the_full_ones_after_a_third_of_the_images_at_most(pytester, monkeypatch):
    text = EARLY.read_text()
    full = outcomes(pytester, text.replace('mode = "early"', 'mode = "full"'))
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(pytester.path / "cache"))  # a whole result that is stored is not stopped early
    early = outcomes(pytester, text)
    assert {limit: outcome["verdict"] for limit, outcome in early.items()} == dict.fromkeys(full, "PASS")
    assert {outcome["verdict"] for outcome in full.values()} == {"PASS"}
    assert sum(outcome["seen"] for outcome in early.values()) <= sum(outcome["seen"] for outcome in full.values()) / 3


def outcomes(pytester, text):
    (pytester.path / "thresholds.toml").write_text(text)
    run = pytester.runpytest_subprocess("thresholds.toml")
    assert run.ret == pytest.ExitCode.OK
    results = json.loads((pytester.path / "robustness-report" / "results.json").read_text())
    return {limit["limit"]: limit for limit in results["limits"]}
