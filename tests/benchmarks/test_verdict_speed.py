"""How long the verdict of a narrowed run takes: of 1,000 limits of which half are deselected, a tenth of a second at most."""

from __future__ import annotations

import pytest
from builders import drop_limit, ledger, limit_record

from robustness.gate.notes import GateTest

LIMITS = 1000
SECONDS = 0.1


@pytest.mark.benchmark(group=f"the verdict on {LIMITS} limits, half of them deselected")
@pytest.mark.parametrize("made", [limit_record, drop_limit], ids=["accuracy", "drops"])
def test_verdict(benchmark, made):
    ids = [f"net-gaussian(sigma={number})" for number in range(LIMITS)]
    kept = ledger(ids, narrowed=True, deselected=True)
    for name in ids[::2]:
        test = f"suite/test_limits.py::test_limit[{name}]"
        kept.collect([test])
        kept.report(test, True, None, [GateTest(), made(limit=name, verdict="PASS")])
    ended = benchmark(kept.close)
    assert (ended.verdict, len(ended.records), len(ended.left_out)) == ("PARTIAL", LIMITS // 2, LIMITS // 2)
    if benchmark.stats:  # unless benchmarks are disabled
        assert benchmark.stats.stats.min < SECONDS
