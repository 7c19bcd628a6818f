"""Which drops of a whole run are alarms."""

from __future__ import annotations

from typing import Any


def with_alarms(outcomes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The outcomes, with drops that are alarms failed: all tested together, so that any false alarm is rare (Holm)."""
    drops = {limit: outcome for limit, outcome in outcomes.items() if outcome["asks"] == "max_drop"}
    if not drops:
        return outcomes
    from robustness.statistics.paired import holm

    alpha = 1 - next(iter(drops.values()))["confidence"]
    alarms = holm([outcome["change"]["p_value"] for outcome in drops.values()], alpha)
    failed = {
        limit: outcome | {"verdict": "FAIL", "stops": outcome["waived_until"] is None or outcome["stops"]}
        for (limit, outcome), alarm in zip(drops.items(), alarms, strict=True)
        if alarm and outcome["verdict"] != "PASS"
    }
    return outcomes | failed
