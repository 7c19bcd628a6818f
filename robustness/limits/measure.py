"""A limit, measured and judged: its record, and the command that measures it again."""

from __future__ import annotations

import os
import shlex
from datetime import date

from robustness.evaluation.evaluate import Measurement
from robustness.gate.workbench import Workbench
from robustness.limits.asks.ask import Found
from robustness.limits.limit import Limit
from robustness.limits.record import LimitRecord
from robustness.search.critical import Search
from robustness.statistics.verdict import Verdict, needed


def measure_limit(limit: Limit, bench: Workbench) -> LimitRecord:
    """Measure what the limit asks on the declared images, and hold it against the limit."""
    ask, scope, noise = limit.ask, bench.thresholds.scope, limit.noise
    measured = ask.measure(limit, bench)
    found, measurement = ask.judge(measured), measured.cases[0]
    spent: list[Measurement | Search] = [*measured.cases, *filter(None, [found.search])]
    words = f"on this test set, {found.words}" if scope.about == "population" and not ask.of_population else found.words
    expired = limit.waived_until is not None and date.today() > limit.waived_until
    excused = limit.waived_until is not None or (found.verdict is Verdict.INCONCLUSIVE and bench.thresholds.warn)
    return LimitRecord(
        limit=str(limit),
        place=limit.place,
        model=limit.model,
        data=measurement.case.data,
        subject=limit.subject,
        is_plain=limit.is_plain,
        noise=str(noise),
        family=noise.family,
        magnitude=noise.magnitude,
        level=noise.level,
        identity=noise.identity,
        bit_identical=noise.bit_identical,
        seed=measurement.case.seed,
        asks=limit.asks,
        required=str(limit.required),
        needed=needed(limit.required, measurement.total),
        value=found.value,
        words=None if ask.of_population else words,
        change=found.change,
        details=found.details,
        right=measurement.right,
        seen=measurement.seen,
        total=measurement.total,
        accuracy=measurement.accuracy,
        claim=scope.about if ask.of_population else "test-set",
        confidence=scope.confidence if ask.of_population and (scope.about == "population" or found.change) else None,
        low=found.low,
        high=found.high,
        to_decide=found.to_decide,
        verdict=Verdict.FAIL if expired else found.verdict,
        stops=expired or (found.verdict is not Verdict.PASS and not excused),
        waived_until=None if limit.waived_until is None else limit.waived_until.isoformat(),
        waiver=limit.reason,
        key=measurement.case.key,
        contract=noise.contract if (measurement.case.model, measurement.case.noise) == (limit.model, noise) else None,
        model_hash=measurement.case.model_hash,
        size=measurement.fit.height if measurement.fit else None,
        fit=measurement.fit.kind if measurement.fit else None,
        stored=all(one.stored for one in spent),
        seconds=round(sum(one.seconds for one in spent), 3),
        repeat=repeat_command(limit, bench, found),
        reason=words + _waived(limit, expired),
    )


def _waived(limit: Limit, expired: bool) -> str:
    if limit.waived_until is None:
        return ""
    if expired:
        return f"; the waiver expired on {limit.waived_until} ({limit.reason}): mend the model, or take the waiver out"
    return f"; waived until {limit.waived_until}: {limit.reason}"


def repeat_command(limit: Limit, bench: Workbench, found: Found) -> str:
    """The command that measures a limit again: the test itself where a model lives in a pytest fixture."""
    if any(bench.thresholds.models[name].load == "fixture" for name in limit.models):
        return f"pytest {shlex.quote(bench.test)}"
    command, options = limit.ask.again(limit, found)
    file, seed = os.path.relpath(bench.thresholds.file), "" if limit.seed is None else f" --seed {limit.seed}"
    return f"robustness {command} --thresholds {shlex.quote(file)} {options}{seed}"
