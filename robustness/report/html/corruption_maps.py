"""Accuracy by corruption and severity, where limits are on the noises of a benchmark's preset."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.limits.record import LimitRecord
from robustness.noise.benchmarks import by_corruption
from robustness.noise.presets import SEVERITIES
from robustness.report.results import Results


@dataclass(frozen=True)
class CorruptionMap:
    """One model under one preset. rows: by corruption, the limit at each severity, None where there is none."""

    model: str
    preset: str
    severities: tuple[int, ...]
    rows: dict[str, tuple[LimitRecord | None, ...]]
    mean: float  # of the accuracies shown

    def lost(self, limit: LimitRecord) -> float:
        """How much of the highest accuracy shown is gone, 0 to 1."""
        best = max(shown.accuracy for row in self.rows.values() for shown in row if shown)
        return round(max(0.0, 1 - limit.accuracy / best), 3) if best else 0.0


def corruption_maps(results: Results) -> list[CorruptionMap]:
    """A map for each model and preset of which two corruptions and two severities were measured.

    Of presets that share what was measured, that whose noises it is the most of.
    """
    measured = {(limit.model, limit.noise): limit for limit in results.limits if limit.is_plain}
    found = [one for model in results.models for preset in SEVERITIES if (one := _map(model, preset, measured))]
    shown: list[CorruptionMap] = []
    for one in sorted(found, key=_size, reverse=True):
        if not any(other.model == one.model and _limits(one) <= _limits(other) for other in shown):
            shown.append(one)
    return sorted(shown, key=lambda one: (list(results.models).index(one.model), one.preset))


def _map(model: str, preset: str, measured: dict[tuple[str, str], LimitRecord]) -> CorruptionMap | None:
    levels = by_corruption(SEVERITIES[preset])
    cells = {name: [measured.get((model, str(noise))) for noise in noises] for name, noises in levels.items()}
    severities = [place for place in range(5) if any(row[place] for row in cells.values())]
    rows = {name: tuple(row[place] for place in severities) for name, row in cells.items() if any(row)}
    accuracies = [limit.accuracy for row in rows.values() for limit in row if limit]
    if len(rows) < 2 or len(severities) < 2:
        return None
    return CorruptionMap(model, preset, tuple(place + 1 for place in severities), rows, sum(accuracies) / len(accuracies))


def _limits(one: CorruptionMap) -> set[str]:
    return {limit.limit for row in one.rows.values() for limit in row if limit}


def _size(one: CorruptionMap) -> int:
    return len(_limits(one))
