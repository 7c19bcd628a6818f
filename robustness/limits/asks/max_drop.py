"""max_drop: compared with the baseline, accuracy fell by no more than this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from robustness.errors import RobustnessError
from robustness.evaluation.baseline import read_baseline
from robustness.limits.asks.ask import Ask, Found, Measured, Written
from robustness.limits.record import DropFound, LimitRecord
from robustness.statistics.paired import Change, drop_interval, excess_p_value, holm
from robustness.statistics.verdict import Verdict

if TYPE_CHECKING:
    from robustness.evaluation.evaluate import Measurement

SHOWN = 50
"""Newly wrong, and newly right, images that a record names."""
CHANCE, ALARM, OPEN = "could be chance", "chance does not explain that", "judged together with the run's other drops"


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
        before = read_baseline(thresholds.baseline).right(measurement.case, labels)
        change, broken, mended = compared(before, measurement, labels)
        low, high = drop_interval(change, 1 - thresholds.scope.confidence)
        found = DropFound(
            baseline=thresholds.baseline.name,
            right_before=int(before.sum()),
            broken=change.broken,
            mended=change.mended,
            allowed=int((required * change.total).to_integral_value(ROUND_FLOOR)),
            drop=change.drop,
            low=low,
            high=high,
            p_value=excess_p_value(change, float(required)) if required < 1 else 1.0,
            broken_images=tuple(index[broken][:SHOWN].tolist()),
            mended_images=tuple(index[mended][:SHOWN].tolist()),
        )
        kept = change.broken - change.mended <= found.allowed
        words = f"{_lost(found, change.total, required)}{'' if kept else _at_first(found, 1 - thresholds.scope.confidence)}"
        return Found(change.drop, True if kept else None, words, change=found)

    def settle(self, records: Mapping[str, LimitRecord]) -> Mapping[str, LimitRecord]:
        """With the drops that are alarms failed: all are tested together, so that any false alarm is rare (Holm)."""
        drops = [(name, record, record.change) for name, record in records.items() if record.change is not None]
        alpha = 1 - max((record.confidence or 0.0 for _, record, _ in drops), default=0.0)
        alarms = holm([change.p_value for _, _, change in drops], alpha)
        settled = {
            name: replace(
                record,
                verdict=Verdict.FAIL if alarm else record.verdict,
                stops=record.stops or (alarm and record.waived_until is None),
                reason=record.reason.replace(_at_first(change, alpha), _chance(change, ALARM if alarm else CHANCE), 1),
            )
            for (name, record, change), alarm in zip(drops, alarms, strict=True)
            if record.verdict is not Verdict.PASS
        }
        return {**records, **settled}


def compared(
    before: npt.NDArray[np.bool_], after: Measurement, labels: npt.NDArray[np.int64]
) -> tuple[Change, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """What changed, and the places of images newly wrong and newly right. before: of shape (N,), what was right; as labels."""
    if not after.result.is_complete:  # where an evaluation stops depends on what it saw: its images are a biased choice
        raise RobustnessError(f"{after.case}: a drop needs every image evaluated; measure it in full")
    right = after.result.predictions == labels
    broken, mended = np.flatnonzero(before & ~right), np.flatnonzero(~before & right)
    return Change(broken.size, mended.size, labels.size), broken, mended


def _lost(found: DropFound, total: int, required: Decimal) -> str:
    """In images, as people count them."""
    net = found.broken - found.mended
    lost = f"lost {net:,}" if net > 0 else f"gained {-net:,}" if net < 0 else "lost none"
    return (
        f"{lost} of {total:,} images since {found.baseline} ({found.broken:,} newly wrong, {found.mended:,} newly right), "
        f"the limit of {required} allows {found.allowed:,}"
    )


def _at_first(found: DropFound, alpha: float) -> str:
    """What the limit's own test can say of a loss beyond the limit: what alone is no alarm is none among others."""
    return _chance(found, CHANCE if found.p_value > alpha else OPEN)


def _chance(found: DropFound, words: str) -> str:
    return f"; {words} (p = {found.p_value:.2g})"
