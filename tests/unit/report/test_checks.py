"""The table of all checks: what is asked, and what it does not claim."""

from __future__ import annotations

import pytest
from builders import limit_record, results

from robustness.gate.notes import RuleMeasured
from robustness.limits.asks import ASKS
from robustness.report.html.checks import checks

MOST = {"calibration_error", "max_confusion", "max_differences", "max_drop", "max_flips", "mean_error", "monotone"}


@pytest.mark.parametrize("name", sorted(ASKS))
def test_a_limit_is_the_least_or_the_most_as_its_ask_says(name):
    (row,) = checks(results(limit_record("gaussian(sigma=5)", asks=name, required="0.02", subject="it", words="so")))
    assert row.asked[0] == ("≤" if name in MOST else "≥")


def test_a_rule_that_measured_and_then_skipped_itself_is_no_pass():
    measured = {"test_rules.py::test_mine": (RuleMeasured(case="net / signs / clean", key="ab" * 32, right=9, total=10),)}
    gap = results(limit_record("clean"), measurements=measured, gaps=("1 rule did not run to its end: test_mine",))
    assert [row.verdict for row in checks(gap) if row.kind == "rule"] == []
    held = results(limit_record("clean"), measurements=measured, rules=("test_rules.py::test_mine",))
    assert [row.verdict for row in checks(held) if row.kind == "rule"] == ["PASS"]
