"""max_drop: compared with the baseline, accuracy fell by no more than this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_FLOOR

from robustness.errors import RobustnessError
from robustness.evaluation.baseline import read_baseline
from robustness.limits.asks.accuracy import counted
from robustness.limits.asks.ask import Ask, Found, Measured, Written
from robustness.limits.record import DropFound, LimitRecord
from robustness.statistics.paired import Change, broken_places, drop_interval, excess_p_value, holm, mended_places
from robustness.statistics.verdict import Verdict

SHOWN = 50
"""Newly wrong, and newly right, images that a record names."""


class MaxDrop(Ask):
    name = "max_drop"
    is_trained_for = True
    at_most = True
    of_population = True

    def problems(self, written: Written) -> Iterator[tuple[str, str]]:
        if "baseline" not in written.declared.run:
            yield self.name, 'needs a baseline in [run], for example baseline = "baselines/v1.safetensors"'
        if written.kind is not None and not written.kind.bit_identical:
            yield self.name, "a transform of your own may make other bytes, so no drop can be measured"

    def judge(self, measured: Measured) -> Found:
        """A drop by more than allowed is undecided: whether it is an alarm, only the whole run can tell."""
        (measurement,), required, thresholds = measured.cases, measured.limit.required, measured.bench.thresholds
        if thresholds.baseline is None:
            raise RobustnessError(f"{thresholds.file}: no baseline to measure a drop from")
        labels, index = measured.bench.images.labels, measured.bench.images.index
        before = read_baseline(thresholds.baseline).predictions(measurement.case)
        after = measurement.result.predictions
        change = Change.from_predictions(before, after, labels)
        low, high = drop_interval(change, 1 - thresholds.scope.confidence)
        found = DropFound(
            baseline=thresholds.baseline.name,
            right_before=int((before == labels).sum()),
            broken=change.broken,
            mended=change.mended,
            allowed=int((required * change.total).to_integral_value(ROUND_FLOOR)),
            drop=change.drop,
            low=low,
            high=high,
            p_value=excess_p_value(change, float(required)) if required < 1 else 1.0,
            broken_images=tuple(index[broken_places(before, after, labels)][:SHOWN].tolist()),
            mended_images=tuple(index[mended_places(before, after, labels)][:SHOWN].tolist()),
        )
        words = (
            f"{counted(measurement)}; a drop of {change.drop:.4f} from {found.baseline} ({low:.4f} to {high:.4f}): "
            f"{change.broken:,} images newly wrong, {change.mended:,} newly right, p = {found.p_value:.2g}; "
            f"the limit allows a drop of {required}"
        )
        return Found(change.drop, True if change.broken - change.mended <= found.allowed else None, words, change=found)

    def settle(self, records: Mapping[str, LimitRecord]) -> Mapping[str, LimitRecord]:
        """With the drops that are alarms failed: all are tested together, so that any false alarm is rare (Holm)."""
        drops = [(name, record, record.change) for name, record in records.items() if record.change is not None]
        alpha = 1 - max((record.confidence or 0.0 for _, record, _ in drops), default=0.0)
        alarms = holm([change.p_value for _, _, change in drops], alpha)
        failed = {
            name: replace(record, verdict=Verdict.FAIL, stops=record.waived_until is None or record.stops)
            for (name, record, _), alarm in zip(drops, alarms, strict=True)
            if alarm and record.verdict is not Verdict.PASS
        }
        return {**records, **failed}
