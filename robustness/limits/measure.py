"""A limit, measured and judged: its record, and the command that measures it again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np

from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.rule import class_name
from robustness.gate.workbench import Workbench
from robustness.limits.asks.ask import Found, Measured
from robustness.limits.limit import Limit
from robustness.limits.record import LimitRecord
from robustness.search.critical import Search
from robustness.statistics.classification import lower_quantile, mean
from robustness.statistics.verdict import Verdict, needed


def measure_limit(limit: Limit, bench: Workbench) -> LimitRecord:
    """Measure what the limit asks on the declared images, and hold it against the limit."""
    ask, scope, noise = limit.ask, bench.thresholds.scope, limit.noise
    found, cases = over_seeds(limit, bench) if limit.seeds else _under_one_seed(limit, bench)
    measurement = cases[0]
    spent: list[Measurement | Search] = [*cases, *filter(None, [found.search])]
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
        seeds=limit.seeds,
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


def _under_one_seed(limit: Limit, bench: Workbench) -> tuple[Found, Sequence[Measurement]]:
    measured = limit.ask.measure(limit, bench)
    found = limit.ask.judge(measured)
    if found.kept is not False and limit.reference is None and (limit.ask.kept_by_dead or not limit.ask.shows_life(limit)):
        _check_alive(limit, measured, bench)
    return found, measured.cases


def _check_alive(limit: Limit, measured: Measured, bench: Workbench) -> None:
    """A `RobustnessError` where one class is all that was said of any image: whatever that keeps, it keeps by chance."""
    said = np.unique(np.concatenate([case.result.predictions for case in measured.whole or measured.cases]))
    if len(said) == 1 and len(np.unique(bench.images.labels)) > 1:
        name = class_name(bench.images.class_names, int(said[0]))
        raise RobustnessError(
            f"{limit.place}: {limit.model} says {name} of every image under {limit.noise}, so {limit.asks} would be kept by "
            "chance: ask for an accuracy at a level that it still sees through"
        )


def over_seeds(limit: Limit, bench: Workbench) -> tuple[Found, list[Measurement]]:
    """The mean or a quantile of what each noise seed gives by itself, every image evaluated under each."""
    whole = replace(bench, thresholds=replace(bench.thresholds, scope=Scope()))  # this test set, and no stopping early
    each = [_under_one_seed(replace(limit, seed=seed, seeds=(), over_seeds=""), whole) for seed in limit.seeds]
    values = [found.exact for found, _ in each]
    exact = [value for value in values if value is not None]
    if len(exact) < len(values):
        raise RobustnessError(f"{limit.place}: {limit.asks} gives no value that seeds can be taken together by")
    value = mean(exact) if limit.over_seeds == "mean" else lower_quantile(exact, Fraction(limit.over_seeds))
    required = Fraction(limit.required)
    what = "mean" if limit.over_seeds == "mean" else f"{limit.over_seeds} quantile"
    words = (
        f"{limit.ask.label(limit) or limit.asks}: the {what} over {len(exact)} seeds is {float(value):.4f}, each between "
        f"{float(min(exact)):.4f} and {float(max(exact)):.4f}, the limit {limit.required}"
    )
    kept = value <= required if limit.ask.at_most else value >= required
    return Found(float(value), kept, words, exact=value), [case for _, cases in each for case in cases]


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
